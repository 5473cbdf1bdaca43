"""Which characters an entry of lore is for."""

from typing import Any

import pytest

from actors.character.card import LoreEntry
from actors.character.entry_filter import CharacterFilter
from actors.character.entry_options import entry_options

ID = "6e1b8f1c-5a5e-4b0c-9d5b-0d6a1f0f7a11"


def filter_of(**said: Any) -> CharacterFilter | None:
    return entry_options(LoreEntry(extensions=said)).character_filter


@pytest.mark.parametrize("name", ["characterFilter", "character_filter"])
def test_it_is_read_in_both_spellings(name: str) -> None:
    said = {"isExclude": True, "names": ["Nadia", " ", 7], "tags": ["Elf", ID]}
    assert filter_of(**{name: said}) == CharacterFilter(
        frozenset({"nadia"}), frozenset({"elf"}), exclude=True
    )


@pytest.mark.parametrize(
    "said",
    [None, "Nadia", [], {}, {"names": "Nadia"}, {"names": [], "tags": [ID], "isExclude": True}],
)
def test_what_names_nobody_is_none(said: object) -> None:
    assert filter_of(characterFilter=said) is None


def test_a_name_is_compared_as_a_file_may_be_called() -> None:
    filters = [
        CharacterFilter(names=frozenset({"nadia of tver"}), exclude=exclude) for exclude in (False, True)
    ]
    assert [each.allows(['Nadia: "of" Tver?'], ()) for each in filters] == [True, False]
    assert [each.allows(["Boris"], ()) for each in filters] == [False, True]


def test_one_who_is_not_known_is_allowed() -> None:
    assert CharacterFilter(names=frozenset({"nadia"})).allows((), ("elf",))
