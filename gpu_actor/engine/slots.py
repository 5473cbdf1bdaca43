"""SlotLengths: how much each slot of a cache holds, and the checks that every runtime makes.

Pure bookkeeping: a runtime asks before it computes and tells afterwards.
"""

from collections.abc import Sequence

import numpy as np


class SlotLengths:
    """`rows`: of the cache, at least slots + shelves; `counts` [rows] are the positions that hold
    the sequence of each.
    """

    def __init__(self, slots: int, shelves: int, context: int, longest_chunk: int, rows: int = 0) -> None:
        self.slots = slots
        self.shelves = shelves
        self.context = context
        self.longest_chunk = longest_chunk
        self.counts = np.zeros(max(rows, slots + shelves), np.int64)

    def filled(self, slot: int) -> int:
        return int(self.counts[slot])

    def check_prefill(self, slot: int, count: int) -> int:
        """The position where `count` more go."""
        start = self.filled(slot)
        if not 0 <= slot < self.slots:
            raise ValueError(f"{slot} is no slot that computes")
        if count < 2:
            raise ValueError("a prompt is computed in chunks of two tokens or more")
        if count > self.longest_chunk or start + count > self.context:
            raise ValueError(f"slot {slot} holds {start} positions of {self.context}: {count} more do not go")
        return start

    def check_decode(self, slots: Sequence[int]) -> None:
        """No slot of it is full, and each computes."""
        if not slots or len(set(slots)) < len(slots) or not 0 <= min(slots) <= max(slots) < self.slots:
            raise ValueError(f"{list(slots)} are no slots that compute, each once")
        if self.counts[list(slots)].max() >= self.context:
            raise ValueError(f"a slot of {list(slots)} is full: {self.context} positions")

    def append(self, slots: int | Sequence[int], count: int) -> None:
        self.counts[slots if isinstance(slots, int) else list(slots)] += count

    def keep(self, slot: int, count: int) -> None:
        if not 0 <= count <= self.filled(slot):
            raise ValueError(f"slot {slot} holds {self.filled(slot)} positions, not {count}")
        self.counts[slot] = count

    def check_clone(self, source: int, target: int, count: int) -> None:
        if source == target or not {source, target} <= set(range(self.slots + self.shelves)):
            raise ValueError(f"slot {source} cannot be cloned into {target}")
        if not 0 <= count <= self.filled(source):
            raise ValueError(f"slot {source} holds {self.filled(source)} positions, not {count}")
