"""What every actor system does in turn, and how it is timed.

A contender runs in a process of its own (`python -m tests.bench.actor_systems.contender NAME`) and prints
its figures as one JSON object. Actors answer a question with what they were asked, and count what they
are told.
"""

import asyncio
import gc
import importlib
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

KB = 1_000
CONTENDERS = ("samovar", "thespian", "pykka", "xoscar")


class Figures(Struct, frozen=True):
    """One round of one actor system.

    messages_per_s  told one way to many actors in turn, until the last one was handled
    ask_us          question and answer, median
    spawn_us        until a new actor can be told something, mean
    idle_bytes      memory of an actor that waits (resident), mean
    """

    messages_per_s: float
    ask_us: float
    spawn_us: float
    idle_bytes: float


class ActorSystem(Protocol):
    """The same steps for all. `actors` is how many of them are made: what the system carries well."""

    actors: int
    messages: int
    questions: int

    async def start(self) -> None: ...

    async def spawn(self, count: int) -> list[Any]: ...

    async def tell(self, actors: list[Any], messages: int) -> int:
        """Tell the actors in turn; returns, when all is handled, how many messages they have counted."""
        ...

    async def ask(self, actor: Any, question: int) -> int: ...

    async def stop(self) -> None: ...


def resident_bytes() -> int:
    """Of this process (Linux: pages in memory, proc(5))."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


async def measure(system: ActorSystem) -> Figures:
    await system.start()
    await system.spawn(1)  # what is made at the first one is not its price
    before, began = resident_bytes(), time.perf_counter()
    actors = await system.spawn(system.actors)
    spawn_s = time.perf_counter() - began
    grown = resident_bytes() - before

    began = time.perf_counter()
    handled = await system.tell(actors, system.messages)
    tell_s = time.perf_counter() - began
    if handled != system.messages:
        raise RuntimeError(f"{handled} of {system.messages} messages were handled")

    asked: list[float] = []
    for question in range(system.questions):
        began = time.perf_counter()
        answer = await system.ask(actors[0], question)
        asked.append(time.perf_counter() - began)
        if answer != question:
            raise RuntimeError(f"asked {question}, answered {answer}")
    await system.stop()
    return Figures(
        messages_per_s=system.messages / tell_s,
        ask_us=statistics.median(asked) * 1e6,
        spawn_us=spawn_s / system.actors * 1e6,
        idle_bytes=grown / system.actors,
    )


def main(name: str) -> None:
    module = importlib.import_module(f"tests.bench.actor_systems.{name}_system")
    figures = asyncio.run(measure(module.System()))
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
