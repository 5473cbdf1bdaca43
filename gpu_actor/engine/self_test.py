"""The self-test: does this plan, on this card, with this driver, compute what our exact engine computes?

It runs before the worker says that it is ready, once for each (plan, card, driver, version of TensorRT):
kernels are compiled or chosen on the card, so nothing that was tested elsewhere is known to hold here.

How much may differ. Measured with SmolLM2-135M, float16 against the exact engine, both on the CPU: the
worst of 29 answers was off by 0.011 (natural log-probability, over the 20 likeliest tokens), and all 20
were the same. Larger models and other orders of summing add a little; over the likeliest 200 tokens of 48
steps it stayed below 0.1. The smallest fault that was tried, a batch that looks one position too far, was
off by 1.8 in its worst answer (0.19 where there is one slot only, whose test it would pass); lengths that
are one short by 9.9, lengths that are dropped by 16. So 0.25 lies well apart from both. A cache of 8 bits
or less rounds keys and values a hundred times more coarsely than float16: there the bound is wider,
and a fault as small as the first could pass.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from gpu_actor.engine.decoder import Decoder
from gpu_actor.engine.golden import (
    TOP,
    Answer,
    Floats,
    Golden,
    States,
    answers,
    course,
    log_probabilities,
)
from gpu_actor.engine.tensorrt_manifest import CacheElements, key_of
from gpu_actor.troubles import SelfTestError


class Tolerance(Struct, frozen=True):
    """`difference`: of log-probabilities. `common`: of the golden answer's tokens that must be among as many
    likeliest of ours.
    """

    difference: float
    common: int


NARROW, WIDE = Tolerance(0.25, 16), Tolerance(1.0, 12)
TOLERANCES: dict[CacheElements, Tolerance] = {
    "fp32": NARROW,
    "fp16": NARROW,
    "bf16": Tolerance(0.5, 14),  # three bits of mantissa less than float16
    "fp8": WIDE,
    "int8": WIDE,
    "int6": WIDE,
}


class Surroundings(Struct, frozen=True):
    """What the test holds for."""

    card: str
    capability: str  # "8.9"
    driver: str  # the newest CUDA that the driver knows
    library: str  # "tensorrt_rtx 1.7.1"
    plan_hash: str


class Part(Struct, frozen=True):
    """The worst of the answers to one part of the course."""

    name: str
    answers: int
    difference: float  # infinite where an answer held no numbers
    common: int
    passed: bool


class SelfTestReport(Struct, frozen=True):
    passed: bool
    parts: tuple[Part, ...]
    tolerance: Tolerance
    golden: str  # who made the golden logits
    surroundings: Surroundings
    seconds: float

    def in_words(self) -> str:
        """One line."""
        s = self.surroundings
        where = f"{s.card} ({s.capability}), driver for CUDA {s.driver}, {s.library}"
        if self.passed:
            worst = max(part.difference for part in self.parts)
            count = sum(part.answers for part in self.parts)
            return f"self-test passed on {where}: {count} answers, off by {worst:.3f} at most"
        wrong = "; ".join(
            f"{part.name} is off by {part.difference:.2f}, with {part.common} likeliest tokens in common"
            for part in self.parts
            if not part.passed
        )
        return (
            f"self-test failed on {where}: {wrong} (allowed are {self.tolerance.difference} and "
            f"{self.tolerance.common} of {TOP})"
        )


def run_self_test(
    decoder: Decoder, states: States, golden: Golden, tolerance: Tolerance, surroundings: Surroundings
) -> SelfTestReport:
    """Every scene that the decoder has slots and positions for. It holds nothing afterwards."""
    begun = time.perf_counter()
    parts: dict[str, list[Comparison]] = {}
    for scene, expected in zip(course(golden.window), golden.scenes, strict=True):
        if scene.slots > decoder.slots or scene.positions > decoder.context:
            continue
        given = answers(decoder, states, golden.tokens, scene)
        for (part, row), answer in zip(given, expected, strict=True):
            parts.setdefault(part, []).append(compare(row, answer))
    made = tuple(judge(name, compared, tolerance) for name, compared in parts.items())
    return SelfTestReport(
        passed=bool(made) and all(part.passed for part in made),
        parts=made,
        tolerance=tolerance,
        golden=golden.made_by,
        surroundings=surroundings,
        seconds=round(time.perf_counter() - begun, 3),
    )


class Comparison(Struct, frozen=True):
    difference: float
    common: int


def compare(row: Floats, answer: Answer) -> Comparison:
    """One row of logits [V] with the golden one. What is no number counts as infinitely far."""
    if not np.isfinite(row).all():
        return Comparison(float("inf"), 0)
    ours = log_probabilities(row)
    ids = list(answer.ids)
    difference = np.abs(ours[ids] - np.array(answer.log_probabilities)).max()
    best = np.argpartition(-ours, len(ids) - 1)[: len(ids)]
    return Comparison(float(difference), len({*ids} & {*map(int, best)}))


def judge(name: str, compared: Sequence[Comparison], tolerance: Tolerance) -> Part:
    difference = max(each.difference for each in compared)
    common = min(each.common for each in compared)
    passed = difference <= tolerance.difference and common >= tolerance.common
    return Part(name, len(compared), difference, common, passed)


# -- once for each card and driver ----------------------------------------------------------------


def passed_before(folder: Path, surroundings: Surroundings, golden: Golden) -> bool:
    """Whether this very test was passed here already. `folder`: of the plan."""
    return report_file(folder, surroundings, golden).is_file()


def remember(folder: Path, report: SelfTestReport, golden: Golden) -> None:
    """A passed test is not run again; a failed one is: the driver's fault may have been mended. OSError."""
    if report.passed:
        report_file(folder, report.surroundings, golden).write_bytes(msgspec.json.encode(report))


def report_file(folder: Path, surroundings: Surroundings, golden: Golden) -> Path:
    encoded = msgspec.json.encode([surroundings, golden, TOLERANCES])
    return folder / f"self-test-{key_of(encoded.decode())}.json"


def require(report: SelfTestReport) -> None:
    """SelfTestError where the test was not passed."""
    if not report.passed:
        raise SelfTestError(
            f"{report.in_words()}; update the NVIDIA driver, then build the plan anew with `samovar engine "
            'build`; if it fails again report this line, and serve with engine.runtime = "onnxruntime"'
        )
