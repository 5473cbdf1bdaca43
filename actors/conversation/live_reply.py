"""LiveReply: the reply of a session that is being made. Pure.

It keeps what is durable apart from what has only arrived: readers are shown the first alone.
Frames are taken of the current attempt alone; `attempt` is the fence.
"""

import math
from array import array
from bisect import bisect_left
from uuid import UUID

import msgspec

from actors.conversation.tracing import Tracing
from actors.conversation.turned_away import TurnedAway
from actors.messages.chat import LiveReply as ShownLive
from actors.messages.generation import Accepted, End, Token
from actors.messages.queueing import Placed
from actors.messages.replies import AppendChunk, GenerationState, StoredGeneration
from actors.wire.reliable import Inbox

CHARACTERS_A_TOKEN = 200  # on the average; those of an honest model have a handful
HELD_FRAMES = 1_024  # not committed yet; the credit window of an honest link is far smaller


class Marks:
    """Tokens shown → characters shown, of the text and of the thoughts. In arrays: as objects, those of all
    replies held up everybody for 20 ms whenever they were looked through for garbage.
    """

    def __init__(self, tokens: int, text: int, thoughts: int) -> None:
        self.tokens = array("Q", (tokens,))
        self.characters = array("Q", (text, thoughts))

    def put(self, tokens: int, text: int, thoughts: int) -> None:
        """More of them than before."""
        self.tokens.append(tokens)
        self.characters.extend((text, thoughts))

    def of(self, tokens: int) -> tuple[int, int] | None:
        """None where nobody was shown exactly so many."""
        place = bisect_left(self.tokens, tokens)
        if place == len(self.tokens) or self.tokens[place] != tokens:
            return None
        return self.characters[2 * place], self.characters[2 * place + 1]


