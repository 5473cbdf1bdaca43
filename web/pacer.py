"""Pacer: runs something at once, but not again before a pause is over; what comes meanwhile is one."""

import asyncio
from collections.abc import Callable


class Pacer:
    def __init__(self, pause_s: float) -> None:
        self.pause_s = pause_s
        self.timer: asyncio.TimerHandle | None = None
        self.waiting: Callable[[], None] | None = None

    def run(self, action: Callable[[], None]) -> None:
        if self.timer is None:
            action()
            self.timer = asyncio.get_running_loop().call_later(self.pause_s, self.over)
        else:
            self.waiting = action

    def over(self) -> None:
        self.timer = None
        action, self.waiting = self.waiting, None
        if action is not None:
            self.run(action)

    def cancel(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None
        self.waiting = None
