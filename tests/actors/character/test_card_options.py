from typing import Any

import pytest

from actors.character.card import Card
from actors.character.card_options import CardOptions, DepthPrompt, card_options


def options(**said: Any) -> CardOptions:
    return card_options(Card(extensions=said))


def test_a_card_that_says_nothing_has_the_defaults() -> None:
    assert options() == CardOptions()


def test_a_depth_prompt_has_a_depth_and_a_role() -> None:
    said = {"prompt": "Stay calm.", "depth": 0, "role": "assistant"}
    assert options(depth_prompt=said).depth_prompt == DepthPrompt("Stay calm.", 0, "assistant")


def test_a_depth_prompt_without_them_stands_four_messages_up_as_the_system() -> None:
    assert options(depth_prompt={"prompt": "Calm.", "role": "wizard"}).depth_prompt == DepthPrompt(
        "Calm.", 4, "system"
    )


@pytest.mark.parametrize("said", [None, "Calm.", {"prompt": "  "}, {"depth": 2}])
def test_a_depth_prompt_without_words_is_none(said: object) -> None:
    assert options(depth_prompt=said).depth_prompt is None


@pytest.mark.parametrize(
    ("said", "share"), [(0.3, 0.3), ("0.7", 0.7), (5, 1.0), ("much", None), (-1, None), ("nan", None)]
)
def test_talkativeness_is_a_number_from_nought_to_one(said: object, share: float | None) -> None:
    assert options(talkativeness=said).talkativeness == share


def test_a_favourite_may_be_the_word_true() -> None:
    assert options(fav="true").favourite
    assert options(fav=True).favourite
    assert not options(fav="false").favourite
