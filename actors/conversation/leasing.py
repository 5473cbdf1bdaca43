"""Leasing: what a session and the queue say to each other of the reply that is wanted or made. Pure."""

from uuid import UUID

from actors import addresses
from actors.addresses import QUEUE
from actors.conversation.asking import Asking, QueueSaid
from actors.conversation.ending import Ending
from actors.conversation.home import Home
from actors.conversation.idle_work import IdleWork
from actors.conversation.live_reply import LiveReply
from actors.conversation.reply_stream import ReplyStream
from actors.conversation.requests import Made
from actors.conversation.turn import request_of
from actors.conversation.turned_away import turned_away
from actors.effects import Effect, Send, StartTimer
from actors.messages.generation import Cancel
from actors.messages.queueing import (
    Dismissed,
    GaveUp,
    Leased,
    LeaseLost,
    OverLimit,
    Placed,
    QueueFull,
    ReplyEnded,
    SubmitAgain,
    WorkerHeard,
    WorkerSilent,
)


class NotAskedError(Exception):
    """A reply that the queue was not asked for: a bug. The session starts anew from what is stored."""


class Leasing:
    def __init__(self, home: Home, stream: ReplyStream, idle: IdleWork) -> None:
        self.home = home
        self.settings = home.settings
        self.stream = stream
        self.idle = idle
        self.asking: Asking | None = None  # a request for a reply is becoming durable
        self.when_quiet: UUID | None = None  # the reply that is submitted when nothing is being written

    # -- while the request becomes durable ----------------------------------------------------

    def ask_early(self, made: Made) -> list[Effect]:
        if made.generation is None:
            return []
        asking = self.asking = Asking(LiveReply(made.generation, (), ""))
        added = made.message
        tree = self.home.tree if added is None else self.home.tree.with_message(added)
        summary = self.idle.summaries.standing(made.generation.parent if added is None else added.parent)
        return [Send(QUEUE, request_of(self.home.begun, tree, asking.live, self.settings, summary))]

    def withdraw(self) -> list[Effect]:
        """The request is not durable yet, or will never be."""
        if self.asking is None or self.asking.withdrawn:
            return []
        self.asking.withdraw()
        return [Send(QUEUE, ReplyEnded(self.asking.live.generation.id, 0))]

    def is_asking(self, said: QueueSaid | SubmitAgain) -> bool:
        """What the queue says of a reply that is not durable yet counts when it is."""
        return self.asking is not None and self.asking.hears(said)

    def written(self) -> Asking:
        """The request is durable. Raises NotAskedError."""
        asking, self.asking = self.asking, None
        if asking is None:
            raise NotAskedError
        return asking

    def begin(self, asking: Asking) -> list[Effect]:
        """Its reply is the live one. What the queue said of it counts from now on."""
        match asking.said:
            case Dismissed() as said:
                return self.queue_said(said)
            case _ if asking.withdrawn:
                return self.submit(asking.live)
            case None:
                return [self.submit_later()]
            case SubmitAgain(generation):
                return [self.submit_later(), *self.submit_again(generation)]
            case said:
                return [self.submit_later(), *self.queue_said(said)]

    # -- from then on -------------------------------------------------------------------------

    def submit(self, live: LiveReply) -> list[Effect]:
        """Hand the reply to the queue, with what is committed of it."""
        if self.home.saving.busy:  # a chunk may be on its way: what is committed is known when it is back
            self.when_quiet = live.generation.id
            return []
        self.when_quiet = None
        summary = self.idle.summaries.standing(live.generation.parent)
        request = request_of(self.home.begun, self.home.tree, live, self.settings, summary)
        return [Send(QUEUE, request), self.submit_later()]

    def quiet(self) -> list[Effect]:
        """A commit is done: who waited for that is submitted, unless the queue has told of a lease by now."""
        live = self.home.live
        return (
            self.submit_unleased(live) if live is not None and live.generation.id == self.when_quiet else []
        )

    def submit_later(self) -> StartTimer:
        """What was asked, or the answer, may be lost."""
        return StartTimer("submit", self.settings.submit_s)

    def submit_again(self, generation: UUID) -> list[Effect]:
        if self.idle.has(generation):
            return []
        live = self.home.live
        if live is None or live.generation.id != generation:
            return [Send(QUEUE, ReplyEnded(generation)), *self.home.rest()]
        return self.submit_unleased(live)

    def submit_unleased(self, live: LiveReply) -> list[Effect]:
        return self.submit(live) if live.inbox is None and not live.ending else []

    def queue_said(self, message: QueueSaid) -> list[Effect]:
        if self.is_asking(message):  # without the request there can be no lease
            return self.withdraw() if isinstance(message, LeaseLost) else []
        live = self.home.live
        if live is None or live.generation.id != message.generation:
            return self.stray(message)
        if live.ending:  # the queue is told with its end
            return [self.cancel(message)] if isinstance(message, Leased) else []
        match message:
            case Leased(_, attempt, worker, committed):
                live.leased(attempt, worker)
                if committed not in {-1, len(live.committed)}:
                    return self.give_back(live)
                return [self.stream.probe_later(), *self.home.announce(live)]
            case LeaseLost(_, attempt):
                if attempt < live.attempt:
                    return []
                live.lost(attempt)
                return [*self.home.announce(live), *self.submit(live)]
            case Placed():
                live.place = message
                return self.home.announce(live)
            case QueueFull() | OverLimit() | Dismissed() | GaveUp():
                live.turned_away = away = turned_away(message)
                state = "cancelled" if isinstance(message, Dismissed) else "failed"
                return self.home.finish(live, Ending(state, away.reason, why=away.why))
            case WorkerSilent(_, attempt):
                if live.inbox is None or attempt != live.attempt:
                    return []
                live.state = "suspended"
                return self.home.announce(live)
            case WorkerHeard(_, attempt):
                if live.inbox is None or attempt != live.attempt:
                    return []
                shown, live.state = live.state, "streaming" if live.accepted else "leased"
                told = self.home.announce(live) if live.state != shown else []
                return [Send(addresses.worker(live.worker), self.stream.resume(live)), *told]

    def stray(self, message: QueueSaid) -> list[Effect]:
        """It is about a reply that is over, or never became durable."""
        match message:
            case Leased():
                return [self.cancel(message), Send(QUEUE, ReplyEnded(message.generation))]
            case LeaseLost():
                return [Send(QUEUE, ReplyEnded(message.generation, 0))]
            case _:
                return []

    def cancel(self, leased: Leased) -> Send:
        return Send(addresses.worker(leased.worker), Cancel(leased.generation, leased.attempt))

    def give_back(self, live: LiveReply) -> list[Effect]:
        """The worker was told of fewer tokens than are durable (this session was made anew meanwhile, under
        the lease before): what it makes would not follow from them.
        """
        cancel = Send(addresses.worker(live.worker), Cancel(live.generation.id, live.attempt))
        live.lost(live.attempt)
        given_back = ReplyEnded(live.generation.id, 0)  # counted as a whole at its end
        return [cancel, Send(QUEUE, given_back), *self.submit(live)]
