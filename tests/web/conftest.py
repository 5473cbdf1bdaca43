"""A built user interface, as small as one can be."""

from pathlib import Path

import pytest


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Samovar</title>")
    (dist / "manifest.webmanifest").write_text("{}")
    (dist / "assets" / "index-4f2a.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not for the web")
    return dist
