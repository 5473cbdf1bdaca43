"""What an author changes, and everything else that stays as it came."""

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from actors.character.editing import (
    AssetEdit,
    CannotEditError,
    CardTexts,
    LanguageNote,
    book_text,
    dated,
    new_tree,
    texts_of,
    with_assets,
    with_book,
    with_portrait,
    with_texts,
)
from actors.character.formats.card_view import card_view
from actors.character.formats.carried import Contents
from actors.character.formats.json_tree import parse_tree, tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.warnings import Warnings
from actors.character.other_data import other_data
from tests.actors.character.fixtures import V1, V2, as_json, icon, v3

LIMITS = CardLimits()
PICTURE = b"\x89PNG\r\n\x1a\n a new one"


def parsed(tree: Any) -> dict[str, Any]:
    return parse_tree(as_json(tree), LIMITS, Warnings(0))


def texts(tree: dict[str, Any]) -> CardTexts:
    return texts_of(card_view(tree, Warnings(0)))


def test_what_is_not_changed_stays_as_it_came_to_the_last_digit() -> None:
    data = b'{"name":"A","odd":1.10000000000000000001,"tags":"a, b"}'
    exact = b'{"spec":"chara_card_v3","spec_version":"3.0","data":' + data + b"}"
    tree = parse_tree(exact, LIMITS, Warnings(0))
    assert with_texts(tree, texts(tree)) == tree
    edited = with_texts(tree, replace(texts(tree), scenario="A street."))
    assert edited["data"] == {**tree["data"], "scenario": "A street."}
    assert edited["data"]["odd"] == Decimal("1.10000000000000000001")
    assert edited["data"]["tags"] == "a, b"


@pytest.mark.parametrize("tree", [V1, V2, v3()], ids=["V1", "V2", "V3"])
def test_a_card_of_any_version_becomes_one_of_v3_that_says_what_its_author_wrote(tree: Any) -> None:
    wanted = CardTexts(
        name="New",
        nickname="N",
        first_mes="Hello.",
        alternate_greetings=("One.", "Two."),
        group_only_greetings=("All.",),
        tags=("tea",),
        creator_notes_multilingual=(LanguageNote("ru", "Чай."),),
    )
    edited = with_texts(parsed(tree), wanted)
    assert (edited["spec"], texts(edited)) == ("chara_card_v3", wanted)


def test_a_copy_beside_the_data_goes_on_saying_the_same() -> None:
    tree = parsed({**V2, "name": V2["data"]["name"], "description": "its own words"})
    edited = with_texts(tree, replace(texts(tree), name="New", description="Other."))
    assert (edited["name"], edited["data"]["name"]) == ("New", "New")
    assert (edited["description"], edited["data"]["description"]) == ("its own words", "Other.")


def test_notes_that_are_no_texts_are_another_programs_and_stay() -> None:
    tree = parsed(v3(creator_notes_multilingual={"en": "Tea.", "x": {"a": 1}}))
    edited = with_texts(tree, replace(texts(tree), creator_notes_multilingual=()))
    assert edited["data"]["creator_notes_multilingual"] == {"x": {"a": 1}}


def test_a_new_card_is_whole_and_dated() -> None:
    tree = dated(with_texts(new_tree(100), CardTexts("Marfa")), 200)
    card = card_view(tree, Warnings(0))
    assert (card.name, card.creation_date, card.modification_date) == ("Marfa", 100, 200)
    assert tree["data"]["group_only_greetings"] == []
    assert json.loads(tree_bytes(tree)) == tree


