"""Forecast: what a reply will cost, how long it will take, and when who waits will be served. Pure.

Nothing is estimated before it was measured: until the first reply has ended, a wait is not known. Costs are
measured for each user, for habits differ; seconds a token for the whole node.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from uuid import UUID

from msgspec import Struct

from actors.queueing.leases import Lease
from actors.queueing.waiting_line import Ticket
from actors.queueing.workers import Workers

NEWEST_WEIGHS = 0.2
FIRST_GUESS = 256.0  # tokens, until the first reply of anybody has ended
LATE_SHARE = 0.1  # a reply that takes longer than expected will take so much of the expected time yet


def mixed(mean: float | None, newest: float) -> float:
    return newest if mean is None else (1 - NEWEST_WEIGHS) * mean + NEWEST_WEIGHS * newest


class Measured:
    """Running means over the replies that have ended."""

    def __init__(self, users: int) -> None:
        self.users = users  # whose means are kept
        self.cost: float | None = None
        self.took_s: float | None = None
        self.costs: dict[UUID, float] = {}

    def ended(self, user: UUID, cost: float, took_s: float) -> None:
        self.cost = mixed(self.cost, cost)
        self.took_s = mixed(self.took_s, took_s)
        self.costs[user] = mixed(self.costs.pop(user, None), cost)
        if len(self.costs) > self.users:
            del self.costs[next(iter(self.costs))]

    def cost_of(self, user: UUID, most: int) -> float:
        """What a reply of the user is expected to cost, in tokens; `most` is how many it may have."""
        expected = self.costs.get(user, FIRST_GUESS if self.cost is None else self.cost)
        return max(1.0, min(expected, most))

    def seconds(self, cost: float) -> float | None:
        """How long a reply of that cost takes; None while nothing was measured."""
        if self.took_s is None or not self.cost:
            return None
        return self.took_s * cost / self.cost

    def left_s(self, lease: Lease, now_s: float) -> float | None:
        """How long the running reply will take yet."""
        whole = self.seconds(self.costs.get(lease.user, self.cost or FIRST_GUESS))
        if whole is None:
            return None
        return max(whole - (now_s - lease.since_s), LATE_SHARE * whole)


class Place(Struct, frozen=True):
    """When a reply would be served: 1 = next; in so many seconds, -1 = not known."""

    place: int
    wait_s: float


class Slot(Struct):
    free_s: float  # seconds from now
    worker: str


def places(
    order: Iterable[Ticket],
    workers: Workers,
    leases: list[Lease],
    measured: Measured,
    now_s: float,
    user_running: int,
) -> dict[UUID, Place]:
    """By generation. The order is that of the line; who has as many running as allowed is passed over."""
    tickets = list(order)
    if not tickets:
        return {}
    slots = open_slots(workers, leases, measured, now_s)
    if measured.took_s is None or not slots:
        return {ticket.generation: Place(n, -1.0) for n, ticket in enumerate(tickets, start=1)}
    running: dict[UUID, list[float]] = {}  # when the running ones of each user end
    for lease in leases:
        running.setdefault(lease.user, []).append(measured.left_s(lease, now_s) or 0.0)
    for ends in running.values():
        heapify(ends)
    starts: list[tuple[float, int, Ticket]] = []
    for number, ticket in enumerate(tickets):
        slot = next_slot(slots, ticket, workers)
        if slot is None:
            starts.append((float("inf"), number, ticket))
            continue
        begins = slot.free_s
        mine = running.setdefault(ticket.user, [])
        while user_running and len(mine) >= user_running:
            begins = max(begins, heappop(mine))
        sampling = ticket.request.sampling
        cost = measured.cost_of(ticket.user, sampling.max_tokens + sampling.max_thought_tokens)
        ends = begins + (measured.seconds(cost) or 0.0)
        heappush(mine, ends)
        if begins == slot.free_s:
            slot.free_s = ends
        starts.append((begins, number, ticket))
    starts.sort(key=lambda start: start[:2])
    return {
        ticket.generation: Place(n, -1.0 if begins == float("inf") else float(round(begins)))
        for n, (begins, _, ticket) in enumerate(starts, start=1)
    }


def open_slots(workers: Workers, leases: list[Lease], measured: Measured, now_s: float) -> list[Slot]:
    """All slots of workers that take new replies, with when each is free."""
    slots: list[Slot] = []
    for worker_id, worker in workers.known.items():
        if worker.works and workers.takes_new(worker_id):
            busy = [measured.left_s(lease, now_s) or 0.0 for lease in leases if lease.worker == worker_id]
            free = [0.0] * max(0, worker.hello.slots - len(busy))
            slots += [Slot(free_s, worker_id) for free_s in (busy + free)[: worker.hello.slots]]
    return slots


def next_slot(slots: list[Slot], ticket: Ticket, workers: Workers) -> Slot | None:
    """The first to be free of those that can make the reply."""
    able = [slot for slot in slots if workers.known[slot.worker].has(ticket.request.model)]
    return min(able, key=lambda slot: slot.free_s, default=None)


def frees_within_s(worker_id: str, leases: Iterable[Lease], measured: Measured, now_s: float) -> float:
    """When a slot of a full worker is expected; infinite where that is not known."""
    left = [measured.left_s(lease, now_s) for lease in leases if lease.worker == worker_id]
    known = [seconds for seconds in left if seconds is not None]
    return min(known, default=float("inf"))
