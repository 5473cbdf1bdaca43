"""`samovar card inspect | convert`, with real files."""

import json
from pathlib import Path
from typing import Any

import pytest

from actors.character.formats.png_chunks import Chunk
from supervisor.cli import main
from tests.actors.character import fixtures
from tests.actors.character.fixtures import CARDS


@pytest.fixture(autouse=True)
def no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMOVAR_DATA", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def put(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def inspected(capsys: pytest.CaptureFixture[str], path: str) -> Any:
    assert main(["card", "inspect", path, "--json"]) == 0
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    return json.loads(text)


def test_inspect_tells_everything_of_a_png_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = inspected(capsys, put(folder / "card", CARDS["V3 PNG with files"]()))
    assert (said["spec"], said["spec_version"], said["carrier"]) == ("chara_card_v3", "3.0", "png")
    assert (said["name"], said["nickname"], said["creator"]) == ("Агафья", "Ага", "a maker")
    assert said["card"]["first_mes"] == fixtures.V1["first_mes"]
    assert said["card"]["group_only_greetings"] == ["All of you, come in."]
    assert [entry["insertion_order"] for entry in said["character_book"]["entries"]] == [10, 20, 5]
    assert said["card"]["character_book"] == said["character_book"]
    assert [(each["where"], each["bytes"]) for each in said["assets"]] == [
        ("default", None),
        ("embedded", len(fixtures.ICON)),
        ("embedded", len(fixtures.OGG)),
        ("remote", None),
    ]
    assert said["files"]["nobody's"] == 4
    assert said["picture"]["type"] == "image/png"
    assert said["warnings"] == [
        'asset 4: "https://example.org/a.png" lies elsewhere: it is never fetched.',
    ]


def test_inspect_gives_a_v1_card_all_fields_of_v3(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = inspected(capsys, put(folder / "card.json", fixtures.as_json(fixtures.V1)))
    assert (said["spec"], said["character_book"]) == ("chara_card_v1", None)
    assert said["card"]["alternate_greetings"] == []
    assert said["assets"] == [
        {"type": "icon", "name": "main", "ext": "png", "uri": "ccdefault:", "where": "default", "bytes": None}
    ]


def test_inspect_tells_where_each_asset_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(folder / "card", CARDS["V3 CHARX"]())
    assert [each["where"] for each in inspected(capsys, path)["assets"]] == [
        *("embedded", "embedded", "missing", "inline"),
    ]
    assert main(["card", "inspect", path]) == 0
    assert "asset: background gone (missing)" in capsys.readouterr().out


def test_inspect_shows_a_summary_that_no_card_can_make_a_terminal_obey(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = fixtures.v3(name="\x1b]0;owned\x07Eve\n\u202e", tags=["\x1b[2J"], assets=fixtures.ASSETS)
    assert main(["card", "inspect", put(folder / "card", fixtures.as_json(tree))]) == 0
    text = capsys.readouterr().out
    assert "Eve" in text
    assert "lorebook: 3 entries, 1 constant, 0 disabled" in text
    assert "greetings: 3, for groups only: 1" in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (fixtures.png(), "there is no card in it"),
        (fixtures.png(fixtures.text_chunk("ccv3", b"rcc||rccv1||x||y||z")), "encrypted"),
        (b"plain text", "neither JSON"),
        (fixtures.archive([("../card.json", b"{}")]), "leads out of it"),
        (fixtures.as_json({"entries": {}}), "lorebook alone"),
        (b"{", "broken"),
    ],
)
def test_a_hostile_or_cardless_file_is_status_2_and_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], data: bytes, why: str
) -> None:
    path = put(folder / "card", data)
    for words in (["inspect", path], ["inspect", path, "--json"], ["convert", path, str(folder / "out.png")]):
        assert main(["card", *words]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"samovar: {path}: ")
        assert why in err
        assert err.count("\n") == 1
    assert not (folder / "out.png").exists()


