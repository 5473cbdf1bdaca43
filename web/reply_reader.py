"""ReplyReader: follows one reply through the events of a conversation, cuts and repetitions included. Pure.

It reads as a browser does: what it has ends at `(generation, next_seq)`, and every event either goes on
there, repeats something, or shows a gap.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct

from actors.messages.chat import (
    ConversationGone,
    LiveReply,
    MessageAdded,
    Open,
    Problem,
    ReplyFinished,
    ReplyState,
    ReplyText,
    SendText,
    ShownMessage,
    Snapshot,
)

COMPLETE = frozenset({"stop", "length"})


class Outcome(Struct, frozen=True):
    """The reply is over; `why` is "" when it is complete, else one line for people."""

    why: str = ""


class Step(Struct, frozen=True):
    """What an event means: text and thoughts to show, commands to send, and the end."""

    text: str = ""
    thoughts: str = ""
    say: tuple[Open | SendText, ...] = ()
    outcome: Outcome | None = None


class ReplyReader:
    """Follows the reply to `request`, the first message of a new conversation."""

    def __init__(self, request: SendText) -> None:
        self.request = request
        self.generation: UUID | None = None
        self.next_seq: int = 0
        self.text = ""
        self.thoughts = ""
        self.seam = -1  # of the finished reply; see ShownMessage

    def open(self) -> Open:
        """Read on from where we stand."""
        return Open(self.request.conversation, self.generation, self.next_seq)

    def take(self, event: Any) -> Step:
        if getattr(event, "conversation", None) != self.request.conversation:
            return Step()
        match event:
            case Snapshot():
                return self.snapshot(event)
            case ReplyState(live=live):
                self.generation = self.generation or live.generation
                return Step()
            case ReplyText() if event.generation == self.generation:
                return self.more(event.seq, event.next_seq, event.text, event.thoughts)
            case ReplyFinished() if event.generation == self.generation:
                return self.finished(event.message, event.reason, event.why)
            case Problem() if event.request_key == self.request.request_key:
                return Step(outcome=Outcome(event.text))
            case ConversationGone():
                return Step(outcome=Outcome("The conversation was deleted."))
            case MessageAdded() | _:
                return Step()

    def more(self, seq: int, next_seq: int, text: str, thoughts: str) -> Step:
        if seq > self.next_seq:
            return Step(say=(self.open(),))
        if next_seq <= self.next_seq:
            return Step()
        if seq < self.next_seq:  # overlaps: only a Snapshot can tell the pieces apart
            return Step(say=(self.open(),))
        self.next_seq = next_seq
        self.text += text
        self.thoughts += thoughts
        return Step(text, thoughts)

    def snapshot(self, event: Snapshot) -> Step:
        if event.live is not None:
            return self.live(event.live)
        asked = next(
            (n for n, message in enumerate(event.messages) if message.role == "user"), len(event.messages)
        )
        after = event.messages[asked:]
        if not after:  # the request never arrived, or was lost with the connection
            return Step(say=(self.request,))
        if len(after) == 1:
            return Step(outcome=Outcome("The reply failed before its first word."))
        return self.finished(after[1], after[1].ended, "")

    def live(self, live: LiveReply) -> Step:
        self.generation = self.generation or live.generation
        if live.seq == self.next_seq:
            return self.more(live.seq, live.next_seq, live.text, live.thoughts)
        if live.seq == 0 and live.text.startswith(self.text) and live.thoughts.startswith(self.thoughts):
            fresh = Step(live.text[len(self.text) :], live.thoughts[len(self.thoughts) :])
            self.text, self.thoughts, self.next_seq = live.text, live.thoughts, live.next_seq
            return fresh
        return Step(outcome=Outcome("The server sent another reply than the one it had begun."))

    def finished(self, message: ShownMessage | None, reason: str, why: str) -> Step:
        whole, thoughts = (message.text, message.thoughts) if message is not None else ("", "")
        if not whole.startswith(self.text) or not thoughts.startswith(self.thoughts):
            return Step(outcome=Outcome("The reply that was kept is not the one that was shown."))
        rest, rest_thoughts = whole[len(self.text) :], thoughts[len(self.thoughts) :]
        self.text, self.thoughts = whole, thoughts
        self.seam = message.seam if message is not None else -1
        if reason in COMPLETE and thoughts and not whole:
            return Step(rest, rest_thoughts, outcome=Outcome("The model only thought, and said nothing."))
        if reason in COMPLETE:
            return Step(rest, rest_thoughts, outcome=Outcome())
        return Step(
            rest, rest_thoughts, outcome=Outcome(why or f"The reply is not complete: {reason or 'failed'}.")
        )
