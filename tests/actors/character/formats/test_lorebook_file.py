"""Lorebooks without a card: the three kinds say the same, and become each other with nothing lost."""

import json
from typing import Any

import pytest

from actors.character.card import LoreEntry
from actors.character.entry_filter import CharacterFilter
from actors.character.entry_options import Position, entry_options
from actors.character.formats.limits import CardLimits
from actors.character.formats.lorebook_file import BOOK, WORLD, LorebookFile, read_lorebook, write_lorebook
from actors.character.formats.reading import read_card
from actors.character.formats.troubles import (
    BrokenJsonError,
    CannotExportError,
    LorebookAloneError,
    NoLorebookError,
    TooLargeError,
)
from tests.actors.character import fixtures

LIMITS = CardLimits()

WORLD_TREE: dict[str, Any] = {
    "entries": {
        "7": {
            "uid": 7,
            "key": ["river", "/vol(ga)?/i"],
            "keysecondary": ["ice"],
            "comment": "the river",
            "content": "The Volga freezes.",
            "constant": False,
            "vectorized": False,
            "selective": True,
            "selectiveLogic": 3,
            "addMemo": True,
            "order": 90,
            "position": 4,
            "disable": True,
            "excludeRecursion": True,
            "preventRecursion": False,
            "delayUntilRecursion": 2,
            "probability": 80,
            "useProbability": True,
            "depth": 0,
            "group": "rivers",
            "groupOverride": True,
            "groupWeight": 50,
            "scanDepth": 3,
            "caseSensitive": None,
            "matchWholeWords": False,
            "useGroupScoring": None,
            "automationId": "",
            "role": 1,
            "sticky": 2,
            "cooldown": None,
            "delay": None,
            "displayIndex": 0,
            "characterFilter": {"isExclude": False, "names": ["Агафья"], "tags": []},
            "of_tomorrow": {"kept": [1]},
        },
        "9": {"uid": 9, "key": ["inn"], "content": "Two floors.", "position": 1, "caseSensitive": True},
    },
    "name": "Volga",
    "extensions_of_a_plugin": [1, 2],
}
BOOK_TREE: dict[str, Any] = {"spec": BOOK, "data": fixtures.v3()["data"]["character_book"], "extra": 1}


def read(tree: object) -> LorebookFile:
    return read_lorebook(fixtures.as_json(tree), LIMITS)


def as_kind(file: LorebookFile, kind: str) -> LorebookFile:
    return read_lorebook(write_lorebook(file, kind, LIMITS), LIMITS)


def test_a_world_says_what_a_book_of_a_card_would_say() -> None:
    file = read(WORLD_TREE)
    assert (file.kind, file.warnings) == (WORLD, ())
    river, inn = file.book.entries
    assert river.keys == ("river", "/vol(ga)?/i")
    assert river.secondary_keys == ("ice",)
    assert (river.enabled, river.insertion_order, river.id) == (False, 90, 7)
    assert (river.selective, river.position, river.case_sensitive) == (True, "", None)
    assert (inn.enabled, inn.position, inn.case_sensitive) == (True, "after_char", True)


@pytest.mark.parametrize("kind", [WORLD, BOOK])
def test_what_sillytavern_adds_is_read_alike_from_both_kinds(kind: str) -> None:
    options = entry_options(as_kind(read(WORLD_TREE), kind).book.entries[0])
    assert options.position is Position.AT_DEPTH
    assert (options.depth, options.role, options.scan_depth, options.sticky) == (0, 1, 3, 2)
    assert (options.exclude_recursion, options.delay_until_recursion) == (True, 2)
    assert (options.group, options.group_override, options.group_weight) == ("rivers", True, 50)
    assert options.match_whole_words is False
    assert options.character_filter == CharacterFilter(frozenset({"агафья"}))


def test_a_world_becomes_a_book_and_comes_back_as_it_was() -> None:
    book = as_kind(read(WORLD_TREE), BOOK)
    assert (book.kind, book.book.name) == (BOOK, "Volga")
    assert json.dumps(as_kind(book, WORLD).tree) == json.dumps(WORLD_TREE)


def test_a_book_becomes_a_world_and_comes_back_as_it_was() -> None:
    world = as_kind(read(BOOK_TREE), WORLD)
    assert world.kind == WORLD
    assert json.dumps(as_kind(world, BOOK).tree) == json.dumps(BOOK_TREE)


def test_an_entry_says_the_same_as_a_world_and_as_a_book() -> None:
    def told(entry: LoreEntry) -> tuple[Any, ...]:
        return (
            *(entry.keys, entry.secondary_keys, entry.content, entry.enabled, entry.insertion_order),
            *(entry.constant, entry.selective, entry.use_regex, entry.comment, entry.name, entry.priority),
            entry_options(entry),
        )

    before = read(BOOK_TREE)
    after = as_kind(before, WORLD)
    assert [told(entry) for entry in after.book.entries][:1] == [told(before.book.entries[0])]
    assert [entry.content for entry in after.book.entries] == [entry.content for entry in before.book.entries]


def test_a_book_that_was_edited_keeps_the_edit() -> None:
    tree = json.loads(write_lorebook(read(BOOK_TREE), WORLD, LIMITS))
    tree["entries"]["1"]["content"] = "It never freezes."
    assert as_kind(read(tree), BOOK).book.entries[0].content == "It never freezes."


def test_entries_of_one_number_each_get_one_of_their_own() -> None:
    entries = [{"id": 1, "content": "a"}, {"id": 1, "content": "b"}, {"id": "x", "content": "c"}]
    world = as_kind(read({"spec": BOOK, "data": {"entries": entries}}), WORLD)
    assert [entry.content for entry in world.book.entries] == ["a", "b", "c"]
    assert len({entry.id for entry in world.book.entries}) == 3


def test_the_bare_book_of_a_card_is_read_and_written_as_lorebook_v3() -> None:
    file = read(BOOK_TREE["data"])
    assert file.kind == ""
    assert as_kind(file, BOOK).tree == {"spec": BOOK, "data": BOOK_TREE["data"]}


@pytest.mark.parametrize("tree", [[], {"spec": BOOK}, {"entries": 1}, fixtures.V2])
def test_what_is_no_lorebook_is_refused(tree: object) -> None:
    with pytest.raises(NoLorebookError):
        read(tree)


def test_a_lorebook_beyond_a_limit_and_a_kind_that_is_none_are_refused() -> None:
    with pytest.raises(BrokenJsonError):
        read_lorebook(b"{", LIMITS)
    with pytest.raises(TooLargeError):
        read_lorebook(b'{"entries":[]}', CardLimits(json_bytes=5))
    with pytest.raises(TooLargeError):
        write_lorebook(read(BOOK_TREE), WORLD, CardLimits(file_bytes=100))
    with pytest.raises(CannotExportError):
        write_lorebook(read(BOOK_TREE), "novel", LIMITS)


@pytest.mark.parametrize("tree", [WORLD_TREE, BOOK_TREE])
def test_a_lorebook_is_no_card_and_the_refusal_says_what_it_is(tree: object) -> None:
    with pytest.raises(LorebookAloneError, match="lorebook alone"):
        read_card(fixtures.as_json(tree), LIMITS)
