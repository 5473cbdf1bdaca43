"""GenerationQueue: holds replies until a worker has a free slot, fairly, and keeps the leases.

Receives  Loaded, Committed, CommitFailed (archive); GenerateReply, ReplyEnded, LeaseBelieved (session);
          Hello, Ping, GenerationsLost (link); BoxRevoked (boxes); WatchQueue, UnwatchQueue (sockets, host);
          AskLine, Move, Dismiss, BoxDrained, ShareSet (edge)
Sends     GenerateReply, Welcome, Refused, Greet, Pong, Cancel (link); Leased, LeaseLost, Placed, QueueFull,
          OverLimit, Dismissed, WorkerSilent, WorkerHeard, GaveUp, SubmitAgain, BackgroundLeased,
          BackgroundLost (session); Commit (archive); QueueStatus (watchers); Line (edge)
Restart   leases, limits and what keepers set are reloaded from the archive; what waited is asked for again

A lease is durable before the worker hears of it, so its attempt is a fence that outlives this process.
A lease whose worker stays away is not ended by time alone: it ends when another worker could take the
reply, when the worker comes back without it, or when nobody came for `give_up_s`.

Whose turn it is says queueing/fair_share.py, which box it goes to queueing/workers.py, what is done in idle
time queueing/background.py.
"""

from typing import Any
from uuid import UUID

from actors import addresses
from actors.effects import Effect, Send, StartTimer, TimerFired
from actors.messages.archive import CommitFailed, Committed, Loaded, QueueState
from actors.messages.generation import Cancel, GenerateReply, GenerationsLost
from actors.messages.link import WIRE_VERSION, Greet, Hello, Ping, Pong, Refused, Welcome
from actors.messages.pairing import BoxRevoked
from actors.messages.queueing import (
    AskLine,
    BoxDrained,
    Dismiss,
    Dismissed,
    GaveUp,
    LeaseBelieved,
    LeaseLost,
    Line,
    LineEntry,
    Move,
    Placed,
    QueueFull,
    QueueStatus,
    ReplyEnded,
    ShareSet,
    SubmitAgain,
    UnwatchQueue,
    WatchQueue,
    WorkerHeard,
    WorkerSilent,
)
from actors.queueing.dispatch import Dispatch
from actors.queueing.forecast import Place, places
from actors.queueing.leases import Lease
from actors.queueing.waiting_line import Ticket
from actors.settings import QueueSettings
from actors.world import World

OLDEST_SERVED_VERSION = WIRE_VERSION  # N - 1, once there is one
TICK = TimerFired("tick")
PLACES = TimerFired("places")
KEEPERS_ACT = Move | Dismiss | BoxDrained | ShareSet
NEWS_S, NEWS_SHARE = 1.0, 0.1  # an estimate is told anew when it is off by so much, and by this share


class LeaseTimeoutError(Exception):
    """The archive did not answer in time; the queue starts anew from the rows."""