class LiveReply:
    def __init__(
        self, generation: StoredGeneration, committed: tuple[int, ...], text: str, thoughts: str = ""
    ) -> None:
        self.generation = generation
        self.state: GenerationState = generation.state
        self.committed = list(committed)
        self.text = text  # of the committed tokens
        self.thoughts = thoughts  # of the same tokens
        self.marks = Marks(len(committed), len(text), len(thoughts))
        self.worker = generation.worker
        self.attempt = generation.attempt
        self.inbox: Inbox[Token | End] | None = None  # None: nobody works on it
        self.acked, self.acked_s = 0, -math.inf  # the last place that the worker was told, and when
        self.accepted = False  # the worker's digest of this attempt was seen and agrees
        self.pinned = bool(generation.prompt_digest)
        self.takes_up = False  # this attempt is yet to add to what others have made …
        self.exact = True  # … and goes on from it as they would have
        self.arrived: list[Token] = []  # in order, not yet in a commit
        self.end: End | None = None
        self.place: Placed | None = None
        self.ending = False  # the final commit is on its way
        self.heard = False  # a frame came since the last probe
        self.asking = False  # the gap timer runs
        self.prompt_tokens = 0  # of the last attempt
        self.last_tokens = 0  # those that came with the end, and are in no chunk
        self.turned_away: TurnedAway | None = None  # why the queue did not make it
        self.before: UUID | None = None  # the generation that it follows in a round
        self.unwanted = False  # somebody stopped it too late; what follows it is not wanted either
        self.tracing = Tracing()

    # -- attempts -----------------------------------------------------------------------------

    def leased(self, attempt: int, worker: str) -> None:
        """A worker has it: frames of this attempt count from the first uncommitted token on."""
        self.attempt = attempt
        self.worker = worker
        self.state = "leased"
        self.place = None
        self.accepted = False
        self.arrived.clear()
        self.end = None
        self.takes_up = bool(self.committed)
        self.tracing.leased()
        self.acked_s = -math.inf
        self.inbox = Inbox(len(self.committed), HELD_FRAMES)

    def leased_still(self) -> None:
        """The session woke, and its row has a lease: one that streams has added something already."""
        streams = self.state == "streaming"
        self.leased(self.attempt, self.worker)
        self.takes_up = self.takes_up and not streams

    def lost(self, attempt: int) -> None:
        """That attempt is over: forget what had arrived of it without being committed."""
        self.attempt = max(self.attempt, attempt)
        self.state = "queued"
        self.worker = ""
        self.inbox = None
        self.accepted = False
        self.arrived.clear()
        self.end = None

    def is_current(self, generation: UUID, attempt: int) -> bool:
        return self.inbox is not None and generation == self.generation.id and attempt == self.attempt

    # -- frames -------------------------------------------------------------------------------

    def agrees(self, accepted: Accepted) -> bool:
        """Whether the worker's model and prompt are those that the committed tokens were made with."""
        return not self.pinned or (accepted.model, accepted.prompt_digest) == self.binds

    @property
    def binds(self) -> tuple[str, bytes]:
        """Model and prompt digest that bind the next worker: none before the first commit."""
        mine = self.generation
        return (mine.model, mine.prompt_digest) if self.pinned else ("", b"")

    def pin(self, accepted: Accepted) -> None:
        """This attempt's model, prompt and engine; of the engine the first one that made something counts."""
        mine = self.generation
        first = mine.engine_digest if self.committed else accepted.engine_digest
        known = b"" not in {first, accepted.engine_digest}
        self.exact = accepted.exact and (first == accepted.engine_digest or not known)
        self.prompt_tokens = accepted.prompt_tokens
        self.generation = msgspec.structs.replace(
            mine, model=accepted.model, prompt_digest=accepted.prompt_digest, engine_digest=first
        )

    @property
    def is_draft(self) -> bool:
        """What comes of it is no message: its user may send it, or not."""
        return self.generation.kind == "impersonate"

    @property
    def served(self) -> int:
        """Tokens that were written so far, thoughts too."""
        return len(self.committed) + self.last_tokens

    def too_long(self, frame: Token | End) -> bool:
        """Whether the worker makes more than it was asked for."""
        sampling = self.generation.sampling
        most = sampling.max_tokens + sampling.max_thought_tokens
        if isinstance(frame, Token) and frame.seq >= most:
            return True
        return (
            len(self.text) > sampling.max_tokens * CHARACTERS_A_TOKEN
            or len(self.thoughts) > most * CHARACTERS_A_TOKEN
        )

    def take(self, frame: Token | End) -> None:
        """Put the frame in order behind what has arrived; one too many is dropped, and asked for later."""
        if self.inbox is None or len(self.arrived) >= HELD_FRAMES:
            return
        for ready in self.inbox.arrived(frame.seq, frame):
            if isinstance(ready, End):
                self.end = ready
            elif self.end is None:
                self.arrived.append(ready)

    def has_gap(self) -> bool:
        return self.inbox is not None and (self.inbox.has_gap or (bool(self.arrived) and not self.accepted))

    def seam(self) -> int:
        """Where the words may be others than would have come, once this attempt adds something; -1: nowhere.
        The first such place is kept: all that follows depends on it.
        """
        mine = self.generation
        if mine.seam >= 0 or self.exact or not self.takes_up:
            return mine.seam
        return len(mine.continues) + len(self.text)

    def added(self, seam: int) -> None:
        """What this attempt was the first to add is durable, and so is its seam."""
        self.takes_up = False
        if seam != self.generation.seam:
            self.generation = msgspec.structs.replace(self.generation, seam=seam)

    # -- what is durable ----------------------------------------------------------------------

    def ack_is_due(self, now_s: float, most_tokens: int, most_s: float) -> bool:
        """Each acknowledgement costs a message at three places: a fast reply has one for several tokens."""
        return len(self.committed) - self.acked >= most_tokens or now_s - self.acked_s >= most_s

    def acknowledged(self, now_s: float) -> None:
        self.acked, self.acked_s = len(self.committed), now_s

    def chunk(self, tokens: list[Token]) -> AppendChunk:
        """The commit of these tokens, which come next."""
        text, thoughts = said(tokens)
        ids = tuple([token.token_id for token in tokens])
        return AppendChunk(self.generation.id, self.attempt, len(self.committed), ids, text, thoughts)

    def durable(self, chunk: AppendChunk) -> None:
        """It is committed."""
        self.committed += chunk.token_ids
        self.text += chunk.text
        self.thoughts += chunk.thoughts
        self.marks.put(len(self.committed), len(self.text), len(self.thoughts))

    def shown(self, siblings: tuple[UUID, ...], generation: UUID | None = None, seq: int = 0) -> ShownLive:
        """For a reader that has the first `seq` tokens of `generation`."""
        mark = self.marks.of(seq) if generation == self.generation.id else None
        start = seq if mark is not None else 0
        text, thoughts = mark or (0, 0)
        return ShownLive(
            generation=self.generation.id,
            message=self.generation.message,
            parent=self.generation.parent,
            siblings=() if self.is_draft else (*siblings, self.generation.message),
            state=self.state,
            seq=start,
            next_seq=len(self.committed),
            text=self.text[text:],
            continues=self.generation.continues,
            place=self.place.place if self.place else 0,
            waiting=self.place.waiting if self.place else 0,
            wait_s=self.place.wait_s if self.place else -1.0,
            thoughts=self.thoughts[thoughts:],
            continues_thoughts=self.generation.continues_thoughts,
            seam=self.generation.seam,
            speaker=self.generation.speaker,
            round_left=self.generation.round_left,
            kind=self.generation.kind,
        )

    def announced(self, siblings: tuple[UUID, ...]) -> ShownLive:
        """Its state alone, without text and thoughts."""
        return self.shown(siblings, self.generation.id, len(self.committed))


def said(tokens: list[Token]) -> tuple[str, str]:
    """The text of these tokens, and their thoughts."""
    if len(tokens) == 1:  # as most commits have it
        return tokens[0].text, tokens[0].thought
    return "".join(token.text for token in tokens), "".join(token.thought for token in tokens)


def joined(before: str, more: str) -> str:
    """Thoughts and those that came when the reply was continued."""
    return f"{before}\n\n{more}" if before and more else before + more
