"""Virtual clock and world: time passes only when nothing is left to do now."""

import heapq
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

from actors.world import uuid7

EPOCH_MS = 1_700_000_000_000


class Timer:
    __slots__ = ("args", "callback", "cancelled")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.callback = callback
        self.args = args
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class SimLoop:
    """The scheduler of the mailbox runtime, with time that jumps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.count = 0
        self.heap: list[tuple[float, int, Timer]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[..., Any], /, *args: Any) -> Timer:
        return self.call_later(0.0, callback, *args)

    def call_later(self, delay: float, callback: Callable[..., Any], /, *args: Any) -> Timer:
        timer = Timer(callback, args)
        self.count += 1
        heapq.heappush(self.heap, (self.now + delay, self.count, timer))
        return timer

    def run_until(self, end: float, done: Callable[[], bool] | None = None) -> None:
        """Run what is due up to `end`; stop earlier when `done` says so."""
        while self.heap and self.heap[0][0] <= end:
            at, _, timer = heapq.heappop(self.heap)
            self.now = at
            if not timer.cancelled:
                timer.callback(*timer.args)
                if done is not None and done():
                    return
        self.now = end


class SimWorld:
    """Clock, ids and seeds from the simulation alone."""

    def __init__(self, loop: SimLoop, random: Random) -> None:
        self.loop = loop
        self.random = random
        self.wall_ms = EPOCH_MS  # what the wall clock showed at the beginning, as it is set now

    def set_wall_clock(self, by_ms: int) -> None:
        """Somebody sets the clock of the machine; no deadline may care."""
        self.wall_ms += by_ms

    def utc_ms(self) -> int:
        return self.wall_ms + int(self.loop.now * 1000)

    def monotonic_s(self) -> float:
        return self.loop.now

    def new_id(self) -> UUID:
        return uuid7(self.utc_ms(), self.random.randbytes(10))

    def new_seed(self) -> int:
        return self.random.getrandbits(63)
