"""REST bodies about conversations: lists, folders, search, chats that are brought in, summaries."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.chat import ConversationMap
from actors.messages.filing import ThingKind
from actors.messages.generation import Role
from actors.messages.group import GroupWish
from actors.messages.remarks import Remark


class ConversationVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/version: another version of the same character from now on."""

    character_version: UUID


class Face(Struct, frozen=True):
    """A member of a group. `portrait` is a path on this server, or "". `left`: it speaks no more."""

    version: UUID
    name: str
    portrait: str
    left: bool = False


class Conversation(Struct, frozen=True):
    """GET /api/conversations → list, last used first."""

    id: UUID
    title: str
    character_name: str
    portrait: str
    updated_ms: int
    last_line: str
    live: bool
    members: tuple[Face, ...] = ()  # of a group
    character: UUID | None = None
    character_version: UUID | None = None
    created_ms: int = 0
    folder: UUID | None = None
    pinned_ms: int = 0  # 0: it is not, as the next two
    archived_ms: int = 0
    removed_ms: int = 0
    tags: tuple[str, ...] = ()


class ConversationFiling(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/filing; what is null stays. `loose` takes it out of its folder."""

    pinned: bool | None = None
    archived: bool | None = None
    folder: UUID | None = None
    loose: bool = False
    tags: tuple[str, ...] | None = None


class Folder(Struct, frozen=True):
    """GET /api/folders → list, in their order."""

    id: UUID
    name: str


class NewFolder(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/folders → 201 Folder."""

    name: str


class FolderChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/folders/<id>; what is null stays. DELETE on the same path keeps its conversations."""

    name: str | None = None
    position: int | None = None  # among the folders, 0-based


class FoundMessage(Struct, frozen=True):
    """A passage of a message, in pieces: every other one, from the second on, is what was looked for.
    `speaker` is the name of the character, or of the persona; "" for whom the conversation began with."""

    message: UUID
    role: Role
    created_ms: int
    pieces: tuple[str, ...]
    speaker: str


class FoundConversation(Struct, frozen=True):
    """`title` in pieces, too. `count` messages were found, of which `matches` are the newest."""

    id: UUID
    title: tuple[str, ...]
    character_name: str
    portrait: str
    updated_ms: int
    archived: bool
    count: int
    matches: tuple[FoundMessage, ...]


class FoundThing(Struct, frozen=True):
    """Something that is no message; `title` and a passage of it in pieces. `id`: of the persona, the folder,
    the lorebook (of an entry too), the character; the message that a summary goes up to; the conversation
    that has the tag; what a note or instructions are for (a conversation, a character, or the user).
    `conversation`: in which it is shown. `place`: of an entry in its book, 0-based. `beside`: the name of
    what it belongs to."""

    kind: ThingKind
    id: UUID
    title: tuple[str, ...]
    pieces: tuple[str, ...]
    conversation: UUID | None
    place: int
    beside: str
    portrait: str


class KindCount(Struct, frozen=True):
    """So many were found of a kind of which not all are shown."""

    kind: ThingKind
    count: int


class SearchResult(Struct, frozen=True):
    """GET /api/search?text=…, and &conversation=<id> for more of one. `more`: there are more messages than
    are counted; `waiting`: so many of the user's texts are not in the index yet."""

    conversations: tuple[FoundConversation, ...]
    messages: int
    more: bool
    waiting: int
    things: tuple[FoundThing, ...]
    counts: tuple[KindCount, ...]


class ImportedChat(Struct, frozen=True):
    """What became of a file. "character": it names none that the user has, so one has to be chosen. `code`
    and `facts` are those of a refusal."""

    name: str
    status: Literal["imported", "character", "refused"]
    why: str = ""
    warnings: tuple[Remark, ...] = ()
    conversation: UUID | None = None
    title: str = ""
    character_name: str = ""
    messages: int = 0  # on the shown path
    versions: int = 0  # all of them, with those beside it
    code: str = ""
    facts: tuple[str, ...] = ()


class ChatImport(Struct, frozen=True):
    """POST /api/conversations/import: one file as it is; ?character=<version> says who answers in it."""

    files: tuple[ImportedChat, ...]


class NewConversation(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/conversations → ConversationMade. The character is a member of the group, where there is one.
    PUT /api/conversations/<id>/group takes a GroupWish. `utc_offset_min`, for greetings that tell the time:
    minutes that the reader's clock is ahead of UTC.
    """

    character_version: UUID
    greeting: int = 0  # which of its greetings is shown first
    group: GroupWish | None = None
    all_greet: bool = False  # the members greet one after another
    persona: UUID | None = None  # who the user is; null: as usual with this character
    utc_offset_min: int = 0


ANSWERS = (ConversationMap,)
"""Answers of REST whose Structs stand elsewhere. ConversationMap: GET /api/conversations/<id>/map."""


class ConversationMade(Struct, frozen=True):
    id: UUID


class NewTitle(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/conversations/<id>; DELETE on the same path has no body."""

    title: str


class SummariesWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/summaries. POST there, without a body: write the next one now."""

    wanted: bool


class SummaryText(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/summaries/<message>: what happened up to that message, in a person's words.
    POST on the same path has it written anew, DELETE takes it away; both have no body."""

    text: str
