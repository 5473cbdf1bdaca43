"""GenerationQueue: holds replies until a worker has a free slot, and keeps the leases.

Receives  Loaded, Committed, CommitFailed (archive); GenerateReply, ReplyEnded, LeaseBelieved (session);
          Hello, Ping, GenerationsLost (link); BoxRevoked (boxes); WatchQueue, UnwatchQueue (sockets, host)
Sends     GenerateReply, Welcome, Refused, Greet, Pong, Cancel (link); Leased, LeaseLost, Placed, QueueFull,
          WorkerSilent, WorkerHeard, GaveUp, SubmitAgain (session); Commit (archive); QueueStatus (watchers)
Restart   leases are reloaded from the archive; what waited is asked for again

A lease is durable before the worker hears of it, so its attempt is a fence that outlives this process.
A lease whose worker stays away is not ended by time alone: it ends when another worker could take the
reply, when the worker comes back without it, or when nobody came for `give_up_s`.
"""

from collections import deque
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.effects import Effect, Send, StartTimer, TimerFired
from actors.intensity import Backoff, Intensity, Restart
from actors.messages.archive import Commit, CommitFailed, Committed, LeaseGeneration, Loaded, QueueState
from actors.messages.generation import Cancel, GenerateReply, GenerationsLost
from actors.messages.link import WIRE_VERSION, Greet, Hello, Ping, Pong, Refused, Welcome
from actors.messages.pairing import BoxRevoked
from actors.messages.queueing import (
    GaveUp,
    LeaseBelieved,
    Leased,
    LeaseLost,
    Placed,
    QueueFull,
    QueueStatus,
    ReplyEnded,
    SubmitAgain,
    UnwatchQueue,
    WatchQueue,
    WorkerFacts,
    WorkerHeard,
    WorkerSilent,
)
from actors.settings import QueueSettings
from actors.world import World

OLDEST_SERVED_VERSION = WIRE_VERSION  # N - 1, once there is one
LOSSES, LOSSES_PERIOD_S = 8, 60.0  # of one worker; beyond, it takes its longest rest each time


class LeaseTimeoutError(Exception):
    """The archive did not answer in time; the queue starts anew from the rows."""


class Ticket(Struct):
    """A reply that waits."""

    request: GenerateReply
    hopeful_s: float  # when a worker that could make it was last there
    told: Placed | None = None


class Lease(Struct):
    """A reply in the hands of a worker."""

    conversation: UUID
    attempt: int
    worker: str
    boot: UUID
    since_s: float


class Worker(Struct):
    """A GPU box, as last greeted. `silent_since_s` is None while it is heard."""

    hello: Hello
    heard_s: float
    losses: Intensity
    rests_until_s: float = 0.0
    silent_since_s: float | None = None

    @property
    def works(self) -> bool:
        return self.silent_since_s is None and self.hello.engine != ""

    def has(self, model: str) -> bool:
        """A reply that was begun goes to the same model only; a fresh one ("") to any."""
        return model in {"", self.hello.model_hash}


