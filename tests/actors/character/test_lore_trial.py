"""A trial of lore says what fires and what does not, and why."""

from typing import Any

import msgspec
import pytest

from actors.character.card import Card, Lorebook
from actors.character.lore_fired import SilentReason
from actors.character.lore_keys import Line
from actors.character.lore_scene import Book, LoreLimits
from actors.character.lore_trial import KeyTrouble, Trial, Tried, TriedEntry, tried
from actors.character.token_estimate import estimated_tokens


def book(*entries: dict[str, Any], **more: Any) -> Book:
    full = [{"keys": ["tea"], "content": f"Entry {n}.", **entry} for n, entry in enumerate(entries)]
    return Book(msgspec.convert({"entries": full, **more}, Lorebook), "a book")


def run(*books: Book, text: str = "Some tea?", limits: LoreLimits | None = None, **more: Any) -> Tried:
    return tried(Trial(books, (Line("user", text),), **more), limits or LoreLimits())


def one(entry: dict[str, Any], **more: Any) -> TriedEntry:
    (found,) = run(book(entry), **more).entries
    return found


SILENT: dict[SilentReason, dict[str, Any]] = {
    "disabled": {"enabled": False},
    "no_keys": {"keys": [" "]},
    "keys": {"keys": ["coffee"]},
    "secondary_keys": {"selective": True, "secondary_keys": ["milk"]},
    "additional_keys": {"content": "@@additional_keys milk\nHot."},
    "exclude_keys": {"content": "@@exclude_keys some\nHot."},
    "dont_activate": {"content": "@@dont_activate\nHot."},
    "delay": {"extensions": {"delay": 2}},
    "only_after": {"content": "@@activate_only_after 3\nHot."},
    "greeting": {"content": "@@is_greeting 2\nHot."},
    "trigger": {"extensions": {"triggers": ["continue"]}},
    "character": {"extensions": {"characterFilter": {"names": ["Boris"]}}},
    "chance": {"extensions": {"probability": 0}},
    "recursion": {"extensions": {"delay_until_recursion": 99}},
    "empty": {"content": "{{// nothing}}"},
}


TITLES = {"no_keys": "Entry 0.", "keys": "coffee"}


@pytest.mark.parametrize("reason", SILENT)
def test_an_entry_that_stays_silent_says_why(reason: SilentReason) -> None:
    assert one(SILENT[reason], greeting=0, card=Card("Nadia")) == TriedEntry(
        0, 0, "silent", reason, title=TITLES.get(reason, "tea")
    )


FIRES: dict[str, dict[str, Any]] = {
    "key": {},
    "constant": {"keys": [], "constant": True},
    "activate": {"keys": [], "content": "@@activate\nHot."},
}


@pytest.mark.parametrize("reason", FIRES)
def test_an_entry_that_fires_says_why(reason: str) -> None:
    found = one(FIRES[reason])
    assert (found.outcome, found.reason) == ("fired", reason)


def test_what_fired_says_on_which_key_and_where_it_goes() -> None:
    found = one({"content": "@@depth 2\n@@role user\nTea is hot."})
    assert found == TriedEntry(0, 0, "fired", "key", "tea", 0, "at_depth", 2, "user", 3, "tea")


def test_entries_of_all_books_come_in_the_order_of_the_prompt_and_each_is_told_once() -> None:
    result = run(
        book({"insertion_order": 20}, {"keys": ["coffee"]}), book({"insertion_order": 10}), text="tea"
    )
    assert [(e.book, e.entry, e.outcome) for e in result.entries] == [
        (1, 0, "fired"),
        (0, 0, "fired"),
        (0, 1, "silent"),
    ]
    assert result.tokens == sum(entry.tokens for entry in result.entries)


def test_what_no_budget_holds_is_told_with_which() -> None:
    within = run(book({"priority": 1}, {"priority": 2}, token_budget=3))
    assert [(e.entry, e.outcome, e.reason) for e in within.entries] == [
        (1, "fired", "key"),
        (0, "dropped", "book_budget"),
    ]
    beyond = run(book({}), limits=LoreLimits(budget=1))
    assert [(e.outcome, e.reason) for e in beyond.entries] == [("dropped", "budget")]
    grouped = run(book({"extensions": {"group": "a"}}, {"extensions": {"group": "a"}}))
    assert sorted(e.reason for e in grouped.entries) == ["group", "key"]


def test_lore_that_wakes_lore_is_no_key_of_a_message() -> None:
    result = run(book({"content": "It comes from China."}, {"keys": ["china"]}, recursive_scanning=True))
    assert [(e.entry, e.key, e.message) for e in result.entries] == [(0, "tea", 0), (1, "china", -1)]


def test_an_entry_beyond_those_that_are_looked_at_says_so() -> None:
    result = run(book({}, {}), limits=LoreLimits(entries=1))
    assert [(e.entry, e.reason) for e in result.entries] == [(0, "key"), (1, "beyond")]


def test_patterns_that_are_none_are_shown_at_their_field() -> None:
    wrong = {"use_regex": True, "keys": ["te(a"], "content": "@@exclude_keys [\nHot."}
    (keys, exclude) = run(book({}, wrong)).troubles
    assert (keys.book, keys.entry, keys.field, keys.key) == (0, 1, "keys", "te(a")
    assert "missing )" in keys.why
    assert (exclude.field, exclude.key) == ("exclude_keys", "[")
    assert run(book({"keys": ["te(a", "/te(a)/i"], "secondary_keys": ["("]})).troubles == ()


def test_a_pattern_that_takes_too_long_is_shown_as_slow() -> None:
    slow = {"use_regex": True, "keys": ["(a|aa)+$"]}
    result = run(book(slow), text="a" * 60 + "!", limits=LoreLimits(pattern_s=0.01, patterns_s=0.01))
    assert result.troubles == (KeyTrouble(0, 0, "keys", "(a|aa)+$", "", slow=True),)


def test_names_and_the_card_count_as_in_a_prompt() -> None:
    card = Card("Nadia", description="She loves {{user}}'s tea.")
    found = run(
        book(
            {"keys": ["{{char}}"]},
            {"keys": ["anna's tea"], "extensions": {"match_character_description": True}},
        ),
        text="Hello, Nadia.",
        card=card,
        user_name="Anna",
    )
    assert [(e.entry, e.outcome) for e in found.entries] == [(0, "fired"), (1, "fired")]


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("tea", 1), ("Tea is hot.", 3), ("чай", 2), ("чай!", 3)]
)
def test_tokens_are_estimated_by_their_script(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens
