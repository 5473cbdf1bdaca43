"""Mass: the sum of exp(logit − largest) over a vocabulary, and the entropy that goes with it.

In float64 that takes many times as long as in float32, so it is computed in float32 first, with a bound
of the error, and exactly only where the bound cannot decide a question.
"""

from typing import NamedTuple

import numpy as np

from gpu_actor.sampler.ranking import Logits

ROUGH_ERROR = 2e-5
"""Of the sum of float32 exponentials. Each is off by at most 2^-24 × (|logit − largest| + the result's own
units of 4): below 1.3e-5 where the difference is below 200, and beyond 104 a float32 exponential is zero,
which leaves out less than V × e^-103. The sums are float64."""


class Mass(NamedTuple):
    """`total` and `entropy` (in nats); their relative and absolute errors."""

    total: float
    entropy: float
    error: float
    entropy_error: float


def rough_mass(logits: Logits, largest: float) -> Mass:
    below = logits - np.float32(largest)
    weights = np.exp(below)
    total = float(weights.sum(dtype=np.float64))
    np.maximum(below, np.float32(-200), out=below)
    mean = float(np.multiply(weights, below, out=weights).sum(dtype=np.float64)) / total
    entropy = float(np.log(total)) - mean
    return Mass(total, entropy, ROUGH_ERROR, ROUGH_ERROR * (2 + 2 * abs(mean)))


def exact_mass(logits: Logits, largest: float) -> Mass:
    below = logits.astype(np.float64) - largest
    weights = np.exp(below)
    total = float(weights.sum())
    mean = float((weights * np.maximum(below, -1e6)).sum()) / total
    return Mass(total, float(np.log(total)) - mean, 0.0, 0.0)
