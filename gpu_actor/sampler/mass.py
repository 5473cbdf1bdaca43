"""Mass: the sum of exp(logit − largest) over a vocabulary, and the entropy that goes with it.

In float64 that takes many times as long as in float32, so it is computed in float32 first, with a bound
of the error, and exactly only where the bound cannot decide a question.
"""

import math
from typing import NamedTuple

import numpy as np

from gpu_actor.sampler.ranking import ROWS, Logits

ROUGH_ERROR = 3e-5
"""Of a sum of float32 exponentials. Each is off by at most 2^-24 × (|logit − largest| + 4): below 1e-5 where
the difference is below 104, beyond which a float32 exponential is zero, and that leaves out less than
V × e^-103. Sums of up to 64 float32 are off by less than 64 × 2^-24, and they are added in float64."""


class Mass(NamedTuple):
    """`total`, the mean of (largest − logit), and so the entropy (in nats); relative and absolute errors."""

    total: float
    mean: float
    error: float
    entropy_error: float

    @property
    def entropy(self) -> float:
        return math.log(self.total) + self.mean


def rough_total(logits: Logits, largest: float) -> float:
    below = logits - np.float32(largest)
    return added(np.exp(below, out=below))


def rough_mass(logits: Logits, largest: float) -> Mass:
    below = logits - np.float32(largest)
    weights = np.exp(below)
    total = added(weights)
    np.maximum(below, np.float32(-200), out=below)
    mean = -added(np.multiply(weights, below, out=below)) / total
    return Mass(total, mean, ROUGH_ERROR, ROUGH_ERROR * (2 + 2 * mean))


def added(values: Logits) -> float:
    """The sum: columns of 64 at the speed of memory, and their sums in float64."""
    whole = len(values) // ROWS * ROWS
    columns = values[:whole].reshape(ROWS, -1).sum(axis=0)
    return float(columns.sum(dtype=np.float64) + values[whole:].sum(dtype=np.float64))


def exact_mass(logits: Logits, largest: float) -> Mass:
    below = logits.astype(np.float64) - largest
    weights = np.exp(below)
    total = float(weights.sum())
    mean = -float((weights * np.maximum(below, -1e6)).sum()) / total
    return Mass(total, mean, 0.0, 0.0)
