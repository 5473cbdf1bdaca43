"""`samovar backup` and `samovar restore`, on the real storage, with a writer at work."""

import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from supervisor.backup import MANIFEST
from supervisor.cli import main
from supervisor.data_folder import DataFolder
from tests.storage.node import Node

PICTURE = "ab" * 32


@pytest.fixture
def home(tmp_path: Path) -> Node:
    """A data folder with a conversation, a picture, a setting and a log."""
    data = DataFolder(tmp_path / "home")
    data.make()
    node = Node(data.root)
    node.fill()
    (data.root / "assets" / PICTURE).write_bytes(b"picture")
    (data.root / "logs" / "web.log").write_text("a line")
    data.settings.write_text("[web]\nport = 8123\n")
    return node


def backup(home: Node, file: Path, *words: str) -> int:
    return main(["backup", str(file), "--data", str(home.folder), *words])


def restore(file: Path, folder: Path) -> int:
    return main(["restore", str(file), "--data", str(folder)])


def test_everything_comes_back(home: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, file, there = home.look(), tmp_path / "b.zip", tmp_path / "there"
    with closing(sqlite3.connect(home.file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")  # the node runs, and is in the middle of something
        writer.execute("DELETE FROM message")
        assert backup(home, file) == 0
        writer.execute("ROLLBACK")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "It has the keys too" in capsys.readouterr().out
    assert restore(file, there) == 0
    assert Node(there).look() == before
    assert (there / "assets" / PICTURE).read_bytes() == b"picture"
    assert (there / "samovar.toml").read_text() == "[web]\nport = 8123\n"
    assert (there / "keys" / "storage.key").read_bytes() == (
        home.folder / "keys" / "storage.key"
    ).read_bytes()
    assert {path.stat().st_mode & 0o077 for path in there.rglob("*")} == {0}
    assert not list((there / "logs").iterdir())
    for folder in (home.folder, there):
        assert not list((folder / "backup").iterdir())


def test_without_keys(home: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, there = tmp_path / "b.zip", tmp_path / "there"
    assert backup(home, file, "--without-keys") == 0
    assert "without a copy of" in capsys.readouterr().out
    assert restore(file, there) == 0
    assert "put your copy of them" in capsys.readouterr().out
    assert not list((there / "keys").iterdir())


def test_nothing_is_overwritten(home: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.zip"
    file.write_bytes(b"mine")
    assert backup(home, file) == 2
    assert file.read_bytes() == b"mine"
    good = tmp_path / "good.zip"
    assert backup(home, good) == 0
    before = home.look()
    assert restore(good, home.folder) == 2
    assert home.look() == before
    said = capsys.readouterr().err.splitlines()
    assert "give another name" in said[0]
    assert "already" in said[-1]


def test_there_must_be_a_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", str(tmp_path / "b.zip"), "--data", str(tmp_path / "nobody")]) == 2
    assert "there is no node in" in capsys.readouterr().err
    assert not (tmp_path / "nobody").exists()


def zipped(**files: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return raw.getvalue()


MANIFESTS = {
    "good": b'{"format":1,"samovar":"0.1.0","made":"2026-11-27T00:00:00Z","parts":["db"]}',
    "newer": b'{"format":2,"samovar":"9.0.0","made":"2026-11-27T00:00:00Z","parts":["db"]}',
}
STRANGE = {
    "no zip": (b"no zip at all", "cannot be brought back"),
    "some zip": (zipped(a=b"b"), "is no backup of Samovar"),
    "a newer one": (zipped(**{MANIFEST: MANIFESTS["newer"]}), "update this one"),
    "a way out": (zipped(**{MANIFEST: MANIFESTS["good"], "keys/../../x": b"x"}), "which no backup does"),
    "an absolute one": (zipped(**{MANIFEST: MANIFESTS["good"], "/etc/x": b"x"}), "which no backup does"),
    "no database": (zipped(**{MANIFEST: MANIFESTS["good"], "db/samovar.db": b"x" * 5000}), "not a database"),
}


@pytest.mark.parametrize("which", STRANGE)
def test_strange_files_are_one_line_and_change_nothing(
    which: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, words = STRANGE[which]
    file, there = tmp_path / "b.zip", tmp_path / "there"
    file.write_bytes(data)
    assert restore(file, there) in {1, 2}
    line = capsys.readouterr().err.splitlines()[-1]  # before it, how far it came
    assert words in line
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path != file]


def test_a_damaged_backup_is_noticed(home: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, there = tmp_path / "b.zip", tmp_path / "there"
    assert backup(home, file) == 0
    with zipfile.ZipFile(file) as archive:
        place = archive.getinfo(f"assets/{PICTURE}").header_offset
    data = bytearray(file.read_bytes())
    at = data.index(b"picture", place)
    data[at] ^= 1
    file.write_bytes(data)
    assert restore(file, there) == 1
    assert "Bad CRC" in capsys.readouterr().err
    assert not [path for path in there.rglob("*") if path.is_file()]
