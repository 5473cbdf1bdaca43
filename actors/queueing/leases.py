"""Leases: which reply is in whose hands; those that are becoming durable count as well. Pure."""

from uuid import UUID

from msgspec import Struct

from actors.queueing.waiting_line import Ticket


class Lease(Struct):
    """A reply in the hands of a worker."""

    conversation: UUID
    user: UUID
    attempt: int
    worker: str
    boot: UUID
    since_s: float


class Leases:
    def __init__(self) -> None:
        self.durable: dict[UUID, Lease] = {}  # by generation
        self.becoming: dict[str, tuple[Ticket, Lease]] = {}  # by the tag of the commit

    def __len__(self) -> int:
        return len(self.durable) + len(self.becoming)

    def all(self) -> list[Lease]:
        return [*self.durable.values(), *(lease for _, lease in self.becoming.values())]

    def of_worker(self, worker_id: str) -> list[tuple[UUID, Lease]]:
        """The durable ones."""
        return [
            (generation, lease) for generation, lease in self.durable.items() if lease.worker == worker_id
        ]

    def busy(self, worker_id: str) -> int:
        """Slots of the worker that are taken."""
        return sum(lease.worker == worker_id for lease in self.all())

    def running(self, user: UUID) -> int:
        return sum(lease.user == user for lease in self.all())

    def is_becoming(self, generation: UUID) -> bool:
        return any(ticket.generation == generation for ticket, _ in self.becoming.values())

    def forget_becoming(self, generation: UUID) -> None:
        """Its session is done with it: what is being written is void."""
        self.becoming = {
            tag: found for tag, found in self.becoming.items() if found[0].generation != generation
        }
