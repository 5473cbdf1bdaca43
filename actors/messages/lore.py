"""Messages of lorebooks: which are in use where, and their text on its way to a GPU box.

| message | sender → receiver |
| --- | --- |
| BookWanted | link → lorebook; BookSheet or BookMissing the way back |
| ShelfChanged | edge → sessions that are awake |

What travels by ZeroMQ is array-like: new fields come last, with a default.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

Scope = Literal["user", "character", "persona", "conversation"]
"""To what a lorebook is attached: to everything of the user, or to one of these."""


class BookWanted(Struct, frozen=True, array_like=True, tag="book_wanted"):
    """The link lacks this version of a lorebook."""

    book: UUID


class BookMissing(Struct, frozen=True, array_like=True, tag="book_missing"):
    """There is no such version of a lorebook."""

    book: UUID


class BookSheet(Struct, frozen=True, array_like=True, tag="book"):
    """A version of a lorebook as the prompt needs it; immutable. `book` is the version's id, `packed` what
    actors/character/book_sheet.py makes of it."""

    book: UUID
    name: str
    packed: bytes


class Attached(Struct, frozen=True):
    """A lorebook that is attached to something: `target` is the id of that, None for everything of the user.
    `version` is the book's newest, of `size` bytes; `versions` are those of the character."""

    book: UUID
    version: UUID
    size: int
    scope: Scope
    target: UUID | None = None
    versions: tuple[UUID, ...] = ()


class ShelfChanged(Struct, frozen=True):
    """The user's lorebooks are these from now on."""

    user: UUID
    shelf: tuple[Attached, ...]
