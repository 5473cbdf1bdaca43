"""BackgroundJob: something that the session has asked the model for in idle time, till it is there. Pure.

Its tokens are durable nowhere: what is lost of it is asked for again. They are acknowledged as they come, so
that the worker sends the next ones.
"""

from typing import Literal
from uuid import UUID

from actors import addresses
from actors.addresses import QUEUE
from actors.conversation.live_reply import CHARACTERS_A_TOKEN, HELD_FRAMES
from actors.effects import Effect, Send
from actors.messages.generation import Ack, Cancel, End, GenerateReply, Token
from actors.messages.queueing import BACKGROUND_ATTEMPT, ReplyEnded
from actors.wire.reliable import Inbox

JobKind = Literal["title", "summary", "ahead"]


class BackgroundJob:
    """`about`: the message up to which it is a summary."""

    def __init__(self, kind: JobKind, request: GenerateReply, about: UUID | None = None) -> None:
        self.kind: JobKind = kind
        self.request = request
        self.about = about
        self.worker = ""  # none has it
        self.heard = True  # … or was heard since it was last asked about
        self.inbox: Inbox[Token | End] = Inbox(0, HELD_FRAMES)
        self.text = request.turn.continue_text
        self.end: End | None = None

    @property
    def id(self) -> UUID:
        return self.request.generation

    def leased(self, worker: str) -> None:
        self.worker = worker
        self.heard = True

    def is_from_worker(self, sender: str) -> bool:
        return bool(self.worker) and sender == addresses.worker(self.worker)

    def take(self, frame: Token | End) -> list[Effect]:
        self.heard = True
        for ready in self.inbox.arrived(frame.seq, frame):
            self.text += ready.text
            if isinstance(ready, End):
                self.end = ready
        return [
            Send(
                addresses.worker(self.worker),
                Ack(self.id, BACKGROUND_ATTEMPT, self.inbox.next_seq, traced=True),
            )
        ]

    @property
    def is_too_long(self) -> bool:
        sampling = self.request.sampling
        most = sampling.max_tokens + sampling.max_thought_tokens
        written = len(self.text) - len(self.request.turn.continue_text)
        return self.inbox.next_seq > most + 1 or written > most * CHARACTERS_A_TOKEN

    def let_go(self) -> list[Effect]:
        """Nobody need work on it any more."""
        effects: list[Effect] = [Send(QUEUE, ReplyEnded(self.id))]
        if self.worker:
            effects.append(Send(addresses.worker(self.worker), Cancel(self.id, BACKGROUND_ATTEMPT)))
        return effects
