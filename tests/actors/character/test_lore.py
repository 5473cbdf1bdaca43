"""The rules of lore: each vector of tests/vectors/lore.json, and what no vector can say."""

import json
from typing import Any

import msgspec
import pytest

from actors.character.card import Lorebook, LoreEntry
from actors.character.lore import Activation
from actors.character.lore_fired import Fired, Lore
from actors.character.lore_keys import Line
from actors.character.lore_scene import Book, LoreLimits, LoreScene
from actors.character.macros import Macros, Scene, Use
from tests.actors.character.lore_vectors import FILE, VECTORS

SEEDS = 2_000


def words(text: str) -> int:
    return len(text.split())


def activate(
    books: list[Any],
    talk: list[list[str]],
    *,
    seed: int = 0,
    limits: LoreLimits | None = None,
    **scene: Any,
) -> Lore:
    macros = Macros(Scene(char="Nadia", user="Anna", talk="talk", seed=seed))
    lines = tuple(
        Line("assistant" if role == "assistant" else "user", macros.expand(text, "talk", use=Use.SCAN))
        for role, text in talk
    )
    return Activation(
        [Book(msgspec.convert(book, Lorebook), f"book {number}") for number, book in enumerate(books)],
        LoreScene(lines=lines, talk="talk", seed=seed, **scene),
        macros,
        words,
        limits,
    ).run()


def named(fired: tuple[Fired, ...]) -> list[str]:
    return [each.entry.name for each in fired]


def run(vector: dict[str, Any], seed: int = 0) -> Lore:
    scene = {"greeting": vector.get("greeting", -1), "user_icon": vector.get("user_icon")}
    return activate(vector["books"], vector["talk"], seed=seed, **scene, **vector.get("scene", {}))


def test_the_file_holds_the_vectors() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json.loads(json.dumps(VECTORS)), (
        "write it anew: python -m tests.actors.character.lore_vectors"
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["rule"])
def test_rule(vector: dict[str, Any]) -> None:
    if "expect_share" in vector:
        runs = [named(run(vector, seed).fired) for seed in range(SEEDS)]
        for name, share in vector["expect_share"].items():
            assert sum(name in names for names in runs) / SEEDS == pytest.approx(share, abs=0.05)
        return
    lore = run(vector)
    assert named(lore.fired) == vector["expect"]
    assert sorted(lore.disabled) == vector.get("disabled", [])
    assert [each.entry.name for each in lore.fired if each.expendable] == vector.get("expendable", [])
    for name, (spot, depth, role) in vector.get("places", {}).items():
        (fired,) = (each for each in lore.fired if each.entry.name == name)
        assert [fired.spot.name, fired.depth, fired.role] == [spot, depth, role]


def test_every_rule_has_a_name_of_its_own() -> None:
    rules = [vector["rule"] for vector in VECTORS]
    assert len(set(rules)) == len(rules)


# -- what the trace says -------------------------------------------------------------------------

TEA = [
    ["assistant", "Come in!"],
    ["user", "Do you have tea?"],
    ["assistant", "Yes."],
    ["user", "Tea, please."],
]


def test_an_entry_tells_on_which_key_and_in_which_message_it_fired() -> None:
    book = {"entries": [{"name": "tea", "keys": ["milk", "tea"], "content": "Black tea, strong."}]}
    (fired,) = activate([book], TEA).fired
    assert (fired.key, fired.message, fired.tokens, fired.why) == ("tea", 3, 3, "“tea” in message 4")


def test_an_entry_that_was_dropped_tells_why() -> None:
    entries = [{"name": "tea", "keys": ["tea"], "content": "Black tea, strong."}]
    (dropped,) = activate([{"entries": entries, "token_budget": 2}], TEA).dropped
    assert (dropped.fired.entry.name, dropped.why) == ("tea", "no room within the 2 tokens of its book")


