"""`samovar move-in`, against a running web process."""

import asyncio
import json
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli import main
from supervisor.commands import move_in
from supervisor.errors import ControlRefusedError
from tests.web import tavern
from tests.web.site import Site, run_at
from tests.web.test_terminal import write_node
from web.control_client import ControlClient, ControlError

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("<!doctype html>")
    return tmp_path / "dist"


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Its folder: the door is that of the site, which has no supervisor to be asked."""

    @contextmanager
    def control(data: Any) -> Generator[ControlClient]:
        try:
            with ControlClient(data.root) as client:
                yield client
        except ControlError as error:
            raise ControlRefusedError(str(error)) from error

    monkeypatch.setattr(move_in, "control", control)
    return tmp_path / "node"


async def called(site: Site, node: Path, *words: str) -> int:
    await asyncio.to_thread(write_node, node, url=site.origin)
    return await asyncio.to_thread(main, ["move-in", "--data", str(node), *words])


def test_a_folder_and_then_a_zip_of_it_move_into_an_account(
    ui: Path, tmp_path: Path, node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")
    (folder / "chats/Agafya/broken.jsonl").write_bytes(b"not a chat")
    (folder / "themes").mkdir()
    (folder / "themes/Dark.json").write_bytes(b"{}")
    packed = tmp_path / "tavern.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"default-user/{path.relative_to(folder)}")

    async def test(site: Site) -> None:
        await site.character("Агафья")
        cookie = await site.person("Olga", "owner")
        assert await called(site, node, str(folder)) == 0
        text = capsys.readouterr().out
        assert "chats/Agafya/broken.jsonl: This is no chat" in text
        assert "themes: Samovar has no counterpart" in text
        rows = (await site.call("GET", "/api/conversations", cookie=cookie)).json
        assert {row["title"] for row in rows} == {"Winter plans", "Агафья"}
        assert await called(site, node, str(packed), "--user", "Olga", "--json") == 0
        report = json.loads(capsys.readouterr().out)
        (chats,) = [kind for kind in report["kinds"] if kind["kind"] == "chat"]
        assert (chats["found"], chats["known"], chats["refused"], chats["versions"]) == (3, 2, 1, 502)

    run_at(ui, test, data=tmp_path / "data")


def test_what_cannot_be_moved_is_one_line(
    ui: Path, tmp_path: Path, node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")

    async def test(site: Site) -> None:
        assert await called(site, node, str(folder)) == 1
        assert "This node has no owner yet" in capsys.readouterr().err
        await site.person("Olga", "owner")
        for words in ([str(tmp_path / "nowhere")], [str(Path(__file__))]):
            assert await called(site, node, *words) == 2
            assert capsys.readouterr().err.count("\n") == 1
        (tmp_path / "photos").mkdir()
        assert await called(site, node, str(tmp_path / "photos")) == 1
        assert "This is no data folder of SillyTavern" in capsys.readouterr().err

    run_at(ui, test)
