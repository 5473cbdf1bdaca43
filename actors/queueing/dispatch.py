"""Dispatch: who gets the slot that is free, and what becomes of a lease. The core of the queue. Pure.

A lease is committed before anybody hears of it. What a reply costs is charged when its lease is written, and
put right when its session says how many tokens there were.
"""

from uuid import UUID

import msgspec

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.effects import Effect, Send, StartTimer
from actors.messages.archive import Commit, CommitFailed
from actors.messages.queueing import Leased, LeaseLost, ReplyEnded
from actors.messages.replies import LeaseGeneration
from actors.queueing.background import Background
from actors.queueing.fair_share import FairShare
from actors.queueing.forecast import Measured, frees_within_s
from actors.queueing.leases import Lease, Leases
from actors.queueing.limits import Limits
from actors.queueing.waiting_line import Ticket, WaitingLine
from actors.queueing.workers import Workers
from actors.settings import QueueSettings
from actors.world import World


class Dispatch:
    def __init__(self, settings: QueueSettings, world: World) -> None:
        self.settings = settings
        self.world = world
        self.node = world.new_id()
        self.share = FairShare()
        self.line = WaitingLine(self.share)
        self.leases = Leases()
        self.workers = Workers(settings, self.leases.busy)
        self.background = Background(settings, self.workers, self.leases)
        self.limits = Limits(settings)
        self.measured = Measured(settings.measured_users)
        self.commit_number = 0

    # -- leases -------------------------------------------------------------------------------

    def cost_of(self, ticket: Ticket) -> float:
        sampling = ticket.request.sampling
        return self.measured.cost_of(ticket.user, sampling.max_tokens + sampling.max_thought_tokens)

    def fill_free_slots(self) -> list[Effect]:
        """Whose turn it is takes the slot that is free; who may not, or waits for a box, lets others pass."""
        effects: list[Effect] = self.free_expired()
        while self.line and self.workers.free(self.world.monotonic_s()):
            leased = self.lease_next()
            if not leased:
                break
            effects += leased
        return effects + self.background.fill(self.world.monotonic_s(), quiet=not self.line)

    def lease_next(self) -> list[Effect]:
        """The next one of the line that can be served is leased, or turned away; empty where none can."""
        now = self.world.monotonic_s()

        def frees(worker_id: str) -> float:
            return frees_within_s(worker_id, self.leases.all(), self.measured, now)

        for ticket in self.line.order(self.cost_of):
            over = None
            if not ticket.request.attempt:
                over = self.limits.day_is_over(ticket.generation, ticket.user, self.world.utc_ms())
            if over is not None:
                self.line.leave(ticket.generation)
                return [Send(addresses.session(ticket.request.conversation), over)]
            if not self.limits.may_run(self.leases.running(ticket.user)):
                continue
            worker_id = self.workers.choose(ticket, now, frees)
            if worker_id is not None:
                return self.lease(ticket, worker_id)
        return []

    def lease(self, ticket: Ticket, worker_id: str) -> list[Effect]:
        request = ticket.request
        self.share.begun(ticket.generation, ticket.user, self.cost_of(ticket), self.line.users)
        self.line.leave(ticket.generation)
        boot = self.workers.known[worker_id].hello.boot
        attempt = request.attempt + 1
        self.commit_number += 1
        tag = f"{self.node.hex}/{self.commit_number}"
        lease = Lease(request.conversation, request.user, attempt, worker_id, boot, self.world.monotonic_s())
        self.leases.begin(tag, ticket, lease)
        write = LeaseGeneration(request.generation, attempt, worker_id, boot)
        return [*self.background.give_way(worker_id), Send(ARCHIVE, Commit((write,), QUEUE, tag))]

    def lease_durable(self, tag: str) -> list[Effect]:
        found = self.leases.decided(tag)
        if found is None:
            return []  # the reply was ended meanwhile
        ticket, lease = found
        request = msgspec.structs.replace(ticket.request, attempt=lease.attempt)
        self.leases.hold(request.generation, lease)
        leased = Leased(request.generation, lease.attempt, lease.worker, len(request.committed))
        effects: list[Effect] = [Send(addresses.session(lease.conversation), leased)]
        worker = self.workers.known.get(lease.worker)
        if worker is None or worker.hello.boot != lease.boot:
            return effects + self.take_away(request.generation, "the GPU box started anew")
        if not self.workers.takes_new(lease.worker):
            return effects + self.take_away(request.generation, "the GPU box gets nothing new")
        self.workers.warmed(lease.conversation, lease.worker)
        return [*effects, Send(addresses.worker(lease.worker), request)]

    def lease_failed(self, failed: CommitFailed) -> list[Effect]:
        found = self.leases.decided(failed.tag)
        if found is None:
            return []
        ticket, lease = found
        if failed.conflict:  # the row moved on: its session knows, or learns it from the row
            lost = LeaseLost(ticket.generation, lease.attempt, failed.why)
            return [Send(addresses.session(lease.conversation), lost)]
        self.line.put_back(ticket)
        return [StartTimer("retry", self.settings.commit_retry_s)]

    def take_away(self, generation: UUID, why: str) -> list[Effect]:
        lease = self.leases.durable[generation]
        self.leases.drop(generation)
        lost = LeaseLost(generation, lease.attempt, why)
        return [Send(addresses.session(lease.conversation), lost)]

    def free_expired(self) -> list[Effect]:
        """Leases of workers that stay away go to whoever could serve them now."""
        effects: list[Effect] = []
        now = self.world.monotonic_s()
        free = self.workers.free(now)
        if not free or not any(self.workers.is_away(worker_id) for worker_id in self.leases.of_workers):
            return effects
        for generation, lease in list(self.leases.durable.items()):
            if free > 0 and now - self.away_since(lease, now) > self.settings.lease_s:
                effects += self.take_away(generation, "the GPU box stayed away")
                free -= 1
        return effects

    def away_since(self, lease: Lease, now: float) -> float:
        worker = self.workers.known.get(lease.worker)
        if worker is None:
            return lease.since_s
        return now if worker.silent_since_s is None else worker.silent_since_s

    # -- the end ------------------------------------------------------------------------------

    def reply_ended(self, message: ReplyEnded) -> list[Effect]:
        generation = message.generation
        if self.background.ended(generation):
            return self.fill_free_slots()
        lease = self.leases.drop(generation)
        cost = self.count(message, lease)
        self.line.leave(generation)
        self.leases.forget_becoming(generation)
        self.share.ended(generation, cost, self.line.users)
        return self.fill_free_slots()

    def count(self, message: ReplyEnded, lease: Lease | None) -> float | None:
        """What the reply cost, in tokens; None: nobody knows, and the guess stands."""
        charge = self.share.charges.get(message.generation)
        if charge is None:
            return None
        if message.tokens < 0:
            guess = charge.raised * self.share.weight(charge.user)
            self.limits.spent(charge.user, round(guess), self.world.utc_ms())
            return None
        cost = message.tokens + self.settings.prompt_token_cost * message.prompt_tokens
        self.limits.spent(charge.user, message.tokens, self.world.utc_ms())
        if lease is not None and message.tokens > 0:
            self.measured.ended(charge.user, cost, self.world.monotonic_s() - lease.since_s)
        return cost
