"""WaitingLine: the replies that wait, and the order in which they would be served. Pure.

First come replies that had their turn already and lost their worker, then those that a keeper of the node
moved by hand, then all others by fair share; each user's own in the order they came.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from uuid import UUID

from msgspec import Struct

from actors.messages.generation import GenerateReply
from actors.messages.queueing import Placed
from actors.queueing.fair_share import FairShare


class Ticket(Struct):
    """A reply that waits."""

    request: GenerateReply
    since_s: float
    hopeful_s: float  # when a worker that could make it was last there
    told: Placed | None = None
    held_until_s: float | None = None  # it waits for the worker that has its prompt warm, no longer than this

    @property
    def generation(self) -> UUID:
        return self.request.generation

    @property
    def user(self) -> UUID:
        return self.request.user


Cost = Callable[[Ticket], float]


class WaitingLine:
    def __init__(self, share: FairShare) -> None:
        self.share = share
        self.tickets: dict[UUID, Ticket] = {}  # by generation, in the order they came
        self.resumed: list[UUID] = []
        self.by_hand: list[UUID] = []
        self.of_user: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return len(self.tickets)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(list(self.tickets.values()))

    def get(self, generation: UUID) -> Ticket | None:
        return self.tickets.get(generation)

    @property
    def users(self) -> list[UUID]:
        """Who waits."""
        return list(self.of_user)

    # -- coming and going ---------------------------------------------------------------------

    def join(self, ticket: Ticket) -> None:
        if ticket.request.attempt:
            self.resumed.append(ticket.generation)
        self.add(ticket)

    def put_back(self, ticket: Ticket) -> None:
        """Its lease could not be written: it is the next again."""
        self.resumed.insert(0, ticket.generation)
        self.add(ticket)

    def add(self, ticket: Ticket) -> None:
        if not self.of_user[ticket.user]:
            self.share.joined(ticket.user)
        self.of_user[ticket.user] += 1
        self.tickets[ticket.generation] = ticket

    def leave(self, generation: UUID) -> Ticket | None:
        ticket = self.tickets.pop(generation, None)
        if ticket is None:
            return None
        self.of_user[ticket.user] -= 1
        if not self.of_user[ticket.user]:
            del self.of_user[ticket.user]
        for places in (self.resumed, self.by_hand):
            if generation in places:
                places.remove(generation)
        return ticket

    # -- the order ----------------------------------------------------------------------------

    def order(self, cost: Cost) -> Iterator[Ticket]:
        """All of them as they would be served, were nothing to change; `cost` is what one is expected to."""
        tags: dict[UUID, float] = {user: self.share.tag(user) for user in self.of_user}

        def charged(ticket: Ticket) -> Ticket:
            if ticket.generation not in self.share.charges:
                tags[ticket.user] += cost(ticket) / self.share.weight(ticket.user)
            return ticket

        first = [*self.resumed, *self.by_hand]
        for generation in first:
            yield charged(self.tickets[generation])
        lines: dict[UUID, deque[Ticket]] = {}
        placed = set(first)
        for ticket in self.tickets.values():
            if ticket.generation not in placed:
                lines.setdefault(ticket.user, deque()).append(ticket)
        ranks = {user: rank for rank, user in enumerate(lines)}  # at equal tags: who came first
        heap = [(tags[user], ranks[user], user) for user in lines]
        heapify(heap)
        while heap:
            _, rank, user = heappop(heap)
            line = lines[user]
            yield charged(line.popleft())
            if line:
                heappush(heap, (tags[user], rank, user))

    # -- by hand ------------------------------------------------------------------------------

    def move_first(self, generation: UUID) -> None:
        """Before all but those that had their turn already."""
        if generation not in self.tickets or generation in self.resumed:
            return
        if generation in self.by_hand:
            self.by_hand.remove(generation)
        self.by_hand.insert(0, generation)

    def move_up(self, generation: UUID, cost: Cost) -> None:
        """Before the one that it stands behind now; all that stand before it keep this order."""
        order = [ticket.generation for ticket in self.order(cost)]
        if generation not in order or generation in self.resumed:
            return
        place = order.index(generation)
        if place <= len(self.resumed):
            return
        order[place - 1], order[place] = order[place], order[place - 1]
        self.by_hand = [each for each in order[: max(place + 1, self.hand_end)] if each not in self.resumed]

    @property
    def hand_end(self) -> int:
        return len(self.resumed) + len(self.by_hand)
