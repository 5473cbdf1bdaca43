"""The course of the measurement: streams, then idle sockets. See `samovar bench edge --help`."""

import asyncio
import gc
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from actors.messages.chat import Open
from tests.bench.cores import together
from tests.bench.edge.node import BenchNode
from tests.bench.edge.reader import Reader
from tests.bench.edge.stream import Stream, Told
from tests.bench.ending import run_bench
from tests.bench.percentiles import Percentiles, percentiles

REPLY_S = 5.0
SETTLE_S = 3.0
LONGEST_ASK_S = 60.0
LOOK_S = 0.001
MB, KB = 1e6, 1e3

Say = Callable[[str], None]


class EdgeFigures(Struct, frozen=True):
    """What Samovar adds to an engine, as readers see it.

    first_token_ms    from asking to the first token, without what the engine took
    token_delay_ms    from the engine's emitting a token to the reader's having it
    cpu_us_per_token  processor time of all Samovar's processes but the engine's (the bench's own script)
    web_rss_mb        resident memory of the web process, under load
    idle_socket_kb    memory of the web process for each of `idle_sockets` that wait
    cores_together    what all cores do at once, in units of what one does alone
    """

    streams: int
    rate: float
    seconds: float
    tokens: int
    tokens_per_s: float
    replies: int
    first_token_ms: Percentiles
    token_delay_ms: Percentiles
    cpu_us_per_token: float
    cpu_us_per_token_of: dict[str, float]
    web_rss_mb: float
    idle_sockets: int
    idle_socket_kb: float
    cores: int
    cores_together: float
    load_before: float


async def ask_until(stream: Stream, begin_s: float, end_s: float) -> None:
    """Replies one after another; nobody begins in step with the others."""
    await asyncio.sleep(max(0.0, begin_s - time.monotonic()))
    while time.monotonic() < end_s:
        await stream.ask(LONGEST_ASK_S)


def cpu_seconds(processes: dict[str, psutil.Process]) -> dict[str, float]:
    times = {name: process.cpu_times() for name, process in processes.items()}
    return {name: each.user + each.system for name, each in times.items()}


