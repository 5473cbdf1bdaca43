"""Restart intensity: how often something may be restarted before it is left alone for a while.

Pure: the time and the jitter are arguments. The rule is OTP's (supervisor(3), "Maximum Restart
Intensity"): more than `limit` restarts within `period_s` seconds, and it is parked.
"""

from collections import deque

from msgspec import Struct


class Backoff(Struct, frozen=True):
    """The wait before a restart: `first_s`, doubled with each further restart in the period."""

    first_s: float = 0.05
    longest_s: float = 5.0


class Restart(Struct, frozen=True):
    """Start it again after `after_s` seconds."""

    after_s: float


class Park(Struct, frozen=True):
    """Too many restarts: leave it alone; `restarts` fell within the period, this one included."""

    restarts: int


class Intensity:
    """Remembers the restarts of one child or actor, at most limit + 1 of them."""

    def __init__(self, limit: int, period_s: float, backoff: Backoff | None = None) -> None:
        self.limit = limit
        self.period_s = period_s
        self.backoff = backoff or Backoff()
        self.restarts: deque[float] = deque(maxlen=limit + 1)

    def restarted(self, now_s: float, jitter: float = 0.0) -> Restart | Park:
        """Count a restart at `now_s` (monotonic) and say what to do.

        `jitter`, 0 ≤ jitter < 1, shortens the wait by up to half, so that neighbours which
        fell together do not get up together.
        """
        while self.restarts and now_s - self.restarts[0] > self.period_s:
            self.restarts.popleft()
        self.restarts.append(now_s)
        if len(self.restarts) > self.limit:
            return Park(len(self.restarts))
        doublings = min(len(self.restarts) - 1, 32)  # 2**32 first waits are longer than any longest_s
        wait = min(self.backoff.longest_s, self.backoff.first_s * 2**doublings)
        return Restart(wait * (1 - jitter / 2))
