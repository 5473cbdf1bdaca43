"""Messages of durability about conversations: their messages, summaries, lists.

Rows, writes and questions as in actors/messages/archive.py, which has the table of who sends what.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.generation import Role
from actors.messages.group import Group

Author = Literal["", "model", "person"]
Removal = Literal["", "alone", "branch"]
"""How a message was removed: not at all, by itself, or with all that is below it. It is kept."""


class StoredMessage(Struct, frozen=True):
    """A node of the message tree; immutable. The root of a conversation has role "system", no body
    and itself as parent (a NULL parent would evade UNIQUE(conversation, parent, sibling)). `thoughts` are
    what the model thought before it replied: kept with the message, and in no prompt. `seam`: as of the
    generation that made it. `name`: who spoke, where that is not whom the conversation began with.

    Beside the row stands what people did with the message since: `removed` and `bookmark` (its name) are its
    mark; `revised`: `body` is the newest of its revisions, and the row has an older one."""

    id: UUID
    conversation: UUID
    parent: UUID
    sibling: int  # 0-based place among the children of its parent
    role: Role
    body: str
    character_version: UUID
    created_ms: int
    request_key: UUID | None = None  # the client's id of the request that made it
    generation: UUID | None = None  # the generation that made it
    ended: str = ""  # for a reply: stop, length, cancelled, failed …
    tokens: int = 0
    thoughts: str = ""
    seam: int = -1
    name: str = ""
    removed: Removal = ""
    bookmark: str = ""
    revised: bool = False


class StoredConversation(Struct, frozen=True):
    """`group`: its members, where it has or had several; it began with `character_version`. `titled_by`: who
    gave its title, "": nobody yet. `summarise`: summaries stand for its oldest messages in prompts."""

    id: UUID
    user: UUID
    character_version: UUID
    title: str
    root: UUID
    head: UUID
    created_ms: int
    user_name: str = "You"
    group: Group | None = None
    titled_by: Author = ""
    summarise: bool = True


class StoredSummary(Struct, frozen=True):
    """What happened up to the message `upto` and with it, on the branch that leads there. `stale`: one of
    those messages was put in other words, removed or brought back since."""

    conversation: UUID
    upto: UUID
    text: str
    by: Author
    created_ms: int
    stale: bool = False


class AddConversation(Struct, frozen=True):
    """Makes the conversation and its root message."""

    conversation: StoredConversation


class AddMessage(Struct, frozen=True):
    message: StoredMessage
    move_head: bool = True


class AddMessages(Struct, frozen=True):
    """Many at once, of one conversation, each behind its parent: the head stays where it is."""

    conversation: UUID
    messages: tuple[StoredMessage, ...]


class MoveHead(Struct, frozen=True):
    conversation: UUID
    head: UUID


class MarkMessage(Struct, frozen=True):
    """The message's mark, whole: it is removed or not, and has a bookmark of this name, "": none."""

    conversation: UUID
    message: UUID
    removed: Removal = ""
    bookmark: str = ""


class ReviseMessage(Struct, frozen=True):
    """The message says something else from now on, in the same place; what it said is kept."""

    revision: UUID
    conversation: UUID
    message: UUID
    body: str
    created_ms: int
    request_key: UUID | None = None


class PurgeRemoved(Struct, frozen=True):
    """These messages are gone for good, with their revisions. Of `emptied` ones the row stays without a word
    in it, since others hang below. Refused where one of the dropped has a child that is none of them."""

    conversation: UUID
    dropped: tuple[UUID, ...]
    emptied: tuple[UUID, ...] = ()


class RenameConversation(Struct, frozen=True):
    conversation: UUID
    title: str
    by: Author = "person"


class PutSummary(Struct, frozen=True):
    """In place of the one up to the same message, where there is one. Refused where the message is none of
    the conversation's."""

    summary: StoredSummary


class DropSummary(Struct, frozen=True):
    conversation: UUID
    upto: UUID


class OutdateSummaries(Struct, frozen=True):
    """A message that these tell of is another, or gone."""

    conversation: UUID
    upto: tuple[UUID, ...]


class SetSummarise(Struct, frozen=True):
    conversation: UUID
    summarise: bool


class SetGroup(Struct, frozen=True):
    """The members and their ways, in place of those before. Refused where a member is no known version."""

    conversation: UUID
    group: Group


class MoveToVersion(Struct, frozen=True):
    """The conversation's character is this version from now on; its messages keep theirs."""

    conversation: UUID
    character_version: UUID


class DropConversation(Struct, frozen=True):
    """For good, with all that belongs to it."""

    conversation: UUID


class MemberFace(Struct, frozen=True):
    """A member of a group in a list: its portrait is the asset id of the small one, or ""."""

    version: UUID
    name: str
    portrait: str
    left: bool = False


class ConversationRow(Struct, frozen=True):
    """A conversation in a list. `live` while a reply is being made."""

    id: UUID
    title: str
    character_name: str
    portrait: str
    updated_ms: int
    last_line: str
    live: bool = False
    members: tuple[MemberFace, ...] = ()  # of a group
    character: UUID | None = None
    character_version: UUID | None = None
    created_ms: int = 0
    folder: UUID | None = None
    pinned_ms: int = 0
    archived_ms: int = 0
    removed_ms: int = 0
    tags: tuple[str, ...] = ()


class FindConversations(Struct, frozen=True):
    """→ list[ConversationRow] of the user, last used first; or those that were removed, not long ago"""

    user: UUID
    removed: bool = False


class FindConversation(Struct, frozen=True):
    """→ StoredConversation | None, also where it was removed"""

    conversation: UUID


class FindOwners(Struct, frozen=True):
    """→ dict[UUID, UUID], whose each conversation is, also where it was removed"""

    conversations: tuple[UUID, ...]


class FindChat(Struct, frozen=True):
    """→ ChatFound | None: all of a conversation that is the user's"""

    conversation: UUID
    user: UUID


class ChatFound(Struct, frozen=True):
    """`names`: character version → its name, for all that speak in it."""

    conversation: StoredConversation
    messages: tuple[StoredMessage, ...]  # root included
    names: tuple[tuple[UUID, str], ...]
