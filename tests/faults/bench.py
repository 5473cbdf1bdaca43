"""One run: the deployment, the readers, the faults, and what the logs say of it.

The folder of a run holds the two data folders, the readers' logs and events.jsonl, what was done when.
"""

import asyncio
import http.client
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from actors.planting import VARIABLE
from gpu_actor.scripted import VARIABLE as SCRIPTED
from tests.faults.accounts import make_accounts
from tests.faults.checker import Reply, Verdict, check, keyed_tokens
from tests.faults.deployment import WEB_HOST, Deployment
from tests.faults.reader import ReaderOrder, Task
from tests.faults.recovery import Happened, summary, waits
from tests.faults.schedule import Fault, faults
from tests.faults.scripted_engine import SLOTS, TOKEN_S
from tests.faults.split_node import ROOT

FLOW_S = 20.0  # most time until the replies flow again; then the next fault comes all the same
DRAIN_S = 180.0
CALM_S = 1800.0
TASKS = 4

Say = Callable[[str], None]


class BenchOrder(Struct, frozen=True):
    """`reconnects`: no faults but those that the readers make themselves, so many in all. `control`: a bug
    planted in the server, which the checker must catch.
    """

    seed: int
    streams: int
    kills: int = 0
    reconnects: int = 0
    engine: Literal["scripted", "model"] = "scripted"
    control: str = ""
    token_s: float = 0.2
    reader_trouble_s: float = 60.0
    settings: Mapping[str, Any] = {}  # of the engine


class Outcome(Struct, frozen=True):
    order: BenchOrder
    verdict: Verdict
    replies: list[Reply]
    happened: list[Happened]
    supervisor_starts: dict[str, int]
    reconnects: int
    seconds: float


