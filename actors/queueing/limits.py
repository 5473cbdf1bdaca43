"""Limits: what one user may have running, waiting, and have written in a day. Pure.

A day is one of UTC. What was written is counted from storage when the queue starts, and goes on from what
the sessions tell of each reply that ended, so no restart makes it less. A reply that has begun is finished.
"""

from collections.abc import Iterable
from uuid import UUID

from actors.messages.queueing import OverLimit
from actors.messages.shares import SPENDING_DAYS, Spending
from actors.settings import QueueSettings
from actors.world import DAY_MS, day_of


class Limits:
    def __init__(self, settings: QueueSettings) -> None:
        self.settings = settings
        self.days: dict[int, dict[UUID, int]] = {}  # tokens written, by day and user; the newest used last

    def loaded(self, spendings: Iterable[Spending], utc_ms: int) -> None:
        self.days = {}
        for each in spendings:
            self.days.setdefault(each.day, {})[each.user] = each.tokens
        self.today(utc_ms)

    def spent(self, user: UUID, tokens: int, utc_ms: int) -> None:
        today = self.today(utc_ms)
        today[user] = today.get(user, 0) + tokens

    def today(self, utc_ms: int) -> dict[UUID, int]:
        """What was written today, by user."""
        day = day_of(utc_ms)
        today = self.days[day] = self.days.pop(day, {})
        while len(self.days) > SPENDING_DAYS:
            del self.days[next(iter(self.days))]
        return today

    def may_run(self, running: int) -> bool:
        """One more, beside those that run."""
        return not self.settings.user_running or running < self.settings.user_running

    def day_is_over(self, generation: UUID, user: UUID, utc_ms: int) -> OverLimit | None:
        """Why the user gets nothing more today, or None."""
        limit = self.settings.user_tokens_a_day
        if not limit or self.today(utc_ms).get(user, 0) < limit:
            return None
        return OverLimit(generation, "user_tokens", limit, (day_of(utc_ms) + 1) * DAY_MS)

    def refusal(self, generation: UUID, user: UUID, waiting: int, utc_ms: int) -> OverLimit | None:
        """Why one more may not wait, or None; `waiting` are those of the user that do."""
        limit = self.settings.user_waiting
        if limit and waiting >= limit:
            return OverLimit(generation, "user_waiting", limit)
        return self.day_is_over(generation, user, utc_ms)
