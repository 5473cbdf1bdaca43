"""Here: what has come in of one folder so far, by the names that its files call each other by."""

from uuid import UUID

from msgspec import Struct, field

from actors.messages.accounts import AccountRow
from actors.messages.group import Member
from web.moving.group_file import GroupFound
from web.moving.settings_file import Habits
from web.protocol.moving import MovedItem


class CardHere(Struct, frozen=True):
    """A character that speaks in the chats of the folder. `fresh`: it came in just now."""

    character: UUID
    member: Member
    fresh: bool = False

    @property
    def version(self) -> UUID:
        return self.member.version


class BookHere(Struct, frozen=True):
    book: UUID
    fresh: bool


class GroupHere(Struct):
    """`file`: its path; `items`: what became of its chats."""

    file: str
    found: GroupFound
    items: list[MovedItem] = field(default_factory=list)


class Here(Struct):
    """`cards`, `books` and `groups` by the name of the file without its ending, `personas` by that of their
    picture, all without regard to case. `older`: the conversations that were there before, by character and
    time of their beginning; `removed`: those that were removed. `chats`: names of the group chats that are
    to come; `settled`: pictures of the personas that are here, or refused."""

    account: AccountRow
    habits: Habits = Habits()
    cards: dict[str, CardHere] = field(default_factory=dict)
    books: dict[str, BookHere] = field(default_factory=dict)
    personas: dict[str, UUID] = field(default_factory=dict)
    groups: dict[str, GroupHere] = field(default_factory=dict)
    older: set[tuple[UUID | None, int]] = field(default_factory=set)
    removed: set[UUID] = field(default_factory=set)
    chats: frozenset[str] = frozenset()
    settled: set[str] = field(default_factory=set)

    @property
    def user(self) -> UUID:
        return self.account.id


def key_of(name: str) -> str:
    """Of a file that others name with its ending."""
    return name.rpartition(".")[0].casefold() or name.casefold()
