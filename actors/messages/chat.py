"""Messages between a reader (a WebSocket, a terminal) and the session of a conversation.

| message | sender → receiver |
| --- | --- |
| Awake | session → sockets port |
| StartConversation, Rename, ChangeVersion, ChangeGroup | edge → session; answer: Done or Problem |
| Delete, Restore | edge → session; likewise |
| AskMap | edge → session; ConversationMap or Problem the way back |
| Open, Older, Close, Stop | socket → session |
| SendText, Regenerate, Edit, Continue, Speak, Impersonate | socket → session |
| Select, RemoveMessage, RestoreMessage, Bookmark, Purge | socket → session |
| Snapshot, OlderMessages, MessageAdded, MessageChanged | session → socket |
| ReplyState, ReplyText, ReplyFinished, Problem, ConversationGone | session → socket |
| ListChanged | session → sockets port |
| SaveSummary, RemoveSummary, WriteSummary, SetSummaries | edge → session; answer: Done or Problem |
| SummariesChanged, ContextChanged, TitleChanged | session → socket |

They are JSON objects in the browser protocol (web/PROTOCOL.md): `type` is the tag.
`request_key` is chosen by the client, a UUID; the same key twice is the same request.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.choices import Chosen
from actors.messages.conversations import Author, Removal
from actors.messages.generation import Role, Sampling
from actors.messages.group import Group, GroupWish
from actors.messages.lore import Attached
from actors.messages.replies import GenerationKind, GenerationState

# -- commands -----------------------------------------------------------------------------------


class StartConversation(Struct, frozen=True):
    """To session/<fresh id>: begin, with the character's greetings; the one of that number is shown. A
    `group` names the character among its members; where all `greet`, they do so one after another.
    `utc_offset_min` is the clock of whoever begins it: minutes that it is ahead of UTC."""

    user: UUID
    user_name: str
    character_version: UUID
    reply_to: str
    title: str = ""
    greeting: int = 0
    shelf: tuple[Attached, ...] = ()  # the user's lorebooks
    group: GroupWish | None = None
    all_greet: bool = False
    chosen: Chosen = Chosen()
    utc_offset_min: int = 0


class Rename(Struct, frozen=True):
    title: str
    reply_to: str


class ChangeGroup(Struct, frozen=True):
    """Who speaks in the conversation, and how they take turns. Refused while a reply is being made."""

    wish: GroupWish
    reply_to: str


class ChangeVersion(Struct, frozen=True):
    """From now on the character is that version; what was said stays as it is."""

    character_version: UUID
    reply_to: str


class Delete(Struct, frozen=True):
    """Removes the conversation and ends its live reply; it can be brought back for some days."""

    reply_to: str


class Restore(Struct, frozen=True):
    """Brings the removed conversation back."""

    reply_to: str


class SaveSummary(Struct, frozen=True):
    """The person's own words for what happened up to the message."""

    upto: UUID
    text: str
    reply_to: str


class RemoveSummary(Struct, frozen=True):
    """The messages speak for themselves again, or the summary before it does."""

    upto: UUID
    reply_to: str


class WriteSummary(Struct, frozen=True):
    """Have it written in idle time: the one up to that message anew, or (None) the next one now."""

    upto: UUID | None
    reply_to: str


class SetSummaries(Struct, frozen=True):
    """Whether summaries stand for messages of this conversation, and are written."""

    wanted: bool
    reply_to: str


class Done(Struct, frozen=True):
    """The command of the edge was carried out, durably."""


class Open(Struct, frozen=True, tag="open", tag_field="type"):
    """Read along. Answered by Snapshot; where `generation` is the live one, the snapshot's live text
    begins at `seq` (what the reader lacks), else at 0. `utc_offset_min` is the reader's clock: minutes
    that it is ahead of UTC."""

    conversation: UUID
    generation: UUID | None = None
    seq: int = 0
    utc_offset_min: int = 0


class Older(Struct, frozen=True, tag="older", tag_field="type"):
    """Answered by OlderMessages: those before `before`, `count` of them where the server allows so many;
    0: as many as it thinks right."""

    conversation: UUID
    before: UUID
    count: int = 0


