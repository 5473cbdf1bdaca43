"""Limits: what one user may have running, waiting, and have written in a day. Pure.

A day is one of UTC. What was written is counted from storage when the queue starts, and goes on from what
the sessions tell of each reply that ended, so no restart makes it less. A reply that has begun is finished.
"""

from collections.abc import Iterable
from uuid import UUID

from actors.messages.archive import Spending
from actors.messages.queueing import OverLimit
from actors.settings import QueueSettings
from actors.world import DAY_MS, day_of


class Limits:
    def __init__(self, settings: QueueSettings) -> None:
        self.settings = settings
        self.day = 0
        self.tokens: dict[UUID, int] = {}  # written on that day, by user

    def loaded(self, spendings: Iterable[Spending], utc_ms: int) -> None:
        self.day = day_of(utc_ms)
        self.tokens = {each.user: each.tokens for each in spendings if each.day == self.day}

    def spent(self, user: UUID, tokens: int, utc_ms: int) -> None:
        self.turn_page(utc_ms)
        self.tokens[user] = self.tokens.get(user, 0) + tokens

    def turn_page(self, utc_ms: int) -> None:
        if day_of(utc_ms) != self.day:
            self.day = day_of(utc_ms)
            self.tokens.clear()

    def may_run(self, running: int) -> bool:
        """One more, beside those that run."""
        return not self.settings.user_running or running < self.settings.user_running

    def day_is_over(self, generation: UUID, user: UUID, utc_ms: int) -> OverLimit | None:
        """Why the user gets nothing more today, or None."""
        self.turn_page(utc_ms)
        limit = self.settings.user_tokens_a_day
        if not limit or self.tokens.get(user, 0) < limit:
            return None
        return OverLimit(generation, "user_tokens", limit, (self.day + 1) * DAY_MS)

    def refusal(self, generation: UUID, user: UUID, waiting: int, utc_ms: int) -> OverLimit | None:
        """Why one more may not wait, or None; `waiting` are those of the user that do."""
        limit = self.settings.user_waiting
        if limit and waiting >= limit:
            return OverLimit(generation, "user_waiting", limit)
        return self.day_is_over(generation, user, utc_ms)
