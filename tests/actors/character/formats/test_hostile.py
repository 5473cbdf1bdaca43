"""Files made to hurt: each is refused in one line, before it costs memory or time."""

import base64
import io
import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest

from actors.character.formats.limits import CardLimits
from actors.character.formats.png_chunks import Chunk, write_chunks
from actors.character.formats.reading import read_card
from actors.character.formats.troubles import (
    BrokenFileError,
    CardTrouble,
    EncryptedCardError,
    NoCardError,
    TooLargeError,
    UnknownFileError,
    UnsafeArchiveError,
)
from actors.character.formats.writing import write_card
from tests.actors.character import fixtures
from tests.actors.character.fixtures import CARDS, archive, card_chunk, charx, picture, png, text_chunk

LIMITS = CardLimits()
SMALL = 20_000_000
"""Bytes of memory that no refusal below needs."""


def refusal(data: bytes, limits: CardLimits = LIMITS) -> CardTrouble:
    tracemalloc.start()
    try:
        with pytest.raises(CardTrouble) as caught:
            read_card(data, limits)
        assert tracemalloc.get_traced_memory()[1] < SMALL + 3 * len(data)
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert str(caught.value)
    return caught.value


def test_a_file_beyond_its_limit_is_refused() -> None:
    assert isinstance(refusal(b"{" + b" " * 100, CardLimits(file_bytes=100)), TooLargeError)


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"GIF89a", b"%PDF-1.7", b"<svg/>", b"MZ", b"hello"])
def test_a_file_of_another_kind_is_refused(data: bytes) -> None:
    assert isinstance(refusal(data), UnknownFileError)


# -- PNG


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_compressed_text_without_measure_is_refused(kind: bytes) -> None:
    bomb = text_chunk("ccv3", bytes(100_000_000), kind)
    assert len(bomb.data) < 200_000
    error = refusal(png(bomb), CardLimits(inflated_bytes=1_000_000))
    assert isinstance(error, TooLargeError)
    assert "inflated_bytes" in str(error)


def test_many_compressed_texts_share_one_limit() -> None:
    chunks = [text_chunk(f"chara-ext-asset_:{at}", bytes(400_000), b"zTXt") for at in range(3)]
    limits = CardLimits(inflated_bytes=1_000_000)
    assert isinstance(refusal(png(card_chunk("ccv3", fixtures.v3()), *chunks), limits), TooLargeError)


def test_chunks_without_end_are_refused() -> None:
    many = [Chunk(b"tEXt", b"")] * 50_001
    assert "png_chunks" in str(refusal(write_chunks(picture(b"abc", *many))))
    long = text_chunk("a", bytes(2_000))
    assert "png_chunk_bytes" in str(refusal(png(long), CardLimits(png_chunk_bytes=1_000)))


def test_a_length_that_lies_is_refused() -> None:
    data = png(card_chunk("chara", fixtures.V2))
    at = data.index(b"tEXt") - 4
    for length in (0xFFFF_FFFF, 0x7FFF_FFFF, len(data), 3):
        assert refusal(data[:at] + struct.pack(">I", length) + data[at + 4 :])


def test_a_wrong_checksum_is_refused() -> None:
    data = bytearray(png(card_chunk("chara", fixtures.V2)))
    data[data.index(b"chara") + 10] ^= 1
    error = refusal(bytes(data))
    assert isinstance(error, BrokenFileError)
    assert "checksum of a tEXt chunk" in str(error)


@pytest.mark.parametrize(
    "name", ["V2 PNG", "V3 PNG with files", "V3 APNG", "V3 CHARX", "V3 JPEG with an archive"]
)
def test_a_file_cut_off_anywhere_is_refused(name: str) -> None:
    data = CARDS[name]()
    for length in [*range(8, 200, 7), len(data) // 2, len(data) - 1]:
        assert refusal(data[:length])


def test_a_picture_without_a_header_or_of_too_many_pixels_is_refused() -> None:
    assert isinstance(refusal(write_chunks(picture()[1:])), BrokenFileError)
    huge = Chunk(b"IHDR", struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0))
    assert "png_pixels" in str(refusal(write_chunks([huge, *picture()[1:]])))


def test_a_card_nested_without_end_is_refused() -> None:
    deep = b'{"spec":"chara_card_v2","data":' * 100_000 + b"1" + b"}" * 100_000
    assert "json_depth" in str(refusal(png(text_chunk("chara", base64.b64encode(deep)))))


