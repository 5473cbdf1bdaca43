"""One run: the deployment, the readers, the faults, and what the logs say of it.

The folder of a run holds the two data folders, the readers' logs and events.jsonl, what was done when.
"""

import asyncio
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.faults.checker import Reply, Verdict, check, keyed_tokens
from tests.faults.recovery import Happened
from tests.faults.rig import TASKS, BenchOrder, Rig, Say, rigged
from tests.faults.schedule import Fault, faults

FLOW_S = 20.0  # most time until the replies flow again; then the next fault comes all the same
DRAIN_S = 180.0
CALM_S = 1800.0


class Outcome(Struct, frozen=True):
    order: BenchOrder
    verdict: Verdict
    replies: list[Reply]
    happened: list[Happened]
    supervisor_starts: dict[str, int]
    reconnects: int
    seconds: float


async def run(order: BenchOrder, folder: Path, say: Say) -> Outcome:
    begun_s = time.monotonic()
    async with rigged(order, folder, say) as rig:
        happened = await go_through(rig)
        rig.readers.command("drain")
        say("no more faults: the replies that are being made come to their end")
        if not await rig.readers.until(lambda told: told["asking"] == 0, DRAIN_S):
            say(f"not all replies ended within {DRAIN_S:g} s")
        reconnects = rig.readers.told["reconnects"]
        starts = {"web": rig.deployment.web.starts, "gpu": rig.deployment.gpu.starts}
    say("reading the logs")
    verdict, replies = check_logs(order, folder)
    return Outcome(order, verdict, replies, happened, starts, reconnects, time.monotonic() - begun_s)


async def go_through(rig: Rig) -> list[Happened]:
    order, readers, say = rig.order, rig.readers, rig.say
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
    await readers.until(lambda told: told["live"] >= order.streams * 0.9, FLOW_S)
    return await do_faults(rig)


async def do_faults(rig: Rig) -> list[Happened]:
    order, readers, say = rig.order, rig.readers, rig.say
    happened: list[Happened] = []
    under_way: set[asyncio.Task[None]] = set()
    kills = 0

    async def one(fault: Fault) -> None:
        came, gone = await rig.deployment.inject(fault)
        happened.append(Happened(fault, came, gone))
        events.write(msgspec.json.encode(happened[-1]).decode() + "\n")

    with (rig.folder / "events.jsonl").open("w", buffering=1) as events:
        for fault in faults(order.seed, order.kills):
            if fault.waits:
                if under_way:
                    await asyncio.wait(under_way)
                last = max((each.gone for each in happened), default=0)
                if not await readers.until(lambda told, last=last: flows(told, last), FLOW_S):
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


def flows(told: dict[str, int], since: int) -> bool:
    """Whether every reply in the making has had a token since then (monotonic ns), and a moment ago."""
    return told["live"] > 0 and told["behind"] == 0 and told["oldest_ns"] > since


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
