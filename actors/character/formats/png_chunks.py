"""Chunks of a PNG or APNG: read within limits, checked, and written back as they were. No pixel is decoded.

Source: PNG specification, third edition (W3C 2025), chapters 5 and 11.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence

from msgspec import Struct

from actors.character.formats.limits import CardLimits
from actors.character.formats.troubles import BrokenFileError, TooLargeError
from actors.character.formats.warnings import Warnings

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FRAME = 12
"""Bytes of a chunk beside its data: length, type, CRC."""
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
KEYWORD_BYTES = 79


class Chunk(Struct, frozen=True):
    kind: bytes  # four letters
    data: bytes


def read_chunks(data: bytes, limits: CardLimits, warnings: Warnings) -> list[Chunk]:
    """All chunks up to IEND. Raises BrokenFileError or TooLargeError."""
    chunks: list[Chunk] = []
    at = len(SIGNATURE)
    while not chunks or chunks[-1].kind != b"IEND":
        if len(chunks) == limits.png_chunks:
            raise TooLargeError(
                f"The picture has more than {limits.png_chunks:,} chunks (png_chunks).",
                "picture_parts",
                limits.png_chunks,
            )
        if len(data) - at < FRAME:
            raise BrokenFileError("The picture is cut off: its end is missing.", "picture_cut")
        length, kind = struct.unpack_from(">I4s", data, at)
        if length > limits.png_chunk_bytes:
            raise TooLargeError(
                f"The picture has a chunk of more than {limits.png_chunk_bytes:,} bytes (png_chunk_bytes).",
                "picture_part_bytes",
                limits.png_chunk_bytes,
            )
        if not kind.isalpha():
            raise BrokenFileError(
                "The picture is damaged: where a chunk should begin, there is none.", "picture_damaged"
            )
        if length > len(data) - at - FRAME:
            raise BrokenFileError("The picture is cut off within a chunk.", "picture_cut")
        body = data[at + 8 : at + 8 + length]
        if struct.unpack_from(">I", data, at + 8 + length)[0] != checksum(kind, body):
            raise BrokenFileError(
                f"The picture is damaged: the checksum of a {kind.decode()} chunk is wrong.",
                "picture_damaged",
            )
        chunks.append(Chunk(kind, body))
        at += FRAME + length
    check_header(chunks[0], limits)
    if at < len(data):
        warnings.add("picture_more", len(data) - at)
    return chunks


def check_header(header: Chunk, limits: CardLimits) -> None:
    if header.kind != b"IHDR" or len(header.data) != 13:
        raise BrokenFileError("The picture is damaged: it has no header.", "picture_damaged")
    width, height = struct.unpack_from(">II", header.data)
    if width * height > limits.png_pixels:
        raise TooLargeError(
            f"The picture has more than {limits.png_pixels:,} pixels (png_pixels).",
            "picture_pixels",
            limits.png_pixels,
        )


def write_chunks(chunks: Iterable[Chunk]) -> bytes:
    pieces = [SIGNATURE]
    for chunk in chunks:
        pieces += (
            struct.pack(">I", len(chunk.data)),
            chunk.kind,
            chunk.data,
            struct.pack(">I", checksum(chunk.kind, chunk.data)),
        )
    return b"".join(pieces)


def checksum(kind: bytes, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(kind))


def keyword(chunk: Chunk) -> str:
    """What a text chunk is about; "" for other chunks and for one without a keyword."""
    if chunk.kind not in TEXTS:
        return ""
    word, separator, _ = chunk.data[: 64 * KEYWORD_BYTES].partition(b"\0")  # some write longer ones
    if not separator:
        return ""
    try:
        return word.decode()  # should be Latin-1, but is UTF-8 where it is not ASCII
    except UnicodeDecodeError:
        return word.decode("latin-1")


def text_bytes(chunk: Chunk, most: int) -> bytes:
    """The text of a text chunk, inflated where it is compressed. Raises TooLargeError beyond `most`."""
    _, _, rest = chunk.data.partition(b"\0")
    compressed = chunk.kind == b"zTXt"
    if compressed:
        rest = rest[1:]  # the method, of which there is one
    elif chunk.kind == b"iTXt":
        compressed = rest[:1] == b"\1"
        _, _, rest = rest[2:].partition(b"\0")  # language
        _, _, rest = rest.partition(b"\0")  # translated keyword
    return inflated(rest, most) if compressed else rest


def inflated(data: bytes, most: int) -> bytes:
    engine = zlib.decompressobj()
    try:
        text = engine.decompress(data, most + 1)
    except zlib.error:
        raise BrokenFileError(
            "The picture is damaged: a compressed text cannot be read.", "picture_damaged"
        ) from None
    if len(text) > most:
        raise TooLargeError(
            "The compressed texts of the picture are too large (inflated_bytes).", "picture_texts"
        )
    if not engine.eof:
        raise BrokenFileError("The picture is damaged: a compressed text is cut off.", "picture_damaged")
    return text


def text_chunk(word: str, text: bytes) -> Chunk:
    """Both of ASCII."""
    return Chunk(b"tEXt", word.encode("ascii") + b"\0" + text)


def is_animated(chunks: Sequence[Chunk]) -> bool:
    """An APNG says so before its first picture."""
    for chunk in chunks:
        if chunk.kind in {b"acTL", b"IDAT"}:
            return chunk.kind == b"acTL"
    return False
