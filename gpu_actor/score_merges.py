"""The merges of a SentencePiece vocabulary, which lists tokens with scores and no merges.

SentencePiece's byte pair encoding (Kudo and Richardson 2018, arXiv 1808.06226) joins, again and again, the
two neighbours whose joint text is the token of the best score: the same as merges in order of score, with
every way of cutting a token into two tokens as one merge. A vocabulary of 262,144 tokens has some two
million cuts, so the halves are looked up by hash, many at once: each cut of a token costs the same,
however long the token is.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

BASE = np.uint64(0x9E3779B97F4A7C15)
"""Of the polynomial hash, modulo 2^64; odd. Every pair that it finds is compared as text as well."""


class TextsByHash:
    """Texts, longest first, and where each stands by the hash of its letters."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        lengths = [len(text) for text in texts]
        self.lengths = np.array(lengths, np.int64)
        self.letters = np.frombuffer("".join(texts).encode("utf-32-le"), "<u4").astype(np.uint64)
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        self.whole = np.zeros(len(texts), np.uint64)
        for place in range(max(lengths, default=0)):
            longer = self.longer_than(place)
            self.whole[:longer] = self.extended(self.whole[:longer], place)
        # A table at the hash's upper bits holds most; those that lost their place to another are searched.
        self.shift = np.uint64(64 - max(8, (8 * len(texts)).bit_length()))
        places = np.arange(len(texts))
        slots = self.whole >> self.shift
        self.table = np.full(1 << int(64 - self.shift), -1, np.int64)
        self.table[slots] = places
        lost = places[self.table[slots] != places]
        self.lost = lost[np.argsort(self.whole[lost], kind="stable")]

    def longer_than(self, length: int) -> int:
        """How many texts are: they stand first."""
        return int(np.searchsorted(-self.lengths, -length, side="left"))

    def extended(self, hashes: Hashes, place: int) -> Hashes:
        """Hashes of the first `place` letters of the first texts → of one letter more."""
        return hashes * BASE + self.letters[self.starts[: len(hashes)] + place] + np.uint64(1)

    def find(self, hashes: Hashes) -> Numbers:
        """The place of the text with each hash; −1 for none."""
        found = self.table[hashes >> self.shift]
        (open_,) = np.nonzero(self.whole[found] != hashes)
        found[open_] = -1
        if len(self.lost):
            known = self.whole[self.lost]
            at = np.minimum(np.searchsorted(known, hashes[open_]), len(known) - 1)
            found[open_] = np.where(known[at] == hashes[open_], self.lost[at], -1)
        return found

    def cuts(self) -> tuple[Numbers, Numbers, Numbers]:
        """(whole, left, right): places of texts, each cut into two others in every way there is."""
        found: list[npt.NDArray[np.int64]] = []
        powers = np.concatenate([[np.uint64(1)], np.full(int(self.lengths.max(initial=0)), BASE)])
        powers = np.multiply.accumulate(powers, dtype=np.uint64)
        prefix = np.zeros(len(self.texts), np.uint64)
        for place in range(1, len(powers) - 1):
            longer = self.longer_than(place)
            prefix = self.extended(prefix[: self.longer_than(place - 1)], place - 1)[:longer]
            left = self.find(prefix)
            (whole,) = np.nonzero(left >= 0)
            rest = self.whole[whole] - prefix[whole] * powers[self.lengths[whole] - place]
            right = self.find(rest)
            both = right >= 0
            found.append(np.stack([whole[both], left[whole][both], right[both]]))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
        whole, left, right = np.concatenate(found, axis=1)
        return whole, left, right


def merges_by_score(tokens: Sequence[tuple[str, float]]) -> list[tuple[str, str]]:
    """The merges that tokens with scores stand for, the best first; of equal ones the earlier token, and
    of its cuts that with the shorter left half.
    """
    if not tokens:
        return []
    rank = np.argsort(np.array([-len(text) for text, _ in tokens]), kind="stable").astype(np.int64)
    texts = [tokens[index][0] for index in map(int, rank)]
    scores = np.array([score for _, score in tokens], np.float64)[rank]
    whole, left, right = TextsByHash(texts).cuts()
    order = np.lexsort((rank[whole], -scores[whole]))
    triples = zip(whole[order].tolist(), left[order].tolist(), right[order].tolist(), strict=True)
    return [(texts[a], texts[b]) for c, a, b in triples if texts[a] + texts[b] == texts[c]]