class Looking:
    """The readers' loop looks at its sockets each millisecond, and never waits for them: a reader on the same
    machine that sleeps is woken by the server's own sending, which takes as long as all the rest of it, and
    readers are elsewhere. What they see is up to a millisecond late by it.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.over = False
        self.loop.call_soon(self.look)

    def look(self) -> None:
        if not self.over:
            time.sleep(LOOK_S)
            self.loop.call_soon(self.look)


async def run_streams(node: BenchNode, seconds: float, say: Say) -> tuple[Told, dict[str, float]]:
    """Raises AskError. Processor seconds are those of each process between begin and end of the measuring."""
    say(f"{node.people} people, each with a conversation")
    talks = [Stream(conversation) for conversation in await asyncio.to_thread(node.new_conversations)]
    for person, talk in enumerate(talks):
        talk.reader = await node.dial(person, talk.heard)
        talk.reader.say(msgspec.json.encode(Open(talk.conversation)))
    begin_s = time.monotonic() + 1.0 + REPLY_S + SETTLE_S
    end_s = begin_s + seconds
    chance = random.Random(node.people)
    asking = [
        asyncio.create_task(ask_until(talk, begin_s - SETTLE_S - chance.uniform(0, REPLY_S), end_s))
        for talk in talks
    ]
    processes = await asyncio.to_thread(node.processes)
    looking = Looking()
    gc.collect()
    gc.disable()  # looking through the frames that are kept takes 90 ms, which the readers would see as delay
    await asyncio.sleep(begin_s - time.monotonic())
    say(f"measuring for {seconds:g} s")
    before, begin_ns = cpu_seconds(processes), time.monotonic_ns()
    await asyncio.sleep(end_s - time.monotonic())
    after, end_ns = cpu_seconds(processes), time.monotonic_ns()
    looking.over = True
    gc.enable()
    await asyncio.gather(*asking)
    told = Told([], [])
    for talk in talks:
        talk.read(told, begin_ns, end_ns)
        assert talk.reader is not None
        await talk.reader.close()
    return told, {name: after[name] - before[name] for name in before}


async def idle_kb(node: BenchNode, count: int, say: Say) -> float:
    """Memory of the web process for each of so many sockets that have greeted and wait."""
    if count == 0:
        return 0.0
    say(f"{count} idle sockets")
    web = (await asyncio.to_thread(node.processes))["web"]
    before = web.memory_info().rss
    readers: list[Reader] = []
    for number in range(count):
        readers.append(await node.dial(number, lambda _now, _payload: None))
    await asyncio.sleep(1.0)
    grown = web.memory_info().rss - before
    for reader in readers:
        await reader.close()
    return grown / count / KB


async def measure(
    node: BenchNode, *, streams: int, rate: float, seconds: float, idle: int, say: Say
) -> EdgeFigures:
    load = psutil.getloadavg()[0]
    at_once = await asyncio.to_thread(together)
    told, cpu_s = await run_streams(node, seconds, say)
    web = (await asyncio.to_thread(node.processes))["web"]
    rss_mb = web.memory_info().rss / MB
    each = {name: round(spent / told.tokens * 1e6, 1) for name, spent in cpu_s.items()}
    return EdgeFigures(
        streams=streams,
        rate=rate,
        seconds=seconds,
        tokens=told.tokens,
        tokens_per_s=round(told.tokens / seconds, 1),
        replies=told.replies,
        first_token_ms=percentiles(told.first_ms),
        token_delay_ms=percentiles(told.delay_ms),
        cpu_us_per_token=round(sum(value for name, value in each.items() if name != "engine"), 1),
        cpu_us_per_token_of=each,
        web_rss_mb=round(rss_mb, 1),
        idle_sockets=idle,
        idle_socket_kb=round(await idle_kb(node, idle, say), 1),
        cores=psutil.cpu_count() or 1,
        cores_together=at_once,
        load_before=round(load, 2),
    )


def table(figures: EdgeFigures) -> str:
    first, delay = figures.first_token_ms, figures.token_delay_ms
    share = ", ".join(f"{name} {value:g}" for name, value in figures.cpu_us_per_token_of.items())
    return "\n".join(
        [
            f"{figures.streams} streams, {figures.tokens_per_s:g} tokens/s for {figures.seconds:g} s",
            f"first token, added     p50 {first.p50:g} ms, p99 {first.p99:g} ms",
            f"each token, added      p50 {delay.p50:g} ms, p99 {delay.p99:g} ms",
            f"processor time a token {figures.cpu_us_per_token:g} µs without the engine ({share})",
            f"web process            {figures.web_rss_mb:g} MB",
            f"{figures.idle_sockets} idle sockets      {figures.idle_socket_kb:g} KB each",
            f"{figures.cores} cores                do {figures.cores_together:g} times what one does alone",
        ]
    )


def main(*, streams: int, rate: float, seconds: float, idle: int, as_json: bool) -> int:
    def say(what: str) -> None:
        sys.stderr.write(f"{what}\n")
        sys.stderr.flush()

    with tempfile.TemporaryDirectory(prefix="samovar-bench-") as folder:
        node = BenchNode(
            Path(folder) / "data",
            streams=streams,
            rate=rate,
            sockets=streams + idle,
            reply_tokens=max(2, round(rate * REPLY_S)),
        )
        say("starting a node")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # then the node is ended, too
        try:
            node.start()
            figures = run_bench(
                measure(node, streams=streams, rate=rate, seconds=seconds, idle=idle, say=say)
            )
        finally:
            node.end()
    sys.stdout.write((msgspec.json.encode(figures).decode() if as_json else table(figures)) + "\n")
    return 0
