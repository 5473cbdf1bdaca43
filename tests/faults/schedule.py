"""The faults of a run, drawn from its seed: the same seed is the same schedule, whatever the machine does.

Kinds are drawn from shuffled packs, so that each has its share: of twenty kills two hit the health process,
which no reply passes through, and three or more each of the others.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Literal

from msgspec import Struct

Process = Literal["web", "link", "engine", "health", "web supervisor", "gpu supervisor"]
LineFault = Literal["reset", "half-open", "black hole", "delay", "throttle"]
Kind = Literal["kill", "stall"] | LineFault

KILLS: tuple[Process, ...] = (
    *repeat("web", 4),
    *repeat("link", 4),
    *repeat("engine", 4),
    *repeat("health", 2),
    *repeat("web supervisor", 3),
    *repeat("gpu supervisor", 3),
)
STALLS: tuple[Process, ...] = ("web", "link", "engine", "web supervisor", "gpu supervisor")
OTHERS: tuple[Kind, ...] = ("reset", "half-open", "black hole", "delay", "throttle", "stall")

OTHER_SHARE = 1 / 5  # of all faults
HASTE = 0.2  # share of faults that do not wait until the one before is over
LONGEST_PAUSE_S = 0.6


class Fault(Struct, frozen=True):
    """`waits`: until the faults before it are over and the replies flow again; then `pause_s` more.
    `seconds`: how long it lasts, where it lasts. `amount`: seconds of a delay, bytes a second of a throttle;
    of a black hole 1: the connections do not outlive it; of half-open 1: the web node's end is left open.
    """

    number: int
    kind: Kind
    process: Process | Literal[""]
    seconds: float
    amount: float
    waits: bool
    pause_s: float


def packs(kinds: Sequence[str], random_: random.Random) -> Iterator[str]:
    """For ever: all of them in a drawn order, then in another one."""
    while True:
        pack = list(kinds)
        random_.shuffle(pack)
        yield from pack


def faults(seed: int, kills: int) -> Iterator[Fault]:
    """Until so many kills are among them."""
    draw = random.Random(seed)
    victims, others, stalled = packs(KILLS, draw), packs(OTHERS, draw), packs(STALLS, draw)
    number = 0
    while kills > 0:
        kind: str = "kill"
        process: str = ""
        if draw.random() < OTHER_SHARE:
            kind = next(others)
        if kind == "kill":
            process = next(victims)
            kills -= 1
        elif kind == "stall":
            process = next(stalled)
        seconds, amount = length(kind, draw)
        waits = number == 0 or draw.random() >= HASTE
        yield Fault(number, kind, process, seconds, amount, waits, draw.uniform(0, LONGEST_PAUSE_S))  # pyright: ignore[reportArgumentType]
        number += 1


def length(kind: str, draw: random.Random) -> tuple[float, float]:
    """How long it lasts, and how bad it is."""
    match kind:
        case "black hole":
            return draw.choice((0.5, 2.0, 5.0)) * draw.uniform(0.5, 1.0), float(draw.random() < 0.5)
        case "half-open":
            return draw.uniform(2.0, 6.0), float(draw.random() < 0.5)
        case "delay":
            return draw.uniform(0.5, 3.0), draw.uniform(0.05, 0.5)
        case "throttle":
            return draw.uniform(0.5, 3.0), draw.uniform(10_000, 100_000)
        case "stall":
            return draw.uniform(0.2, 1.5), 0.0
        case _:
            return 0.0, 0.0
