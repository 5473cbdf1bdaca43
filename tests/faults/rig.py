"""Rig: a deployment with its readers, ready for whatever is to be done to it."""

import asyncio
import http.client
import json
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from actors.planting import VARIABLE
from gpu_actor.scripted import VARIABLE as SCRIPTED
from tests.faults.accounts import make_accounts
from tests.faults.deployment import WEB_HOST, Deployment
from tests.faults.reader import ReaderOrder, Task
from tests.faults.scripted_engine import SLOTS, TOKEN_S
from tests.faults.split_node import ROOT

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


class Rig(Struct, frozen=True):
    order: BenchOrder
    folder: Path
    deployment: Deployment
    readers: ReadersProcess
    say: Say


@asynccontextmanager
async def rigged(
    order: BenchOrder,
    folder: Path,
    say: Say,
    environ: Mapping[str, str] | None = None,
    linked: str = "ready",
) -> AsyncGenerator[Rig]:
    """Both nodes are ready, the web node sees the box in the state `linked`, and the readers wait for their
    commands; all of it is ended afterwards.
    """
    deployment = Deployment(folder, order.streams, order.settings, {**environ_of(order), **(environ or {})})
    readers: ReadersProcess | None = None
    try:
        await deployment.prepare()
        cookies = await make_accounts(deployment.web_data, order.streams)
        say("starting the web node and the GPU box")
        await deployment.start(linked)
        character = await asyncio.to_thread(first_character, deployment.web_port, cookies[0])
        write_orders(order, folder, deployment.web_port, cookies, character)
        readers = await start_readers(folder)
        yield Rig(order, folder, deployment, readers, say)
    finally:
        if readers is not None:
            await readers.end()
        await deployment.stop()


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
