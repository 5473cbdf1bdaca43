"""How long readers waited: from the later of a fault's coming and its going to the next new token.

Where another fault came, or went, before that token, the time counts from the last of them. A fault hit a
stream when the stream was in its middle: a token had come, and others were to come. The health process is
on nobody's way, so its kills count for nothing here.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from tests.faults.checker import Reply
from tests.faults.schedule import Fault

NS = 1_000_000


class Happened(Struct, frozen=True):
    """A fault of the schedule, with when it came and went, monotonic ns."""

    fault: Fault
    came: int
    gone: int


class Wait(Struct, frozen=True):
    """A reader's wait for the next token after a fault, ms."""

    ms: float
    number: int  # of the fault that it counts from
    reader: str


def on_a_way(happened: Happened) -> bool:
    return happened.fault.process != "health"


def waits(replies: Sequence[Reply], all_happened: Sequence[Happened]) -> tuple[list[Wait], set[int]]:
    """All waits, and the numbers of the faults that hit a live stream."""
    counting = [each for each in all_happened if on_a_way(each)]
    moments = sorted((at, each.fault.number) for each in counting for at in {each.came, each.gone})
    times = [at for at, _ in moments]
    last_of = {each.fault.number: each.gone for each in counting}
    found: list[Wait] = []
    hit: set[int] = set()
    for reply in replies:
        for before, after in pairwise(reply.times):
            first, end = bisect_left(times, before), bisect_right(times, after)
            if first == end:
                continue
            hit.update(number for _, number in moments[first:end])
            at, number = moments[end - 1]
            if at >= last_of[number]:  # else it is still there
                found.append(Wait((after - at) / NS, number, reply.reader))
    return found, hit


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank; 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.5)),
        "p99": round(percentile(values, 0.99)),
        "max": round(max(values, default=0.0)),
    }