def test_a_card_of_parts_without_end_is_refused() -> None:
    assert "json_parts" in str(refusal(b'{"a":[' + b"[]," * 2_000_000 + b"1]}"))


# -- zip


def test_a_small_archive_that_unpacks_without_measure_is_refused() -> None:
    """306 KB that hold 300 MiB, in files that are each within their limit."""
    bomb = charx(fixtures.v3(), *((f"assets/{at}.png", bytes(60 * 2**20)) for at in range(5)))
    assert len(bomb) < 400_000
    assert isinstance(refusal(bomb), UnsafeArchiveError)


def test_an_archive_is_measured_by_what_comes_out_of_it() -> None:
    """Sizes in its directory that lie do not help it."""
    bomb = bytearray(charx(fixtures.v3(), ("a", bytes(10_000_000))))
    at = bomb.rindex(b"PK\x01\x02") + 24
    bomb[at : at + 4] = struct.pack("<I", 1_000)
    assert refusal(bytes(bomb), CardLimits(zip_entry_bytes=1_000_000))


def test_an_archive_has_limits_of_its_own() -> None:
    noise = os.urandom(300_000)
    sound = charx(fixtures.v3(), ("a", noise), ("b", noise))
    assert isinstance(refusal(sound, CardLimits(zip_entry_bytes=200_000)), TooLargeError)
    assert isinstance(refusal(sound, CardLimits(zip_bytes=500_000)), TooLargeError)
    assert isinstance(refusal(sound, CardLimits(zip_entries=2)), TooLargeError)
    assert read_card(sound, LIMITS).contents.files["a"] == noise


def test_a_directory_without_end_is_refused_before_it_is_read() -> None:
    many = archive((f"x_meta/{at}", b"") for at in range(10_001))
    assert "zip_entries" in str(refusal(many))


@pytest.mark.parametrize(
    "path",
    [
        "../card.json",
        "a/../../b",
        "/etc/passwd",
        "..\\a",
        "\\\\host\\a",
        "C:\\a",
        "c:a",
        "a/..",
        "a\\..\\..\\b",
    ],
)
def test_a_path_that_leads_out_of_the_archive_is_refused(path: str) -> None:
    error = refusal(charx(fixtures.v3(), (path, b"x")))
    assert isinstance(error, UnsafeArchiveError)
    assert "leads out of it" in str(error)


def test_a_path_with_a_nul_is_refused() -> None:
    data = charx(fixtures.v3(), ("assets/xNy", b"x")).replace(b"assets/xNy", b"assets/x\0y")
    assert isinstance(refusal(data), UnsafeArchiveError)


def test_a_file_without_a_name_is_refused() -> None:
    """Found by fuzzing: zipfile itself falls over it."""
    assert isinstance(refusal(charx(fixtures.v3(), ("", b"x"))), UnsafeArchiveError)
    assert isinstance(refusal(charx(fixtures.v3(), ("\0", b"x"))), UnsafeArchiveError)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_link_or_a_device_is_refused(kind: int) -> None:
    target = io.BytesIO(charx(fixtures.v3()))
    with zipfile.ZipFile(target, "a") as writer:
        link = zipfile.ZipInfo("assets/a.png")
        link.external_attr = (kind | 0o777) << 16
        writer.writestr(link, "/etc/passwd")
    assert "link or a device" in str(refusal(target.getvalue()))


def test_an_encrypted_archive_is_refused() -> None:
    data = bytearray(charx(fixtures.v3()))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert isinstance(refusal(bytes(data)), EncryptedCardError)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_rare_way_to_pack_is_refused(method: int) -> None:
    data = archive([("card.json", fixtures.as_json(fixtures.v3()))], method)
    assert isinstance(refusal(data), UnsafeArchiveError)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused() -> None:
    twice = charx(fixtures.v3(), ("card.json", fixtures.as_json(fixtures.V2)))
    assert isinstance(refusal(twice), UnsafeArchiveError)


def test_a_file_whose_bytes_are_not_what_its_checksum_says_is_refused() -> None:
    data = archive([("card.json", fixtures.as_json(fixtures.v3()))], zipfile.ZIP_STORED)
    assert isinstance(refusal(data.replace(b"chara_card_v3", b"chara_card_vX")), BrokenFileError)


# -- WebP and JPEG


