"""Negative controls of the queue: planted bugs that the checker of a crowd must catch, as in controls.py."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch
from uuid import UUID

from actors import addresses, generation_queue
from actors.effects import Effect, Send
from actors.messages.archive import Write
from actors.messages.generation import GenerateReply
from actors.messages.link import WIRE_VERSION
from actors.messages.queueing import OverLimit
from actors.queueing.dispatch import Dispatch
from actors.queueing.leases import Leases
from actors.queueing.limits import Limits
from actors.queueing.waiting_line import Cost, Ticket, WaitingLine
from actors.queueing.workers import Workers
from actors.session import Session


@contextmanager
def newest_served_first() -> Generator[None]:
    """Who came last is served first, and who came first waits for ever."""

    def order(self: WaitingLine, cost: Cost) -> Iterator[Ticket]:
        yield from reversed(list(self.tickets.values()))

    with patch.object(WaitingLine, "order", order):
        yield


@contextmanager
def one_user_preferred() -> Generator[None]:
    """The user with most replies in line is always next."""

    def order(self: WaitingLine, cost: Cost) -> Iterator[Ticket]:
        yield from sorted(self.tickets.values(), key=lambda ticket: -self.of_user[ticket.user])

    with patch.object(WaitingLine, "order", order):
        yield


@contextmanager
def running_not_limited() -> Generator[None]:
    def may_run(self: Limits, running: int) -> bool:
        return True

    with patch.object(Limits, "may_run", may_run):
        yield


@contextmanager
def waiting_not_limited() -> Generator[None]:
    def refusal(self: Limits, generation: UUID, user: UUID, waiting: int, utc_ms: int) -> OverLimit | None:
        return None

    with patch.object(Limits, "refusal", refusal):
        yield


@contextmanager
def day_not_limited() -> Generator[None]:
    def day_is_over(self: Limits, generation: UUID, user: UUID, utc_ms: int) -> OverLimit | None:
        return None

    with patch.object(Limits, "day_is_over", day_is_over):
        yield


@contextmanager
def tokens_not_counted() -> Generator[None]:
    """A reply ends without its tokens being added to those of the day."""

    def spending(self: Session, live: object) -> tuple[Write, ...]:
        return ()

    with patch.object(Session, "spending", spending):
        yield


@contextmanager
def drained_box_served() -> Generator[None]:
    def takes_new(self: Workers, worker_id: str) -> bool:
        return True

    with patch.object(Workers, "takes_new", takes_new):
        yield


@contextmanager
def slots_not_counted() -> Generator[None]:
    """A box gets as many replies as there are."""

    def busy(self: Leases, worker_id: str) -> int:
        return 0

    with patch.object(Leases, "busy", busy):
        yield


@contextmanager
def leased_to_all() -> Generator[None]:
    """Every box is told to make the reply."""
    honest = Dispatch.lease_durable

    def lease_durable(self: Dispatch, tag: str) -> list[Effect]:
        effects = honest(self, tag)
        requests = [each.message for each in effects if isinstance(each, Send)]
        made = [request for request in requests if isinstance(request, GenerateReply)]
        return effects + [
            Send(addresses.worker(worker), request) for request in made for worker in self.workers.known
        ]

    with patch.object(Dispatch, "lease_durable", lease_durable):
        yield


@contextmanager
def told_before_durable() -> Generator[None]:
    """A box hears of its lease while it is being written."""
    honest = Dispatch.lease

    def lease(self: Dispatch, ticket: Ticket, worker_id: str) -> list[Effect]:
        early = Send(addresses.worker(worker_id), ticket.request)
        return [*honest(self, ticket, worker_id), early]

    with patch.object(Dispatch, "lease", lease):
        yield


@contextmanager
def other_version_served() -> Generator[None]:
    with patch.object(generation_queue, "WIRE_VERSION", WIRE_VERSION + 1):
        yield


QUEUE_CONTROLS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    control.__name__: control
    for control in (
        newest_served_first,
        one_user_preferred,
        running_not_limited,
        waiting_not_limited,
        day_not_limited,
        tokens_not_counted,
        drained_box_served,
        slots_not_counted,
        leased_to_all,
        told_before_durable,
        other_version_served,
    )
}
