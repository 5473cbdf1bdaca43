"""Ranking: the most likely tokens without sorting the vocabulary. Exact; what is not needed is not looked at.

The logits are laid out in rows, so that the largest of each column takes one pass at the speed of memory.
The k-th largest of those is at most the k-th largest logit: whatever beats it lies in the columns whose
largest does, and only those are looked at (64 × k numbers instead of a quarter of a million).
That pays while k is small.
"""

import numpy as np
import numpy.typing as npt

from gpu_actor.sampler.noise import Floats, Ids

ROWS = 64

Logits = npt.NDArray[np.float32]


class Ranking:
    """logits [V]; `largest` is the largest of them, NaN if one is."""

    def __init__(self, logits: Logits) -> None:
        self.logits = logits
        self.size = len(logits)
        self.width = -(-self.size // ROWS)
        self.full = self.size // self.width * self.width
        self.table = logits[: self.full].reshape(-1, self.width)
        self.rest = logits[self.full :]
        self.maxima: Logits = self.table.max(axis=0)
        if len(self.rest):
            np.maximum(self.maxima[: len(self.rest)], self.rest, out=self.maxima[: len(self.rest)])
        self.largest = float(self.maxima.max())

    def at_least(self, least: float) -> tuple[Ids, Floats]:
        """Ids and logits of all that are no less, the largest first; among equals the lower id."""
        border = np.float32(least)
        columns = np.flatnonzero(self.maxima >= border)
        values = self.table.take(columns, axis=1).ravel()
        places = np.flatnonzero(values >= border)
        rows, inside = np.divmod(places, max(len(columns), 1))
        ids = rows * self.width + columns[inside]
        values = values[places]
        if len(self.rest):
            more = np.flatnonzero(self.rest >= border)
            ids = np.concatenate((ids, more + self.full))
            values = np.concatenate((values, self.rest[more]))
        return falling(ids, values)

    def first(self, count: int) -> tuple[Ids, Floats]:
        """Ids and logits of the `count` largest, falling; without those that are ruled out (-inf)."""
        if count >= self.size:
            ids, values = falling(np.arange(self.size), self.logits)
        elif count > self.width // 8:
            border = np.partition(self.logits, self.size - count)[self.size - count]
            places = np.flatnonzero(self.logits >= border)
            ids, values = falling(places, self.logits[places])
        else:
            border = np.partition(self.maxima, self.width - count)[self.width - count]
            ids, values = self.at_least(border)
        count = min(count, int(np.count_nonzero(values > -np.inf)))
        return ids[:count], values[:count]


def falling(ids: Ids, values: Logits) -> tuple[Ids, Floats]:
    """Sorted; ids come rising, and rise among equals."""
    order = np.argsort(-values, kind="stable")
    return ids[order], values[order].astype(np.float64)