class Close(Struct, frozen=True, tag="close", tag_field="type"):
    conversation: UUID


class SendText(Struct, frozen=True, tag="send", tag_field="type"):
    """A new message below `parent` (None: below the head), and the reply to it: `speaker`'s, or of whom the
    group's turns choose, which may be nobody."""

    conversation: UUID
    request_key: UUID
    text: str
    parent: UUID | None = None
    sampling: Sampling | None = None
    seed: int | None = None
    speaker: UUID | None = None


class Regenerate(Struct, frozen=True, tag="regenerate", tag_field="type"):
    """Another reply beside `message` (a swipe), by the same member of a group or by `speaker`. `hint`: what
    is asked of this reply alone."""

    conversation: UUID
    request_key: UUID
    message: UUID
    speaker: UUID | None = None
    hint: str = ""


class Edit(Struct, frozen=True, tag="edit", tag_field="type"):
    """A new version of `message` beside the old one (a branch); a user's is answered anew. `in_place`: the
    message itself says `text` from now on, what follows it stays, and nothing is answered."""

    conversation: UUID
    request_key: UUID
    message: UUID
    text: str
    in_place: bool = False


class Continue(Struct, frozen=True, tag="continue", tag_field="type"):
    """A longer version of the reply `message`, beside it."""

    conversation: UUID
    request_key: UUID
    message: UUID


class Speak(Struct, frozen=True, tag="speak", tag_field="type"):
    """A reply below `parent` (None: below the head) without a person's message: `speaker`'s, or of whoever
    is next."""

    conversation: UUID
    request_key: UUID
    speaker: UUID | None = None
    parent: UUID | None = None


class Impersonate(Struct, frozen=True, tag="impersonate", tag_field="type"):
    """The model writes what the user might say next, going on from `text`. It becomes no message."""

    conversation: UUID
    request_key: UUID
    text: str = ""
    hint: str = ""


class Select(Struct, frozen=True, tag="select", tag_field="type"):
    """Show the branch through `message`, down to its newest leaf. `keep`: where `message` is on the shown
    path, nothing changes."""

    conversation: UUID
    message: UUID
    keep: bool = False


class RemoveMessage(Struct, frozen=True, tag="remove", tag_field="type"):
    """Take the message out of the conversation, with all that is below it or alone. Nothing is lost."""

    conversation: UUID
    message: UUID
    branch: bool


class RestoreMessage(Struct, frozen=True, tag="restore", tag_field="type"):
    """Bring back what was removed, and show `head` where that can be shown then; else the message."""

    conversation: UUID
    message: UUID
    head: UUID | None = None


class Bookmark(Struct, frozen=True, tag="bookmark", tag_field="type"):
    """The message has a bookmark of this name from now on; "": none."""

    conversation: UUID
    message: UUID
    name: str


class Purge(Struct, frozen=True, tag="purge", tag_field="type"):
    """What was removed is gone for good."""

    conversation: UUID


class Stop(Struct, frozen=True, tag="stop", tag_field="type"):
    """End the live reply; what is committed of it stays."""

    conversation: UUID
    generation: UUID


ProblemCode = Literal[
    "not_found", "busy", "queue_full", "bad_request", "too_long", "storage", "too_many", "forbidden"
]

# -- events -------------------------------------------------------------------------------------


class ShownMessage(Struct, frozen=True):
    """A message on the shown path. `siblings` are all versions at this place, oldest first, itself
    included. `ended` says how a reply ended: stop, length, cancelled, failed; "" for a person's.
    `thoughts` are what the model thought before it, and no part of `text`. `seam`: after so many characters
    (code points) of `text` the reply was taken up again after an interruption, and could not go on exactly
    as it would have; -1: nothing of the kind. `name`: who spoke, where that is not whom the conversation
    began with. `speaker`: the version of the character that says it."""

    id: UUID
    parent: UUID
    role: Role
    text: str
    created_ms: int
    siblings: tuple[UUID, ...]
    ended: str = ""
    thoughts: str = ""
    seam: int = -1
    name: str = ""
    speaker: UUID | None = None
    bookmark: str = ""  # its name
    revised: bool = False  # it was put in other words, in its place


