"""Warnings: each code can be told, and nothing that a stranger wrote stands in one as it came."""

import base64
import json
import re
from typing import Any

import pytest

from actors.character.formats.limits import CardLimits
from actors.character.formats.lorebook_file import read_lorebook
from actors.character.formats.reading import read_card
from actors.character.formats.warnings import CODES, LINES, ODD, Warnings, line_of
from actors.messages.remarks import Remark
from tests.actors.character import fixtures

LIMITS = CardLimits()
HOSTILE = "\x1b]0;owned\x07\n{}{0}%s\u202e\ud83d<script>" + "x" * 5_000
FACT = 61  # characters, with the sign that something was cut off


def assert_harmless(found: tuple[Remark, ...]) -> None:
    assert found
    for warning in found:
        assert warning.text.isprintable(), warning
        assert len(warning.text) < 200, warning
        for fact in warning.facts:
            assert not fact or fact.isprintable(), warning
            assert len(fact) <= FACT, warning


def as_json(tree: object) -> bytes:
    """ASCII: half an emoji can stand in no other text."""
    return json.dumps(tree).encode()


def hostile_cards() -> dict[str, bytes]:
    def card(**more: Any) -> bytes:
        return as_json(fixtures.v3(**more))

    assets = [
        {"type": HOSTILE, "uri": HOSTILE, "name": HOSTILE, "ext": HOSTILE},
        fixtures.icon("main", f"embeded://{HOSTILE}"),
    ]
    entries = [
        {
            "keys": HOSTILE,
            "content": {HOSTILE: 1},
            "enabled": HOSTILE,
            "insertion_order": HOSTILE,
            "position": HOSTILE,
        }
    ]
    whole = fixtures.v3()
    return {
        "spec": as_json({**whole, "spec": HOSTILE, "spec_version": HOSTILE}),
        "version": as_json({**whole, "spec_version": "9" * 300}),
        "V1": as_json({**fixtures.V1, "spec": HOSTILE}),
        "assets": card(assets=assets),
        "fields": card(
            tags=HOSTILE, alternate_greetings=HOSTILE, extensions=HOSTILE, creation_date="9" * 4_000
        ),
        "book": card(character_book=HOSTILE),
        "entries": card(character_book={"entries": entries, "scan_depth": HOSTILE, "extensions": HOSTILE}),
        "files": fixtures.png(
            fixtures.card_chunk("ccv3", whole),
            fixtures.text_chunk("chara-ext-asset_:" + "x" * 4_000, b"?"),
            fixtures.text_chunk("chara-ext-asset_:\x1b[2J", base64.b64encode(b"1")),
            fixtures.text_chunk("chara-ext-asset_:\x1b[2J", base64.b64encode(b"2")),
        ),
    }


@pytest.mark.parametrize("name", hostile_cards())
def test_nothing_of_a_hostile_card_stands_in_a_warning_as_it_came(name: str) -> None:
    assert_harmless(read_card(hostile_cards()[name], LIMITS).warnings)


def test_nothing_of_a_hostile_lorebook_stands_in_a_warning_as_it_came() -> None:
    book = {"entries": {HOSTILE: {"key": HOSTILE, "order": HOSTILE, "disable": HOSTILE}, "1": HOSTILE}}
    assert_harmless(read_lorebook(as_json(book), LIMITS).warnings)


@pytest.mark.parametrize("code", LINES)
def test_every_line_takes_its_facts_cut_and_cleaned(code: str) -> None:
    facts = [7 if "," in found else HOSTILE for found in re.findall(r"\{([^}]*)\}", LINES[code])]
    told = line_of(code, *facts)
    assert (told.code, len(told.facts)) == (code, len(facts))
    assert_harmless((told,))


@pytest.mark.parametrize("value", [None, HOSTILE, 9**600, 1.5, True, False, {HOSTILE: 1}, [HOSTILE]])
@pytest.mark.parametrize("code", ODD)
def test_every_odd_value_is_shown_cut_and_cleaned(code: str, value: object) -> None:
    warnings = Warnings(10)
    warnings.odd(code, ("entry", 3), "keys", value, *(["2.0"] if "{}" in ODD[code] else []))
    (told,) = warnings.told()
    assert told.text.startswith("lore entry 3: keys is ")
    assert told.facts[:3] == ("entry", "3", "keys")
    assert_harmless((told,))


def test_the_same_is_told_once() -> None:
    warnings = Warnings(10)
    for _ in range(3):
        warnings.add("no_name")
    assert [each.code for each in warnings.told()] == ["no_name"]


def test_no_code_means_two_things() -> None:
    assert len(set(CODES)) == len(CODES)