def test_a_file_that_is_not_there_is_status_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "inspect", str(folder / "none.png")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_limits_are_settings(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMOVAR_CARD_FILE_BYTES", "100")
    assert main(["card", "inspect", put(folder / "card", CARDS["V2 PNG"]())]) == 2
    assert "file_bytes" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["V1 JSON", "V2 PNG", "V3 CHARX", "V3 PNG with files"])
@pytest.mark.parametrize("suffix", [".png", ".json", ".CHARX"])
def test_convert_and_back_loses_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, suffix: str
) -> None:
    before = put(folder / "card", CARDS[name]())
    other, back = str(folder / f"other{suffix}"), str(folder / "back.json")
    assert main(["card", "convert", before, other]) == 0
    assert main(["card", "convert", other, back]) == 0
    straight = str(folder / "straight.json")
    assert main(["card", "convert", before, straight]) == 0
    assert json.loads(Path(back).read_bytes()) == json.loads(Path(straight).read_bytes())


def test_convert_to_another_version_and_what_it_loses_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder / "card.json", fixtures.as_json(fixtures.v3()))
    out = str(folder / "card.png")
    assert main(["card", "convert", path, out, "--spec", "v2"]) == 0
    assert "decorators" in capsys.readouterr().err
    said = inspected(capsys, out)
    assert said["spec"] == "chara_card_v2"
    assert said["character_book"]["entries"][2]["content"] == "The boatman is called Ilya."


def test_a_picture_goes_into_a_json_where_it_is_wanted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder / "card.png", fixtures.png(fixtures.card_chunk("chara", fixtures.V2)))
    out, back = str(folder / "card.json"), str(folder / "back.png")
    assert main(["card", "convert", path, out]) == 0
    assert "--picture" in capsys.readouterr().err
    assert main(["card", "convert", path, out, "--picture"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["card", "convert", out, back]) == 0
    assert inspected(capsys, back)["picture"]["bytes"] == len(fixtures.png())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["card.json", "card.gif"], "does not end in"),
        (["card.json", "card.json"], "the file itself"),
        (["card.json", "card.charx", "--spec", "v2"], "V3 alone"),
        (["card.json", "other.json", "--spec", "sillytavern"], "for lorebooks"),
    ],
)
def test_a_mistaken_call_is_status_2(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    why: str,
) -> None:
    monkeypatch.chdir(folder)
    put(folder / "card.json", fixtures.as_json(fixtures.V2))
    assert main(["card", "convert", *words]) == 2
    assert why in capsys.readouterr().err


def test_a_lorebook_becomes_a_sillytavern_world_and_comes_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = {"spec": "lorebook_v3", "data": fixtures.V2["data"]["character_book"]}
    book, world = put(folder / "book.json", fixtures.as_json(tree)), folder / "world.json"
    assert main(["card", "convert", book, str(world), "--spec", "sillytavern"]) == 0
    assert sorted(json.loads(world.read_bytes())["entries"]) == ["1", "2"]
    back = folder / "back.json"
    assert main(["card", "convert", str(world), str(back)]) == 0
    assert json.loads(back.read_bytes()) == tree
    for words in (["out.png"], ["out.json", "--spec", "v2"]):
        assert main(["card", "convert", book, str(folder / words[0]), *words[1:]]) == 2
        assert "lorebook alone" in capsys.readouterr().err


def test_a_folder_that_takes_no_file_is_status_1_and_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder / "card.json", fixtures.as_json(fixtures.V2))
    assert main(["card", "convert", path, str(folder / "none" / "card.png")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = Chunk(b"IHDR", (100_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0")
    chunks = [huge, fixtures.card_chunk("chara", fixtures.V2), *fixtures.picture()[1:]]
    assert main(["card", "inspect", put(folder / "card", fixtures.write_chunks(chunks))]) == 2
    assert "png_pixels" in capsys.readouterr().err
