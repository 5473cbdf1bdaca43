"""Caches: which prompt tokens lie where in a decoder's cache, for what replies, and what is kept for later.

A reply begins with the longest beginning of its prompt that lies in any slot or shelf: what its own
conversation left is gone on with in place; what lies elsewhere (the character's prompt in
another conversation, a branch, a shelf) is cloned. Only positions that were computed as prompt are
known here: those of reply tokens, made one at a time, are forgotten when the reply ends, for
their bits are others (gpu_actor/sequence.py).

What is cloned never goes past the tokens that both prompts have, so nobody's cache holds a
token that is not in their own prompt. Still, somebody who can time a first token learns whether a
text has lately been the beginning of another's prompt; with `share` off only prompts of one user
serve each other.

When room is needed, what is worth least goes first. The worth of a cache is

    tokens x (1 + hits) / (1 + age)

the time that it would save, how often it did (a hit is a reply that began with 16 of its tokens or more),
and how many replies have begun since it was last used. What a reply works on is never given up.

Where memory is taken only as positions are filled, `most` bounds those of all caches together. A reply counts
with all that it may come to take, so that none has to stop half-way for want of memory.
"""

from collections.abc import Sequence as SequenceOf
from uuid import UUID

from msgspec import Struct

from gpu_actor.engine.decoder import Decoder

WORTH_A_CLONE = 16
"""Positions. Every prompt of a model begins with the same few tokens: they are computed as fast as copied."""

LEAST_TO_COMPUTE = 2
"""The logits of a prompt's last token are needed, and one token is never computed as a prompt by itself."""


class Held(Struct, eq=False):
    """What lies in one slot or on one shelf."""

    place: int
    ids: list[int]  # computed as prompt, from position 0 on
    conversation: UUID
    user: UUID
    live: bool  # a reply works on it
    used: int  # count of replies begun when one last began with it
    hits: int = 0
    longest: int = 0  # positions that the reply may come to take

    @property
    def size(self) -> int:
        """Positions that it counts for."""
        return max(self.longest if self.live else 0, len(self.ids))


class Placed(Struct, frozen=True):
    """Where a prompt goes: `reused` of its tokens lie there already, or else `cloned` of them were copied."""

    held: Held
    reused: int = 0
    cloned: int = 0
    evicted: int = 0  # caches given up for it