class GenerationQueue:
    def __init__(self, settings: QueueSettings, world: World) -> None:
        self.settings = settings
        self.world = world
        self.node = world.new_id()
        self.waiting: deque[Ticket] = deque()
        self.leasing: dict[str, tuple[Ticket, Lease]] = {}  # commit tag → lease that is becoming durable
        self.leases: dict[UUID, Lease] = {}
        self.workers: dict[str, Worker] = {}
        self.watchers: set[str] = set()
        self.shown: QueueStatus | None = None

        self.reply_s = 0.0  # running mean of how long a lease lasts; 0 = not known
        self.commit_number = 0
        self.audited_s = world.monotonic_s()

    def receive(self, message: Any, sender: str) -> list[Effect]:
        return self.handle(message, sender) + self.tell_places() + self.tell_watchers()

    def handle(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Ping():
                return self.pinged(message, sender)
            case GenerateReply():
                return self.asked(message)
            case ReplyEnded(generation):
                return self.reply_ended(generation)
            case Committed(tag):
                return self.lease_durable(tag)
            case CommitFailed():
                return self.lease_failed(message)
            case Hello():
                return self.greeted(message, sender)
            case GenerationsLost():
                return self.lost(message, sender)
            case LeaseBelieved():
                return self.believed(message)
            case BoxRevoked(worker):
                return self.revoked(worker)
            case TimerFired("tick"):
                return self.tick()
            case TimerFired():
                return self.fill_free_slots()
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
        for row in state.unfinished if isinstance(state, QueueState) else ():
            session = addresses.session(row.conversation)
            if row.worker and row.worker_boot is not None:
                lease = Lease(row.conversation, row.attempt, row.worker, row.worker_boot, now)
                self.leases[row.id] = lease
                effects.append(Send(session, WorkerSilent(row.id, row.attempt)))
            effects.append(Send(session, SubmitAgain(row.id)))  # who waits for a lease, not who has one
        return effects

    def believed(self, message: LeaseBelieved) -> list[Effect]:
        """One that is about to be told of a lease waits; any other that is wrong is put right."""
        lease = self.leases.get(message.generation)
        if lease is not None and lease.attempt != message.attempt:
            return self.take_away(message.generation, "its session did not hear of it")
        tickets = [*self.waiting, *(ticket for ticket, _ in self.leasing.values())]
        if lease is not None or any(ticket.request.generation == message.generation for ticket in tickets):
            return []
        lost = LeaseLost(message.generation, message.attempt, "the queue does not know it")
        return [Send(addresses.session(message.conversation), lost)]

    # -- replies ------------------------------------------------------------------------------

    def asked(self, request: GenerateReply) -> list[Effect]:
        lease = self.leases.get(request.generation)
        if lease is not None and lease.attempt > request.attempt:
            return []  # asked twice; the lease stands
        self.leases.pop(request.generation, None)  # its session knows that this attempt is over
        for ticket in self.waiting:
            if ticket.request.generation == request.generation:
                ticket.request = request
                ticket.told = None  # a session that was made anew has forgotten its place
                return []
        if any(ticket.request.generation == request.generation for ticket, _ in self.leasing.values()):
            return []
        ticket = Ticket(request, self.world.monotonic_s())
        if request.attempt:  # it had its turn already
            self.waiting.appendleft(ticket)
        elif len(self.waiting) >= self.settings.max_waiting:
            refusal = QueueFull(request.generation, self.settings.max_waiting)
            return [Send(addresses.session(request.conversation), refusal)]
        else:
            self.waiting.append(ticket)
        return self.fill_free_slots()

    def reply_ended(self, generation: UUID) -> list[Effect]:
        lease = self.leases.pop(generation, None)
        if lease is not None:
            took = self.world.monotonic_s() - lease.since_s
            self.reply_s = took if not self.reply_s else 0.8 * self.reply_s + 0.2 * took
        self.waiting = deque(ticket for ticket in self.waiting if ticket.request.generation != generation)
        for tag, (ticket, _) in list(self.leasing.items()):
            if ticket.request.generation == generation:
                del self.leasing[tag]
        return self.fill_free_slots()

    # -- leases -------------------------------------------------------------------------------

    def fill_free_slots(self) -> list[Effect]:
        """The oldest waiting reply takes the slot that is free, on the worker with most of them."""
        effects: list[Effect] = self.free_expired()
        passed: deque[Ticket] = deque()
        while self.waiting:
            ticket = self.waiting.popleft()
            worker = self.freest_worker(ticket.request.model)
            if worker is None:
                passed.append(ticket)
                if not self.any_free():
                    break
            else:
                effects += self.lease(ticket, worker)
        self.waiting.extendleft(reversed(passed))
        return effects

    def any_free(self) -> bool:
        return any(self.free_slots(worker) > 0 for worker in self.workers)

    def free_slots(self, worker_id: str) -> int:
        """Slots of the worker that nothing has; 0 while it is away or rests."""
        worker = self.workers[worker_id]
        if not worker.works or worker.rests_until_s > self.world.monotonic_s():
            return 0
        return worker.hello.slots - self.busy(worker_id)

    def busy(self, worker_id: str) -> int:
        held = sum(lease.worker == worker_id for lease in self.leases.values())
        return held + sum(lease.worker == worker_id for _, lease in self.leasing.values())

    def freest_worker(self, model: str) -> str | None:
        able = [
            (self.free_slots(worker_id), worker_id)
            for worker_id, worker in self.workers.items()
            if worker.has(model)
        ]
        free, worker_id = max(able, default=(0, ""))
        return worker_id if free > 0 else None

    def lease(self, ticket: Ticket, worker_id: str) -> list[Effect]:
        request = ticket.request
        boot = self.workers[worker_id].hello.boot
        attempt = request.attempt + 1
        self.commit_number += 1
        tag = f"{self.node.hex}/{self.commit_number}"
        now = self.world.monotonic_s()
        self.leasing[tag] = (ticket, Lease(request.conversation, attempt, worker_id, boot, now))
        write = LeaseGeneration(request.generation, attempt, worker_id, boot)
        return [Send(ARCHIVE, Commit((write,), QUEUE, tag))]

    def lease_durable(self, tag: str) -> list[Effect]:
        found = self.leasing.pop(tag, None)
        if found is None:
            return []  # the reply was ended meanwhile
        ticket, lease = found
        request = msgspec.structs.replace(ticket.request, attempt=lease.attempt)
        self.leases[request.generation] = lease
        leased = Leased(request.generation, lease.attempt, lease.worker, len(request.committed))
        effects: list[Effect] = [Send(addresses.session(lease.conversation), leased)]
        worker = self.workers.get(lease.worker)
        if worker is None or worker.hello.boot != lease.boot:
            return effects + self.take_away(request.generation, "the GPU box started anew")
        return [*effects, Send(addresses.worker(lease.worker), request)]

    def lease_failed(self, failed: CommitFailed) -> list[Effect]:
        found = self.leasing.pop(failed.tag, None)
        if found is None:
            return []
        ticket, lease = found
        if failed.conflict:  # the row moved on: its session knows, or learns it from the row
            lost = LeaseLost(ticket.request.generation, lease.attempt, failed.why)
            return [Send(addresses.session(lease.conversation), lost)]
        self.waiting.appendleft(ticket)
        return [StartTimer("retry", self.settings.commit_retry_s)]

    def take_away(self, generation: UUID, why: str) -> list[Effect]:
        lease = self.leases.pop(generation)
        lost = LeaseLost(generation, lease.attempt, why)
        return [Send(addresses.session(lease.conversation), lost)]

    def free_expired(self) -> list[Effect]:
        """Leases of workers that stay away go to whoever could serve them now."""
        effects: list[Effect] = []
        now = self.world.monotonic_s()
        free = sum(max(0, self.free_slots(worker)) for worker in self.workers)
        for generation, lease in list(self.leases.items()):
            if free > 0 and now - self.away_since(lease, now) > self.settings.lease_s:
                effects += self.take_away(generation, "the GPU box stayed away")
                free -= 1
        return effects

    def away_since(self, lease: Lease, now: float) -> float:
        worker = self.workers.get(lease.worker)
        if worker is None:
            return lease.since_s
        return now if worker.silent_since_s is None else worker.silent_since_s

    # -- workers ------------------------------------------------------------------------------

    def greeted(self, hello: Hello, sender: str) -> list[Effect]:
        if not OLDEST_SERVED_VERSION <= hello.version <= WIRE_VERSION:
            why = (
                f"this GPU box speaks version {hello.version} of the link, the server serves"
                f" {OLDEST_SERVED_VERSION} to {WIRE_VERSION}: update the older of the two"
            )
            return [Send(sender, Refused(why))]
        worker_id = addresses.key(sender)
        known = self.workers.get(worker_id)
        if known is not None and known.hello.boot == hello.boot and known.hello.revision > hello.revision:
            return []  # overtaken by a newer greeting
        self.workers[worker_id] = self.worker_of(hello, known)
        effects: list[Effect] = [Send(sender, Welcome(WIRE_VERSION, self.node, hello.revision))]
        losses: list[Effect] = []
        held = set(hello.generations)
        for generation, lease in list(self.leases.items()):
            if lease.worker != worker_id:
                continue
            if lease.boot == hello.boot and (generation, lease.attempt) in held:
                heard = WorkerHeard(generation, lease.attempt)
                effects.append(Send(addresses.session(lease.conversation), heard))
            else:
                losses += self.take_away(generation, "the GPU box has lost it")
        self.rest_after(worker_id, losses)
        effects += losses
        for generation, attempt in hello.generations:
            lease = self.leases.get(generation)
            if lease is None or (lease.worker, lease.attempt) != (worker_id, attempt):
                effects.append(Send(sender, Cancel(generation, attempt)))
        return effects + self.fill_free_slots()

    def worker_of(self, hello: Hello, known: Worker | None) -> Worker:
        """As greeted now; what it has lost before is not forgotten by a greeting."""
        losses = Intensity(LOSSES, LOSSES_PERIOD_S, Backoff(longest_s=self.settings.rest_s))
        if known is not None:
            losses = known.losses
        rests_until_s = known.rests_until_s if known is not None else 0.0
        return Worker(hello, self.world.monotonic_s(), losses, rests_until_s)

    def pinged(self, ping: Ping, sender: str) -> list[Effect]:
        worker_id = addresses.key(sender)
        worker = self.workers.get(worker_id)
        if worker is None or worker.hello.boot != ping.boot or worker.hello.revision < ping.revision:
            return [Send(sender, Greet(self.node))]
        worker.heard_s = self.world.monotonic_s()
        effects: list[Effect] = [Send(sender, Pong(self.node))]
        if worker.silent_since_s is not None:
            worker.silent_since_s = None
            effects += [
                Send(addresses.session(lease.conversation), WorkerHeard(generation, lease.attempt))
                for generation, lease in self.leases.items()
                if lease.worker == worker_id
            ]
            effects += self.fill_free_slots()
        return effects

    def lost(self, message: GenerationsLost, sender: str) -> list[Effect]:
        worker_id = addresses.key(sender)
        effects: list[Effect] = []
        for generation, attempt, _ in message.lost:
            lease = self.leases.get(generation)
            if lease is not None and (lease.worker, lease.attempt) == (worker_id, attempt):
                effects += self.take_away(generation, "the GPU box has lost it")
        self.rest_after(worker_id, effects)
        return effects + self.fill_free_slots()

    def revoked(self, worker_id: str) -> list[Effect]:
        """Nothing is heard of it any more: its replies go elsewhere, what is on its way there too."""
        self.workers.pop(worker_id, None)
        gone = [generation for generation, lease in self.leases.items() if lease.worker == worker_id]
        effects: list[Effect] = []
        for generation in gone:
            effects += self.take_away(generation, "the GPU box was revoked")
        return effects + self.fill_free_slots()

    def rest_after(self, worker_id: str, losses: list[Effect]) -> None:
        """A worker that loses what it is given rests a moment, longer each time: else the same replies would
        go to and fro as fast as the database allows.
        """
        worker = self.workers.get(worker_id)
        if worker is None or not losses:
            return
        now = self.world.monotonic_s()
        decision = worker.losses.restarted(now)
        worker.rests_until_s = now + (
            decision.after_s if isinstance(decision, Restart) else self.settings.rest_s
        )

    # -- time ---------------------------------------------------------------------------------

    def tick(self) -> list[Effect]:
        now = self.world.monotonic_s()
        if any(now - lease.since_s > self.settings.commit_timeout_s for _, lease in self.leasing.values()):
            raise LeaseTimeoutError(f"no answer within {self.settings.commit_timeout_s:g} s")
        effects: list[Effect] = [StartTimer("tick", self.settings.tick_s), *self.audit(now)]
        for worker_id, worker in self.workers.items():
            if worker.silent_since_s is None and now - worker.heard_s > self.settings.silence_s:
                worker.silent_since_s = now
                effects += [
                    Send(addresses.session(lease.conversation), WorkerSilent(generation, lease.attempt))
                    for generation, lease in self.leases.items()
                    if lease.worker == worker_id
                ]
        return effects + self.fill_free_slots() + self.give_up(now)

    def audit(self, now: float) -> list[Effect]:
        """Ask the sessions now and then: after a restart one may not have said that a reply ended."""
        if now - self.audited_s < self.settings.audit_s:
            return []
        self.audited_s = now
        known = [(generation, lease.conversation) for generation, lease in self.leases.items()]
        known += [(ticket.request.generation, ticket.request.conversation) for ticket in self.waiting]
        return [
            Send(addresses.session(conversation), SubmitAgain(generation))
            for generation, conversation in known
        ]

    def give_up(self, now: float) -> list[Effect]:
        """Nobody could serve these for too long (a worker may be there, but with another model)."""
        effects: list[Effect] = []
        why = "No GPU box was there for a long time."
        limit = self.settings.give_up_s
        for generation, lease in list(self.leases.items()):
            if now - self.away_since(lease, now) > limit:
                del self.leases[generation]
                effects.append(Send(addresses.session(lease.conversation), GaveUp(generation, why)))
        for ticket in list(self.waiting):
            model = ticket.request.model
            if any(worker.works and worker.has(model) for worker in self.workers.values()):
                ticket.hopeful_s = now
            elif now - ticket.hopeful_s > limit:
                self.waiting.remove(ticket)
                session = addresses.session(ticket.request.conversation)
                effects.append(Send(session, GaveUp(ticket.request.generation, why)))
        return effects

    # -- what people see ----------------------------------------------------------------------

    def tell_places(self) -> list[Effect]:
        effects: list[Effect] = []
        slots = sum(worker.hello.slots for worker in self.workers.values() if worker.silent_since_s is None)
        for number, ticket in enumerate(self.waiting, start=1):
            wait_s = round(self.reply_s * number / slots, 1) if slots and self.reply_s else -1.0
            told = ticket.told
            if told is None or (told.place, told.waiting) != (number, len(self.waiting)):
                ticket.told = Placed(ticket.request.generation, number, len(self.waiting), wait_s)
                effects.append(Send(addresses.session(ticket.request.conversation), ticket.told))
        return effects

    def status(self) -> QueueStatus:
        workers = tuple(
            WorkerFacts(
                name=worker_id,
                engine=worker.hello.engine,
                model=worker.hello.model,
                slots=worker.hello.slots,
                busy=self.busy(worker_id),
                state="silent"
                if worker.silent_since_s is not None
                else "ready"
                if worker.hello.engine
                else "starting",
                context=worker.hello.context,
                demonstration=worker.hello.demonstration,
            )
            for worker_id, worker in sorted(self.workers.items())
        )
        return QueueStatus(workers, len(self.waiting), len(self.leases) + len(self.leasing))

    def tell_watchers(self) -> list[Effect]:
        if not self.watchers:
            return []
        status = self.status()
        if status == self.shown:
            return []
        self.shown = status
        return [Send(watcher, status) for watcher in sorted(self.watchers)]