def test_decorators_and_macros_are_gone_from_the_text() -> None:
    entries = [{"name": "tea", "keys": ["tea"], "content": "@@depth 2\n\n{{char}} likes {{user}}.{{// yes}}"}]
    (fired,) = activate([{"entries": entries}], TEA).fired
    assert fired.text == "Nadia likes Anna."


# -- several books -------------------------------------------------------------------------------


def test_the_first_book_has_precedence_when_room_is_short() -> None:
    card = {"entries": [{"name": "card", "keys": ["tea"], "content": "one two three", "priority": 1}]}
    user = {"entries": [{"name": "user", "keys": ["tea"], "content": "one two three", "priority": 99}]}
    lore = activate([card, user], TEA, limits=LoreLimits(budget=4))
    assert named(lore.fired) == ["card"]
    assert "4 tokens of all lore" in lore.dropped[0].why


def test_books_stack() -> None:
    card = {"entries": [{"name": "card", "keys": ["tea"], "content": "x", "insertion_order": 2}]}
    user = {"entries": [{"name": "user", "keys": ["tea"], "content": "x", "insertion_order": 1}]}
    assert named(activate([card, user], TEA).fired) == ["user", "card"]


# -- the same everywhere -------------------------------------------------------------------------


def test_chance_is_the_same_at_each_attempt() -> None:
    book = {
        "entries": [
            {"name": str(n), "keys": ["tea"], "content": "x", "extensions": {"probability": 50}}
            for n in range(50)
        ]
    }
    assert activate([book], TEA, seed=3) == activate([book], TEA, seed=3)
    assert named(activate([book], TEA, seed=3).fired) != named(activate([book], TEA, seed=4).fired)


def test_what_fired_on_another_branch_does_not_count() -> None:
    book = {
        "entries": [
            {"name": "a", "keys": ["dragon"], "content": "@@keep_activate_after_match\n@@scan_depth 1\nx"}
        ]
    }
    with_dragon = [["assistant", "Hi."], ["user", "A dragon!"], ["assistant", "Oh."], ["user", "Well."]]
    without = [["assistant", "Hi."], ["user", "A cat!"], ["assistant", "Oh."], ["user", "Well."]]
    assert named(activate([book], with_dragon).fired) == ["a"]
    assert named(activate([book], without).fired) == []


def test_entries_of_one_id_each_have_their_own_past() -> None:
    content = "@@keep_activate_after_match\n@@scan_depth 1\nx"
    entries = [{"name": key, "keys": [key], "content": content, "id": 1} for key in ("unicorn", "dragon")]
    talk = [["assistant", "Hi."], ["user", "A dragon!"], ["assistant", "Oh."], ["user", "Well."]]
    assert named(activate([{"entries": entries}], talk).fired) == ["dragon"]


# -- hostile books -------------------------------------------------------------------------------


def test_patterns_that_take_for_ever_stop_and_are_named() -> None:
    entries = [{"name": "slow", "keys": ["(a|aa)+$"], "content": "x", "use_regex": True}]
    lore = activate([{"entries": entries}], [["user", "a" * 80 + "!"]])
    assert lore.fired == ()
    assert lore.slow == ("(a|aa)+$",)


def test_entries_that_wake_each_other_for_ever_end() -> None:
    chain = [{"name": str(n), "keys": [f"k{n}!"], "content": f"k{n + 1}!"} for n in range(100)]
    lore = activate([{"entries": chain, "recursive_scanning": True}], [["user", "k0!"]])
    assert named(lore.fired) == [str(n) for n in range(LoreLimits().rounds + 1)]


def test_only_so_many_entries_are_looked_at() -> None:
    entries = [{"name": str(n), "keys": ["tea"], "content": "x"} for n in range(20)]
    lore = activate([{"entries": entries}], TEA, limits=LoreLimits(entries=5))
    assert len(lore.fired) == 5


def test_an_entry_that_says_nothing_is_one() -> None:
    assert LoreEntry() == msgspec.convert({}, LoreEntry)
    assert activate([{"entries": [{}]}], TEA) == Lore()
