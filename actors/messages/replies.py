"""Messages of durability about replies: their making, their leases, their chunks, their traces.

Rows, writes and questions as in actors/messages/archive.py, which has the table of who sends what.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.conversations import StoredMessage
from actors.messages.generation import Circumstances, PromptReport, Sampling

GenerationState = Literal["queued", "leased", "streaming", "suspended", "done", "failed", "cancelled"]
UNFINISHED: tuple[GenerationState, ...] = ("queued", "leased", "streaming", "suspended")
GenerationKind = Literal["reply", "continue", "impersonate"]


class StoredGeneration(Struct, frozen=True):
    """A reply being made: its row. `message` is the id the finished message will have.

    `seam`: after so many characters (code points) of the message an engine took it up that could not go on
    exactly, for the first time; -1: none did. `engine_digest`: of the engine that made what stands before.
    `speaker`: whose reply it is, None: the conversation's only character. `round_left`: how many members may
    answer after it of their own accord. `user_name` and `persona` are who is answered; "" the name that the
    conversation began with. `hint`: what the user asks of this one reply. `made`: what came of an
    impersonation, once it has ended: it becomes no message, and waits to be taken up by its user."""

    id: UUID
    conversation: UUID
    user: UUID
    parent: UUID
    message: UUID
    request_key: UUID
    kind: GenerationKind
    continues: str  # text that the reply goes on from; "" for a fresh reply
    seed: int
    sampling: Sampling
    created_ms: int
    state: GenerationState = "queued"
    attempt: int = 0
    worker: str = ""
    worker_boot: UUID | None = None
    model: str = ""
    prompt_digest: bytes = b""
    continues_thoughts: str = ""  # those of the message whose text it goes on from
    engine_digest: bytes = b""
    seam: int = -1
    speaker: UUID | None = None
    round_left: int = 0
    user_name: str = ""
    persona: str = ""
    circumstances: Circumstances = Circumstances()
    books: tuple[UUID, ...] = ()  # versions of the user's lorebooks, in order of precedence
    hint: str = ""
    made: str = ""


class ReplyTrace(Struct, frozen=True, array_like=True):
    """How a reply came about: what its prompt was made of, what drew its tokens, and how fast it was. Times
    are as its session saw them, of the last attempt; 0: not known."""

    report: PromptReport
    sampling: Sampling
    tokens: int  # of the reply, thoughts too
    measured: int = 0  # of them: those that `writing_s` is about
    reading_s: float = 0.0  # from the prompt on to the first token
    writing_s: float = 0.0  # … and from there to the end
    attempts: int = 1


class AddGeneration(Struct, frozen=True):
    generation: StoredGeneration


class LeaseGeneration(Struct, frozen=True):
    """Refused (WritesFailed) unless the row's attempt is attempt - 1 and it is unfinished."""

    generation: UUID
    attempt: int
    worker: str
    worker_boot: UUID


class PinPrompt(Struct, frozen=True):
    generation: UUID
    model: str
    prompt_digest: bytes
    engine_digest: bytes = b""


class MarkSeam(Struct, frozen=True):
    """The chunk after this write is the first that does not go on exactly."""

    generation: UUID
    seam: int


class AppendChunk(Struct, frozen=True):
    """Refused unless `attempt` is the row's and `first_seq` the next one."""

    generation: UUID
    attempt: int
    first_seq: int
    token_ids: tuple[int, ...]
    text: str
    thoughts: str = ""


class EndGeneration(Struct, frozen=True):
    """Final state; the chunks are gone into `message`, where there is one, in the same transaction."""

    generation: UUID
    state: Literal["done", "failed", "cancelled"]
    reason: str
    message: StoredMessage | None
    why: str = ""
    made: str = ""  # what becomes no message, and is kept: see StoredGeneration


class KeepTrace(Struct, frozen=True):
    """How this message came about; it is read on demand alone."""

    conversation: UUID
    message: UUID
    trace: ReplyTrace


class FindTrace(Struct, frozen=True):
    """→ ReplyTrace | None: how the message came about, where that was kept"""

    conversation: UUID
    message: UUID
