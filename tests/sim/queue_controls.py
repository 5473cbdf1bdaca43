"""Negative controls of the queue: planted bugs that the checker of a crowd must catch, as in controls.py."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from msgspec.structs import replace

from actors import addresses, generation_queue
from actors.conversation.idle_work import IdleWork
from actors.effects import Effect, Send
from actors.messages.archive import Write
from actors.messages.conversations import StoredConversation, StoredMessage
from actors.messages.generation import GenerateReply
from actors.messages.link import WIRE_VERSION
from actors.messages.queueing import OverLimit
from actors.queueing.background import Background
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


@contextmanager
def background_keeps_its_box() -> Generator[None]:
    """What is done in the background goes on when a reply comes to its box."""

    def give_way(self: Background, worker_id: str) -> list[Effect]:
        return []

    with patch.object(Background, "give_way", give_way):
        yield


@contextmanager
def background_comes_first() -> Generator[None]:
    """A box that is free is given something in the background, whoever waits."""
    honest = Background.fill

    def fill(self: Background, now_s: float, *, quiet: bool) -> list[Effect]:
        return honest(self, now_s, quiet=True)

    def fill_free_slots(self: Dispatch) -> list[Effect]:
        return self.background.fill(self.world.monotonic_s(), quiet=True) + honest_slots(self)

    honest_slots = Dispatch.fill_free_slots
    with (
        patch.object(Background, "fill", fill),
        patch.object(Dispatch, "fill_free_slots", fill_free_slots),
    ):
        yield


@contextmanager
def titles_written_over() -> Generator[None]:
    """The model's title takes the place of a person's."""
    honest = IdleWork.wanted

    def wanted(self: IdleWork, talk: StoredConversation, path: list[StoredMessage]) -> Any:
        return honest(self, replace(talk, titled_by=""), path)

    with patch.object(IdleWork, "wanted", wanted):
        yield


@contextmanager
def background_not_asked_again() -> Generator[None]:
    """What was taken away half-way is never made."""

    def lost(self: IdleWork) -> list[Effect]:
        return []

    with patch.object(IdleWork, "lost", lost):
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
        background_keeps_its_box,
        background_comes_first,
        titles_written_over,
        background_not_asked_again,
    )
}
