"""One version of the format as another: what it demands is added, nothing else is touched."""

from typing import Any

import pytest

from actors.character.formats.card_view import V2, V3, spec_of
from actors.character.formats.specs import as_spec, without_decorators
from actors.character.formats.warnings import Warnings
from tests.actors.character import fixtures


def turned(tree: dict[str, Any], wanted: str) -> dict[str, Any]:
    return as_spec(tree, spec_of(tree, Warnings(0)), wanted)


def test_a_card_that_is_of_the_version_stays_the_same_object() -> None:
    tree = fixtures.v3()
    assert turned(tree, V3) is tree
    assert turned(fixtures.V2, V2) is fixtures.V2
    newer = {**tree, "spec": "chara_card_v4"}
    assert turned(newer, V3) is newer


def test_v2_becomes_v3_and_comes_back() -> None:
    newer = turned(fixtures.V2, V3)
    assert (newer["spec"], newer["spec_version"]) == ("chara_card_v3", "3.0")
    assert newer["data"]["group_only_greetings"] == []
    assert [entry["use_regex"] for entry in newer["data"]["character_book"]["entries"]] == [False, False]
    assert turned(newer, V2) == fixtures.V2


def test_v3_becomes_v2_without_decorators_and_with_all_that_says_something() -> None:
    older = turned(fixtures.v3(), V2)
    data = older["data"]
    assert (older["spec"], older["spec_version"], older["root_field"]) == (
        "chara_card_v2",
        "2.0",
        {"kept": True},
    )
    assert data["character_book"]["entries"][2]["content"] == "The boatman is called Ilya."
    assert data["group_only_greetings"] == ["All of you, come in."]
    assert (data["nickname"], data["field_of_tomorrow"]) == ("Ага", [{"b": 1, "a": 2}])


@pytest.mark.parametrize("wanted", [V2, V3])
def test_v1_keeps_its_flat_fields_beside_data(wanted: str) -> None:
    tree = turned({**fixtures.V1, "tags": ["a"], "character_book": {"entries": []}}, wanted)
    assert {name: tree[name] for name in fixtures.V1} == fixtures.V1
    assert tree["data"]["description"] == fixtures.V1["description"]
    assert (tree["data"]["tags"], tree["data"]["extensions"]) == (["a"], {})
    assert tree["data"]["character_book"] == {"entries": []}


def test_v1_of_another_program_has_its_fields_where_v2_looks_for_them() -> None:
    data = turned({"char_name": "A", "char_persona": "B", "char_greeting": "C"}, V2)["data"]
    assert (data["name"], data["description"], data["first_mes"]) == ("A", "B", "C")


@pytest.mark.parametrize(
    ("content", "bare"),
    [
        ("text", "text"),
        ("  text\n\n", "  text\n\n"),
        ("@@depth 4\ntext\n@@not leading", "text\n@@not leading"),
        ("\n@@depth 4\n\n@@@role user\n\ntext", "text"),
        ("@@depth 4\r\ntext", "text"),
        ("@@depth 4", ""),
        ("@@@ not one", "@@@ not one"),
        ("mail@@example", "mail@@example"),
    ],
)
def test_decorators_are_taken_from_the_head_of_a_content(content: str, bare: str) -> None:
    assert without_decorators(content) == bare


@pytest.mark.parametrize("book", [None, "x", {}, {"entries": {}}, {"entries": [1, {"content": 2}]}])
def test_a_book_that_is_odd_stays_so(book: object) -> None:
    tree = {**fixtures.V2, "data": {**fixtures.V2["data"], "character_book": book}}
    assert turned(turned(tree, V3), V2) == tree
