"""Messages between a reader (a WebSocket, a terminal) and the session of a conversation.

| message | sender → receiver |
| --- | --- |
| Awake | session → sockets port |
| StartConversation, Rename, ChangeVersion, ChangeGroup | edge → session; answer: Done or Problem |
| Delete, Restore | edge → session; likewise |
| Open, Close, SendText, Regenerate, Edit, Continue, Speak, Select, Stop | socket → session |
| Snapshot, MessageAdded, ReplyState, ReplyText, ReplyFinished, Problem, ConversationGone | session → socket |

They are JSON objects in the browser protocol (web/PROTOCOL.md): `type` is the tag.
`request_key` is chosen by the client, a UUID; the same key twice is the same request.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.archive import GenerationState
from actors.messages.choices import Chosen
from actors.messages.generation import Role, Sampling
from actors.messages.group import Group, GroupWish
from actors.messages.lore import Attached

# -- commands -----------------------------------------------------------------------------------


class StartConversation(Struct, frozen=True):
    """To session/<fresh id>: begin, with the character's greetings; the one of that number is shown. A
    `group` names the character among its members; where all `greet`, they do so one after another."""

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
    """Another reply beside `message` (a swipe), by the same member of a group or by `speaker`."""

    conversation: UUID
    request_key: UUID
    message: UUID
    speaker: UUID | None = None


class Edit(Struct, frozen=True, tag="edit", tag_field="type"):
    """A new version of `message` beside the old one (a branch); a user's is answered anew."""

    conversation: UUID
    request_key: UUID
    message: UUID
    text: str


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


class Select(Struct, frozen=True, tag="select", tag_field="type"):
    """Show the branch through `message`, down to its newest leaf."""

    conversation: UUID
    message: UUID


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


class LiveReply(Struct, frozen=True):
    """The reply being made. `text` and `thoughts` hold what follows the first `seq` tokens that the reader
    has; `next_seq` is the place of the next ReplyText. `continues` is text that stands before it, and
    `continues_thoughts` are thoughts that do, a blank line between them and its own. `seam` is that of a
    message, counted in `continues` and all of the text together. `speaker` as of a message; `round_left`:
    how many members may answer after it, if it is not stopped."""

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


class Snapshot(Struct, frozen=True, tag="snapshot", tag_field="type"):
    """The conversation as it stands: replaces all that the reader had, but the text of the live reply
    before `live.seq`."""

    conversation: UUID
    title: str
    character_version: UUID
    head: UUID
    messages: tuple[ShownMessage, ...]  # the path from the first message to the head
    live: LiveReply | None = None
    group: Group | None = None
    user_name: str = ""  # who the user is from now on
    persona: UUID | None = None  # … by a persona of theirs


class MessageAdded(Struct, frozen=True, tag="message_added", tag_field="type"):
    """A message was put at the end of the shown path, whose end was `message.parent`; a reader whose
    path ends otherwise opens the conversation again."""

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
    refused it, `limit` says how many are allowed, and `again_ms` when to ask again, UTC; 0 = not known."""

    conversation: UUID
    generation: UUID
    reason: str
    message: ShownMessage | None = None
    why: str = ""
    limit: int = 0
    again_ms: int = 0


class Problem(Struct, frozen=True, tag="problem", tag_field="type"):
    """A command was refused; `code` for programs, `text` for people."""

    code: ProblemCode
    text: str
    conversation: UUID | None = None
    request_key: UUID | None = None


class ConversationGone(Struct, frozen=True, tag="conversation_gone", tag_field="type"):
    conversation: UUID


Command = Open | Close | SendText | Regenerate | Edit | Continue | Speak | Select | Stop
ChatEvent = Snapshot | MessageAdded | ReplyState | ReplyText | ReplyFinished | Problem | ConversationGone


class Awake(Struct, frozen=True):
    """To the sockets port, when a session woke or was restarted: its readers must Open again."""

    conversation: UUID
