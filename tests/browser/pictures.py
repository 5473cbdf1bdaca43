"""Makes docs/pictures from the running product: `python -m tests.browser.pictures`, after `deploy setup`.
With names of scenes (`chats editor …`), only theirs.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser import home
from tests.browser.browser import Page, find_chromium, running_browser
from tests.browser.scenes import SCENES, Studio
from tests.system.running_node import running_node

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SETTINGS = """
[engine]
slots = 2 # few enough for a queue to be seen

[supervisor]
box_name = "Home PC"
"""
ROOMY = 200_000
"""Bytes from which on a picture gets a palette: a third of the size, and hardly to be told from it."""


def slimmed(png: bytes) -> bytes:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    slim = io.BytesIO()
    picture.save(slim, "PNG", optimize=True)
    if slim.tell() < ROOMY:
        return slim.getvalue()
    palette = picture.quantize(240, method=Image.Quantize.MEDIANCUT, kmeans=4)
    slim = io.BytesIO()
    picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(slim, "PNG", optimize=True)
    return slim.getvalue()


def take(page: Page, name: str) -> None:
    path = PICTURES / f"{name}.png"
    page.evaluate("new Promise((done) => setTimeout(done, 1000))")  # what is loaded is painted late
    page.picture(path)
    path.write_bytes(slimmed(path.read_bytes()))
    print(f"{path} {path.stat().st_size // 1024} KiB")  # noqa: T201 - this is a program


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"of {', '.join(SCENES)}; else all")
    chosen = parser.parse_args().scenes or list(SCENES)
    if unknown := [name for name in chosen if name not in SCENES]:
        parser.error(f"there is no scene {', '.join(unknown)}: choose from {', '.join(SCENES)}")
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium or Chrome was found: install one, or name it in CHROMIUM.", file=sys.stderr)  # noqa: T201
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        home.short_replies(data)
        with (data / "samovar.toml").open("a") as settings:
            settings.write(SETTINGS)
        with running_node(data) as node, running_browser(chromium) as browser:
            studio = Studio(browser, home.address(node), Path(folder), take)
            page = browser.device().page(studio.url)
            page.see("role=button[name='Open the door']")
            take(page, "first-visit")
            home.set_up(page)
            for name in chosen:
                SCENES[name](studio)
    return 0


if __name__ == "__main__":
    sys.exit(main())
