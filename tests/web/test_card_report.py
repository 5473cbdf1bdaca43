"""docs/card-report.md is true: made anew it says the same, and a server takes and gives the same files."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.character.formats.limits import CardLimits
from actors.character.formats.writing import Written, write_card
from supervisor.cli import main
from tests.actors.character import card_report, fixtures
from tests.actors.character.all_cards import put_all
from tests.web.site import Site, run_at
from tests.web.test_library import bring
from web.library import journey as journeys
from web.library.journey import Journey, JourneyWork, journey
from web.library.work import CardRefused

pytestmark = pytest.mark.timeout(400)  # a process for each file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    put_all(folder)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> card_report.Found:
    return card_report.find(folder)


def test_the_committed_report_is_what_is_reported_today(found: card_report.Found) -> None:
    committed = card_report.PAGE.read_text(encoding="utf-8").partition(card_report.MADE)[2]
    assert card_report.tables(found) == committed


def test_no_card_loses_anything_and_none_that_hurts_comes_in(found: card_report.Found) -> None:
    for group, cards in found.items():
        assert cards, group
        for card in cards:
            if group == "hostile":
                assert isinstance(card.said, CardRefused), card.name
            else:
                assert isinstance(card.said, Journey), card.name
                assert [leg.lost for leg in card.said.legs] == [(), (), ()], card.name


def test_a_server_takes_and_refuses_what_the_report_says_and_gives_it_back(
    found: card_report.Found, folder: Path, ui: Path
) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        for group in ("carriers", "hostile"):
            for card in found[group]:
                data = (folder / group / card.name).read_bytes()
                await check(site, cookie, await bring(site, cookie, data, card.name), card.said, data)

    run_at(ui, test)


async def check(site: Site, cookie: str, file: dict[str, Any], said: Any, data: bytes) -> None:
    if isinstance(said, CardRefused):
        assert (file["status"], file["why"]) == ("refused", said.why)
        return
    assert file["status"] in {"imported", "known"}, file
    assert tuple(each["text"] for each in file["warnings"]) == said.warnings
    if file["status"] == "imported":
        path = f"/api/characters/versions/{file['version']}/file/original"
        assert (await site.call("GET", path, cookie=cookie)).body == data


@pytest.mark.parametrize(
    ("spoilt", "in_json", "in_png"),
    [
        (("чай", "кофе"), ("tree", "import"), ()),  # a PNG has it in base64
        (
            ("sounds", "noises"),
            ("files", "import"),
            ("The picture is damaged: the checksum of a tEXt chunk is wrong.",),
        ),
    ],
)
def test_what_is_lost_on_the_way_is_told(
    spoilt: tuple[str, str],
    in_json: tuple[str, ...],
    in_png: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def spoiling(*given: Any, **more: Any) -> Written:
        data = write_card(*given, **more).data
        return Written(data.replace(spoilt[0].encode(), spoilt[1].encode()))

    monkeypatch.setattr(journeys, "write_card", spoiling)
    card = fixtures.charx(fixtures.v3(description="чай"), ("sounds/a.ogg", fixtures.OGG))
    said = journey(JourneyWork(card, CardLimits(), 4_000_000, 1_000_000))
    assert isinstance(said, Journey)
    found = {leg.form: leg.lost for leg in said.legs}
    assert (found["json"], found["png"]) == (in_json, in_png)


def test_the_command_reports_a_folder_and_names_what_it_cannot_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMOVAR_DATA", str(tmp_path / "data"))
    cards = tmp_path / "cards" / "below"
    cards.mkdir(parents=True)
    (cards / "a|b.json").write_bytes(fixtures.as_json(fixtures.v3(name="**A** <b>\n\x1b[31m")))
    (cards / "holiday.png").write_bytes(fixtures.png())
    (cards / "letter.txt").write_text("no card", encoding="utf-8")
    assert main(["card", "report", str(tmp_path / "cards")]) == 0
    text = capsys.readouterr().out
    assert r"| below/a\|b.json | \*\*A\*\* \<b\>??\[31m | V3, JSON | 3 | 0 | whole | whole | whole |" in text
    assert text.endswith("2 files: 1 taken, 1 refused; 0 did not come back whole.\n")
    assert main(["card", "report", "--json", str(cards / "holiday.png")]) == 0
    (file,) = msgspec.json.decode(capsys.readouterr().out)["files"]
    assert (file["file"], file["type"], file["code"]) == ("holiday.png", "refused", "no_card_picture")
    for path in (tmp_path / "none", tmp_path / "data"):
        path.with_name("data").mkdir(exist_ok=True)
        assert main(["card", "report", str(path)]) == 2
        assert "there is no" in capsys.readouterr().err
