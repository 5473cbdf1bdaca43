"""Messages of durability about the order in which a user keeps conversations, and of finding them again.

Rows, writes and questions as in actors/messages/archive.py, which has the table of who sends what.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.generation import Role

# -- writes -------------------------------------------------------------------------------------


class AddFolder(Struct, frozen=True):
    """Behind the folders that the user has."""

    id: UUID
    user: UUID
    name: str
    created_ms: int


class ChangeFolder(Struct, frozen=True):
    """What is None stays. `position`: its place among the user's folders, 0-based. Refused where it is not
    `user`'s."""

    id: UUID
    user: UUID
    name: str | None = None
    position: int | None = None


class DropFolder(Struct, frozen=True):
    """Its conversations are in no folder then."""

    id: UUID
    user: UUID


class FileConversation(Struct, frozen=True):
    """What is None stays; `loose` takes it out of its folder. Refused where it, or the folder, is not
    `user`'s."""

    conversation: UUID
    user: UUID
    now_ms: int
    pinned: bool | None = None
    archived: bool | None = None
    folder: UUID | None = None
    loose: bool = False
    tags: tuple[str, ...] | None = None


class RemoveConversation(Struct, frozen=True):
    """It is hidden, and dropped some days later; with `removed_ms` 0 it is there again."""

    conversation: UUID
    removed_ms: int


# -- reads --------------------------------------------------------------------------------------


class FolderRow(Struct, frozen=True):
    id: UUID
    name: str
    position: int


class FindFolders(Struct, frozen=True):
    """→ list[FolderRow] of the user, in their order"""

    user: UUID


class FindMatches(Struct, frozen=True):
    """→ Matches of the user: where the words of `text` stand. `conversation`: there alone, and more of it."""

    user: UUID
    text: str
    conversation: UUID | None = None


class Match(Struct, frozen=True):
    """A message that was found. `pieces` is a passage of it: every other piece, beginning with the second,
    is what was looked for. `speaker`: the name of the character who said it, or of the persona where that is
    not whom the conversation began with."""

    message: UUID
    role: Role
    created_ms: int
    pieces: tuple[str, ...]
    speaker: str = ""


class MatchedConversation(Struct, frozen=True):
    """`title` in pieces, too. `count`: its messages that were found, of which `matches` are the newest."""

    id: UUID
    title: tuple[str, ...]
    character_name: str
    portrait: str
    updated_ms: int
    archived: bool
    count: int
    matches: tuple[Match, ...]


ThingKind = Literal[
    "summary", "note", "instructions", "persona", "folder", "tag", "lorebook", "entry", "character"
]


class MatchedThing(Struct, frozen=True):
    """Something else that was found: `title` and a passage of it in pieces, as in Match. `id` is that of the
    persona, folder, lorebook (of an entry too) or character; of the message that a summary goes up to; of the
    conversation that has the tag; and of a note or instructions what they are for: a conversation, a
    character, or the user. `conversation`: in which it is shown, if in one. `place`: of an entry, 0-based.
    `beside`: the name of what it belongs to."""

    kind: ThingKind
    id: UUID
    title: tuple[str, ...]
    pieces: tuple[str, ...]
    conversation: UUID | None = None
    place: int = 0
    beside: str = ""
    portrait: str = ""


class Matches(Struct, frozen=True):
    """The conversations, that with the newest match first. `messages`: how many were found, `more` where
    that is as many as are looked at. `waiting`: so many of the user's texts are not in the index yet.
    `things`: by their kinds, the newest of each; `counts`: how many there are of the kinds of which not all
    are among them."""

    conversations: tuple[MatchedConversation, ...]
    messages: int
    more: bool
    waiting: int
    things: tuple[MatchedThing, ...] = ()
    counts: tuple[tuple[ThingKind, int], ...] = ()
