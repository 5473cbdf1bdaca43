"""Messages of durability about users' lorebooks.

Rows, writes and questions as in actors/messages/archive.py, which has the table of who sends what.
"""

from uuid import UUID

from msgspec import Struct

from actors.messages.lore import BookSheet, Scope


class SaveLorebook(Struct, frozen=True):
    """A new text of a lorebook: `sheet.book` is the id of the version, `file` what it was read from,
    `digest` that of the text. `replaces`: the version that it was made of, None for a new book. Refused where
    the book is not `owner`'s, or has another version by now."""

    lorebook: UUID
    owner: UUID
    sheet: BookSheet
    file: bytes
    digest: bytes
    entries: int
    changed_ms: int
    replaces: UUID | None = None


class RemoveLorebook(Struct, frozen=True):
    """The book is in no prompt any more; with `removed_ms` 0 it comes back, to all it was attached to.
    Refused where it is not `owner`'s."""

    lorebook: UUID
    owner: UUID
    removed_ms: int


class AttachLorebook(Struct, frozen=True):
    """The book counts, or no longer counts, for what `scope` and `target` say. Refused where it is not
    `owner`'s."""

    lorebook: UUID
    owner: UUID
    scope: Scope
    target: UUID | None
    attached: bool


class PurgeLorebooks(Struct, frozen=True):
    """Of the owner's: books that were removed before that time are gone for good, and versions that were
    replaced before the other."""

    owner: UUID
    removed_before_ms: int
    replaced_before_ms: int


class LorebookRow(Struct, frozen=True):
    """A lorebook of the user's, the removed ones too. `size`: bytes that go to a GPU box. `uses`: what it is
    attached to."""

    lorebook: UUID
    version: UUID
    digest: bytes
    name: str
    entries: int
    size: int
    created_ms: int
    changed_ms: int
    removed_ms: int = 0
    uses: tuple[tuple[Scope, UUID | None], ...] = ()


class LorebookFound(Struct, frozen=True):
    """`file`: what its newest version was read from."""

    row: LorebookRow
    file: bytes


class FindLorebooks(Struct, frozen=True):
    """→ list[LorebookRow] of the user, by name"""

    user: UUID


class FindLorebook(Struct, frozen=True):
    """→ LorebookFound | None, where it is the user's"""

    lorebook: UUID
    user: UUID


class FindShelf(Struct, frozen=True):
    """→ tuple[Attached, …] of the user"""

    user: UUID
