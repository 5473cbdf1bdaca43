"""Draw: the next token as one pure function of logits, settings, seed, place and the ids so far.

1. what the constraint forbids is out (constraint.py)
2. single tokens change: bias, penalties, DRY, min_tokens (penalties.py)
3. temperature 0: the most likely token, and nothing of what follows
4. filters (filters.py)
5. temperature, if wished after the entropy
6. Gumbel-max: the token with the largest logit / temperature + Gumbel noise (noise.py)

The noise of a token depends on nothing but (seed, place, id), so a logit that differs in its last bit
changes nothing but near ties. Edited logits are float32, everything after that is float64; equal values
go to the lower id.
"""

import math

import numpy as np

from actors.messages.generation import Sampling
from gpu_actor.sampler.filters import candidates, temperature, without_top_choices
from gpu_actor.sampler.noise import gumbel
from gpu_actor.sampler.ranking import Logits, Ranking


class SamplerError(Exception):
    """The logits are not numbers: the runtime is broken. The engine process starts anew."""


def draw(logits: Logits, sampling: Sampling, *, seed: int, place: int) -> int:
    """The token at `place` (0-based) of the reply, from logits [V] that steps 1 and 2 are done with."""
    if sampling.temperature <= 0:
        best = int(logits.argmax())  # of something that is no number, if there is one
        checked(float(logits[best]))
        return best
    ranking = Ranking(logits)
    checked(ranking.largest)
    ids, values = without_top_choices(candidates(ranking, sampling), sampling, seed, place)
    heat = temperature(values, sampling)
    if len(ids) == 1 or heat <= 0:
        return int(ids[0])
    scores = values / heat + gumbel(seed, place, ids)
    ties = np.flatnonzero(scores == scores.max())
    return int(ids[ties].min())


def checked(largest: float) -> None:
    if not math.isfinite(largest):
        raise SamplerError("the model gave logits that are not numbers")
