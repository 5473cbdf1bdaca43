"""No card loses anything on its way through another format and back: trees, files, pictures."""

import json

import pytest

from actors.character.formats.carried import Contents
from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import CardFile, read_card
from actors.character.formats.writing import write_card
from tests.actors.character import fixtures
from tests.actors.character.fixtures import CARDS

LIMITS = CardLimits()
FORMS = ("png", "json", "charx")


def source(file: CardFile) -> Contents:
    return file.origin or file.contents


def written(file: CardFile, form: str, spec: str = "") -> bytes:
    return write_card(file, form, LIMITS, spec, picture=True).data


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("form", FORMS)
def test_a_card_comes_back_from_every_format(name: str, form: str) -> None:
    file = read_card(CARDS[name](), LIMITS)
    back = source(read_card(written(file, form), LIMITS))
    assert json.dumps(back.tree) == json.dumps(source(file).tree)  # in order, too
    assert back.files == source(file).files
    assert back.picture == source(file).picture


@pytest.mark.parametrize("name", CARDS)
def test_a_card_comes_back_from_a_journey_through_all_formats_twice(name: str) -> None:
    file = before = read_card(CARDS[name](), LIMITS)
    for form in (*FORMS, *reversed(FORMS)):
        file = read_card(written(file, form), LIMITS)
    assert source(file) == source(before)


@pytest.mark.parametrize("name", CARDS)
def test_the_same_format_once_more_gives_the_same_bytes(name: str) -> None:
    file = read_card(CARDS[name](), LIMITS)
    for form in FORMS:
        once = written(file, form)
        assert written(read_card(once, LIMITS), form) == once


@pytest.mark.parametrize("name", CARDS)
def test_a_json_without_files_is_the_tree_and_nothing_else(name: str) -> None:
    file = read_card(CARDS[name](), LIMITS)
    if not file.contents.files:
        assert json.loads(write_card(file, "json", LIMITS).data) == source(file).tree


def test_files_of_assets_stand_in_a_json_as_data_uris() -> None:
    file = read_card(fixtures.charx(fixtures.IN_CHARX, *fixtures.CHARX_FILES), LIMITS)
    tree = json.loads(write_card(file, "json", LIMITS).data)
    main, happy, gone, inline = (each["uri"] for each in tree["data"]["assets"])
    assert main.startswith(
        "data:image/png;uri=embeded%3A%2F%2Fassets%2Ficon%2Fimages%2Fmain.png;base64,iVBOR"
    )
    assert happy.startswith("data:image/webp;uri=embedded%3A%2F%2F")
    assert (gone, inline) == (fixtures.CHARX_ASSETS[2]["uri"], fixtures.CHARX_ASSETS[3]["uri"])
    assert sorted(tree["data"]["extensions"]["samovar"]["files"]) == ["module.risum", "x_meta/1.json"]


def test_a_json_that_somebody_edited_keeps_the_edit() -> None:
    file = read_card(fixtures.charx(fixtures.IN_CHARX, *fixtures.CHARX_FILES), LIMITS)
    tree = json.loads(write_card(file, "json", LIMITS).data)
    tree["data"]["name"] = "Another"
    del tree["data"]["assets"][1]
    again = source(read_card(fixtures.as_json(tree), LIMITS))
    assert again.tree["data"]["name"] == "Another"
    assert [each["uri"] for each in again.tree["data"]["assets"]] == [
        fixtures.CHARX_ASSETS[at]["uri"] for at in (0, 2, 3)
    ]
    assert again.files["assets/icon/images/main.png"] == fixtures.ICON


def test_a_png_has_the_picture_it_had() -> None:
    foreign = fixtures.text_chunk("parameters", b"of an image generator")
    file = read_card(fixtures.png(foreign, fixtures.card_chunk("chara", fixtures.V2)), LIMITS)
    again = read_card(written(file, "png"), LIMITS)
    assert again.contents.picture == fixtures.png(foreign)


