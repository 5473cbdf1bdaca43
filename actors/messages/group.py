"""A group: the characters of one conversation, and how they take turns. Part of the conversation's row.

What a member is called is copied from its character version, which never changes.
"""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

TurnTaking = Literal["order", "mention", "talkativeness", "hand"]

TALKATIVENESS = 0.5
"""Of a character whose card does not say."""


class Member(Struct, frozen=True):
    """A character version. `left`: it speaks no more, and is kept for what it has said."""

    version: UUID
    name: str
    nickname: str = ""
    talkativeness: float = TALKATIVENESS  # 0 to 1: how readily it speaks of its own accord
    muted: bool = False  # speaks only when it is asked to by hand
    left: bool = False

    @property
    def called(self) -> str:
        return self.nickname or self.name


class Group(Struct, frozen=True):
    """`round`: how many members answer a person's message, one after another. `joined`: each is told what
    all the others are like, and not their names alone.
    """

    members: tuple[Member, ...]  # in the order of their turns
    turns: TurnTaking = "mention"
    round: int = 1
    joined: bool = False

    def member(self, version: UUID) -> Member | None:
        return next((member for member in self.members if member.version == version), None)

    @property
    def present(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members if not member.left)


class MemberWish(Struct, frozen=True, forbid_unknown_fields=True):
    """`talkativeness` None: as its card says."""

    version: UUID
    muted: bool = False
    talkativeness: float | None = None


class GroupWish(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person wants a group to be; who is not named in it leaves."""

    members: Annotated[tuple[MemberWish, ...], Meta(max_length=100)]
    turns: TurnTaking = "mention"
    round: int = 1
    joined: bool = False
