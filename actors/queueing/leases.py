"""Leases: which reply is in whose hands; those that are becoming durable count as well. Pure."""

from collections import Counter
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from actors.queueing.waiting_line import Ticket

K = TypeVar("K")


class Lease(Struct):
    """A reply in the hands of a worker."""

    conversation: UUID
    user: UUID
    attempt: int
    worker: str
    boot: UUID
    since_s: float


class Leases:
    """`durable` and `becoming` are for others to read. How many a worker and a user have is counted along,
    for it is asked at every event.
    """

    def __init__(self) -> None:
        self.durable: dict[UUID, Lease] = {}  # by generation
        self.becoming: dict[str, tuple[Ticket, Lease]] = {}  # by the tag of the commit
        self.of_workers: Counter[str] = Counter()
        self.of_users: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return len(self.durable) + len(self.becoming)

    # -- changes ------------------------------------------------------------------------------

    def begin(self, tag: str, ticket: Ticket, lease: Lease) -> None:
        """It is being written."""
        self.becoming[tag] = (ticket, lease)
        self.count(lease, 1)

    def decided(self, tag: str) -> tuple[Ticket, Lease] | None:
        """It is written, or will not be; None where it was forgotten meanwhile."""
        found = self.becoming.pop(tag, None)
        if found is not None:
            self.count(found[1], -1)
        return found

    def hold(self, generation: UUID, lease: Lease) -> None:
        """It is durable."""
        self.drop(generation)
        self.durable[generation] = lease
        self.count(lease, 1)

    def drop(self, generation: UUID) -> Lease | None:
        lease = self.durable.pop(generation, None)
        if lease is not None:
            self.count(lease, -1)
        return lease

    def forget_becoming(self, generation: UUID) -> None:
        """Its session is done with it: what is being written is void."""
        for tag in [tag for tag, (ticket, _) in self.becoming.items() if ticket.generation == generation]:
            self.decided(tag)

    def count(self, lease: Lease, by: int) -> None:
        change(self.of_workers, lease.worker, by)
        change(self.of_users, lease.user, by)

    # -- questions ----------------------------------------------------------------------------

    def all(self) -> list[Lease]:
        return [*self.durable.values(), *(lease for _, lease in self.becoming.values())]

    def of_worker(self, worker_id: str) -> list[tuple[UUID, Lease]]:
        """The durable ones."""
        return [
            (generation, lease) for generation, lease in self.durable.items() if lease.worker == worker_id
        ]

    def busy(self, worker_id: str) -> int:
        """Slots of the worker that are taken."""
        return self.of_workers[worker_id]

    def running(self, user: UUID) -> int:
        return self.of_users[user]

    def is_becoming(self, generation: UUID) -> bool:
        return any(ticket.generation == generation for ticket, _ in self.becoming.values())


def change(counts: Counter[K], key: K, by: int) -> None:
    """None stands there with 0: users come and go."""
    counts[key] += by
    if not counts[key]:
        del counts[key]
