"""Filters: which tokens may be drawn at all. Order and definitions are those of llama.cpp:

1. top-n-sigma: Tang et al. 2024 (arXiv 2411.07641): logits within n standard deviations of the largest
2. top-k: Fan et al. 2018 (1805.04833): the k most likely
3. typical: Meister et al. 2022 (2202.00666): the fewest whose surprise is nearest to the entropy and that
   reach a mass of p
4. top-p: Holtzman et al. 2020 (1904.09751): the fewest of the most likely that reach a mass of p
5. min-p: Nguyen et al. 2024 (2407.01082): those at least min_p times as likely as the most likely one
6. XTC: p-e-w, https://github.com/oobabooga/text-generation-webui/pull/6335: with a probability, all that are
   likelier than the threshold go but the least likely one of them

Each measures probabilities among what the one before it left, at temperature 1. At least one token stays.
All in float64; among equals the lower id comes first.

Nothing here needs more of the vocabulary than it must: a cut of the most likely is looked at first, and what
lies beyond it counts through bounds of its mass (mass.py); where those cannot decide, everything is computed.
The result never depends on the cut.
"""

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from actors.messages.generation import Sampling
from gpu_actor.sampler.mass import ROUGH_ERROR, Mass, exact_mass, rough_mass, rough_total
from gpu_actor.sampler.noise import EXCLUSION, Floats, Ids, uniform
from gpu_actor.sampler.ranking import Logits, Ranking, falling

CUTS = (256, 4096)
"""Candidates looked at first, while nothing bounds their number."""

Candidates = tuple[Ids, Floats]
"""Ids and logits, the largest first where the order matters; nothing that is ruled out (-inf) among them."""


def candidates(ranking: Ranking, sampling: Sampling) -> Candidates:
    """What is left after top-n-sigma, top-k, typical, top-p and min-p."""
    if sampling.top_n_sigma > 0:
        ids, values = ranking.at_least(ranking.largest - sampling.top_n_sigma * deviation(ranking.logits))
        return narrowed(first_of(ids, values, sampling.top_k), sampling)
    if sampling.top_k:
        return narrowed(ranking.first(sampling.top_k), sampling)
    if sampling.typical_p < 1:
        ids, values = typical_of_all(ranking, sampling.typical_p)
        return narrowed((ids, values), sampling, typical_done=True)
    if sampling.top_p < 1:
        return likely_of_all(ranking, sampling)
    if sampling.min_p > 0:
        # A little more than min-p keeps, which is then measured by its definition.
        found = ranking.at_least(ranking.largest + float(np.log(sampling.min_p)) - 1e-3)
        return narrowed(found, sampling)
    if sampling.xtc_probability > 0:
        return ranking.first(ranking.size)
    ids = np.flatnonzero(ranking.logits > -np.inf)
    return ids, ranking.logits[ids].astype(np.float64)  # nothing that follows needs an order


def first_of(ids: Ids, values: Floats, count: int) -> Candidates:
    return (ids[:count], values[:count]) if count else (ids, values)


def narrowed(found: Candidates, sampling: Sampling, *, typical_done: bool = False) -> Candidates:
    """typical, top-p and min-p among candidates that are all there are."""
    ids, values = found
    if sampling.typical_p < 1 and not typical_done:
        ids, values = typical(ids, values, sampling.typical_p)
    if sampling.top_p >= 1 and sampling.min_p <= 0:
        return ids, values
    weights = np.exp(values - values[0])
    kept = surviving(weights, float(weights.sum()), sampling)
    return ids[:kept], values[:kept]


def surviving(weights: Floats, total: float, sampling: Sampling) -> int:
    """How many of the candidates top-p and min-p keep. weights: exp(logit − largest), falling; total: the
    mass of all there are, in the same measure.
    """
    kept = len(weights)
    if sampling.top_p < 1:
        before = np.cumsum(weights) - weights
        kept = min(kept, int(np.count_nonzero(before < sampling.top_p * total)))
    if sampling.min_p > 0:
        kept = min(kept, int(np.count_nonzero(weights >= sampling.min_p)))
    return max(kept, 1)


def likely_of_all(ranking: Ranking, sampling: Sampling) -> Candidates:
    """top-p and min-p where nothing before them bounds the number of candidates."""
    total = Total(ranking)
    for cut in (*(cut for cut in CUTS if cut < ranking.size), ranking.size):
        ids, values = ranking.first(cut)
        weights = np.exp(values - values[0])
        for low, high in total.bounds(float(weights.sum())):
            least, most = surviving(weights, low, sampling), surviving(weights, high, sampling)
            if least == most and (most < cut or cut == ranking.size):
                return ids[:most], values[:most]
            if least >= cut:
                break  # the cut is too short, whatever the total
    raise AssertionError("the last cut is the whole vocabulary, and its last bounds are equal")


