"""A card in a zip: CHARX, alone or behind a JPEG. What no card needs is refused before it is unpacked."""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping

from actors.character.formats.carried import Carried
from actors.character.formats.limits import CardLimits
from actors.character.formats.troubles import (
    BrokenFileError,
    EncryptedCardError,
    NoCardError,
    TooLargeError,
    UnsafeArchiveError,
)
from actors.character.formats.warnings import Warnings, shown

CARD = "card.json"
ORIGIN = "samovar-origin.json"
DIRECTORY_ENTRY = b"PK\x01\x02"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BLOCK = 65_536
FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The same contents give the same bytes."""
DRIVE = re.compile(r"[A-Za-z]:")


def read_zip(data: bytes, limits: CardLimits, warnings: Warnings) -> Carried:
    """All files of the archive. What stands before it, a JPEG, is the picture."""
    # Each entry that zipfile will make an object for has this mark.
    if data.count(DIRECTORY_ENTRY) > limits.zip_entries:
        raise TooLargeError(
            f"The archive has more than {limits.zip_entries:,} files (zip_entries).",
            "archive_files",
            limits.zip_entries,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            for entry in entries:
                check(entry, limits)
            if len({entry.filename for entry in entries}) != len(entries):
                raise UnsafeArchiveError("The archive has two files of one name.", "archive_twice")
            files = unpack(archive, limits)
            start = min((entry.header_offset for entry in entries), default=0)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        OverflowError,
    ) as error:
        raise BrokenFileError(f"The archive is damaged: {shown(str(error))}.", "archive_damaged") from None
    card = files.pop(CARD, None)
    if card is None:
        raise NoCardError(f"The archive is sound, but there is no {CARD} at its root.", "archive_no_card")
    carrier = "jpeg" if data.startswith(b"\xff\xd8\xff") else "charx"
    if start and carrier == "charx":
        warnings.add("archive_before", start)
    return Carried(
        carrier, (card,), files, data[:start] if carrier == "jpeg" else None, files.pop(ORIGIN, None)
    )


def check(entry: zipfile.ZipInfo, limits: CardLimits) -> None:
    name = shown(entry.orig_filename)
    if not entry.filename:
        raise UnsafeArchiveError("The archive has a file without a name.", "archive_path", "")
    path = entry.orig_filename.replace("\\", "/")
    if path.startswith("/") or DRIVE.match(path) or ".." in path.split("/") or "\0" in path:
        raise UnsafeArchiveError(
            f'The archive has a file whose path leads out of it: "{name}".', "archive_path", name
        )
    if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise UnsafeArchiveError(f'The archive has a link or a device: "{name}".', "archive_link", name)
    if entry.flag_bits & 0x2041:  # encrypted, strongly encrypted, names hidden
        raise EncryptedCardError(f'The archive is encrypted: "{name}".', "archive_encrypted", name)
    if entry.compress_type not in METHODS:
        raise UnsafeArchiveError(
            f'The archive packs "{name}" in a way that no card needs.', "archive_packing", name
        )
    if entry.file_size > limits.zip_entry_bytes:
        raise TooLargeError(
            f'The file "{name}" is larger than {limits.zip_entry_bytes:,} bytes unpacked.',
            "archive_file_bytes",
            name,
            limits.zip_entry_bytes,
        )
    check_ratio(entry, entry.file_size, limits)


def check_ratio(entry: zipfile.ZipInfo, size: int, limits: CardLimits) -> None:
    if size > limits.zip_ratio_from and size > limits.zip_ratio * max(entry.compress_size, 1):
        raise UnsafeArchiveError(
            f'The archive is a bomb: "{shown(entry.filename)}" unpacks without measure.',
            "archive_bomb",
            shown(entry.filename),
        )


def unpack(archive: zipfile.ZipFile, limits: CardLimits) -> dict[str, bytes]:
    """Every file, counted as it is unpacked: what the directory says of sizes is not believed."""
    files: dict[str, bytes] = {}
    left = limits.zip_bytes
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        pieces: list[bytes] = []
        size = 0
        with archive.open(entry) as packed:
            while piece := packed.read(BLOCK):
                size += len(piece)
                if size > min(left, limits.zip_entry_bytes):
                    raise TooLargeError(
                        f"The archive is too large unpacked (at most {limits.zip_bytes:,} bytes).",
                        "archive_bytes",
                        limits.zip_bytes,
                    )
                check_ratio(entry, size, limits)
                pieces.append(piece)
        left -= size
        files[entry.filename] = b"".join(pieces)
    return files


def write_zip(card: bytes, files: Mapping[str, bytes], origin: bytes | None, limits: CardLimits) -> bytes:
    """Raises TooLargeError for what `read_zip` would refuse."""
    members = {CARD: card, **files}
    if origin is not None:
        members[ORIGIN] = origin
    sizes = [len(data) for data in members.values()]
    if (
        len(sizes) > limits.zip_entries
        or sum(sizes) > limits.zip_bytes
        or max(sizes) > limits.zip_entry_bytes
    ):
        raise TooLargeError("The files of the card are too many or too large for a CHARX.", "files_charx")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in members.items():
            entry = zipfile.ZipInfo(path, FIRST_DATE)
            packs = path.endswith(".json") and not dense(
                data, limits
            )  # pictures and sounds are packed already
            entry.compress_type = zipfile.ZIP_DEFLATED if packs else zipfile.ZIP_STORED
            archive.writestr(entry, data)
    return target.getvalue()


def dense(data: bytes, limits: CardLimits) -> bool:
    """Whether it would look like a bomb if it were packed."""
    if len(data) <= limits.zip_ratio_from:
        return False
    return len(data) > len(zlib.compress(data, 1)) * limits.zip_ratio // 2


def fits_path(path: str) -> bool:
    """Whether a file may have this path in an archive that we write."""
    parts = path.split("/")
    usual = all(part and part not in {".", ".."} and len(part) <= 200 for part in parts)
    return usual and path.isprintable() and not any(letter in path for letter in '\\:*?"<>|')
