"""The samplers word for word after their publications: plain Python over the whole vocabulary, slow."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actors.messages.generation import Sampling

Logits = npt.NDArray[np.float32]


def some_logits(size: int, seed: int, spread: float = 3) -> Logits:
    return (np.random.default_rng(seed).standard_normal(size) * spread).astype(np.float32)


def shares(values: Sequence[float]) -> list[float]:
    """Softmax."""
    weights = [math.exp(value - max(values)) for value in values]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def allowed(logits: Logits, sampling: Sampling) -> list[int]:
    """Ids that the filters leave, XTC apart, the most likely first."""
    left = sorted(
        (token for token, value in enumerate(logits.tolist()) if value > -math.inf),
        key=lambda token: (-float(logits[token]), token),
    )
    for filtered in (top_n_sigma, top_k, typical, top_p, min_p):
        left = filtered(left, [float(logits[token]) for token in left], sampling)
    return left


def top_n_sigma(left: list[int], values: list[float], sampling: Sampling) -> list[int]:
    """Tang et al.: logits no further than n standard deviations below the largest."""
    if not sampling.top_n_sigma:
        return left
    mean = math.fsum(values) / len(values)
    sigma = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    border = np.float32(values[0] - sampling.top_n_sigma * sigma)
    return [token for token, value in zip(left, values, strict=True) if value >= border]


def top_k(left: list[int], values: list[float], sampling: Sampling) -> list[int]:
    return left[: sampling.top_k or None]


def typical(left: list[int], values: list[float], sampling: Sampling) -> list[int]:
    """Meister et al., equation 8: the smallest set of the least |entropy - surprise| with a mass of p."""
    if sampling.typical_p >= 1:
        return left
    probabilities = shares(values)
    total = math.fsum(math.exp(value - values[0]) for value in values)
    surprises = [math.log(total) - (value - values[0]) for value in values]
    entropy = math.fsum(p * s for p, s in zip(probabilities, surprises, strict=True))
    order = sorted(range(len(left)), key=lambda place: abs(surprises[place] - entropy))
    kept: list[int] = []
    mass = 0.0
    for place in order:
        kept.append(place)
        mass += probabilities[place]
        if mass >= sampling.typical_p:
            break
    return [left[place] for place in sorted(kept)]


def top_p(left: list[int], values: list[float], sampling: Sampling) -> list[int]:
    """Holtzman et al.: the smallest set of the most likely with a mass of at least p."""
    if sampling.top_p >= 1:
        return left
    mass = 0.0
    for count, share in enumerate(shares(values), start=1):
        mass += share
        if mass >= sampling.top_p:
            return left[:count]
    return left


def min_p(left: list[int], values: list[float], sampling: Sampling) -> list[int]:
    """Nguyen et al.: those with at least min_p times the probability of the most likely."""
    probabilities = shares(values)
    least = sampling.min_p * probabilities[0]
    return [left[0]] + [
        token for token, share in zip(left[1:], probabilities[1:], strict=True) if share >= least
    ]


def without_top_choices(left: list[int], logits: Logits, threshold: float) -> list[int]:
    """XTC where it acts: all above the threshold go but the least likely of them."""
    probabilities = shares([float(logits[token]) for token in left])
    above = [token for token, share in zip(left, probabilities, strict=True) if share >= threshold]
    return [token for token in left if token not in above[:-1]]


def dry_lengths(ids: Sequence[int], breaks: Sequence[bool]) -> dict[int, int]:
    """For each token the longest end of `ids` that occurred before and was followed by it; no repetition
    reaches over a token that breaks.
    """
    found: dict[int, int] = {}
    for at in range(len(ids) - 1):
        length = 0
        while length <= at and ids[at - length] == ids[-1 - length] and not breaks[len(ids) - 1 - length]:
            length += 1
        if length:
            found[ids[at + 1]] = max(found.get(ids[at + 1], 0), length)
    return found
