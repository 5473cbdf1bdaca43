"""Assets: files named by their content."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.assets import Assets


def test_an_asset_is_read_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    assets = Assets(tmp_path / "assets")
    asset = assets.put(b"a picture")
    assert asset == hashlib.sha256(b"a picture").hexdigest()
    assert assets.read(asset) == b"a picture"
    assert assets.path(asset) == tmp_path / "assets" / asset
    assert Assets(tmp_path / "assets").read(asset) == b"a picture"


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    assert assets.put(b"a") == assets.put(b"a") != assets.put(b"b")
    assert len(list(tmp_path.iterdir())) == 2


def test_an_asset_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert Assets(tmp_path).read("0" * 64) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "../secret",
        "..",
        "/etc/passwd",
        "0" * 63,
        "0" * 65,
        "A" * 64,
        "../" + "0" * 61,
        "0" * 62 + "/.",
        "0" * 63 + "\0",
        "\uff10" * 64,
        "C:" + "0" * 62,
    ],
)
def test_only_an_id_becomes_a_file_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    assets = Assets(tmp_path / "assets")
    assets.put(b"a")
    assert assets.path(name) is None
    assert assets.read(name) is None


@settings(deadline=None)  # how long it takes is not what is tested
@given(name=st.text(max_size=80))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    path = Assets(Path("assets")).path(name)
    assert path is None or (path.parent == Path("assets") and path.name == name)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    assets = Assets(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            assets.put(b"a")
    assert list(tmp_path.iterdir()) == []
    assert assets.read(assets.put(b"a")) == b"a"
