"""Chunk sizes under a limit of time."""

from hypothesis import given
from hypothesis import strategies as st

from actors.settings import GpuSettings
from gpu_actor.pace import Pace

SETTINGS = GpuSettings(prefill_chunk=256, least_chunk=16, token_gap_ms=100, step_ms=1000)


def measured(token_s: float, decode_s: dict[int, float] | None = None) -> Pace:
    pace = Pace(SETTINGS)
    pace.measured(computed=100, prefill_s=100 * token_s, streams=0, decode_s=0)
    for streams, seconds in (decode_s or {}).items():
        pace.measured(computed=0, prefill_s=0, streams=streams, decode_s=seconds)
    return pace


def test_the_first_chunk_is_small_for_nobody_knows_how_fast_it_is() -> None:
    assert Pace(SETTINGS).chunk(streams=0) == Pace(SETTINGS).chunk(streams=3) == 64


@given(
    token_s=st.floats(1e-6, 0.5),
    decode_s=st.dictionaries(st.integers(1, 8), st.floats(1e-4, 0.3)),
    streams=st.integers(0, 8),
)
def test_a_chunk_is_as_large_as_the_time_allows_and_never_too_small_to_pay(
    token_s: float, decode_s: dict[int, float], streams: int
) -> None:
    pace = measured(token_s, decode_s)
    chunk = pace.chunk(streams)
    limit = 0.1 if streams else 1.0
    assert 16 <= chunk <= 256
    if chunk > 16:
        assert chunk * token_s + pace.decoding_s(streams) <= limit + 1e-9
    if chunk < 256:
        assert (chunk + 1) * token_s + pace.decoding_s(streams) > limit - 1e-9


def test_with_a_stream_that_is_live_chunks_are_smaller() -> None:
    pace = measured(0.002, {2: 0.02})
    assert (pace.chunk(0), pace.chunk(1), pace.chunk(2), pace.chunk(5)) == (256, 40, 40, 40)
    assert pace.idle_chunk() == 40


def test_slowness_counts_at_once_and_speed_by_and_by() -> None:
    pace = measured(0.001)
    pace.measured(computed=50, prefill_s=0.2, streams=1, decode_s=0.02)
    assert pace.chunk(1) == 20
    pace.measured(computed=20, prefill_s=0.02, streams=1, decode_s=0.02)
    assert pace.chunk(1) == 32


def test_a_step_without_a_chunk_says_nothing_of_chunks() -> None:
    pace = measured(0.001)
    pace.measured(computed=0, prefill_s=0.0001, streams=1, decode_s=0.02)
    assert pace.chunk(1) == 80