class Caches:
    """Owns all calls of the decoder's keep and clone. Not thread-safe."""

    def __init__(self, decoder: Decoder, *, share: bool, most: int = 0) -> None:
        """`most`: at least the positions of one slot; 0: all that there are."""
        self.decoder = decoder
        self.share = share
        self.most = most or (decoder.slots + decoder.shelves) * decoder.context
        self.begun = 0  # replies; the clock of the worth
        self.held: dict[int, Held] = {}  # by place; one that is missing holds nothing

    # -- a reply's course ---------------------------------------------------------------------

    def begin(self, ids: SequenceOf[int], conversation: UUID, user: UUID, longest: int = 0) -> Placed | None:
        """Give the prompt a slot, with as much of it as is known. One must be free of replies. None where
        replies leave too little memory for `longest` positions.
        """
        if longest + sum(held.size for held in self.held.values() if held.live) > self.most:
            return None
        self.begun += 1
        source, count = self.longest(ids, conversation, user)
        if source is not None:
            source.hits += count >= WORTH_A_CLONE
            source.used = self.begun
            own = source.conversation == conversation and source.user == user
            if own and not source.live and source.place < self.decoder.slots:
                self.cut(source, count)
                source.live = True
                source.longest = longest
                return Placed(source, reused=count, cloned=0, evicted=self.shrink())
        if count < WORTH_A_CLONE:
            source, count = None, 0
        slot, evicted = self.make_room(source)
        held = Held(slot, [], conversation, user, live=True, used=self.begun, longest=longest)
        if source is None:
            self.forget(slot)
        else:
            held.ids = source.ids[:count]
            if source.place == slot:  # there was no better room than its own
                self.cut(source, count)
            else:
                self.decoder.clone(source.place, slot, count)
                self.drop_if_spent(source, held)
        self.held[slot] = held
        return Placed(held, reused=0, cloned=count, evicted=evicted + self.shrink())

    def catch_up(self, held: Held, ids: SequenceOf[int]) -> int:
        """Others may have computed further positions of this prompt meanwhile: clone them. How many more
        of the prompt there are now.
        """
        source, count = self.longest(ids, held.conversation, held.user)
        more = count - len(held.ids)
        if source is None or source is held or more < WORTH_A_CLONE:
            return 0
        self.decoder.clone(source.place, held.place, count)
        held.ids = source.ids[:count]
        source.hits += 1
        source.used = self.begun
        return more

    def computed(self, held: Held, ids: SequenceOf[int]) -> None:
        """Further tokens of it lie in the cache, computed as prompt."""
        held.ids += ids

    def end(self, held: Held) -> None:
        """The reply is over: its own tokens are forgotten, the prompt stays until the room is needed."""
        held.live = False
        self.decoder.keep(held.place, len(held.ids))
        if not held.ids:
            self.forget(held.place)

    def begin_again(self, held: Held, ids: SequenceOf[int]) -> int:
        """Make a kept cache ready to hold these tokens: what differs is forgotten. The number that lies
        there, of which at least two are missing; -1 where that cannot be, and nothing was changed.
        """
        known = common(held.ids, list(ids))
        if not self.can_grow(held) or len(ids) - known < LEAST_TO_COMPUTE:
            return -1
        if self.size() + len(ids) - held.size > self.most:
            return -1
        self.cut(held, known)
        return known

    def can_grow(self, held: Held) -> bool:
        """It is still kept, in a slot, and no reply works on it."""
        return self.held.get(held.place) is held and not held.live and held.place < self.decoder.slots

    # -- what is known ------------------------------------------------------------------------

    def longest(self, ids: SequenceOf[int], conversation: UUID, user: UUID) -> tuple[Held | None, int]:
        """The cache with most of this prompt's beginning, and how many tokens of it may be used. Of equal
        ones, first what can be gone on with in place.
        """
        ids = list(ids)
        most = len(ids) - LEAST_TO_COMPUTE
        best: tuple[int, bool, bool] = (0, False, False)
        found: Held | None = None
        for held in self.held.values():
            if held.user != user and not self.share:
                continue
            own = held.conversation == conversation and held.user == user and not held.live
            rank = (min(common(held.ids, ids), most), own, own and held.place < self.decoder.slots)
            if rank > best and rank[0] > 0:
                best, found = rank, held
        return found, best[0]

    # -- room ---------------------------------------------------------------------------------

    def worth(self, held: Held) -> float:
        return len(held.ids) * (1 + held.hits) / (1 + self.begun - held.used)

    def make_room(self, source: Held | None) -> tuple[int, int]:
        """A slot that no reply works on, and how many caches were given up for it. What lies in the slot is
        put on a shelf where that holds nothing, or something worth less; `source` stays whole on its
        shelf, for it is about to be cloned.
        """
        slots, shelves = self.decoder.slots, self.decoder.shelves
        for slot in range(slots):
            if slot not in self.held:
                return slot, 0
        kept = sorted((held for held in self.held.values() if not held.live), key=self.worth)
        moved = next(held for held in kept if held.place < slots)
        for shelf in range(slots, slots + shelves):
            if shelf not in self.held:
                return self.shelve(moved, shelf), 0
        least = next(held for held in kept if held is moved or held is not source)
        if least is moved:
            return moved.place, 1
        return self.shelve(moved, least.place), 1

    def drop_if_spent(self, source: Held, held: Held) -> None:
        """A conversation's cache is of no use beside a later one that has all of it."""
        spent = source.conversation == held.conversation and source.user == held.user
        if spent and not source.live and source.ids == held.ids:
            self.forget(source.place)

    def size(self) -> int:
        return sum(held.size for held in self.held.values())

    def shrink(self) -> int:
        """Give up what is worth least until memory suffices; how many caches that were."""
        given_up = 0
        while self.size() > self.most:
            least = min((held for held in self.held.values() if not held.live), key=self.worth)
            self.forget(least.place)
            given_up += 1
        return given_up

    def shelve(self, held: Held, shelf: int) -> int:
        """Move it there; the slot that it leaves."""
        slot = held.place
        self.decoder.clone(slot, shelf, len(held.ids))
        del self.held[slot]
        held.place = shelf
        self.held[shelf] = held
        return slot

    def cut(self, held: Held, count: int) -> None:
        del held.ids[count:]
        self.decoder.keep(held.place, count)

    def forget(self, place: int) -> None:
        self.held.pop(place, None)
        self.decoder.keep(place, 0)


def common(one: list[int], other: list[int]) -> int:
    """How many tokens both begin with."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:  # the first `low` are equal, the first `high` are not
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
