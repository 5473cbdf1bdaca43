"""Bench of the sampler: one step for several streams over a large vocabulary, per kind of settings.

`python -m gpu_actor.bench.sampler` prints JSON. All times are the least of the rounds, in milliseconds for
all streams together. `floor` is one pass over the same logits at the speed of memory (their maximum): no
sampler that looks at every logit is faster. `target` is a tenth of a step of a 12B model at 60 tokens/s.
"""

import json
import sys
import time
from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from actors.messages.generation import Sampling
from actors.presets import PRESETS
from gpu_actor.sampler.chooser import TokenChooser
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.vocabulary import CONTROL, NORMAL, Vocabulary

TARGET_MS = 1.6
VOCABULARY = 262_144
STREAMS = 8
ROUNDS = 40
PROMPT = 4_000
"""Ids before the reply, as penalties look at them."""

OPEN = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)
KINDS: dict[str, Sampling] = {
    **PRESETS,
    "min-p": replace(OPEN, min_p=0.05),
    "top-p": replace(OPEN, top_p=0.95),
    "top-p and min-p": replace(OPEN, top_p=0.95, min_p=0.05),
    "typical": replace(OPEN, typical_p=0.95),
    "top-n-sigma": replace(OPEN, top_n_sigma=1.0),
    "dry": replace(OPEN, min_p=0.05, dry_multiplier=0.8),
    "xtc": replace(OPEN, min_p=0.05, xtc_probability=0.5),
    "no filter": OPEN,
}


class Report(msgspec.Struct, frozen=True):
    vocabulary: int
    streams: int
    rounds: int
    floor_ms: float
    target_ms: float
    step_ms: dict[str, float]


def report(vocabulary: int = VOCABULARY, streams: int = STREAMS, rounds: int = ROUNDS) -> Report:
    tokenizer = numbered_tokenizer(vocabulary)
    logits = [model_like(vocabulary, seed) for seed in range(streams)]
    prompt = np.random.default_rng(0).zipf(1.3, PROMPT) % (vocabulary - 1) + 1
    floor = least(lambda: [each.max() for each in logits], rounds)
    steps: dict[str, float] = {}
    for kind, sampling in KINDS.items():
        choosers = [TokenChooser(sampling, seed, tokenizer, prompt.tolist()) for seed in range(streams)]

        def step(choosers: list[TokenChooser] = choosers) -> None:
            for chooser, each in zip(choosers, logits, strict=True):
                chooser.accept(chooser.choose(each))

        steps[kind] = least(step, rounds)
    return Report(vocabulary, streams, rounds, floor, TARGET_MS, steps)


def least(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds of the fastest of the rounds."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return round(best * 1e3, 3)


def model_like(vocabulary: int, seed: int) -> npt.NDArray[np.float32]:
    """Logits as language models give them: a broad bulk, and some dozen tokens that stand out."""
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal(vocabulary) * 2.5
    logits[rng.choice(vocabulary, 60, replace=False)] += 8 + rng.exponential(3, 60)
    return logits.astype(np.float32)


def numbered_tokenizer(size: int) -> Tokenizer:
    """Tokens that are numbers, after the end of the turn."""
    return Tokenizer(
        Vocabulary(
            kind="bpe",
            pre="smollm",
            tokens=("<end>", *map(str, range(1, size))),
            types=(CONTROL, *[NORMAL] * (size - 1)),
            merges=(),
            scores=(),
            bos=None,
            eos=0,
            add_bos=False,
            add_space_prefix=False,
            ends=frozenset({0}),
        )
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(msgspec.to_builtins(report()), indent=1) + "\n")
