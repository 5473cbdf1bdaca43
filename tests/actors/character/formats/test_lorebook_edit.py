"""A lorebook is edited in one form, and stays in its own: what was not touched is not changed."""

import json
from typing import Any

import pytest

from actors.character.formats.limits import CardLimits
from actors.character.formats.lorebook_edit import REST, editable, edited, named, new_book, parsed_book
from actors.character.formats.lorebook_file import LorebookFile, read_lorebook
from actors.character.formats.troubles import CardTrouble

LIMITS = CardLimits()
WORLD: dict[str, Any] = {
    "entries": {
        "7": {"uid": 7, "key": ["tea"], "keysecondary": [], "content": "Hot.", "order": 5, "disable": False,
              "position": 4, "depth": 2, "excludeRecursion": True, "caseSensitive": None, "ofAnother": [1]},
        "3": {"uid": 3, "key": ["milk"], "content": "White.", "disable": True},
    },
    "originalData": {"a": 1},
    "extensions": {"b": 2},
}  # fmt: skip
BARE = {"entries": [{"keys": ["tea"], "content": "Hot.", "more": 1}], "unknown": True}
BOOK = {"spec": "lorebook_v3", "data": {"name": "Tea", "extensions": {"x": 1}, **BARE}, "beside": 2}


def read(tree: Any) -> LorebookFile:
    return read_lorebook(json.dumps(tree).encode(), LIMITS)


@pytest.mark.parametrize("tree", [WORLD, BOOK, BARE], ids=["world", "v3", "bare"])
def test_a_book_that_is_saved_unchanged_is_the_file_that_it_was(tree: dict[str, Any]) -> None:
    file = read(tree)
    again = edited(file, json.loads(json.dumps(editable(file))), LIMITS).tree
    if "extensions" not in tree:
        again = {name: value for name, value in again.items() if name != "extensions" or value}
    assert again == tree


def test_of_a_world_only_the_entry_that_was_touched_is_written_anew() -> None:
    file = read(WORLD)
    book = editable(file)
    assert [entry["keys"] for entry in book["entries"]] == [["tea"], ["milk"]]
    assert book["entries"][0]["extensions"]["exclude_recursion"] is True
    assert book["extensions"][REST] == {"originalData": {"a": 1}, "extensions": {"b": 2}}
    book["entries"][1]["content"] = "Whiter."
    book["entries"].append({"keys": ["cup"], "content": "Round.", "enabled": True, "extensions": {}})
    after = edited(file, book, LIMITS)
    assert after.tree["entries"]["7"] == WORLD["entries"]["7"]
    assert after.tree["entries"]["3"]["content"] == "Whiter."
    assert after.tree["entries"]["3"]["disable"] is True
    assert after.tree["originalData"] == {"a": 1}
    assert [entry.keys for entry in after.book.entries] == [("tea",), ("milk",), ("cup",)]
    assert len(after.tree["entries"]) == 3


def test_entries_of_a_world_can_change_places() -> None:
    file = read(WORLD)
    book = editable(file)
    book["entries"].reverse()
    after = edited(file, book, LIMITS)
    assert [entry.keys for entry in after.book.entries] == [("milk",), ("tea",)]
    assert after.tree["entries"]["7"] == WORLD["entries"]["7"]


def test_a_new_name_stands_in_the_file_where_files_say_one() -> None:
    assert named(read(BOOK), "Чай").tree["data"]["name"] == "Чай"
    assert named(read(BOOK), "Tea").tree == BOOK
    assert named(read(BARE), "Чай").tree["name"] == "Чай"
    assert named(read(WORLD), "Чай").tree == WORLD
    assert named(read({**WORLD, "name": "Tea"}), "Чай").tree["name"] == "Чай"


def test_a_new_book_has_a_name_and_no_entries() -> None:
    book = editable(new_book("Tea"))
    assert (book["name"], book["entries"]) == ("Tea", [])


@pytest.mark.parametrize("data", [b"[]", b"{", b'"a"'])
def test_what_is_no_book_is_refused(data: bytes) -> None:
    with pytest.raises(CardTrouble):
        parsed_book(data, LIMITS)


def test_a_book_without_a_list_of_entries_is_refused() -> None:
    with pytest.raises(CardTrouble):
        edited(read(BOOK), {"entries": {}}, LIMITS)