class ShownSummary(Struct, frozen=True):
    """What happened up to the message `upto`, the `count`th of the shown path; by whom it is written, "model"
    or "person". `stale`: one of those messages is another since, or gone."""

    upto: UUID
    text: str
    by: Author
    count: int = 0
    stale: bool = False


class ShownSummaries(Struct, frozen=True):
    """Those of the shown path, in its order: where they are `wanted`, the last one stands in the prompt for
    all messages up to its own. `writing`: the message up to which one is being written, None: none is."""

    wanted: bool = True
    shown: tuple[ShownSummary, ...] = ()
    writing: UUID | None = None


class ShownContext(Struct, frozen=True):
    """How full the model's context is, about, in tokens: `used` of the `budget` that a prompt may have. When
    `due` are used the oldest messages are summarised, in about `messages` messages; `due` 0: they are not,
    and are left out when it is full."""

    used: int
    budget: int
    due: int = 0
    messages: int = 0


class LiveReply(Struct, frozen=True):
    """The reply being made. `text` and `thoughts` hold what follows the first `seq` tokens that the reader
    has; `next_seq` is the place of the next ReplyText. `continues` is text that stands before it, and
    `continues_thoughts` are thoughts that do, a blank line between them and its own. `seam` is that of a
    message, counted in `continues` and all of the text together. `speaker` as of a message; `round_left`:
    how many members may answer after it, if it is not stopped. One of the kind "impersonate" is no message of
    the path: its text is for the box that the user writes in."""

    generation: UUID
    message: UUID
    parent: UUID
    siblings: tuple[UUID, ...]  # with `message` last
    state: GenerationState
    seq: int
    next_seq: int
    text: str
    continues: str = ""
    place: int = 0  # in the queue, 1 = next; 0 when not waiting
    waiting: int = 0
    wait_s: float = -1.0
    thoughts: str = ""
    continues_thoughts: str = ""
    seam: int = -1
    speaker: UUID | None = None
    round_left: int = 0
    kind: GenerationKind = "reply"


class Suggestion(Struct, frozen=True):
    """What the model wrote for the user to say below the shown head; `text` is all of it."""

    generation: UUID
    text: str


class Snapshot(Struct, frozen=True, tag="snapshot", tag_field="type"):
    """The conversation as it stands: replaces all that the reader had, but the text of the live reply
    before `live.seq`, and older messages: `before` of them stand before the first one of `messages`. A reader
    that has them, down to that one's parent, keeps them; `older_changed`: they may be others now."""

    conversation: UUID
    title: str
    character_version: UUID
    head: UUID
    messages: tuple[ShownMessage, ...]  # the end of the path from the first message to the head
    live: LiveReply | None = None
    group: Group | None = None
    user_name: str = ""  # who the user is from now on
    persona: UUID | None = None  # … by a persona of theirs
    before: int = 0
    older_changed: bool = False
    suggestion: Suggestion | None = None
    summaries: ShownSummaries = ShownSummaries()
    context: ShownContext | None = None


class OlderMessages(Struct, frozen=True, tag="older_messages", tag_field="type"):
    """The messages before `until`, oldest first; `before` of them stand before the first one."""

    conversation: UUID
    until: UUID
    before: int
    messages: tuple[ShownMessage, ...]


class SummariesChanged(Struct, frozen=True, tag="summaries", tag_field="type"):
    """The summaries of the shown path are others, or one is being written."""

    conversation: UUID
    summaries: ShownSummaries


class ContextChanged(Struct, frozen=True, tag="context", tag_field="type"):
    """The model's context is fuller than before, or less so."""

    conversation: UUID
    context: ShownContext


class TitleChanged(Struct, frozen=True, tag="title", tag_field="type"):
    """The model gave the conversation a title."""

    conversation: UUID
    title: str