def test_of_a_lorebook_the_entries_that_were_not_changed_keep_their_numbers() -> None:
    entries = b'[{"keys":["a"],"content":"A","n":1.10000000000000000001},{"keys":["b"],"content":"B"}]'
    tree = parse_tree(
        b'{"spec":"chara_card_v3","spec_version":"3.0","data":{"name":"A","character_book":{"entries":'
        + entries
        + b"}}}",
        LIMITS,
        Warnings(0),
    )
    assert with_book(tree, book_text(tree), LIMITS) is tree
    book = json.loads(book_text(tree))
    book["entries"][1]["content"] = "Changed"
    edited = with_book(tree, json.dumps(book), LIMITS)["data"]["character_book"]["entries"]
    assert edited[0]["n"] == Decimal("1.10000000000000000001")
    assert edited[1]["content"] == "Changed"
    assert "character_book" not in with_book(tree, "", LIMITS)["data"]
    with pytest.raises(CannotEditError):
        with_book(tree, "[]", LIMITS)


def with_files() -> Contents:
    tree = v3(
        assets=[
            icon("main", "embeded://assets/icon/images/main.png"),
            {"type": "emotion", "name": "happy", "uri": "embeded://e/happy.png", "ext": "png", "odd": 1},
            {"type": "emotion", "name": "glad", "uri": "embeded://e/happy.png", "ext": "png"},
        ]
    )
    files = {"assets/icon/images/main.png": b"main", "e/happy.png": b"happy", "module.risum": b"foreign"}
    return Contents(parsed(tree), files)


KEPT = (AssetEdit("icon", "main", 0), AssetEdit("emotion", "happy", 1), AssetEdit("emotion", "glad", 2))


def test_assets_are_renamed_added_and_removed_and_files_go_with_the_last_that_names_them() -> None:
    before = with_files()
    assert with_assets(before, KEPT, {}) is before
    new = AssetEdit("emotion", "sad", picture="id")
    after = with_assets(before, (KEPT[0], AssetEdit("emotion", "merry", 1), new), {"id": PICTURE})
    _, merry, sad = after.tree["data"]["assets"]
    assert (merry["name"], merry["odd"], merry["uri"]) == ("merry", 1, "embeded://e/happy.png")
    assert after.files[sad["uri"].removeprefix("embeded://")] == PICTURE
    assert "e/happy.png" in after.files
    bare = with_assets(after, (AssetEdit("icon", "main", 0),), {})
    assert sorted(bare.files) == ["assets/icon/images/main.png", "module.risum"]
    for odd in (AssetEdit("icon", "x", 9), AssetEdit("icon", "x", picture="unknown")):
        with pytest.raises(CannotEditError):
            with_assets(before, (odd,), {})


def test_the_first_asset_of_a_card_leaves_its_picture_what_it_was() -> None:
    tree = parsed(V2)
    after = with_assets(
        Contents(tree, {}, b"own"), (AssetEdit("emotion", "sad", picture="id"),), {"id": PICTURE}
    )
    kinds = [(asset["type"], asset["uri"][:10]) for asset in after.tree["data"]["assets"]]
    assert kinds == [("icon", "ccdefault:"), ("emotion", "embeded://")]


def test_a_new_portrait_takes_the_place_of_the_main_icon_and_of_its_file() -> None:
    after = with_portrait(with_files(), PICTURE)
    assert after.picture == PICTURE
    assert after.tree["data"]["assets"][0]["uri"] == "ccdefault:"
    assert sorted(after.files) == ["e/happy.png", "module.risum"]
    plain = with_portrait(Contents(parsed(V2)), PICTURE)
    assert (plain.picture, plain.tree) == (PICTURE, parsed(V2))


def test_what_no_form_shows_is_listed() -> None:
    tree = parsed(
        {**v3(odd=[1], extensions={"depth_prompt": {"depth": 4}}), "name": v3()["data"]["name"], "mine": 1}
    )
    listed = {one.where: one for one in other_data(Contents(tree, {"module.risum": b"12"}))}
    assert {"mine", "odd", "extensions.depth_prompt", "module.risum"} <= set(listed)
    assert "name" not in listed
    assert json.loads(listed["extensions.depth_prompt"].text) == {"depth": 4}
    assert listed["module.risum"].size == 2
