"""The bench of the edge: every token of every stream is seen, once and in order, and timed."""

import asyncio
from pathlib import Path

import pytest

from tests.bench.edge.node import BenchNode
from tests.bench.edge.paced_executor import stamp
from tests.bench.edge.run import measure
from tests.bench.edge.stream import AskError, Stream, Told

BEGIN, END = 0, 10**18
ID = "01900000-0000-7000-8000-000000000001"
TOKEN = f"word {stamp(None, 1)} "


@pytest.mark.timeout(180)
def test_streams_and_idle_sockets_are_measured(tmp_path: Path) -> None:
    node = BenchNode(tmp_path / "data", streams=4, rate=50.0, sockets=20, reply_tokens=25)
    try:
        node.start()
        figures = asyncio.run(measure(node, streams=4, rate=50.0, seconds=3.0, idle=10, say=lambda _: None))
    finally:
        node.end()
    assert figures.replies >= 4
    assert figures.tokens >= 25 * figures.replies / 2
    assert 0 < figures.token_delay_ms.p50 <= figures.token_delay_ms.p99
    assert 0 < figures.first_token_ms.p50 <= figures.first_token_ms.p99
    assert set(figures.cpu_us_per_token_of) == {"web", "link", "engine", "health", "supervisor"}
    assert figures.web_rss_mb > 10


def stream(*texts: tuple[int, int, str]) -> Stream:
    made = Stream.__new__(Stream)
    made.sent_ns = [0]
    made.frames = [
        (
            10_000_000,
            f'{{"type":"reply_text","conversation":"{ID}","generation":"{ID}","seq":{seq},"next_seq":{after},"text":"{text}"}}'.encode(),
        )
        for seq, after, text in texts
    ]
    return made


def test_delays_are_those_beyond_the_engine() -> None:
    told = Told([], [])
    first, second = stamp(2_000_000, 7_000_000), stamp(None, 9_000_000)
    stream((0, 1, f"a {first} "), (1, 2, f"b {second} ")).read(told, BEGIN, END)
    assert told.first_ms == [5.0]  # 2 ms until the engine had it, 3 ms from its token to the reader
    assert told.delay_ms == [1.0]


@pytest.mark.parametrize("second", [(2, 3, TOKEN), (0, 1, TOKEN), (1, 3, TOKEN)])
def test_a_token_that_is_missing_or_repeated_ends_the_measuring(second: tuple[int, int, str]) -> None:
    with pytest.raises(AskError):
        stream((0, 1, TOKEN), second).read(Told([], []), BEGIN, END)