def test_a_charx_has_the_picture_of_a_png_as_its_main_icon() -> None:
    file = read_card(fixtures.png(fixtures.card_chunk("chara", fixtures.V2)), LIMITS)
    again = read_card(written(file, "charx"), LIMITS)
    assert [each.uri for each in again.card.assets] == ["embeded://assets/icon/images/main.png"]
    assert again.contents.files == {"assets/icon/images/main.png": fixtures.png()}
    assert again.spec.name == "chara_card_v3"


def test_a_charx_names_its_files_as_the_format_would_have_it() -> None:
    assets = [
        fixtures.icon("main", "ccdefault:"),
        fixtures.icon("Радость", "__asset:0", "emotion"),
        fixtures.icon("font", "__asset:1", "x_font", "ttf"),
        fixtures.icon("happy face", "__asset:2", "emotion", "weird"),
        fixtures.icon("user", "ccdefault:", "user_icon"),  # not the picture of the card
    ]
    chunks = [
        fixtures.asset_chunk("0", fixtures.ICON),
        fixtures.asset_chunk("1", b"x"),
        fixtures.asset_chunk("2", b"y"),
    ]
    file = read_card(fixtures.png(fixtures.card_chunk("ccv3", fixtures.v3(assets=assets)), *chunks), LIMITS)
    again = read_card(written(file, "charx"), LIMITS)
    assert [each.uri for each in again.card.assets] == [
        "embeded://assets/icon/images/main.png",
        "embeded://assets/emotion/images/file.png",
        "embeded://assets/x_font/fonts/font.ttf",
        "embeded://assets/emotion/other/happy_face.weird",
        "ccdefault:",
    ]


def test_a_card_with_a_field_of_our_name_is_not_taken_for_ours() -> None:
    tree = fixtures.v3(extensions={"samovar": {"mood": 1}})
    file = read_card(fixtures.as_json(tree), LIMITS)
    assert source(file).tree == tree
    pictured = read_card(fixtures.png(fixtures.card_chunk("ccv3", tree)), LIMITS)
    assert source(read_card(written(pictured, "json"), LIMITS)) == pictured.contents


def test_a_png_shows_the_main_icon_of_a_charx() -> None:
    file = read_card(fixtures.charx(fixtures.IN_CHARX, *fixtures.CHARX_FILES), LIMITS)
    assert read_card(written(file, "png"), LIMITS).contents.picture == fixtures.ICON


def test_a_card_without_any_picture_gets_one_that_is_its_name_s_own() -> None:
    file = read_card(fixtures.as_json(fixtures.V2), LIMITS)
    shown = read_card(written(file, "png"), LIMITS)
    assert shown.contents.picture is not None
    assert shown.origin is not None
    assert shown.origin.picture is None  # and it is known that this is not the card's
    assert written(file, "png") == written(file, "png")


def test_a_note_that_does_not_fit_its_file_is_not_believed() -> None:
    """Somebody edited the CHARX, or wrote a note that shows Samovar another card than all others."""
    file = read_card(fixtures.as_json(fixtures.V2), LIMITS)
    made = read_card(written(file, "charx"), LIMITS)
    assert made.origin is not None
    edited = {**made.contents.tree, "data": {**made.contents.tree["data"], "name": "Another"}}
    note = fixtures.as_json({"tree": made.origin.tree, "paths": {}, "picture": False})
    again = read_card(fixtures.charx(edited, ("samovar-origin.json", note)), LIMITS)
    assert again.origin is None
    assert again.card.name == "Another"
    assert again.contents.files == {}


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"[]",
        b"{}",
        b'{"tree":[],"paths":{}}',
        b'{"paths":{"a":["b"]}}',
        b'{"paths":{"a":"b"},"picture":"none"}',
        b'{"paths":{},"tree":{"name":1}}',
    ],
)
def test_a_note_that_is_none_is_passed_over(note: bytes) -> None:
    file = read_card(fixtures.charx(fixtures.v3(), ("samovar-origin.json", note), ("a", b"a")), LIMITS)
    assert file.origin is None
    assert file.contents.files == {"a": b"a"}
