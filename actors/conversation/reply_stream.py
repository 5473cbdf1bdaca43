"""ReplyStream: the frames of a worker on their way to the readers. Pure.

The rule: frames are put in order, committed, and only then shown and acknowledged. While one commit is under
way the next tokens gather. Silence and gaps are asked about.
"""

from collections.abc import Sequence
from uuid import UUID

from actors import addresses
from actors.addresses import QUEUE
from actors.conversation.ending import Ending, ending_by
from actors.conversation.home import Home
from actors.conversation.live_reply import LiveReply, said
from actors.conversation.summary_keeping import SummaryKeeping
from actors.effects import Effect, Send, StartTimer
from actors.messages.archive import Write
from actors.messages.chat import ReplyText
from actors.messages.generation import Accepted, Ack, Burst, Cancel, End, Progress, Resume, Token, Traced
from actors.messages.queueing import LeaseBelieved
from actors.messages.replies import AppendChunk, MarkSeam, PinPrompt
from actors.messages.reply_causes import sentence_of


class ReplyStream:
    def __init__(self, home: Home, summaries: SummaryKeeping) -> None:
        self.home = home
        self.settings = home.settings
        self.summaries = summaries

    # -- frames -------------------------------------------------------------------------------

    def current(self, frame: Accepted | Traced | Progress | Token | End, sender: str) -> LiveReply | None:
        """The live reply, where the frame is of its attempt and comes from the worker that has the lease."""
        live = self.home.live
        if live is None or not live.is_current(frame.generation, frame.attempt):
            return None
        return live if sender == addresses.worker(live.worker) else None

    def burst_arrived(self, burst: Burst, sender: str) -> list[Effect]:
        of_one = burst.generation, burst.attempt
        frames = [frame for frame in burst.frames if (frame.generation, frame.attempt) == of_one]
        return self.frames_arrived(frames, sender)

    def frames_arrived(self, frames: Sequence[Token | End], sender: str) -> list[Effect]:
        """Of one attempt, in the order in which they were sent."""
        live = self.current(frames[0], sender)
        if live is None:
            return self.stray(frames[0].generation, frames[0].attempt, sender)
        if live.ending:
            return []
        live.heard = True
        fresh = [frame for frame in frames if frame.seq >= len(live.committed)]
        if not fresh:  # the acknowledgement was lost
            return [Send(sender, self.ack(live))]
        for frame in fresh:
            if live.too_long(frame):
                return self.home.finish(live, Ending("failed", "failed", why=sentence_of("too_much")))
            live.take(frame)
        return [*self.watch_gap(live), *self.flush()]

    def stray(self, generation: UUID, attempt: int, sender: str) -> list[Effect]:
        """A frame of an attempt that is over: tell the worker to stop."""
        live = self.home.live
        if live is not None and live.generation.id == generation and attempt > live.attempt:
            return []  # its lease is about to be announced
        if live is not None and live.inbox is None and not live.ending and attempt == live.attempt:
            return []  # between two leases; the queue decides
        return [Send(sender, Cancel(generation, attempt))]

    def accepted(self, message: Accepted, sender: str) -> list[Effect]:
        live = self.current(message, sender)
        if live is None:
            return self.stray(message.generation, message.attempt, sender)
        if live.accepted or live.ending:
            return []
        live.heard = True
        if not live.agrees(message):
            why = "The worker has another model or prompt than the one this reply was begun with."
            return self.home.finish(live, Ending("failed", "model_changed", why=why))
        live.accepted = True
        live.state = "streaming"
        live.pin(message)
        live.tracing.begun_s = self.home.world.monotonic_s()
        return [*self.home.announce(live), *self.flush()]

    def traced(self, message: Traced, sender: str) -> list[Effect]:
        live = self.current(message, sender)
        if live is not None:
            live.tracing.report = message.report
            return self.summaries.reported(message.report)
        return []

    def progressed(self, message: Progress, sender: str) -> list[Effect]:
        live = self.current(message, sender)
        if live is None or message.total <= 0:
            return []
        live.heard = True
        return self.home.announce(live, message.done / message.total)

    def flush(self) -> list[Effect]:
        """Commit what has arrived in order, unless a commit is under way: then it goes with the next."""
        live = self.home.live
        if live is None or self.home.saving.busy or live.ending or not live.accepted:
            return []
        limit = self.settings.chunk_tokens
        tokens, live.arrived = live.arrived[:limit], live.arrived[limit:]
        if live.end is not None and not live.arrived:
            return self.complete(live, tokens, live.end)
        if not tokens:
            return []
        writes: list[Write] = []
        if not live.pinned:
            mine = live.generation
            writes.append(PinPrompt(mine.id, mine.model, mine.prompt_digest, mine.engine_digest))
        seam = live.seam()
        is_new = seam != live.generation.seam
        if is_new:
            writes.append(MarkSeam(live.generation.id, seam))
        chunk = live.chunk(tokens)
        writes.append(chunk)

        def durable() -> list[Effect]:
            live.pinned = True
            live.added(seam)
            return [*self.show(live, chunk), *(self.home.announce(live) if is_new else [])]

        return self.home.saving.write(lambda: tuple(writes), durable)

    def show(self, live: LiveReply, chunk: AppendChunk) -> list[Effect]:
        """The tokens are durable: the readers may have them, the link may forget them."""
        live.durable(chunk)
        seq = len(live.committed)
        now_s = self.home.world.monotonic_s()
        live.tracing.shown(seq, now_s)
        text = ReplyText(self.home.id, chunk.generation, chunk.first_seq, seq, chunk.text, chunk.thoughts)
        effects = self.home.to_readers(text)
        if live.worker and live.ack_is_due(now_s, self.settings.ack_tokens, self.settings.ack_s):
            live.acknowledged(now_s)
            effects.append(Send(addresses.worker(live.worker), self.ack(live)))
        return effects

    def ack(self, live: LiveReply) -> Ack:
        traced = live.tracing.report is not None
        return Ack(live.generation.id, live.attempt, len(live.committed), traced)

    def complete(self, live: LiveReply, tokens: list[Token], end: End) -> list[Effect]:
        """The worker's End is in order: the reply is what is committed and these last tokens."""
        text, thoughts = said(tokens)
        more = (text + end.text, thoughts + end.thought)
        if tokens or end.reason == "stop":
            live.added(live.seam())
        return self.home.finish(live, ending_by(end, more, len(tokens)))

    # -- silence and gaps ---------------------------------------------------------------------

    def resume(self, live: LiveReply) -> Resume:
        return Resume(live.generation.id, live.attempt, len(live.committed), self.home.id)

    def probe_later(self) -> StartTimer:
        return StartTimer("probe", self.settings.probe_s)

    def probe(self) -> list[Effect]:
        """Nothing came for a while: ask the worker to send from where we stand."""
        live = self.home.live
        if live is None or live.inbox is None or live.ending:
            return []
        heard, live.heard = live.heard, False
        if heard or self.home.saving.busy:
            return [self.probe_later()]
        lease = LeaseBelieved(live.generation.id, self.home.id, live.attempt)
        return [
            Send(addresses.worker(live.worker), self.resume(live)),
            Send(QUEUE, lease),
            self.probe_later(),
        ]

    def watch_gap(self, live: LiveReply) -> list[Effect]:
        """Frames are missing: wait a moment, for they may only be out of order."""
        if live.asking or not live.has_gap():
            return []
        live.asking = True
        return [StartTimer("gap", self.settings.gap_s)]

    def ask_again_at_gap(self) -> list[Effect]:
        live = self.home.live
        if live is None:
            return []
        live.asking = live.has_gap() and not live.ending
        if not live.asking:
            return []
        next_seq = live.inbox.next_seq if live.inbox else 0
        resume = Resume(live.generation.id, live.attempt, next_seq, self.home.id)
        return [Send(addresses.worker(live.worker), resume), StartTimer("gap", self.settings.probe_s)]
