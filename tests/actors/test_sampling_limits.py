"""What settings of sampling may hold."""

import math
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from actors.messages.generation import Sampling
from actors.presets import DEFAULT_PRESET, PRESETS, UnknownPresetError, find_preset
from actors.sampling_limits import BIASES, RANGES, unfit_sampling


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_within_the_limits(name: str) -> None:
    assert unfit_sampling(PRESETS[name]) == ""


def test_the_defaults_are_the_preset_of_those_who_choose_none() -> None:
    assert PRESETS[DEFAULT_PRESET] == Sampling()


def test_an_unknown_preset_is_answered_with_the_nearest_or_all() -> None:
    with pytest.raises(UnknownPresetError, match=r"^there is no preset balancd; did you mean balanced\?$"):
        find_preset("balancd")
    with pytest.raises(UnknownPresetError, match="there are greedy, precise, steady, balanced, creative"):
        find_preset("xyz")


@pytest.mark.parametrize("name", RANGES)
def test_every_number_has_its_range(name: str) -> None:
    least, most = RANGES[name]
    for value in (least, most):
        assert unfit_sampling(replace(Sampling(), **{name: value})) == ""
    for value in (least - 0.5, most + 0.5, math.nan, math.inf, -math.inf):
        assert (
            unfit_sampling(replace(Sampling(), **{name: value}))
            == f"{name} must be between {least} and {most}."
        )


def test_every_number_of_sampling_is_limited() -> None:
    numbers = {field.name for field in msgspec.structs.fields(Sampling) if field.type in {int, float}}
    assert numbers == set(RANGES)


@pytest.mark.parametrize(
    "fields",
    [
        {"stop": ("",)},
        {"stop": ("x",) * 17},
        {"dry_breakers": ("x" * 101,)},
        {"logit_bias": ((1, math.nan),)},
        {"logit_bias": ((1, 100.5),)},
        {"logit_bias": ((-1, 1.0),)},
        {"logit_bias": ((2**31, 1.0),)},
        {"logit_bias": ((1, 1.0), (1, 2.0))},
        {"logit_bias": tuple((token, 1.0) for token in range(BIASES + 1))},
        {"constraint": "a"},
        {"constraint_kind": "regex"},
        {"constraint_kind": "regex", "constraint": "a" * 32_001},
    ],
)
def test_absurd_lists_and_texts_are_refused(fields: dict[str, Any]) -> None:
    assert unfit_sampling(replace(Sampling(), **fields)).endswith((".", "characters."))