class ReadersProcess:
    """The process of the readers, and what it told last."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: dict[str, int] = {}
        self.listening = asyncio.create_task(self.listen())

    async def listen(self) -> None:
        if self.process.stdout is None:
            raise RuntimeError("the readers have no output")
        while line := await self.process.stdout.readline():
            self.told = json.loads(line)

    def command(self, word: str) -> None:
        if self.process.stdin is None:
            raise RuntimeError("the readers have no input")
        self.process.stdin.write(f"{word}\n".encode())

    async def until(self, holds: Callable[[dict[str, int]], bool], within_s: float) -> bool:
        """False where it did not hold within that time."""
        deadline = time.monotonic() + within_s
        while not (self.told and holds(self.told)):
            if self.listening.done():
                raise RuntimeError("the process of the readers ended")
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    async def end(self) -> None:
        if self.process.stdin is not None and self.process.returncode is None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self.listening


def environ_of(order: BenchOrder) -> dict[str, str]:
    own = {VARIABLE: order.control} if order.control else {}
    if order.engine == "model":  # not what a card or a benchmark here would choose: texts are compared
        return own | {"SAMOVAR_ENGINE_RUNTIME": "onnxruntime"}
    engine = "tests.faults.scripted_engine:make"
    return own | {SCRIPTED: engine, SLOTS: str(order.streams), TOKEN_S: str(order.token_s)}


def tasks_of(order: BenchOrder, reader: int) -> tuple[Task, ...]:
    """What a reader asks: of a model half greedy, half sampled."""
    if order.engine == "scripted":
        return (Task("any", "Tell me more.", 1),)
    subjects = ("the sea", "an old samovar", "a winter in the mountains", "the first train")
    tasks: list[Task] = []
    for number in range(TASKS):
        sampled = number % 2 == 1
        sampling = (0.8 if sampled else 0.0, 40, 0.95, 0.05, 1.1, (), 160)
        subject = subjects[(reader + number) % len(subjects)]
        text = f"Tell me a long story about {subject}, part {reader + 1}."
        name = f"{number} {'sampled' if sampled else 'greedy'}"
        tasks.append(Task(name, text, 1_000 * reader + number, sampling))
    return tuple(tasks)


def first_character(port: int, cookie: str) -> str:
    connection = http.client.HTTPConnection(WEB_HOST, port, timeout=10)
    try:
        connection.request("GET", "/api/characters", headers={"Cookie": cookie})
        return str(json.loads(connection.getresponse().read())[0]["version"])
    finally:
        connection.close()


async def run(order: BenchOrder, folder: Path, say: Say) -> Outcome:
    begun_s = time.monotonic()
    deployment = Deployment(folder, order.streams, order.settings, environ_of(order))
    readers: ReadersProcess | None = None
    try:
        await deployment.prepare()
        cookies = await make_accounts(deployment.web_data, order.streams)
        say("starting the web node and the GPU box")
        await deployment.start()
        character = await asyncio.to_thread(first_character, deployment.web_port, cookies[0])
        write_orders(order, folder, deployment.web_port, cookies, character)
        readers = await start_readers(folder)
        happened = await go_through(order, deployment, readers, folder, say)
        readers.command("drain")
        say("no more faults: the replies that are being made come to their end")
        if not await readers.until(lambda told: told["asking"] == 0, DRAIN_S):
            say(f"not all replies ended within {DRAIN_S:g} s")
        reconnects = readers.told["reconnects"]
    finally:
        if readers is not None:
            await readers.end()
        await deployment.stop()
    say("reading the logs")
    verdict, replies = check_logs(order, folder)
    starts = {"web": deployment.web.starts, "gpu": deployment.gpu.starts}
    return Outcome(order, verdict, replies, happened, starts, reconnects, time.monotonic() - begun_s)


def write_orders(order: BenchOrder, folder: Path, port: int, cookies: list[str], character: str) -> None:
    orders = [
        ReaderOrder(
            number=number,
            host=WEB_HOST,
            port=port,
            cookie=cookie,
            character=character,
            tasks=tasks_of(order, number),
            seed=order.seed,
            trouble_s=order.reader_trouble_s,
            trouble_frames=20 if order.reconnects else 0,
        )
        for number, cookie in enumerate(cookies)
    ]
    (folder / "readers.json").write_bytes(msgspec.json.encode(orders))


async def start_readers(folder: Path) -> ReadersProcess:
    return ReadersProcess(
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.faults.readers", str(folder)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
    )


# -- the run itself -------------------------------------------------------------------------------


async def go_through(
    order: BenchOrder, deployment: Deployment, readers: ReadersProcess, folder: Path, say: Say
) -> list[Happened]:
    if order.engine == "model":
        say("what the model says undisturbed")
        readers.command("calm")
        if not await readers.until(lambda told: told["replies"] >= order.streams * TASKS, CALM_S):
            raise TimeoutError("the undisturbed replies did not come to their end")
    readers.command("trouble")
    if order.reconnects:
        while not await readers.until(lambda told: told["reconnects"] >= order.reconnects, 10.0):
            say(f"{readers.told.get('reconnects', 0)} of {order.reconnects} reconnects")
        return []
    await readers.until(lambda told: told["live"] >= order.streams // 2, FLOW_S)
    return await do_faults(order, deployment, readers, folder, say)


async def do_faults(
    order: BenchOrder, deployment: Deployment, readers: ReadersProcess, folder: Path, say: Say
) -> list[Happened]:
    happened: list[Happened] = []
    under_way: set[asyncio.Task[None]] = set()
    kills = 0

    async def one(fault: Fault) -> None:
        came, gone = await deployment.inject(fault)
        happened.append(Happened(fault, came, gone))
        events.write(msgspec.json.encode(happened[-1]).decode() + "\n")

    with (folder / "events.jsonl").open("w", buffering=1) as events:
        for fault in faults(order.seed, order.kills):
            if fault.waits:
                if under_way:
                    await asyncio.wait(under_way)
                flows = await readers.until(lambda told: told["live"] > 0 and told["behind"] == 0, FLOW_S)
                if not flows:
                    say(f"before fault {fault.number} the replies did not flow again: {readers.told}")
            await asyncio.sleep(fault.pause_s)
            for task in [task for task in under_way if task.done()]:
                task.result()
                under_way.discard(task)
            under_way.add(asyncio.create_task(one(fault)))
            kills += fault.kind == "kill"
            if fault.kind == "kill" and kills % 50 == 0:
                say(f"{kills} of {order.kills} kills, {readers.told['replies']} replies")
        for task in under_way:
            await task
    return happened


def check_logs(order: BenchOrder, folder: Path) -> tuple[Verdict, list[Reply]]:
    logs = sorted(folder.glob("reader-*.log"))
    if order.engine == "scripted":
        return check(logs, keyed_tokens)
    undisturbed: dict[tuple[str, str], str] = {}

    def expect(reply: Reply) -> str | None:
        """What its reader was told the first time, undisturbed."""
        if reply.whole is not None:
            undisturbed.setdefault((reply.reader, reply.task), reply.whole)
        return undisturbed.get((reply.reader, reply.task))

    return check(logs, expect)


# -- what is said of it ---------------------------------------------------------------------------


def report(outcome: Outcome) -> dict[str, Any]:
    """The report of the command."""
    verdict, happened = outcome.verdict, outcome.happened
    found, hit = waits(outcome.replies, happened)
    by_kind: dict[str, list[float]] = {}
    names = {each.fault.number: each.fault.process or each.fault.kind for each in happened}
    kinds = {each.fault.number: each.fault.kind for each in happened}
    for wait in found:
        what = names[wait.number] if kinds[wait.number] != "stall" else "stall"
        by_kind.setdefault(what, []).append(wait.ms)
    return {
        "faults": len(happened),
        "faults_on_live_streams": len(hit),
        "lost": verdict.lost,
        "duplicated": verdict.duplicated,
        "reordered": verdict.reordered,
        "altered": verdict.altered,
        "recovery_ms": summary([wait.ms for wait in found]),
        "seed": outcome.order.seed,
        "kills": dict(Counter(each.fault.process for each in happened if each.fault.kind == "kill")),
        "other_faults": dict(Counter(each.fault.kind for each in happened if each.fault.kind != "kill")),
        "recovery_ms_by_kind": {kind: summary(values) for kind, values in sorted(by_kind.items())},
        "waits": len(found),
        "replies": verdict.replies,
        "views": verdict.views,
        "tokens_checked": verdict.tokens,
        "unfinished": verdict.unfinished,
        "unknown": verdict.unknown,
        "asked_twice": verdict.asked_twice,
        "reader_reconnects": outcome.reconnects,
        "supervisor_starts": outcome.supervisor_starts,
        "engine": outcome.order.engine,
        "control": outcome.order.control,
        "streams": outcome.order.streams,
        "seconds": round(outcome.seconds),
        "examples": verdict.examples,
        "notes": (
            "the limits of restarts (supervisor.restarts, engine_restarts, queue.rest_s) are raised;"
            " kills of the health process hit no stream; kill -9 does not test fsync"
        ),
    }
