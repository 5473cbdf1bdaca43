"""How well raw generation at exact numerics agrees with llama.cpp on the same weights in float32.

    python -m tests.gpu_actor.agreement [--prompts N] [--steps N] [--model FILE]

Teacher-forced: llama.cpp's greedy tokens are fed to both, and at each step the most likely token and
the log-probabilities of llama.cpp's 200 most likely ones are compared. One JSON line.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deploy.cache import demonstration_model
from gpu_actor.raw_generation import RawGeneration
from gpu_actor.raw_loading import load_raw
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.expanded_model import expand_model
from tests.gpu_actor.llama_cpp import LlamaCpp

PROMPTS = (
    "The old lighthouse keeper had one rule,",
    "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>system\nBe a pirate.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "def fibonacci(n):\n    ",
    "Dear Anna,\n\nthank you for your letter of",
    "1, 1, 2, 3, 5, 8, 13,",
    "Once upon a time, in a village between two rivers, there lived",
    "To be, or not to be, that is",
    "SELECT name, age FROM people WHERE",
    "The quick brown fox jumps over the lazy dog. The lazy dog",
    "She opened the door and saw",
    "A haiku about autumn:\n",
    "Der schnelle braune Fuchs",
    "The three laws of motion are",
    "The history of tea begins in",
    "Chapter One\n\nIt was a dark and stormy night,",
    "<|im_start|>user\nTell me a story about a fox.<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nExplain how a steam engine works.<|im_end|>\n<|im_start|>assistant\n",
    "A list of rivers in Europe:\n1.",
    "The train left the station at nine, and the passengers",
)
TOP = 200


@dataclass(frozen=True)
class Agreement:
    """`same`: steps with the same most likely token; `apart`: largest difference of a log-probability."""

    steps: int
    same: int
    apart: float


def compare(raw: RawGeneration, oracle: LlamaCpp, prompt: str, steps: int) -> Agreement:
    ids = raw.encode(prompt)
    found = oracle.greedy(ids, steps, top=TOP)
    same, apart = 0, 0.0
    logits = raw.logits(ids)
    for step in found:
        values = logits.astype(np.float64) - logits.max()
        ours = values - np.log(np.exp(values).sum())
        token = next(iter(step))
        same += int(ours.argmax()) == token
        apart = max(apart, *(abs(float(ours[each]) - value) for each, value in step.items()))
        logits = raw.decoder.decode([0], raw.table.states([token]))[0]
    return Agreement(len(found), same, apart)


def compare_all(
    model: Path, prompts: Sequence[str], steps: int, numerics: str, threads: int = 2
) -> list[Agreement]:
    settings = EngineSettings(
        model=str(model), context=1024, threads=threads, numerics="exact" if numerics == "exact" else "fast"
    )
    raw = load_raw(settings).generation
    with tempfile.TemporaryDirectory() as folder:
        oracle = LlamaCpp(expand_model(model, Path(folder) / "plain.gguf"), context=1024)
        return [compare(raw, oracle, prompt, steps) for prompt in prompts]


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="agreement")
    parser.add_argument("--prompts", type=int, default=len(PROMPTS))
    parser.add_argument("--steps", type=int, default=48)
    parser.add_argument("--model", default=str(demonstration_model()))
    parser.add_argument("--numerics", choices=("exact", "fast"), default="exact")
    asked = parser.parse_args(words)
    found = compare_all(Path(asked.model), PROMPTS[: asked.prompts], asked.steps, asked.numerics)
    told = {
        "numerics": asked.numerics,
        "prompts": len(found),
        "steps": sum(each.steps for each in found),
        "same": sum(each.same for each in found),
        "max_apart": max(each.apart for each in found),
        "each": [(each.same, each.steps, round(each.apart, 5)) for each in found],
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return 0 if all(each.same == each.steps for each in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
