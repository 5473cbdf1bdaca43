from typing import Any

import pytest

from actors.character.card import LoreEntry
from actors.character.entry_options import EntryOptions, Position, SelectiveLogic, entry_options


def options(**said: Any) -> EntryOptions:
    return entry_options(LoreEntry(extensions=said))


def test_an_entry_that_says_nothing_has_the_defaults() -> None:
    assert options() == EntryOptions()


@pytest.mark.parametrize("name", ["exclude_recursion", "excludeRecursion"])
def test_both_spellings_are_read(name: str) -> None:
    assert options(**{name: True}).exclude_recursion
    assert not options(**{name: False}).exclude_recursion


def test_a_position_beyond_the_known_ones_counts_as_not_said() -> None:
    assert options(position=4).position is Position.AT_DEPTH
    assert options(position=8).position is None
    assert options(position="4").position is None


def test_a_depth_of_nought_is_not_the_same_as_none() -> None:
    assert options(depth=0).depth == 0
    assert options(depth=4.0).depth == 4
    assert options(depth=True).depth is None


def test_the_logic_of_secondary_keys() -> None:
    assert options(selectiveLogic=3).selective_logic is SelectiveLogic.AND_ALL
    assert options(selectiveLogic=9).selective_logic is SelectiveLogic.AND_ANY


def test_a_probability_counts_unless_it_is_turned_off() -> None:
    assert options(probability=25).probability == 25
    assert options().use_probability
    assert not options(useProbability=False).use_probability
    assert options(probability=float("nan")).probability == 100


@pytest.mark.parametrize(("said", "level"), [(True, 1), (False, 0), (3, 3), (None, 0), (-1, 0)])
def test_a_recursion_delay_is_a_level_or_just_yes(said: object, level: int) -> None:
    assert options(delay_until_recursion=said).delay_until_recursion == level


def test_match_whole_words_has_three_answers() -> None:
    assert options(match_whole_words=None).match_whole_words is None
    assert options(match_whole_words=False).match_whole_words is False
    assert options(matchWholeWords=True).match_whole_words is True


def test_triggers_are_texts() -> None:
    assert options(triggers=["normal", 1, "swipe"]).triggers == ("normal", "swipe")
    assert options(triggers="normal").triggers == ()
