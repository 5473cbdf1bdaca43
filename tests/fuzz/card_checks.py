"""What holds for any bytes whatever that are taken for a card or a lorebook."""

import base64
import struct
import zipfile
import zlib
from collections.abc import Iterator

import msgspec

from actors.character.card_options import card_options
from actors.character.entry_options import entry_options
from actors.character.formats.limits import CardLimits
from actors.character.formats.lorebook_file import KINDS, read_lorebook, write_lorebook
from actors.character.formats.png_chunks import SIGNATURE, checksum
from actors.character.formats.reading import CardFile, read_card
from actors.character.formats.troubles import CannotExportError, CardTrouble, TooLargeError
from actors.character.formats.warnings import CODES
from actors.character.formats.writing import FORMATS, SPECS, write_card
from actors.messages.remarks import Remark
from tests.actors.character import fixtures
from tests.actors.character.fixtures import text_chunk

LIMITS = CardLimits(
    file_bytes=1_000_000,
    json_bytes=200_000,
    json_parts=10_000,
    json_depth=20,
    png_chunks=200,
    png_chunk_bytes=300_000,
    inflated_bytes=300_000,
    zip_entries=100,
    zip_entry_bytes=300_000,
    zip_bytes=600_000,
    zip_ratio_from=20_000,
    segments=100,
    warnings=10,
)
SPLIT = b"\xfe"
LONGEST, LONGEST_FACT = 200, 61  # characters of a warning, and of what stands in it
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def check(data: bytes) -> None:
    """Raises for anything but a card that comes back from everywhere, or a refusal in one line."""
    check_lorebook(data)
    try:
        file = read_card(data, LIMITS)
    except CardTrouble as trouble:
        check_line(str(trouble))
        return
    check_warnings(file.warnings)
    msgspec.json.encode(file.card)
    card_options(file.card)
    for entry in file.card.book.entries if file.card.book is not None else ():
        entry_options(entry)
    check_ways_back(file)


def check_ways_back(file: CardFile) -> None:
    source = file.origin or file.contents
    for form in FORMATS:
        for spec in ("", *SPECS):
            try:
                written = write_card(file, form, LIMITS, spec, picture=True).data
            except (TooLargeError, CannotExportError) as trouble:
                check_line(str(trouble))
                continue
            try:
                again = read_card(written, LIMITS)
            except TooLargeError:
                continue  # what is added for the format may take a card beyond a limit that it just met
            back = again.origin or again.contents
            assert spec or back.tree == source.tree, f"{form}: the tree is another one"
            assert back.files == source.files, f"{form} {spec}: the files are others"
            assert back.picture == source.picture, f"{form} {spec}: the picture is another one"


def check_lorebook(data: bytes) -> None:
    try:
        file = read_lorebook(data, LIMITS)
    except CardTrouble as trouble:
        check_line(str(trouble))
        return
    check_warnings(file.warnings)
    for kind in KINDS:
        try:
            again = read_lorebook(write_lorebook(file, kind, LIMITS), LIMITS)
            if file.kind:
                back = read_lorebook(write_lorebook(again, file.kind, LIMITS), LIMITS)
                assert back.tree == file.tree, f"{kind}: the lorebook is another one"
        except TooLargeError as trouble:
            check_line(str(trouble))


def check_warnings(found: tuple[Remark, ...]) -> None:
    """Few, short, and nothing in them that a terminal or a page would obey."""
    assert len(found) <= LIMITS.warnings + 1
    for warning in found:
        assert warning.code in CODES
        check_line(warning.text)
        assert len(warning.text) <= LONGEST
        for fact in warning.facts:
            assert not fact or fact.isprintable(), fact
            assert len(fact) <= LONGEST_FACT, fact


def check_line(text: str) -> None:
    assert text
    assert text.isprintable(), text


def file_of(data: bytes) -> bytes:
    """The file that an input of the fuzzer stands for.

    No fuzzer gets by chance through checksums, base64 and compression. So an input is a file whose checksums
    are put right; or, with a first byte of 1 to 3, what is put into a PNG, a CHARX or a WebP: the card's JSON
    and then, in turn, paths and contents of files, with bytes 0xFE between them.
    """
    carrier, (card, *rest) = data[:1], data[1:].split(SPLIT)
    files = [(path, body) for path, body in zip(rest[::2], rest[1::2], strict=False) if path]
    match carrier:
        case b"\1":
            texts = [(b"ccv3", card), *files]
            chunks = [text_chunk(word.decode("latin-1"), base64.b64encode(text)) for word, text in texts]
            return fixtures.png(*chunks)
        case b"\2":
            members = {path.decode("latin-1"): body for path, body in files}
            return fixtures.archive([("card.json", card), *members.items()], zipfile.ZIP_STORED)
        case b"\3":
            return fixtures.webp((b"EXIF", fixtures.exif(card)), *[(b"XMP ", body) for _, body in files])
        case _:
            return repaired(data)


def repaired(data: bytes) -> bytes:
    """The bytes with right checksums."""
    if data.startswith(SIGNATURE):
        return b"".join(repaired_png(data))
    return repaired_zip(data) if CENTRAL in data else data


def repaired_png(data: bytes) -> Iterator[bytes]:
    yield SIGNATURE
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if len(body) < length or at + 12 + length > len(data):
            break
        yield data[at : at + 8] + body + struct.pack(">I", checksum(kind, body))
        at += 12 + length
    yield data[at:]


def repaired_zip(data: bytes) -> bytes:
    """For files that are stored without packing, as in the seeds."""
    whole = bytearray(data)
    start = max(data.find(LOCAL), 0)
    at = data.find(CENTRAL)
    while at >= 0 and at + 46 <= len(data):
        size, offset = struct.unpack_from("<I", data, at + 20)[0], struct.unpack_from("<I", data, at + 42)[0]
        local = start + offset
        if local + 30 <= len(data):
            name, extra = struct.unpack_from("<HH", data, local + 26)
            body = data[local + 30 + name + extra :][:size]
            for place in (at + 16, local + 14):
                struct.pack_into("<I", whole, place, zlib.crc32(body))
        at = data.find(CENTRAL, at + 4)
    return bytes(whole)
