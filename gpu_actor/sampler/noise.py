"""Noise: random numbers that are a function of (seed, place in the reply, token id, stream) alone.

A reply that is taken up again elsewhere draws the same numbers, however many were drawn before.
Philox-4x32-10: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

SAMPLER_VERSION = 1
"""Goes up when the same logits, settings, seed and place could give another token. Part of the noise."""

TOKENS, EXCLUSION = 0, 1
"""Streams: the noise of the tokens, and the one number that decides whether XTC acts."""

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
"""32-bit words in 64-bit lanes."""

MASK, SHIFT = np.uint64(0xFFFF_FFFF), np.uint64(32)
MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)


FEW = 8
"""So many ids are faster one by one in Python's numbers than as arrays."""

CHUNK = 8_192
"""Ids at a time: their words stay in the processor's cache."""


def gumbel(seed: int, place: int, ids: Ids) -> Floats:
    """Standard Gumbel noise for each id."""
    return -np.log(-np.log(uniform(seed, place, ids, TOKENS)))


def uniform(seed: int, place: int, ids: Ids, stream: int) -> Floats:
    """Numbers between 0 and 1, both excluded, for each id."""
    if len(ids) <= FEW:
        words = np.array([word_of(seed, place, token, stream) for token in ids.tolist()], np.uint64)
    else:
        parts = (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
        words = np.concatenate([words_of(seed, place, part, stream) for part in parts])
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def words_of(seed: int, place: int, ids: Ids, stream: int) -> Words:
    """64 random bits for each id: key (seed), counter (id, place, stream and version)."""
    first, second = np.empty((2, len(ids)), np.uint64), np.empty((2, len(ids)), np.uint64)
    first[0], second[0] = ids, place & 0xFFFF_FFFF
    first[1], second[1] = place >> 32, stream << 16 | SAMPLER_VERSION
    first, second = ten_rounds(first, second, seed)
    return first[0] << SHIFT | second[0]


def word_of(seed: int, place: int, token: int, stream: int) -> int:
    """The same for one id."""
    c0, c1, c2, c3 = token, place & 0xFFFF_FFFF, place >> 32, stream << 16 | SAMPLER_VERSION
    for k0, k1 in key_pairs(seed):
        left, right = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = right >> 32 ^ c1 ^ k0, right & 0xFFFF_FFFF, left >> 32 ^ c3 ^ k1, left & 0xFFFF_FFFF
    return c0 << 32 | c1


def ten_rounds(first: Words, second: Words, seed: int) -> tuple[Words, Words]:
    """Over columns of counters: `first` holds their words 0 and 2, `second` 1 and 3; so do the results."""
    for key in keys(seed):
        products = (MULTIPLIERS * first)[::-1]
        first, second = (products >> SHIFT) ^ second ^ key, products & MASK
    return first, second


@lru_cache(64)
def keys(seed: int) -> Words:
    """The keys of the ten rounds [10, 2, 1]."""
    return np.array(key_pairs(seed), np.uint64)[:, :, None]


@lru_cache(64)
def key_pairs(seed: int) -> list[tuple[int, int]]:
    """The keys of the ten rounds; `seed` is their first, its low word before its high one."""
    return [
        ((seed + turn * 0x9E3779B9) & 0xFFFF_FFFF, ((seed >> 32) + turn * 0xBB67AE85) & 0xFFFF_FFFF)
        for turn in range(10)
    ]
