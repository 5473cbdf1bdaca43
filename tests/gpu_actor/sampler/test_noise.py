"""The random numbers: against Random123, and against their statistics."""

import json
from pathlib import Path

import numpy as np
import pytest

from gpu_actor.sampler.noise import EXCLUSION, TOKENS, gumbel, ten_rounds, uniform

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sampler.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", VECTORS["philox4x32_10"])
def test_philox_gives_the_known_answers_of_random123(case: dict[str, list[str]]) -> None:
    counter = [int(word, 16) for word in case["counter"]]
    low, high = (int(word, 16) for word in case["key"])
    first = np.array([[counter[0]], [counter[2]]], np.uint64)
    second = np.array([[counter[1]], [counter[3]]], np.uint64)
    first, second = ten_rounds(first, second, high << 32 | low)
    answer = [int(word) for word in (first[0, 0], second[0, 0], first[1, 0], second[1, 0])]
    assert [f"{word:08x}" for word in answer] == case["answer"]


def test_noise_is_a_function_of_seed_place_and_id_alone() -> None:
    ids = np.array([5, 40_000, 3])
    noise = gumbel(7, 11, ids)
    assert np.array_equal(noise[[2, 0]], gumbel(7, 11, ids[[2, 0]]))
    for other in (gumbel(8, 11, ids), gumbel(7, 12, ids), gumbel(7 + (1 << 32), 11, ids)):
        assert not np.any(noise == other)


def test_few_ids_and_very_many_have_the_same_noise_as_some() -> None:
    ids = np.arange(0, 60_000, 3)
    some = np.concatenate(
        [gumbel(2**62 + 5, 2**33 + 1, ids[start : start + 100]) for start in range(0, 20_000, 100)]
    )
    assert np.array_equal(gumbel(2**62 + 5, 2**33 + 1, ids), some)
    few = np.concatenate(
        [gumbel(2**62 + 5, 2**33 + 1, ids[start : start + 5]) for start in range(0, 1_000, 5)]
    )
    assert np.array_equal(some[:1_000], few)


def test_two_streams_have_nothing_in_common() -> None:
    ids = np.arange(1000)
    tokens, exclusion = uniform(7, 11, ids, TOKENS), uniform(7, 11, ids, EXCLUSION)
    assert abs(float(np.corrcoef(tokens, exclusion)[0, 1])) < 5 / np.sqrt(1000)


def test_noise_is_standard_gumbel() -> None:
    noise = gumbel(1, 0, np.arange(200_000))
    # Mean: Euler's constant; variance: π²/6; five standard errors.
    assert abs(noise.mean() - 0.5772156649) < 5 * np.sqrt(np.pi**2 / 6 / 200_000)
    assert abs(noise.var() - np.pi**2 / 6) < 0.05
    assert np.isfinite(noise).all()