class GenerationQueue:
    def __init__(self, settings: QueueSettings, world: World) -> None:
        self.settings = settings
        self.world = world
        self.dispatch = dispatch = Dispatch(settings, world)
        self.share, self.line, self.leases = dispatch.share, dispatch.line, dispatch.leases
        self.workers, self.limits, self.measured = dispatch.workers, dispatch.limits, dispatch.measured
        self.accepted: set[UUID] = set()  # before the restart; they are not refused now
        self.awaited: dict[str, float] = {}  # workers of before the restart, not heard yet; since when
        self.watchers: set[str] = set()
        self.shown: QueueStatus | None = None
        self.audited_s = world.monotonic_s()
        self.places_told_s = -settings.places_pause_s
        self.places_due = False  # the timer runs

    def receive(self, message: Any, sender: str) -> list[Effect]:
        effects = self.handle(message, sender)
        if isinstance(message, Ping) and len(effects) == 1:
            return effects  # four a second from each box, and nothing is new
        if isinstance(message, KEEPERS_ACT):
            effects += self.tell_places()
        elif isinstance(message, GenerateReply) or message == TICK:  # not at each frame: it costs
            effects += self.places_changed()
        return effects + self.tell_watchers()

    def handle(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Ping():
                return self.pinged(message, sender)
            case GenerateReply(background=True):
                return [*self.dispatch.background.asked(message), *self.dispatch.fill_free_slots()]
            case GenerateReply():
                return self.asked(message)
            case ReplyEnded():
                return self.dispatch.reply_ended(message)
            case Committed(tag):
                return self.dispatch.lease_durable(tag)
            case CommitFailed():
                return self.dispatch.lease_failed(message)
            case Hello():
                return self.greeted(message, sender)
            case GenerationsLost():
                return self.lost(message, sender)
            case LeaseBelieved():
                return self.believed(message)
            case BoxRevoked(worker):
                return self.revoked(worker)
            case TimerFired() if message == TICK:
                return self.tick()
            case TimerFired() if message == PLACES:
                self.places_due = False
                return self.tell_places()
            case TimerFired():
                return self.dispatch.fill_free_slots()
            case AskLine() | Move() | Dismiss() | BoxDrained() | ShareSet():
                return self.keeper_asked(message)
            case WatchQueue(watcher):
                self.watchers.add(watcher)
                return [Send(watcher, self.status())]
            case UnwatchQueue(watcher):
                self.watchers.discard(watcher)
                return []
            case Loaded(state):
                return self.loaded(state)
            case _:
                raise TypeError(f"queue got {type(message).__name__}")

    # -- waking -------------------------------------------------------------------------------

    def loaded(self, state: Any) -> list[Effect]:
        """Leases stand until their worker is heard or its time is over; the rest is asked for again."""
        now = self.world.monotonic_s()
        effects: list[Effect] = [StartTimer("tick", self.settings.tick_s)]
        if not isinstance(state, QueueState):
            return effects
        self.limits.loaded(state.spendings, self.world.utc_ms())
        self.share.weights = dict(state.shares)
        self.workers.drained = set(state.drained)
        for row in state.unfinished:
            session = addresses.session(row.conversation)
            if row.worker and row.worker_boot is not None:
                lease = Lease(row.conversation, row.user, row.attempt, row.worker, row.worker_boot, now)
                self.leases.hold(row.id, lease)
                most = row.sampling.max_tokens + row.sampling.max_thought_tokens
                self.share.charge(row.id, row.user, self.measured.cost_of(row.user, most))
                self.awaited[row.worker] = now
            self.accepted.add(row.id)
            effects.append(Send(session, SubmitAgain(row.id)))  # who waits for a lease, not who has one
        return effects

    def believed(self, message: LeaseBelieved) -> list[Effect]:
        """One that is about to be told of a lease waits; any other that is wrong is put right."""
        generation = message.generation
        lease = self.leases.durable.get(generation)
        if lease is not None and lease.attempt != message.attempt:
            return self.dispatch.take_away(generation, "its session did not hear of it")
        if lease is not None or self.line.get(generation) or self.leases.is_becoming(generation):
            return []
        lost = LeaseLost(generation, message.attempt, "the queue does not know it")
        return [Send(addresses.session(message.conversation), lost)]

    # -- replies ------------------------------------------------------------------------------

    def asked(self, request: GenerateReply) -> list[Effect]:
        generation, user = request.generation, request.user
        lease = self.leases.durable.get(generation)
        if lease is not None and lease.attempt > request.attempt:
            return []  # asked twice; the lease stands
        self.leases.drop(generation)  # its session knows that this attempt is over
        waiting = self.line.get(generation)
        if waiting is not None:
            waiting.request = request
            waiting.told = None  # a session that was made anew has forgotten its place
            return []
        if self.leases.is_becoming(generation):
            return []
        if generation in self.accepted or request.attempt:  # what was promised, or begun, is kept
            self.accepted.discard(generation)
        elif (refusal := self.refusal(generation, user)) is not None:
            return [Send(addresses.session(request.conversation), refusal)]
        now = self.world.monotonic_s()
        self.line.join(Ticket(request, now, now))
        return self.dispatch.fill_free_slots()

    def refusal(self, generation: UUID, user: UUID) -> Any:
        """Why a fresh reply may not wait, or None."""
        if len(self.line) >= self.settings.max_waiting:
            return QueueFull(generation, self.settings.max_waiting)
        return self.limits.refusal(generation, user, self.line.of_user[user], self.world.utc_ms())

    # -- workers ------------------------------------------------------------------------------

    def greeted(self, hello: Hello, sender: str) -> list[Effect]:
        worker_id = addresses.key(sender)
        if not OLDEST_SERVED_VERSION <= hello.version <= WIRE_VERSION:
            why = (
                f"this GPU box speaks version {hello.version} of the link, the server serves"
                f" {OLDEST_SERVED_VERSION} to {WIRE_VERSION}: update the older of the two"
            )
            self.workers.refused[worker_id] = why
            return [Send(sender, Refused(why))]
        if not self.workers.greeted(worker_id, hello, self.world.monotonic_s()):
            return []  # overtaken by a newer greeting
        self.awaited.pop(worker_id, None)
        effects: list[Effect] = [Send(sender, Welcome(WIRE_VERSION, self.dispatch.node, hello.revision))]
        effects += self.dispatch.background.greeted(worker_id, hello)
        losses: list[Effect] = []
        held = set(hello.generations)
        for generation, lease in self.leases.of_worker(worker_id):
            if lease.boot == hello.boot and (generation, lease.attempt) in held:
                heard = WorkerHeard(generation, lease.attempt)
                effects.append(Send(addresses.session(lease.conversation), heard))
            else:
                losses += self.dispatch.take_away(generation, "the GPU box has lost it")
        if losses:
            self.workers.rest_after_loss(worker_id, self.world.monotonic_s())
        effects += losses
        for generation, attempt in hello.generations:
            lease = self.leases.durable.get(generation)
            if self.dispatch.background.has(worker_id, generation):
                continue
            if lease is None or (lease.worker, lease.attempt) != (worker_id, attempt):
                effects.append(Send(sender, Cancel(generation, attempt)))
        return effects + self.dispatch.fill_free_slots()

    def pinged(self, ping: Ping, sender: str) -> list[Effect]:
        worker_id = addresses.key(sender)
        worker = self.workers.known.get(worker_id)
        if worker is None or worker.hello.boot != ping.boot or worker.hello.revision < ping.revision:
            return [Send(sender, Greet(self.dispatch.node))]
        worker.heard_s = self.world.monotonic_s()
        effects: list[Effect] = [Send(sender, Pong(self.dispatch.node))]
        if worker.silent_since_s is not None:
            worker.silent_since_s = None
            effects += self.to_sessions_of(worker_id, WorkerHeard)
            effects += self.dispatch.fill_free_slots() + self.tell_watchers()
        return effects

    def to_sessions_of(self, worker_id: str, kind: type[WorkerHeard | WorkerSilent]) -> list[Effect]:
        return [
            Send(addresses.session(lease.conversation), kind(generation, lease.attempt))
            for generation, lease in self.leases.of_worker(worker_id)
        ]

    def lost(self, message: GenerationsLost, sender: str) -> list[Effect]:
        worker_id = addresses.key(sender)
        effects: list[Effect] = []
        for generation, attempt, _ in message.lost:
            lease = self.leases.durable.get(generation)
            if lease is not None and (lease.worker, lease.attempt) == (worker_id, attempt):
                effects += self.dispatch.take_away(generation, "the GPU box has lost it")
        if effects:
            self.workers.rest_after_loss(worker_id, self.world.monotonic_s())
        effects += self.dispatch.background.lost(worker_id, (generation for generation, *_ in message.lost))
        return effects + self.dispatch.fill_free_slots()

    def revoked(self, worker_id: str) -> list[Effect]:
        """Nothing is heard of it any more: its replies go elsewhere, what is on its way there too."""
        self.workers.forget(worker_id)
        effects = self.dispatch.background.give_way(worker_id)
        for generation, _ in self.leases.of_worker(worker_id):
            effects += self.dispatch.take_away(generation, "the GPU box was revoked")
        return effects + self.dispatch.fill_free_slots()

    # -- time ---------------------------------------------------------------------------------

    def tick(self) -> list[Effect]:
        now = self.world.monotonic_s()
        if any(
            now - lease.since_s > self.settings.commit_timeout_s for _, lease in self.leases.becoming.values()
        ):
            raise LeaseTimeoutError(f"no answer within {self.settings.commit_timeout_s:g} s")
        effects: list[Effect] = [StartTimer("tick", self.settings.tick_s), *self.audit(now)]
        for worker_id, since_s in list(self.awaited.items()):
            if now - since_s > self.settings.silence_s:
                del self.awaited[worker_id]
                effects += self.to_sessions_of(worker_id, WorkerSilent)
        for worker_id, worker in self.workers.known.items():
            if worker.silent_since_s is None and now - worker.heard_s > self.settings.silence_s:
                worker.silent_since_s = now
                effects += self.to_sessions_of(worker_id, WorkerSilent)
                effects += self.dispatch.background.give_way(worker_id)
        effects += self.dispatch.background.end_late(now)
        return effects + self.dispatch.fill_free_slots() + self.give_up(now)

    def audit(self, now: float) -> list[Effect]:
        """Ask the sessions now and then: after a restart one may not have said that a reply ended."""
        if now - self.audited_s < self.settings.audit_s:
            return []
        self.audited_s = now
        known = [(generation, lease.conversation) for generation, lease in self.leases.durable.items()]
        known += [(ticket.generation, ticket.request.conversation) for ticket in self.line]
        return [
            Send(addresses.session(conversation), SubmitAgain(generation))
            for generation, conversation in known
        ] + self.dispatch.background.audit()

    def give_up(self, now: float) -> list[Effect]:
        """Nobody could serve these for too long (a worker may be there, but with another model)."""
        effects: list[Effect] = []
        why = "No GPU box was there for a long time."
        limit = self.settings.give_up_s
        for generation, lease in list(self.leases.durable.items()):
            if now - self.dispatch.away_since(lease, now) > limit:
                self.leases.drop(generation)
                effects.append(Send(addresses.session(lease.conversation), GaveUp(generation, why)))
        for ticket in self.line:
            if self.workers.could_serve(ticket.request.model):
                ticket.hopeful_s = now
            elif now - ticket.hopeful_s > limit:
                self.line.leave(ticket.generation)
                session = addresses.session(ticket.request.conversation)
                effects.append(Send(session, GaveUp(ticket.generation, why)))
        return effects

    # -- keepers ------------------------------------------------------------------------------

    def keeper_asked(self, message: AskLine | Move | Dismiss | BoxDrained | ShareSet) -> list[Effect]:
        effects: list[Effect] = []
        match message:
            case Move(generation, "first"):
                self.line.move_first(generation)
            case Move(generation):
                self.line.move_up(generation, self.dispatch.cost_of)
            case Dismiss(generation):
                effects = self.dismiss(generation)
            case BoxDrained(name, drained):
                (self.workers.drained.add if drained else self.workers.drained.discard)(name)
                effects = self.dispatch.background.give_way(name) if drained else []
                effects += self.dispatch.fill_free_slots()
            case ShareSet(user, share):
                self.share.weights[user] = share
            case AskLine():
                pass
        return [*effects, Send(message.reply_to, self.shown_line())]

    def dismiss(self, generation: UUID) -> list[Effect]:
        """Its session ends it, durably, and says so: until then it keeps its place or its lease."""
        ticket, lease = self.line.get(generation), self.leases.durable.get(generation)
        if ticket is not None:
            return [Send(addresses.session(ticket.request.conversation), Dismissed(generation))]
        if lease is not None:
            return [Send(addresses.session(lease.conversation), Dismissed(generation))]
        return []

    def shown_line(self) -> Line:
        now = self.world.monotonic_s()
        running = [
            LineEntry(generation, lease.user, 0, round(now - lease.since_s, 1), worker=lease.worker)
            for generation, lease in self.leases.durable.items()
        ]
        places = self.places()
        waiting = [
            LineEntry(
                ticket.generation,
                ticket.user,
                places[ticket.generation].place,
                round(now - ticket.since_s, 1),
                places[ticket.generation].wait_s,
            )
            for ticket in self.line
        ]
        return Line(
            (*running, *sorted(waiting, key=lambda entry: entry.place)),
            tuple(sorted(self.share.weights.items())),
            self.workers.facts(),
            tuple(sorted(self.workers.drained)),
        )

    # -- what people see ----------------------------------------------------------------------

    def places(self) -> dict[UUID, Place]:
        return places(
            self.line.order(self.dispatch.cost_of),
            self.workers,
            self.leases.all(),
            self.measured,
            self.world.monotonic_s(),
            self.settings.user_running,
        )

    def places_changed(self) -> list[Effect]:
        """Tell them at once, but not again and again: a box that is lost puts all its replies in line, and
        each that comes moves the others.
        """
        if not self.line or self.places_due:
            return []
        rest_s = self.places_told_s + self.settings.places_pause_s - self.world.monotonic_s()
        if rest_s <= 0:
            return self.tell_places()
        self.places_due = True
        return [StartTimer("places", rest_s)]

    def tell_places(self) -> list[Effect]:
        if not self.line:
            return []
        self.places_told_s = self.world.monotonic_s()
        effects: list[Effect] = []
        found = self.places()
        for ticket in self.line:
            place = found[ticket.generation]
            news = Placed(ticket.generation, place.place, len(self.line), place.wait_s)
            if ticket.told is None or is_news(ticket.told, news):
                ticket.told = news
                effects.append(Send(addresses.session(ticket.request.conversation), news))
        return effects

    def status(self) -> QueueStatus:
        return QueueStatus(self.workers.facts(), len(self.line), len(self.leases))

    def tell_watchers(self) -> list[Effect]:
        if not self.watchers:
            return []
        status = self.status()
        if status == self.shown:
            return []
        self.shown = status
        return [Send(watcher, status) for watcher in sorted(self.watchers)]


def is_news(told: Placed, now: Placed) -> bool:
    """Another place, or an estimate that is no longer honest."""
    if (told.place, told.waiting) != (now.place, now.waiting) or min(told.wait_s, now.wait_s) < 0:
        return told != now
    return abs(told.wait_s - now.wait_s) >= max(NEWS_S, NEWS_SHARE * told.wait_s)