def test_a_walk_through_a_picture_has_an_end() -> None:
    many = fixtures.webp(*[(b"ABCD", b"")] * 10_001)
    assert isinstance(refusal(many), TooLargeError)
    segments = b"\xff\xd8\xff\xfe\0\2" + b"\xff\xfe\0\2" * 10_001
    assert isinstance(refusal(segments), TooLargeError)


@pytest.mark.parametrize(
    "block",
    [
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff" + b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0",  # a folder that is in itself
        b"MM\0*\0\0\0\x08\0\1\x92\x86\0\7\xff\xff\xff\xff\0\0\0\0",
        b"XX",
        b"",
    ],
)
def test_exif_that_lies_is_passed_over(block: bytes) -> None:
    assert isinstance(refusal(fixtures.webp((b"EXIF", block))), NoCardError)


# -- out of a card nothing reaches beyond its file


@pytest.mark.parametrize(
    "uri",
    ["file:///etc/passwd", "/etc/passwd", "../../etc/passwd", "http://169.254.169.254/", "embeded://../x"],
)
@pytest.mark.parametrize("form", ["png", "json", "charx"])
def test_a_uri_is_never_followed(uri: str, form: str, tmp_path: object) -> None:
    file = read_card(fixtures.as_json(fixtures.v3(assets=[fixtures.icon("main", uri)])), LIMITS)
    assert file.warnings
    again = read_card(write_card(file, form, LIMITS).data, LIMITS)
    assert again.contents.files == {}
    assert again.card.assets[0].uri == uri


@pytest.mark.parametrize("path", ["../../evil", "/evil", "C:\\evil", "a/../b", "card.json", "", "con\n"])
def test_no_path_of_a_card_leads_out_of_an_archive_that_is_written(path: str) -> None:
    tree = fixtures.v3(assets=[fixtures.icon("main", f"__asset:{path}")])
    data = png(card_chunk("ccv3", tree), fixtures.asset_chunk(path, b"x"))
    written = write_card(read_card(data, LIMITS), "charx", LIMITS).data
    with zipfile.ZipFile(io.BytesIO(written)) as reader:
        for name in reader.namelist():
            assert name in {"card.json", "samovar-origin.json"} or name.startswith("assets/")
            assert ".." not in name
    assert read_card(written, LIMITS).contents.files["assets/icon/other/main.png"] == b"x"


def test_one_file_named_by_many_assets_does_not_fill_the_memory() -> None:
    assets = [fixtures.icon(str(at), "embeded://assets/a.png") for at in range(1_000)]
    file = read_card(charx(fixtures.v3(assets=assets), ("assets/a.png", os.urandom(1_000_000))), LIMITS)
    with pytest.raises(TooLargeError):
        write_card(file, "json", LIMITS)


@pytest.mark.parametrize("inside", [b"\x89PNG\r\n\x1a\nbroken", CARDS["V3 PNG with its V2 copy"]()])
def test_a_picture_of_a_json_brings_no_second_card_and_no_broken_chunks(inside: bytes) -> None:
    beside = {"picture": base64.b64encode(inside).decode()}
    file = read_card(fixtures.as_json({**fixtures.V1, "samovar": beside}), LIMITS)
    again = read_card(write_card(file, "png", LIMITS).data, LIMITS)
    assert again.spec.name == "chara_card_v1"
    assert (again.origin or again.contents).tree == fixtures.V1


LYING: dict[str, Callable[[], bytes]] = {
    "zlib that is none": lambda: png(Chunk(b"zTXt", b"ccv3\0\0not zlib")),
    "zlib cut off": lambda: png(Chunk(b"zTXt", b"ccv3\0\0" + zlib.compress(b"a" * 100)[:8])),
    "base64 that is none": lambda: png(text_chunk("ccv3", b"****")),
    "base64 of no JSON": lambda: png(text_chunk("ccv3", base64.b64encode(b"none"))),
    "JSON that is a list": lambda: png(card_chunk("ccv3", [1])),
    "an empty chunk": lambda: png(text_chunk("ccv3", b"")),
    "a chunk that is not of letters": lambda: write_chunks(
        [picture()[0], Chunk(b"\0\1\2\3", b""), *picture()[1:]]
    ),
}


@pytest.mark.parametrize("name", LYING)
def test_what_is_not_what_it_says_is_refused(name: str) -> None:
    assert refusal(LYING[name]())
