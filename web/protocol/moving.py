"""REST bodies about moving in: a whole SillyTavern folder, step by step."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.remarks import Remark


class ListedFile(Struct, frozen=True, array_like=True):
    """A file of a folder: its path there, and its size in bytes."""

    path: str
    size: int


class FolderList(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/moves → 201 Move: all files of a data folder of SillyTavern, none of which is sent yet.
    `user`: the name of the account that it is for; "": one's own, or from the terminal the owner's."""

    files: tuple[ListedFile, ...]
    user: str = ""


MovedThing = Literal[
    "settings",
    "lorebook",
    "character",
    "avatar",
    "persona",
    "preset",
    "instructions",
    "group",
    "chat",
    "group_chat",
    "other",
]


class MovedItem(Struct, frozen=True):
    """What became of a thing in the folder. "known": it was there already, so nothing was added; "left_out":
    Samovar has no counterpart of it. `files`: so many are meant, where it is a folder. Of a chat: `messages`
    on the shown path, and `versions`, all of them with their swipes; `entries` of lore. `id` is the
    conversation, the character, the lorebook, the persona or the preset."""

    kind: MovedThing
    name: str
    status: Literal["imported", "known", "refused", "left_out"]
    remarks: tuple[Remark, ...] = ()
    id: UUID | None = None
    title: str = ""
    messages: int = 0
    versions: int = 0
    entries: int = 0
    files: int = 1


class Move(Struct, frozen=True):
    """A folder that comes in. `files`: the places in FolderList.files of those that are wanted, in the order
    in which they are sent, each in pieces of `piece_bytes` at most. `items`: what is said of the others."""

    id: UUID
    folder: str
    files: tuple[int, ...]
    piece_bytes: int
    items: tuple[MovedItem, ...]


class MoveStep(Struct, frozen=True):
    """PUT /api/moves/<id>/files/<place>?at=<byte>, a piece of the file as it is. `items`: what became of the
    file, once all of it is there. DELETE on the same path, without `at`: it cannot be read."""

    items: tuple[MovedItem, ...]


class MovedKind(Struct, frozen=True):
    """How much of a kind there was, and what became of it: the four sum up to `found`. What was imported or
    known has so many `messages`, `versions` and `entries`."""

    kind: str
    found: int
    imported: int
    known: int
    refused: int
    left_out: int
    messages: int
    versions: int
    entries: int


class MoveReport(Struct, frozen=True):
    """POST /api/moves/<id>/end, without a body: what was not sent until then does not come in."""

    kinds: tuple[MovedKind, ...]
    items: tuple[MovedItem, ...]
