"""Negative controls: bugs planted in the production actors, each of which the checker must catch.

A control patches one method for the time of its run. A checker that stays silent is itself broken.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.conversation import leasing, live_reply, reply_stream, turn
from actors.conversation.live_reply import LiveReply
from actors.conversation.message_tree import MessageTree
from actors.conversation.reply_stream import ReplyStream
from actors.effects import Effect, Send
from actors.link_materials import Materials
from actors.messages.archive import ConversationState
from actors.messages.choices import ChosenChanged
from actors.messages.conversations import StoredMessage
from actors.messages.generation import Ack, CharacterSheet, End, GenerateReply, SheetWanted, Token, Turn
from actors.messages.lore import BookSheet
from actors.messages.replies import AppendChunk
from actors.queueing.dispatch import Dispatch
from actors.session import Session
from actors.wire.reliable import Inbox, Outbox


@contextmanager
def fence_left_out() -> Generator[None]:
    """Frames of any attempt are taken."""

    def is_current(self: LiveReply, generation: UUID, attempt: int) -> bool:
        return self.inbox is not None and generation == self.generation.id

    with patch.object(LiveReply, "is_current", is_current):
        yield


@contextmanager
def acknowledged_before_commit() -> Generator[None]:
    """The worker is told that a token is durable as soon as it has arrived."""
    honest = ReplyStream.frames_arrived

    def frames_arrived(self: ReplyStream, frames: Sequence[Token | End], sender: str) -> list[Effect]:
        last = frames[-1]
        early = Send(sender, Ack(last.generation, last.attempt, last.seq + 1))
        return [*honest(self, frames, sender), early]

    with patch.object(ReplyStream, "frames_arrived", frames_arrived):
        yield


@contextmanager
def shown_before_commit() -> Generator[None]:
    """Readers get the text when it arrives."""
    honest = ReplyStream.flush

    def flush(self: ReplyStream) -> list[Effect]:
        live = self.home.live
        early: list[Effect] = []
        is_free = not self.home.saving.busy
        if live is not None and live.accepted and live.arrived and not live.ending and is_free:
            tokens = live.arrived[: self.settings.chunk_tokens]
            early = self.show(live, live.chunk(tokens))
            live.committed = live.committed[: -len(tokens)]
        return [*honest(self), *early]

    with patch.object(ReplyStream, "flush", flush):
        yield


@contextmanager
def repetitions_kept() -> Generator[None]:
    """A frame that came twice is taken twice."""

    def arrived(self: Inbox[Any], seq: int, frame: Any) -> list[Any]:
        self.next_seq = max(self.next_seq, seq + 1)
        return [frame]

    with patch.object(Inbox, "arrived", arrived):
        yield


@contextmanager
def never_sent_again() -> Generator[None]:
    """The link forgets what it has sent once."""

    def resumed(self: Outbox[Any], next_seq: int) -> bool:
        return True

    def nudge(self: Outbox[Any]) -> None:
        return None

    with patch.object(Outbox, "resumed", resumed), patch.object(Outbox, "nudge", nudge):
        yield


@contextmanager
def lease_not_given_back() -> Generator[None]:
    """A worker that lost a reply keeps its lease."""

    def take_away(self: Dispatch, generation: UUID, why: str) -> list[Effect]:
        return []

    with patch.object(Dispatch, "take_away", take_away):
        yield


@contextmanager
def text_altered() -> Generator[None]:
    """A session swaps two tokens of a chunk."""
    honest = LiveReply.chunk

    def chunk(self: LiveReply, tokens: list[Token]) -> AppendChunk:
        return honest(self, [*tokens[1:2], *tokens[:1], *tokens[2:]])

    with patch.object(LiveReply, "chunk", chunk):
        yield


@contextmanager
def thoughts_said_aloud() -> Generator[None]:
    """What was thought is shown and kept as part of the reply."""
    honest = live_reply.said

    def said(tokens: list[Token]) -> tuple[str, str]:
        text, thoughts = honest(tokens)
        return thoughts + text, ""

    with patch.object(live_reply, "said", said), patch.object(reply_stream, "said", said):
        yield


@contextmanager
def thoughts_forgotten_at_a_restart() -> Generator[None]:
    """A session that starts anew in the middle of a reply has only its text."""
    honest = Session.loaded

    def loaded(self: Session, state: Any) -> list[Effect]:
        if isinstance(state, ConversationState):
            state = replace(state, committed_thoughts="")
        return honest(self, state)

    with patch.object(Session, "loaded", loaded):
        yield


@contextmanager
def thoughts_told_to_workers() -> Generator[None]:
    """The history that a prompt is made of has the thoughts of earlier replies."""
    honest = MessageTree.path

    def path(self: MessageTree, *given: Any) -> list[StoredMessage]:
        return [replace(message, body=message.thoughts + message.body) for message in honest(self, *given)]

    def request_of(*given: Any, **more: Any) -> GenerateReply:
        with patch.object(MessageTree, "path", path):
            return turn.request_of(*given, **more)

    with patch.object(leasing, "request_of", request_of):
        yield


@contextmanager
def seam_at_every_waking() -> Generator[None]:
    """A session that starts anew takes its own reply for one that was taken up."""

    def leased_still(self: LiveReply) -> None:
        self.leased(self.attempt, self.worker)

    with patch.object(LiveReply, "leased_still", leased_still):
        yield


@contextmanager
def seam_left_out() -> Generator[None]:
    """Every engine is taken for one that goes on exactly."""

    def seam(self: LiveReply) -> int:
        return self.generation.seam

    with patch.object(LiveReply, "seam", seam):
        yield


@contextmanager
def choices_kept_when_changed() -> Generator[None]:
    """A session in memory goes on with the choices that it was loaded with."""
    honest = Session.receive

    def receive(self: Session, message: Any, sender: str) -> list[Effect]:
        return [] if isinstance(message, ChosenChanged) else honest(self, message, sender)

    with patch.object(Session, "receive", receive):
        yield


@contextmanager
def lorebooks_left_behind() -> Generator[None]:
    """The link gives a job to the engine as soon as it has the character."""
    honest = Materials.used

    def wanted(self: Materials, turn: Turn) -> list[Send]:
        asks = (Send(addresses.character(turn.character), SheetWanted(turn.character)),)
        return [ask for ask in asks if turn.character not in self.sheets]

    def used(self: Materials, turn: Turn) -> tuple[CharacterSheet, tuple[BookSheet, ...]]:
        return honest(self, replace(turn, books=()))

    with patch.object(Materials, "wanted", wanted), patch.object(Materials, "used", used):
        yield


@contextmanager
def lorebooks_forgotten_at_a_failure() -> Generator[None]:
    """A reply that is leased again, with something of it committed, is made without them."""

    def request_of(*given: Any, **more: Any) -> GenerateReply:
        request = turn.request_of(*given, **more)
        return replace(request, turn=replace(request.turn, books=())) if request.committed else request

    with patch.object(leasing, "request_of", request_of):
        yield


CONTROLS: dict[str, Callable[[], Any]] = {
    control.__name__: control
    for control in (
        fence_left_out,
        acknowledged_before_commit,
        shown_before_commit,
        repetitions_kept,
        never_sent_again,
        lease_not_given_back,
        text_altered,
        thoughts_said_aloud,
        thoughts_forgotten_at_a_restart,
        thoughts_told_to_workers,
        seam_at_every_waking,
        seam_left_out,
        choices_kept_when_changed,
        lorebooks_left_behind,
        lorebooks_forgotten_at_a_failure,
    )
}
