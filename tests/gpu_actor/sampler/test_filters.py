"""The filters against slow ones written from their publications; and that no result depends on a cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.messages.generation import Sampling
from gpu_actor.sampler import filters
from gpu_actor.sampler.filters import CUTS, candidates, temperature, without_top_choices
from gpu_actor.sampler.mass import ROUGH_ERROR, exact_mass, rough_mass, rough_total
from gpu_actor.sampler.ranking import Ranking
from tests.gpu_actor.sampler import reference
from tests.gpu_actor.sampler.reference import Logits, allowed, some_logits

OFF = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)


def exact_total(logits: Logits, largest: float) -> float:
    return exact_mass(logits, largest).total


def kept(logits: Logits, sampling: Sampling) -> list[int]:
    return [int(token) for token in candidates(Ranking(logits), sampling)[0]]


@settings(max_examples=200)
@given(
    seed=st.integers(0, 1000),
    size=st.sampled_from([3, 50, 64, 65, 130, 400]),
    spread=st.sampled_from([0.3, 3.0]),
    top_k=st.sampled_from([0, 0, 1, 40, 100, 10_000]),
    top_p=st.sampled_from([1.0, 0.95, 0.5, 0.01]),
    min_p=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    typical_p=st.sampled_from([1.0, 1.0, 0.9, 0.2]),
    top_n_sigma=st.sampled_from([0.0, 0.0, 1.0, 2.5]),
)
def test_filters_keep_what_their_definitions_keep(
    seed: int,
    size: int,
    spread: float,
    top_k: int,
    top_p: float,
    min_p: float,
    typical_p: float,
    top_n_sigma: float,
) -> None:
    logits = some_logits(size, seed, spread)
    sampling = Sampling(top_k=top_k, top_p=top_p, min_p=min_p, typical_p=typical_p, top_n_sigma=top_n_sigma)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filters, "CUTS", (8, 60))  # small, as the vocabulary is
        assert sorted(kept(logits, sampling)) == sorted(allowed(logits, sampling))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1000),
    spread=st.sampled_from([0.5, 2.0, 5.0]),
    mass=st.sampled_from([0.999, 0.95, 0.5, 0.05]),
    field=st.sampled_from(["top_p", "typical_p"]),
)
def test_no_result_depends_on_the_cut(seed: int, spread: float, mass: float, field: str) -> None:
    logits = some_logits(6_000, seed, spread)
    sampling = replace(OFF, **{field: mass})
    found = kept(logits, sampling)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filters, "CUTS", ())
        assert kept(logits, sampling) == found
        patch.setattr(filters, "rough_mass", exact_mass)
        patch.setattr(filters, "rough_total", exact_total)
        assert kept(logits, sampling) == found


@given(
    seed=st.integers(0, 1000), spread=st.sampled_from([0.5, 3.0, 20.0]), size=st.sampled_from([70, 30_000])
)
def test_the_rough_mass_is_within_its_error(seed: int, spread: float, size: int) -> None:
    logits = some_logits(size, seed, spread)
    rough, exact = (measure(logits, float(logits.max())) for measure in (rough_mass, exact_mass))
    assert abs(rough.total - exact.total) <= rough.error * exact.total
    assert abs(rough.entropy - exact.entropy) <= rough.entropy_error
    assert abs(rough_total(logits, float(logits.max())) - exact.total) <= ROUGH_ERROR * exact.total


def test_among_equals_the_lower_ids_survive_a_cut() -> None:
    logits = np.zeros(1000, np.float32)
    logits[900] = 1
    assert kept(logits, replace(OFF, top_k=4)) == [900, 0, 1, 2]


def test_a_flat_distribution_is_not_cut_short() -> None:
    logits = np.zeros(CUTS[-1] * 2, np.float32)
    assert len(kept(logits, OFF)) == CUTS[-1] * 2
    assert len(kept(logits, replace(OFF, top_p=0.75))) == CUTS[-1] * 3 // 2
    assert len(kept(logits, replace(OFF, typical_p=0.75))) == CUTS[-1] * 3 // 2


def test_typical_may_leave_out_the_most_likely_token() -> None:
    logits = np.log(np.array([0.4, *[0.02] * 30], np.float32))
    assert 0 not in kept(logits, replace(OFF, typical_p=0.4))


# -- XTC ------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 300), threshold=st.sampled_from([0.0, 0.02, 0.1, 0.5]), size=st.integers(1, 40))
def test_xtc_takes_away_all_above_the_threshold_but_the_least_likely(
    seed: int, threshold: float, size: int
) -> None:
    logits = some_logits(size, seed, 1.5)
    sampling = replace(OFF, xtc_probability=1.0, xtc_threshold=threshold)
    found = without_top_choices(candidates(Ranking(logits), sampling), sampling, seed=1, place=1)
    left = allowed(logits, sampling)
    assert found[0].tolist() == reference.without_top_choices(left, logits, threshold)


def test_xtc_acts_as_often_as_its_probability_says() -> None:
    logits = np.array([1.0, 0.9, 0.8, 0.7], np.float32)
    sampling = replace(OFF, xtc_probability=0.3, xtc_threshold=0.1)
    found = candidates(Ranking(logits), sampling)
    acted = sum(len(without_top_choices(found, sampling, 5, place)[0]) == 1 for place in range(3000))
    assert abs(acted - 900) < 5 * np.sqrt(3000 * 0.3 * 0.7)


def test_xtc_decides_by_seed_and_place_alone() -> None:
    first, second = np.array([1.0, 0.9, 0.8], np.float32), np.array([2.0, 1.9, 1.8, 1.7], np.float32)
    sampling = replace(OFF, xtc_probability=0.5, xtc_threshold=0.1)
    acted = [
        [
            len(without_top_choices(candidates(Ranking(logits), sampling), sampling, 9, place)[0]) == 1
            for place in range(40)
        ]
        for logits in (first, second)
    ]
    assert acted[0] == acted[1]
    assert 0 < sum(acted[0]) < 40


def test_xtc_above_one_half_never_acts() -> None:
    logits = np.array([1.0, 1.0], np.float32)
    sampling = replace(OFF, xtc_probability=1.0, xtc_threshold=0.51)
    assert len(without_top_choices(candidates(Ranking(logits), sampling), sampling, 1, 1)[0]) == 2


# -- temperature ----------------------------------------------------------------------------------


def test_a_dynamic_temperature_follows_the_entropy() -> None:
    sampling = replace(OFF, temperature=0.8, dynamic_range=0.5)
    assert temperature(np.zeros(50), sampling) == pytest.approx(1.3)
    assert temperature(np.array([0.0, -200.0]), sampling) == pytest.approx(0.3)
    half = np.log([0.89, 0.11])  # an entropy of one half of a fair coin's
    assert temperature(half, sampling) == pytest.approx(0.8, abs=0.001)
    assert temperature(half, replace(sampling, dynamic_exponent=2.0)) == pytest.approx(0.55, abs=0.001)
    assert temperature(np.zeros(1), sampling) == 0.8