class Total:
    """The mass of the whole vocabulary, as exactly as it is needed."""

    def __init__(self, ranking: Ranking) -> None:
        self.ranking = ranking

    def bounds(self, known: float) -> Iterator[tuple[float, float]]:
        """At least and at most so much, ever closer; `known`: the mass of some of it. That alone is often
        enough, where min-p ends the candidates before top-p does.
        """
        yield known * (1 - 1e-9), math.inf
        yield self.rough * (1 - ROUGH_ERROR), self.rough * (1 + ROUGH_ERROR)
        yield self.exact, self.exact

    @cached_property
    def rough(self) -> float:
        return rough_total(self.ranking.logits, self.ranking.largest)

    @cached_property
    def exact(self) -> float:
        return exact_mass(self.ranking.logits, self.ranking.largest).total


# -- typical --------------------------------------------------------------------------------------


def typical(ids: Ids, values: Floats, mass: float) -> Candidates:
    """Among candidates that are all there are; they come and go the largest first."""
    weights = np.exp(values - values[0])
    total = weights.sum()
    shares = weights / total
    surprise = np.log(total) - (values - values[0])
    entropy = float((shares * surprise).sum())
    places = nearest(surprise, shares, entropy, mass)
    places.sort()
    return ids[places], values[places]


def nearest(surprise: Floats, shares: Floats, entropy: float, mass: float) -> Ids:
    """Places of the fewest that are nearest to the entropy and reach the mass, the nearest first."""
    order = np.argsort(np.abs(surprise - entropy), kind="stable")
    before = np.cumsum(shares[order]) - shares[order]
    return order[: max(int(np.count_nonzero(before < mass)), 1)]


def typical_of_all(ranking: Ranking, mass: float) -> Candidates:
    """The whole vocabulary's, from its most likely tokens where those are proven to be enough."""
    rough = rough_mass(ranking.logits, ranking.largest)
    for cut in CUTS:
        if cut < ranking.size:
            ids, values = ranking.first(cut)
            places = nearest_in_cut(values - values[0], rough, mass)
            if places is not None:
                return ids[places], values[places]
    exact = exact_mass(ranking.logits, ranking.largest)
    ids = np.flatnonzero(ranking.logits > -np.inf)
    below = ranking.logits[ids].astype(np.float64) - ranking.largest
    surprise = np.log(exact.total) - below
    places = nearest(surprise, np.exp(below) / exact.total, exact.entropy, mass)
    places.sort()
    return falling(ids[places], ranking.logits[ids[places]])


def nearest_in_cut(below: Floats, rough: Mass, mass: float) -> Ids | None:
    """The typical ones among the most likely, rising, where bounds suffice to tell. below: logit − largest.

    An error of the mass shifts every surprise alike, one of the entropy every distance by as much; so the
    order by distance is right where distances differ by more than twice both.
    """
    slack = 2 * (rough.error + rough.entropy_error)
    surprise = np.log(rough.total) - below
    distance = np.abs(surprise - rough.entropy)
    order = np.argsort(distance, kind="stable")
    sums = np.cumsum(np.exp(below[order])) / rough.total
    count = int(np.count_nonzero(sums < mass * (1 - 2 * rough.error) - 1e-12)) + 1
    if count >= len(below) or sums[count - 1] < mass * (1 + 2 * rough.error) + 1e-12:
        return None
    nearest_out = min(distance[order[count]], surprise[-1] - rough.entropy)
    last = distance[order[count - 1]]
    before = distance[order[count - 2]] if count > 1 else -np.inf
    if nearest_out - last <= slack or last - before <= slack:
        return None
    return np.sort(order[:count])


# -- others ---------------------------------------------------------------------------------------


def deviation(logits: Logits) -> float:
    """Standard deviation over the tokens that are not ruled out; squares in float32, sums in float64."""
    mean = float(logits.sum(dtype=np.float64)) / len(logits)
    if not math.isfinite(mean):
        logits = logits[logits > -np.inf]
        mean = float(logits.sum(dtype=np.float64)) / len(logits)
    squares = logits - np.float32(mean)
    np.square(squares, out=squares)
    return math.sqrt(float(squares.sum(dtype=np.float64)) / len(logits))


def without_top_choices(found: Candidates, sampling: Sampling, seed: int, place: int) -> Candidates:
    """XTC."""
    ids, values = found
    if sampling.xtc_probability <= 0 or sampling.xtc_threshold > 0.5 or len(ids) < 2:
        return found
    weights = np.exp(values - values[0])
    above = int(np.count_nonzero(weights >= sampling.xtc_threshold * weights.sum()))
    if above < 2 or draw_of(seed, place) > sampling.xtc_probability:
        return found
    return ids[above - 1 :], values[above - 1 :]


def draw_of(seed: int, place: int) -> float:
    return float(uniform(seed, place, np.zeros(1, np.int64), EXCLUSION)[0])


def temperature(values: Floats, sampling: Sampling) -> float:
    """The temperature among these candidates. With a range it follows their entropy, as a share h of the
    largest that so many could have: t − r + 2r × h^exponent (llama.cpp's definition).
    """
    spread = sampling.dynamic_range
    if spread <= 0 or len(values) < 2:
        return sampling.temperature
    below = values - values.max()
    weights = np.exp(below)
    total = float(weights.sum())
    entropy = np.log(total) - float((weights * below).sum()) / total
    share = min(max(entropy / np.log(len(values)), 0.0), 1.0)
    least, most = max(sampling.temperature - spread, 0.0), sampling.temperature + spread
    return float(least + (most - least) * share**sampling.dynamic_exponent)
