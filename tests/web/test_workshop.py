"""The workshop: what a hostile file does to it, it does not do to the web process."""

import asyncio
import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import psutil
import pytest

from actors.character.formats.limits import CardLimits
from actors.character.formats.png_chunks import Chunk, write_chunks
from tests.actors.character.fixtures import JPEG, as_json, card_chunk, charx, icon, v3
from web.library.bench import GAVE_UP, TOO_LONG, Bench, BusyError
from web.library.portraits import PictureTrouble, portraits_of
from web.library.settings import LibrarySettings
from web.library.work import CardRead, CardRefused, ReadWork, Work

LIMITS = CardLimits()
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
MEGABYTE = 1_000_000


def reading(data: bytes, pixels: int = 50 * MEGABYTE) -> ReadWork:
    return ReadWork(data, LIMITS, sheet_bytes=4 * MEGABYTE, pixels=pixels)


def done(work: Work, settings: LibrarySettings | None = None, module: str = "") -> object:
    bench = Bench(settings or LibrarySettings(), LIMITS)
    bench.module = module or bench.module
    return asyncio.run(bench.do(work))


def large_png(width: int, height: int) -> bytes:
    """A PNG of one colour with a card: small as a file, `width` × `height` pixels when it is opened."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(b"\0" + b"\x80\x40\x20" * width) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return write_chunks(
        [
            Chunk(b"IHDR", head),
            card_chunk("ccv3", v3()),
            Chunk(b"IDAT", data),
            Chunk(b"IEND", b""),
        ]
    )


def test_a_picture_is_drawn_anew_in_the_sizes_of_the_gallery() -> None:
    answer = done(reading(large_png(2_000, 1_500)))
    assert isinstance(answer, CardRead)
    assert answer.warnings == ()
    assert answer.portrait[8:12] == answer.thumb[8:12] == b"WEBP"
    assert b"ccv3" not in answer.portrait


def test_a_picture_of_too_many_pixels_is_left_out_before_one_is_decoded() -> None:
    answer = done(reading(large_png(4_000, 4_000), pixels=MEGABYTE))
    assert isinstance(answer, CardRead)
    assert answer.portrait == b""
    assert any("pixels" in warning.text for warning in answer.warnings)


@pytest.mark.parametrize(
    "data", [SVG, b"GIF89a" + bytes(20), JPEG, b""], ids=["svg", "gif", "jpeg", "nothing"]
)
def test_what_is_no_sound_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureTrouble):
        portraits_of(data, MEGABYTE)


def test_an_svg_within_a_card_is_never_shown() -> None:
    tree = v3(assets=[icon("main", "embeded://assets/icon/images/main.svg", ext="svg")])
    answer = done(reading(charx(tree, ("assets/icon/images/main.svg", SVG))))
    assert isinstance(answer, CardRead)
    assert answer.portrait == b""
    assert any("not shown" in warning.text for warning in answer.warnings)


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("card.json", as_json(v3()))
        writer.writestr("assets/zeros", bytes(50 * MEGABYTE))
    return target.getvalue()


@pytest.mark.parametrize(
    "data",
    [bomb(), b"[" * MEGABYTE, b'{"data":' * 100_000, b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", bytes(100)],
    ids=["zip bomb", "nested lists", "nested objects", "cut png", "cut zip", "zeros"],
)
def test_a_hostile_file_is_refused_in_one_line_and_this_process_stays_as_it_was(data: bytes) -> None:
    before, children = psutil.Process().memory_info().rss, psutil.Process().children()
    answer = done(reading(data))
    assert isinstance(answer, CardRefused)
    assert answer.why
    assert "\n" not in answer.why
    assert psutil.Process().memory_info().rss - before < 100 * MEGABYTE
    assert psutil.Process().children() == children


def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> str:
    """A workshop that does this once its limits hold; the name of its module."""
    start = (
        "import sys\nimport web.library.workshop\nfrom web.library.limited import limit\n"
        "limit(int(sys.argv[1]), int(sys.argv[2]))\n"
    )
    (tmp_path / "played_workshop.py").write_text(start + code)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path.cwd()}")
    return "played_workshop"


@pytest.mark.skipif(sys.platform == "win32", reason="there a job object holds it")
@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("x = bytearray(2_000_000_000)", GAVE_UP),
        ("while True: pass", GAVE_UP),
        ("open(__file__, 'wb').write(b'x' * 100_000)", GAVE_UP),
        ("import threading; threading.Event().wait()", TOO_LONG),
        ("while True: sys.stdout.buffer.write(bytes(1_000_000))", GAVE_UP),
        ("sys.stdout.buffer.write(b'no answer')", GAVE_UP),
        ("", GAVE_UP),
    ],
    ids=["memory", "processor", "disk", "time", "flood", "nonsense", "silence"],
)
def test_a_decoder_that_a_file_has_taken_over_is_held_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, answer: CardRefused
) -> None:
    module = played(tmp_path, monkeypatch, code)
    children = psutil.Process().children()
    deadline_s = 3.0 if answer is TOO_LONG else 60.0
    settings = LibrarySettings(cpu_s=1, deadline_s=deadline_s, memory_bytes=500 * MEGABYTE)
    assert done(reading(b"x"), settings, module) == answer
    assert psutil.Process().children() == children


def test_no_more_files_wait_than_the_settings_allow() -> None:
    async def test() -> None:
        bench = Bench(LibrarySettings(waiting=1), LIMITS)
        first = asyncio.create_task(bench.do(reading(b"{}")))
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await bench.do(reading(b"{}"))
        assert isinstance(await first, CardRefused)

    asyncio.run(test())
