"""The runtime's slots: what a slot computes depends on nothing but its own tokens."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder
from gpu_actor.executor import ModelExecutor

Floats = npt.NDArray[np.float32]

PROMPT = [int(token) for token in np.random.default_rng(7).integers(100, 40_000, 70)]
REPLY = [int(token) for token in np.random.default_rng(8).integers(100, 40_000, 7)]


@pytest.fixture(params=["fast", "exact"])
def executor(request: pytest.FixtureRequest) -> Iterator[ModelExecutor]:
    executor: ModelExecutor = request.getfixturevalue(request.param)
    yield executor
    for slot in range(executor.facts.slots):
        executor.decoder.clear(slot)


def solo(executor: ModelExecutor, slot: int, chunk: int) -> list[Floats]:
    """Logits after the prompt, and after each token of the reply, of a sequence alone."""
    logits = np.empty(0, np.float32)
    for at in range(0, len(PROMPT), chunk):
        logits = executor.decoder.prefill(slot, executor.table.states(PROMPT[at : at + chunk]))
    steps = [logits.copy()]
    for token in REPLY:
        steps.append(executor.decoder.decode([slot], executor.table.states([token]))[0].copy())
    executor.decoder.clear(slot)
    return steps


def test_logits_do_not_depend_on_slot_or_chunks(executor: ModelExecutor) -> None:
    expected = solo(executor, 0, 70)
    for slot, chunk in ((1, 24), (3, 10)):
        for one, other in zip(expected, solo(executor, slot, chunk), strict=True):
            assert np.array_equal(one, other)


def test_a_batch_gives_the_logits_of_each_alone_bit_for_bit(executor: ModelExecutor) -> None:
    expected = solo(executor, 0, 70)
    decoder, table = executor.decoder, executor.table
    random = np.random.default_rng(9)
    live = [0, 1, 3]
    for slot in live:
        decoder.prefill(slot, table.states(PROMPT))
    done = dict.fromkeys(live, 0)
    # Slots take part or not as it comes; slot 2 is idle between them, and is filled halfway.
    for step in count():
        if step == 3:
            decoder.prefill(2, table.states(PROMPT[:40]))
        if step > 3 and min(done.values()) == len(REPLY):
            break
        active = [slot for slot in live if done[slot] < len(REPLY) and random.random() < 0.7]
        if not active:
            continue
        logits = decoder.decode(active, table.states([REPLY[done[slot]] for slot in active]))
        for row, slot in zip(logits, active, strict=True):
            done[slot] += 1
            assert np.array_equal(row, expected[done[slot]])
    # … and the slot that idled through it all goes on as if it had been alone.
    logits = decoder.prefill(2, table.states(PROMPT[40:]))
    assert np.array_equal(logits, expected[0])


def test_a_slot_shows_nothing_of_what_it_held_before(executor: ModelExecutor) -> None:
    expected = solo(executor, 0, 70)
    executor.decoder.prefill(0, executor.table.states(REPLY * 20))
    executor.decoder.clear(0)
    for one, other in zip(expected, solo(executor, 0, 70), strict=True):
        assert np.array_equal(one, other)


def test_a_full_slot_is_refused_and_harms_no_neighbour(fast: ModelExecutor) -> None:
    expected = solo(fast, 0, 70)
    decoder, table = fast.decoder, fast.table
    full = [REPLY[0]] * 256
    decoder.prefill(1, table.states(full))
    decoder.prefill(1, table.states(full))
    with pytest.raises(ValueError, match="is full"):
        decoder.decode([1], table.states([5]))
    with pytest.raises(ValueError, match="512 positions of 512"):
        decoder.prefill(1, table.states([5, 5]))
    before = decoder.cache[:, 1, :, :512].copy()
    decoder.prefill(0, table.states(PROMPT))
    decoder.prefill(2, table.states(PROMPT))
    for index, token in enumerate(REPLY):  # the full slot lies between the two and idles along
        logits = decoder.decode([0, 2], table.states([token, token]))
        assert np.array_equal(logits[0], expected[index + 1])
        assert np.array_equal(logits[1], expected[index + 1])
    assert np.array_equal(decoder.cache[:, 1, :, :512], before)
    for slot in range(3):
        decoder.clear(slot)


@given(slots=st.sets(st.integers(0, 11), min_size=1), least=st.integers(1, 2))
def test_runs_cover_what_is_asked_for_and_never_overlap_it_twice(slots: set[int], least: int) -> None:
    decoder = OnnxRuntimeDecoder.__new__(OnnxRuntimeDecoder)
    decoder.least_rows = least
    decoder.filled = np.zeros(12, np.int64)
    runs = list(decoder.runs(sorted(slots)))
    for slot in slots:
        assert sum(first <= slot < first + rows for first, rows in runs) == 1
    assert all(rows >= least and first >= 0 and first + rows <= 12 for first, rows in runs)
