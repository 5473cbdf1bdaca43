"""Penalties: what changes the logits of single tokens, before anything is compared.

In this order, as llama.cpp has it:
- logit bias: added (OpenAI's definition)
- repetition penalty: Keskar et al. 2019 (arXiv 1909.05858): a positive logit of a token in the window is
  divided by it, a negative one multiplied, once, however often the token occurs
- frequency and presence penalty: OpenAI's definition, logit − count × frequency − (count > 0) × presence,
  counted in the window
- DRY (dry.py)
- min_tokens: while the reply is shorter, the ends of a turn are out

The window is the last `penalty_last_n` tokens, those of the prompt included. Special tokens, and with them
the ends of a turn, are never penalised.
"""

from collections import deque
from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt

from actors.messages.generation import Sampling
from gpu_actor.sampler.dry import Dry
from gpu_actor.sampler.noise import Floats, Ids
from gpu_actor.tokenizer import Tokenizer

LOWEST = -1e30
"""DRY takes no logit further down, so that nothing overflows."""


class Window:
    """How often each token occurs among the last `size` (−1: among all)."""

    def __init__(self, size: int, ignored: Collection[int]) -> None:
        self.size = size
        self.ignored = ignored
        self.recent: deque[int] = deque()
        self.places: dict[int, int] = {}
        self.ids = np.empty(256, np.int64)
        self.counts = np.zeros(256, np.int64)

    def add(self, token: int) -> None:
        if self.size == 0:
            return
        if self.size > 0:
            if len(self.recent) == self.size:
                self.count(self.recent.popleft(), -1)
            self.recent.append(token)
        self.count(token, 1)

    def count(self, token: int, step: int) -> None:
        if token in self.ignored:
            return
        place = self.places.get(token)
        if place is None:
            place = self.places[token] = self.room()
            self.ids[place] = token
        self.counts[place] += step

    def room(self) -> int:
        """A place for one more token; those that left the window make room first."""
        used = len(self.places)
        if used == len(self.ids):
            kept = np.flatnonzero(self.counts)
            self.places = {int(token): place for place, token in enumerate(self.ids[kept])}
            size = max(256, 2 * len(kept))
            ids, counts = np.empty(size, np.int64), np.zeros(size, np.int64)
            ids[: len(kept)], counts[: len(kept)] = self.ids[kept], self.counts[kept]
            self.ids, self.counts = ids, counts
            used = len(kept)
        return used

    def present(self) -> tuple[Ids, Ids]:
        """Ids and their counts, each id once, in no order that means anything."""
        places = np.flatnonzero(self.counts)
        return self.ids[places], self.counts[places]


class Penalties:
    """All of them for one reply; state is a function of the tokens added so far."""

    def __init__(self, sampling: Sampling, tokenizer: Tokenizer) -> None:
        self.sampling = sampling
        self.ends = np.array(sorted(tokenizer.ends), np.int64)
        biases = sorted(sampling.logit_bias)
        self.bias_ids = np.array([token for token, _ in biases], np.int64)
        self.bias = np.array([bias for _, bias in biases], np.float64)
        counted = sampling.repetition_penalty != 1 or sampling.presence_penalty or sampling.frequency_penalty
        self.window = Window(sampling.penalty_last_n if counted else 0, tokenizer.special_ids)
        self.dry = Dry(sampling, tokenizer) if sampling.dry_multiplier > 0 and sampling.dry_last_n else None

    def begin(self, prompt: Iterable[int]) -> None:
        """The ids before the reply."""
        ids = list(prompt)
        for token in ids if self.window.size < 0 else ids[len(ids) - min(len(ids), self.window.size) :]:
            self.window.add(token)
        if self.dry is not None:
            self.dry.begin(ids)

    def add(self, token: int) -> None:
        self.window.add(token)
        if self.dry is not None:
            self.dry.add(token)

    def changed(self, logits: npt.NDArray[np.float32], *, hold: bool) -> tuple[Ids, npt.NDArray[np.float32]]:
        """The ids whose logits change, each once, and their new values. `hold`: the turn may not end here."""
        counted, counts = self.window.present()
        dry_ids, dry = self.dry.penalties() if self.dry is not None else (counted[:0], np.empty(0))
        held_back = self.ends if hold else self.ends[:0]
        parts = [part for part in (self.bias_ids, counted, dry_ids, held_back) if len(part)]
        if not parts:
            return counted, np.empty(0, np.float32)
        ids = np.unique(np.concatenate(parts)) if len(parts) > 1 else parts[0]
        values = logits[ids].astype(np.float64)
        if len(self.bias_ids):
            values[np.searchsorted(ids, self.bias_ids)] += self.bias
        if len(counted):
            places = slice(None) if ids is counted else np.searchsorted(ids, counted)
            values[places] = penalised(values[places], counts, self.sampling)
        if len(dry_ids):
            values[np.searchsorted(ids, dry_ids)] -= dry
            np.maximum(values, LOWEST, out=values, where=values > -np.inf)
        if len(held_back):
            values[np.searchsorted(ids, held_back)] = -np.inf
        return ids, values.astype(np.float32)


def penalised(values: Floats, counts: Ids, sampling: Sampling) -> Floats:
    """Logits of tokens that occurred `counts` times (at least once) after the window's penalties."""
    after, by = values, sampling.repetition_penalty
    if by != 1:
        after = np.where(values > 0, values / by, values * by).astype(np.float64, copy=False)
    if sampling.frequency_penalty or sampling.presence_penalty:
        after = after - (counts * sampling.frequency_penalty + sampling.presence_penalty)
    return after
