"""Sampler: which token comes next. One pure function of logits, settings, seed and place.

Order of the filters, as llama.cpp has it: repetition penalty, top-k, top-p, min-p, temperature.

- repetition penalty: Keskar et al. 2019 (arXiv 1909.05858): a positive logit of a token seen lately is
  divided by it, a negative one multiplied
- top-k: Fan et al. 2018 (1805.04833): the k most likely
- top-p: Holtzman et al. 2020 (1904.09751): the fewest of the most likely that reach a mass of p
- min-p: Nguyen et al. 2024 (2407.01082): those at least min_p times as likely as the most likely one

The draw is Gumbel-max: the token with the largest logit / temperature + Gumbel noise, where the
noise of a token is a function of (seed, place in the reply, token id) alone. A reply that is
taken up again elsewhere therefore draws the same numbers, and a logit that differs in its
last bit changes nothing but near ties. All in float64; equal values go to the lower id.
"""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from actors.messages.generation import Sampling

SAMPLER_VERSION = 1
"""Goes up when the same logits, settings, seed and place could give another token. Part of the noise."""

PENALTY_WINDOW = 256
"""Tokens back from the end, prompt included, that the repetition penalty looks at."""

CUTS = (256, 4096)
"""Candidates looked at first: sorting a whole vocabulary takes milliseconds, a cut a fraction of one."""

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


class SamplerError(Exception):
    """The logits are not numbers: the runtime is broken. The engine process starts anew."""


def choose(
    logits: npt.NDArray[np.float32],
    sampling: Sampling,
    *,
    seed: int,
    place: int,
    recent: Sequence[int],
    unpenalised: Collection[int],
) -> int:
    """The token at `place` (0-based) of the reply. logits [V]; `recent`: ids before it, prompt included;
    `unpenalised`: ids that the repetition penalty leaves alone (the ends of a turn).
    """
    if not np.isfinite(logits.max()):
        raise SamplerError("the model gave logits that are not numbers")
    logits = penalised(logits, sampling.repetition_penalty, recent, unpenalised)
    if sampling.temperature <= 0:
        return int(np.argmax(logits))
    ids, values = candidates(logits, sampling)
    scores = values / sampling.temperature + gumbel(seed, place, ids)
    return int(ids[np.lexsort((ids, -scores))[0]])


def penalised(
    logits: npt.NDArray[np.float32], penalty: float, recent: Sequence[int], unpenalised: Collection[int]
) -> npt.NDArray[np.float32]:
    """A copy with the penalty on the tokens of the window; each once, however often it appeared."""
    seen = set(recent[-PENALTY_WINDOW:]) - set(unpenalised) if penalty != 1 else set[int]()
    if not seen:
        return logits
    ids = np.fromiter(seen, np.int64, len(seen))
    values = logits[ids].astype(np.float64)
    changed = logits.copy()
    changed[ids] = np.where(values > 0, values / penalty, values * penalty)
    return changed


def candidates(logits: npt.NDArray[np.float32], sampling: Sampling) -> tuple[Ids, Floats]:
    """Ids and logits that survive top-k, top-p and min-p, the most likely first."""
    size = len(logits)
    cuts = [min(sampling.top_k, size)] if sampling.top_k else [*(cut for cut in CUTS if cut < size), size]
    ids, values, kept = np.empty(0, np.int64), np.empty(0), 0
    for cut in cuts:
        ids, values = most_likely(logits, cut)
        weights = np.exp(values - values[0])
        whole = weights if sampling.top_k or cut == size else np.exp(logits.astype(np.float64) - values[0])
        kept = surviving(weights, float(whole.sum()), sampling)
        if kept < cut:
            break  # whatever lies beyond the cut is out as well
    return ids[:kept], values[:kept]


def surviving(weights: Floats, total: float, sampling: Sampling) -> int:
    """How many of the candidates top-p and min-p keep. weights: exp(logit − largest), falling."""
    kept = len(weights)
    if sampling.top_p < 1:
        before = np.cumsum(weights) - weights
        kept = min(kept, int(np.count_nonzero(before < sampling.top_p * total)))
    if sampling.min_p > 0:
        kept = min(kept, int(np.count_nonzero(weights >= sampling.min_p)))
    return max(kept, 1)


def most_likely(logits: npt.NDArray[np.float32], count: int) -> tuple[Ids, Floats]:
    """The `count` largest, falling; among equals the lower id is the larger."""
    if count < len(logits):
        border = np.partition(logits, len(logits) - count)[len(logits) - count]
        ids = np.flatnonzero(logits >= border)
    else:
        ids = np.arange(len(logits))
    values = logits[ids].astype(np.float64)
    order = np.lexsort((ids, -values))[:count]
    return ids[order], values[order]


# -- noise ----------------------------------------------------------------------------------------


def gumbel(seed: int, place: int, ids: Ids) -> Floats:
    """Standard Gumbel noise for each id."""
    low, high = philox(seed, place, ids)
    uniform = ((low << np.uint64(32) | high) >> np.uint64(11)).astype(np.float64)
    return -np.log(-np.log((uniform + 0.5) * 2.0**-53))


def philox(seed: int, place: int, ids: Ids) -> tuple[Words, Words]:
    """Two 32-bit words for each id: Philox-4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
    1, 2, 3") with key (seed) and counter (id, place, version).
    """
    key = (seed & 0xFFFF_FFFF, seed >> 32 & 0xFFFF_FFFF)
    low_place, high_place = place & 0xFFFF_FFFF, place >> 32
    like = ids.astype(np.uint64)
    rest = [np.full_like(like, word) for word in (low_place, high_place, SAMPLER_VERSION)]
    words = philox4x32([like, *rest], key)
    return words[0], words[1]


def philox4x32(counter: list[Words], key: tuple[int, int]) -> list[Words]:
    """Ten rounds over columns of counters; 32-bit words in 64-bit lanes."""
    mask, shift = np.uint64(0xFFFF_FFFF), np.uint64(32)
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c2 = (right >> shift) ^ c1 ^ np.uint64(k0), (left >> shift) ^ c3 ^ np.uint64(k1)
        c1, c3 = right & mask, left & mask
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFF_FFFF, (k1 + 0xBB67AE85) & 0xFFFF_FFFF
    return [c0, c1, c2, c3]
