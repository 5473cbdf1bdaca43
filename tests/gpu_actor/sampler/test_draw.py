"""The draw as a whole: golden vectors and the distribution."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages.generation import Sampling
from gpu_actor.sampler.chooser import TokenChooser
from gpu_actor.sampler.draw import SamplerError, draw
from gpu_actor.sampler.noise import SAMPLER_VERSION
from gpu_actor.tokenizer import Tokenizer
from tests.gpu_actor.sampler.reference import Logits, shares, some_logits

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sampler.json").read_text(encoding="utf-8"))

PLAIN = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)


def at(logits: Logits, sampling: Sampling, seed: int = 7, place: int = 0) -> int:
    return draw(logits, sampling, seed=seed, place=place)


@pytest.mark.parametrize("case", VECTORS["draws"])
def test_draws_are_the_golden_ones(case: dict[str, Any], letters: Tokenizer) -> None:
    assert case["version"] == SAMPLER_VERSION, "a new version needs vectors of its own"
    defaults = msgspec.to_builtins(Sampling())
    given = [
        case["sampling"].get(name, defaults[place]) for place, name in enumerate(Sampling.__struct_fields__)
    ]
    sampling = msgspec.convert(given, Sampling)
    drawn: list[int] = []
    for place in range(case["places"]):
        chooser = TokenChooser(sampling, case["seed"], letters, case.get("prompt", (3, 1, 4)))
        chooser.place = place
        drawn.append(chooser.choose(some_logits(case["vocabulary"], place)))
    assert drawn == case["drawn"]


def test_draws_follow_the_softmax_of_the_logits_by_the_temperature() -> None:
    logits = np.array([2.0, 1.0, 0.0, -1.0], np.float32)
    sampling = Sampling(temperature=1.7, top_k=0, top_p=1.0, min_p=0.0)
    count = 4000
    drawn = np.bincount([at(logits, sampling, place=place) for place in range(count)], minlength=4)
    expected = np.array(shares([float(value) / 1.7 for value in logits])) * count
    # χ² with three degrees of freedom is below 21.1 in 9,999 of 10,000 cases; the seed fixes the draws.
    assert float(((drawn - expected) ** 2 / expected).sum()) < 21.1


def test_temperature_zero_is_the_most_likely_token_and_equals_go_to_the_lower_id() -> None:
    logits = np.array([0, 5, 1, 5, 5], np.float32)
    assert at(logits, Sampling(temperature=0)) == 1


def test_at_temperature_zero_no_filter_has_a_say() -> None:
    logits = np.array([0, 5, 4.9, 4], np.float32)
    odd = Sampling(temperature=0, typical_p=0.1, xtc_probability=1.0, xtc_threshold=0.1, dynamic_range=1.0)
    assert at(logits, odd) == 1


@given(seed=st.integers(0, 2**63 - 1), place=st.integers(0, 10_000))
def test_with_one_candidate_the_draw_is_that_one(seed: int, place: int) -> None:
    logits = some_logits(500, 1)
    assert at(logits, Sampling(top_k=1), seed=seed, place=place) == int(logits.argmax())


def test_a_change_in_the_last_bit_changes_no_draw() -> None:
    logits = some_logits(1000, 2)
    nudged = np.nextafter(logits, np.float32(np.inf))
    for place in range(50):
        assert at(logits, PLAIN, place=place) == at(nudged, PLAIN, place=place)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("size", [50, 64, 1000])
def test_logits_that_are_no_numbers_are_an_error(bad: float, size: int) -> None:
    for place in (0, 7, size - 1):
        logits = some_logits(size, 3)
        logits[place] = bad
        for sampling in (Sampling(), Sampling(temperature=0)):
            with pytest.raises(SamplerError):
                at(logits, sampling)


def test_with_nothing_left_to_choose_from_it_is_an_error() -> None:
    with pytest.raises(SamplerError):
        at(np.full(10, -np.inf, np.float32), Sampling())


@pytest.mark.parametrize(
    "sampling",
    [
        PLAIN,
        Sampling(),
        Sampling(top_k=0, top_p=0.999),
        Sampling(top_k=0, top_p=1.0, typical_p=0.999999),
        Sampling(top_k=0, top_p=1.0, min_p=0.0, xtc_probability=1.0, xtc_threshold=0.0),
        Sampling(top_k=0, top_p=1.0, top_n_sigma=5.0),
        Sampling(top_k=0, dynamic_range=0.5),
    ],
)
def test_what_is_ruled_out_is_never_drawn(sampling: Sampling) -> None:
    logits = np.full(500, -np.inf, np.float32)
    logits[[3, 77, 402]] = (1.0, 1.5, 0.5)
    assert {at(logits, sampling, place=place) for place in range(60)} <= {3, 77, 402}
