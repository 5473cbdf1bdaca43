"""Messages of durability about the queue: what was written for whom, how users share it, which boxes drain.

Rows and writes as in actors/messages/archive.py, which has the table of who sends what.
"""

from uuid import UUID

from msgspec import Struct

SPENDING_DAYS = 8
"""Days of which it is remembered what was written: a clock that was set may come back to one."""


class Spending(Struct, frozen=True):
    """Tokens that were written for a user on a day: days since 1970, UTC."""

    user: UUID
    day: int
    tokens: int


class SpendTokens(Struct, frozen=True):
    """So many tokens more were written for the user on that day."""

    user: UUID
    day: int
    tokens: int


class SetShare(Struct, frozen=True):
    """The user's weight in the queue; 1 is everybody's."""

    user: UUID
    share: float


class DrainBox(Struct, frozen=True):
    """The GPU box gets nothing new, or again does; `user` wants it so."""

    name: str
    drained: bool
    user: UUID
