"""FairShare: whose turn it is. Start-time fair queuing, in virtual time, over tokens served. Pure.

Each user has a tag: the tokens served so far, divided by the user's weight. Whoever waits with the lowest
tag is next. A reply is charged when it begins with what it is expected to cost, and the charge is put right
when it has ended and its tokens are counted. Somebody who comes to an empty place in the line starts at the
virtual time, the tag of whoever was served last: time away saves nothing up, and is not held against anyone.
(Goyal, Vin, Cheng, "Start-time Fair Queuing", 1996; with tokens served: Sheng et al., "Fairness in Serving
Large Language Models", 2024.)

Why not deficit round robin: it must know what a reply costs before it begins, and whoever comes with one
short reply waits for a whole round of the others' quanta. Here the cost may be guessed and corrected, and a
newcomer is next as soon as a slot opens.

What it promises: between two users who both have replies waiting, the service over any time differs by no
more than what their running replies cost, whatever they ask for. So a restart may forget all tags: it costs
nobody more than that once.
"""

from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct

LEAST_WEIGHT = 0.01


class Charge(Struct, frozen=True):
    """What a user's tag was raised by, for a reply that has not ended."""

    user: UUID
    raised: float


class FairShare:
    def __init__(self) -> None:
        self.tags: dict[UUID, float] = {}
        self.virtual_time = 0.0
        self.weights: dict[UUID, float] = {}  # of those whose weight is not 1
        self.charges: dict[UUID, Charge] = {}  # by generation
        self.ends = 0  # since the idle were forgotten: to look for them takes longer the more users there are

    def weight(self, user: UUID) -> float:
        return max(self.weights.get(user, 1.0), LEAST_WEIGHT)

    def tag(self, user: UUID) -> float:
        return max(self.tags.get(user, 0.0), 0.0)

    def joined(self, user: UUID) -> None:
        """The user has a reply waiting, and had none before."""
        self.tags[user] = max(self.tag(user), self.virtual_time)

    def begun(self, generation: UUID, user: UUID, cost: float, waiting: Iterable[UUID]) -> None:
        """A slot is given to the user, for about `cost` tokens; `waiting` are all users who wait."""
        lowest = min((self.tag(each) for each in waiting), default=self.tag(user))
        self.virtual_time = max(self.virtual_time, min(lowest, self.tag(user)))
        self.charge(generation, user, cost)

    def charge(self, generation: UUID, user: UUID, cost: float) -> None:
        """Once for each reply; what is charged already stands."""
        if generation in self.charges:
            return
        raised = cost / self.weight(user)
        self.charges[generation] = Charge(user, raised)
        self.tags[user] = self.tag(user) + raised

    def ended(self, generation: UUID, cost: float | None, waiting: Iterable[UUID] = ()) -> None:
        """It cost so much in truth; None: not known, the guess stands."""
        charge = self.charges.pop(generation, None)
        if charge is None:
            return
        if cost is not None:
            self.tags[charge.user] = self.tag(charge.user) + cost / self.weight(charge.user) - charge.raised
        self.ends += 1
        if 2 * self.ends >= len(self.tags):
            self.ends = 0
            self.forget_idle(set(waiting))

    def forget_idle(self, waiting: set[UUID]) -> None:
        """Who has nothing in hand and would start at the virtual time anyway need not be remembered."""
        busy = waiting | {charge.user for charge in self.charges.values()}
        self.tags = {user: tag for user, tag in self.tags.items() if tag > self.virtual_time or user in busy}
