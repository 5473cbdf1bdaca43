"""The sampler against the published definitions, and against itself: golden vectors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages.generation import Sampling
from gpu_actor.sampler import (
    CUTS,
    PENALTY_WINDOW,
    SAMPLER_VERSION,
    SamplerError,
    candidates,
    choose,
    gumbel,
    penalised,
    philox4x32,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sampler.json").read_text(encoding="utf-8"))

Logits = npt.NDArray[np.float32]
OFF = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)


def some_logits(size: int, seed: int) -> Logits:
    return (np.random.default_rng(seed).standard_normal(size) * 3).astype(np.float32)


def draw(logits: Logits, sampling: Sampling, seed: int = 7, place: int = 0) -> int:
    return choose(logits, sampling, seed=seed, place=place, recent=(3, 1, 4), unpenalised=())


def softmax(logits: Logits) -> npt.NDArray[np.float64]:
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return weights / weights.sum()


# -- noise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["philox4x32_10"])
def test_philox_gives_the_known_answers_of_random123(case: dict[str, list[str]]) -> None:
    counter = [np.array([int(word, 16)], np.uint64) for word in case["counter"]]
    low, high = (int(word, 16) for word in case["key"])
    assert [f"{int(word[0]):08x}" for word in philox4x32(counter, (low, high))] == case["answer"]


def test_noise_is_a_function_of_seed_place_and_id_alone() -> None:
    ids = np.array([5, 40_000, 3])
    noise = gumbel(7, 11, ids)
    assert np.array_equal(noise[[2, 0]], gumbel(7, 11, ids[[2, 0]]))
    for other in (gumbel(8, 11, ids), gumbel(7, 12, ids), gumbel(7 + (1 << 32), 11, ids)):
        assert not np.any(noise == other)


def test_noise_is_standard_gumbel() -> None:
    noise = gumbel(1, 0, np.arange(200_000))
    # Mean: Euler's constant; variance: π²/6; five standard errors.
    assert abs(noise.mean() - 0.5772156649) < 5 * np.sqrt(np.pi**2 / 6 / 200_000)
    assert abs(noise.var() - np.pi**2 / 6) < 0.05
    assert np.isfinite(noise).all()


# -- draws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["draws"])
def test_draws_are_the_golden_ones(case: dict[str, Any]) -> None:
    assert case["version"] == SAMPLER_VERSION, "a new version needs vectors of its own"
    sampling = Sampling(**case["sampling"])
    logits = [some_logits(case["vocabulary"], place) for place in range(case["places"])]
    drawn = [draw(each, sampling, case["seed"], place) for place, each in enumerate(logits)]
    assert drawn == case["drawn"]


def test_draws_follow_the_softmax_of_the_logits_by_the_temperature() -> None:
    logits = np.array([2.0, 1.0, 0.0, -1.0], np.float32)
    sampling = Sampling(temperature=1.7, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)
    count = 4000
    drawn = np.bincount([draw(logits, sampling, place=place) for place in range(count)], minlength=4)
    expected = softmax(logits / np.float32(1.7)) * count
    # χ² with three degrees of freedom is below 21.1 in 9,999 of 10,000 cases; the seed fixes the draws.
    assert float(((drawn - expected) ** 2 / expected).sum()) < 21.1


def test_temperature_zero_is_the_most_likely_token_and_equals_go_to_the_lower_id() -> None:
    logits = np.array([0, 5, 1, 5, 5], np.float32)
    assert draw(logits, Sampling(temperature=0, repetition_penalty=1.0)) == 1


@given(seed=st.integers(0, 2**63 - 1), place=st.integers(0, 10_000))
def test_with_one_candidate_the_draw_is_that_one(seed: int, place: int) -> None:
    logits = some_logits(500, 1)
    assert draw(logits, Sampling(top_k=1, repetition_penalty=1.0), seed=seed, place=place) == int(
        logits.argmax()
    )


def test_a_change_in_the_last_bit_changes_no_draw() -> None:
    logits = some_logits(1000, 2)
    nudged = np.nextafter(logits, np.float32(np.inf))
    for place in range(50):
        assert draw(logits, OFF, place=place) == draw(nudged, OFF, place=place)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_that_are_no_numbers_are_an_error(bad: float) -> None:
    logits = some_logits(50, 3)
    logits[7] = bad
    for sampling in (Sampling(), Sampling(temperature=0)):
        with pytest.raises(SamplerError):
            draw(logits, sampling)


# -- filters --------------------------------------------------------------------------------------


def kept(logits: Logits, sampling: Sampling) -> list[int]:
    return [int(token) for token in candidates(logits, sampling)[0]]


def by_definition(logits: Logits, sampling: Sampling) -> list[int]:
    """The same, word for word after the papers, slow."""
    order = sorted(range(len(logits)), key=lambda token: (-float(logits[token]), token))
    order = order[: sampling.top_k or None]
    weights = np.exp(np.array([float(logits[token]) for token in order]) - float(logits[order[0]]))
    shares = weights / weights.sum()
    survivors: list[int] = []
    mass = 0.0
    for token, share in zip(order, shares, strict=True):
        if survivors and (mass >= sampling.top_p < 1 or share < sampling.min_p * shares[0]):
            break
        survivors.append(token)
        mass += share
    return survivors


@given(
    seed=st.integers(0, 1000),
    size=st.sampled_from([3, 50, CUTS[0], CUTS[0] + 1, 5000]),
    top_k=st.sampled_from([0, 1, 40, 300, 10_000]),
    top_p=st.sampled_from([1.0, 0.95, 0.5, 0.01]),
    min_p=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
)
def test_filters_keep_what_their_definitions_keep(
    seed: int, size: int, top_k: int, top_p: float, min_p: float
) -> None:
    logits = some_logits(size, seed)
    sampling = Sampling(temperature=1.0, top_k=top_k, top_p=top_p, min_p=min_p)
    assert kept(logits, sampling) == by_definition(logits, sampling)


def test_among_equals_the_lower_ids_survive_a_cut() -> None:
    logits = np.zeros(1000, np.float32)
    logits[900] = 1
    assert kept(logits, Sampling(top_k=4, top_p=1.0, min_p=0.0)) == [900, 0, 1, 2]


def test_a_flat_distribution_is_not_cut_short() -> None:
    logits = np.zeros(CUTS[-1] * 2, np.float32)
    assert len(kept(logits, OFF)) == CUTS[-1] * 2
    assert len(kept(logits, Sampling(top_k=0, top_p=0.75, min_p=0.0))) == CUTS[-1] * 3 // 2


# -- repetition penalty ---------------------------------------------------------------------------


def test_the_penalty_divides_positive_and_multiplies_negative_logits_once() -> None:
    logits = np.array([2.0, -2.0, 4.0, 1.0], np.float32)
    after = penalised(logits, 2.0, recent=[0, 1, 1, 0, 3], unpenalised={3})
    assert after.tolist() == [1.0, -4.0, 4.0, 1.0]
    assert logits.tolist() == [2.0, -2.0, 4.0, 1.0]


def test_the_penalty_looks_back_a_window() -> None:
    logits = np.ones(3, np.float32)
    recent = [0, 1] + [2] * (PENALTY_WINDOW - 1)
    assert penalised(logits, 2.0, recent, ()).tolist() == [1.0, 0.5, 0.5]


def test_a_penalty_of_one_changes_nothing() -> None:
    logits = some_logits(10, 4)
    assert penalised(logits, 1.0, [1, 2], ()) is logits
