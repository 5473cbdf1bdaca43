"""The starter characters: every card in web/starter is whole, and is added once."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.web.site import Site, run_at
from web.rest import PICTURES
from web.starter import FOLDER, StarterCardError, add_starter_characters, read_starter

CARDS = [*sorted(FOLDER.glob("*.json")), *sorted(FOLDER.glob("*/*.json"))]


def card(**samovar: str) -> bytes:
    data: dict[str, Any] = {"name": "Vesna", "first_mes": "Sit down.", "tags": ["warm"]}
    data["extensions"] = {"samovar": samovar, "somebody/else": {"kept": True}}
    return json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": data}).encode()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_there_are_at_least_four_starter_characters() -> None:
    assert len(CARDS) >= 4


def test_each_speaks_every_language_of_the_page() -> None:
    named = {path.name for path in FOLDER.glob("*.json")}
    assert {path.name for path in (FOLDER / "ru").glob("*.json")} == named
    languages = {read_starter(path, sha, 0).language for path in CARDS}
    assert languages == {"en", "ru"}
    assert len({read_starter(path, sha, 0).character for path in CARDS}) == 2 * len(named)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_starter_card_has_all_that_the_gallery_and_the_prompt_need(path: Path) -> None:
    pictures: list[bytes] = []

    def put(data: bytes) -> str:
        pictures.append(data)
        return sha(data)

    version = read_starter(path, put, 0)
    assert version.sheet.name
    assert version.sheet.description
    assert version.sheet.first_mes
    assert version.tagline
    assert version.tags
    (picture,) = pictures
    assert any(picture.startswith(start) for start, _ in PICTURES)
    assert version.portrait == sha(picture)


def test_starters_are_added_where_there_is_no_character_and_only_there(ui: Path, tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    folder.mkdir()
    (folder / "b.json").write_bytes(card(tagline="Tea", portrait="b.png"))
    (folder / "b.png").write_bytes(b"a picture")
    (folder / "a.json").write_bytes(card(tagline="Jam"))

    async def test(site: Site) -> None:
        records, world = site.edge.records, site.world
        assert await add_starter_characters(records, world, sha, folder) == 2
        rows = await records.characters()
        assert [(row.tagline, row.portrait) for row in rows] == [("Jam", ""), ("Tea", sha(b"a picture"))]
        assert await add_starter_characters(records, world, sha, folder) == 0
        stored = list(site.disk.versions.values())
        assert stored[0].card == card(tagline="Jam")

    run_at(ui, test)


def test_ids_belong_to_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(card(tagline="Tea"))
    first, again = read_starter(path, sha, 0), read_starter(path, sha, 5)
    assert (first.character, first.version) == (again.character, again.version)
    path.write_bytes(card(tagline="Jam"))
    changed = read_starter(path, sha, 0)
    assert changed.character == first.character
    assert changed.version != first.version
    assert (first.version.version, first.version.variant) == (8, "specified in RFC 4122")
    assert changed.sheet.character == changed.version


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"spec":"chara_card_v3","data":"Vesna"}',
        card(portrait="no.png"),
        card(portrait="../x"),
    ],
)
def test_a_broken_card_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "inner" / "broken.json"
    path.parent.mkdir()
    (tmp_path / "x").write_bytes(b"outside")
    path.write_bytes(content)
    with pytest.raises(StarterCardError, match=r"broken\.json"):
        read_starter(path, sha, 0)