class MessageAdded(Struct, frozen=True, tag="message_added", tag_field="type"):
    """A message was put at the end of the shown path, whose end was `message.parent`; a reader whose
    path ends otherwise opens the conversation again."""

    conversation: UUID
    message: ShownMessage
    request_key: UUID | None = None


class MessageChanged(Struct, frozen=True, tag="message_changed", tag_field="type"):
    """A message has another text or another name, wherever it stands."""

    conversation: UUID
    message: ShownMessage
    request_key: UUID | None = None


class ReplyState(Struct, frozen=True, tag="reply_state", tag_field="type"):
    """The live reply changed its state or its place; the first one announces it."""

    conversation: UUID
    live: LiveReply  # with text "" and seq = next_seq
    progress: float = -1.0  # of the prefill, 0..1; -1 = not known


class ReplyText(Struct, frozen=True, tag="reply_text", tag_field="type"):
    """Text and thoughts of the tokens seq ≤ i < next_seq: durable already. One that does not begin where
    the reader stands is a repetition (drop it) or a gap (open again)."""

    conversation: UUID
    generation: UUID
    seq: int
    next_seq: int
    text: str
    thoughts: str = ""


class ReplyFinished(Struct, frozen=True, tag="reply_finished", tag_field="type"):
    """The live reply is over. `message` is the whole of it; None where nothing came of it. Where the queue
    refused it, `limit` says how many are allowed, and `again_ms` when to ask again, UTC; 0 = not known.
    `why` is one line for people, in English; `cause` and `facts` say which one it is, as far as that is known
    (reply_causes.py)."""

    conversation: UUID
    generation: UUID
    reason: str
    message: ShownMessage | None = None
    why: str = ""
    limit: int = 0
    again_ms: int = 0
    suggestion: Suggestion | None = None  # of an impersonation, which makes no message
    cause: str = ""
    facts: tuple[str, ...] = ()


class Problem(Struct, frozen=True, tag="problem", tag_field="type"):
    """A command was refused; `code` for programs, `text` for people."""

    code: ProblemCode
    text: str
    conversation: UUID | None = None
    request_key: UUID | None = None


class ConversationGone(Struct, frozen=True, tag="conversation_gone", tag_field="type"):
    conversation: UUID


Command = (
    Open
    | Older
    | Close
    | SendText
    | Regenerate
    | Edit
    | Continue
    | Speak
    | Impersonate
    | Select
    | Stop
    | RemoveMessage
    | RestoreMessage
    | Bookmark
    | Purge
)
ChatEvent = (
    Snapshot
    | SummariesChanged
    | ContextChanged
    | TitleChanged
    | OlderMessages
    | MessageAdded
    | MessageChanged
    | ReplyState
    | ReplyText
    | ReplyFinished
    | Problem
    | ConversationGone
)


class ListChanged(Struct, frozen=True):
    """To the sockets port: the user's list of conversations is another."""

    user: UUID


# -- the map ------------------------------------------------------------------------------------


class AskMap(Struct, frozen=True):
    reply_to: str


class MapNode(Struct, frozen=True):
    """A straight run of messages: none but the last has more than one message below it. `parent` is the place
    of the run above it in the map, -1 for the first ones; it comes before. `text` and `last_text` are the
    beginnings of the first message and of the last. `removed`: how the first one was; `is_gone`: it was
    removed, or stands below what was, and is not shown."""

    first: UUID
    last: UUID
    parent: int
    count: int
    role: Role  # of the first message
    last_role: Role
    text: str
    last_text: str
    created_ms: int  # of the last
    bookmark: str = ""  # on the last one: its name
    removed: Removal = ""
    is_gone: bool = False
    is_shown: bool = False  # on the path to the head


class ConversationMap(Struct, frozen=True):
    nodes: tuple[MapNode, ...]
    messages: int  # on all branches, without what was removed
    removed: int


class Awake(Struct, frozen=True):
    """To the sockets port, when a session woke or was restarted: its readers must Open again."""

    conversation: UUID
