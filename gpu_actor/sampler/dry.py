"""DRY ("don't repeat yourself"): the longer a repetition is, the less likely is the token that would go on.

Definition: p-e-w, https://github.com/oobabooga/text-generation-webui/pull/5677, with the finer points as
llama.cpp has them (`llama_sampler_dry_apply`). If the last n tokens occurred before and were followed by
token t, n being the largest such number, then for n ≥ allowed_length the logit of t falls by
multiplier × base^(n − allowed_length). A repetition reaches back over no sequence breaker and not out of
the last `dry_last_n` tokens; an earlier occurrence may overlap the present one.

A breaker is a string, looked for in the bytes of the tokens: it breaks at the token that holds its end,
however the tokenizer cut it. llama.cpp does the same for a breaker that lies within one token, and asks for
the tokenizer's own cut of one that spans several.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actors.messages.generation import Sampling
from gpu_actor.sampler.noise import Floats, Ids
from gpu_actor.tokenizer import Tokenizer

LARGEST_LOG = 88.7228391
"""Natural logarithm of the largest float32: no power of the base goes beyond it (as in llama.cpp)."""

NO_TOKEN = np.iinfo(np.int64).max

NOTHING = (np.empty(0, np.int64), np.empty(0))

Lengths = npt.NDArray[np.int64]


class Dry:
    """`lengths[j]`: how many tokens up to and with j equal the last ones; kept from token to token."""

    def __init__(self, sampling: Sampling, tokenizer: Tokenizer) -> None:
        self.sampling = sampling
        self.tokenizer = tokenizer
        self.specials = np.array([*sorted(tokenizer.special_ids), NO_TOKEN], np.int64)
        self.breakers = [text.encode("utf-8", "replace") for text in sampling.dry_breakers]
        self.overhang = max(map(len, self.breakers), default=1) - 1
        self.tail = b""  # the last bytes, as many as may begin a breaker
        self.since = 0  # tokens after the last breaker
        self.ids: Ids = np.empty(0, np.int64)
        self.lengths: Lengths = np.empty(0, np.int64)
        self.size = 0
        base = sampling.dry_base
        self.steepest = int(LARGEST_LOG / math.log(base)) if base > 1.000001 else 0

    def begin(self, prompt: Sequence[int]) -> None:
        """The same as adding each of them, in linear time."""
        for token in prompt:
            self.look_for_breakers(token)
        self.size = len(prompt)
        self.ids = np.array(prompt, np.int64)
        self.lengths = np.array(suffix_lengths(prompt), np.int64)

    def add(self, token: int) -> None:
        self.look_for_breakers(token)
        if self.size == len(self.ids):
            self.make_room()
        size = self.size
        same = self.ids[:size] == token
        self.lengths[1:size] = (self.lengths[: max(size - 1, 0)] + 1) * same[1:]
        if size:
            self.lengths[0] = same[0]
        self.ids[size] = token
        self.size += 1

    def make_room(self) -> None:
        """Twice the room; what lies before the window is forgotten first."""
        last_n = self.sampling.dry_last_n
        start = max(self.size - last_n - 1, 0) if last_n >= 0 else 0
        kept = self.size - start
        for name in ("ids", "lengths"):
            old = getattr(self, name)
            room = np.zeros(max(1024, 2 * kept), np.int64)
            room[:kept] = old[start : self.size]
            setattr(self, name, room)
        self.size = kept

    def look_for_breakers(self, token: int) -> None:
        """A breaker that ends in this token ends every repetition before it."""
        piece = self.tokenizer.pieces[token] or self.tokenizer.name(token).encode()
        text = self.tail + piece
        self.since += 1
        if any(text.find(each, max(len(self.tail) - len(each) + 1, 0)) >= 0 for each in self.breakers):
            self.since = 0
        self.tail = text[len(text) - min(len(text), self.overhang) :]

    def penalties(self) -> tuple[Ids, Floats]:
        """Ids, each once and rising, and what is taken off their logits."""
        allowed, last_n = self.sampling.dry_allowed_length, self.sampling.dry_last_n
        start = max(self.size - last_n, 0) if last_n >= 0 else 0
        places = start + np.flatnonzero(self.lengths[start : max(self.size - 1, start)] >= allowed)
        if not len(places) or self.since < allowed:
            return NOTHING
        lengths = np.minimum(np.minimum(self.lengths[places], places - start + 1), self.since)
        tokens = self.ids[places + 1]
        order = np.lexsort((lengths, tokens))  # of each token the longest comes last
        tokens, lengths = tokens[order], lengths[order]
        last = np.append(tokens[1:] != tokens[:-1], True)
        last &= lengths >= allowed
        last &= self.specials[np.searchsorted(self.specials, tokens)] != tokens
        exponents = lengths[last] - allowed
        if self.steepest:
            exponents = np.minimum(exponents, self.steepest)
        return tokens[last], self.sampling.dry_multiplier * np.power(self.sampling.dry_base, exponents)


def suffix_lengths(ids: Sequence[int]) -> list[int]:
    """For each place the number of tokens up to it that equal the last ones: Gusfield's Z, read backwards.
    (Of the last place itself: 0, for it is no earlier occurrence.)
    """
    size = len(ids)
    turned = ids[::-1]
    found = [0] * size
    left = right = 0
    for at in range(1, size):
        length = min(right - at, found[at - left]) if at < right else 0
        while at + length < size and turned[length] == turned[at + length]:
            length += 1
        if at + length > right:
            left, right = at, at + length
        found[at] = length
    return found[::-1]
