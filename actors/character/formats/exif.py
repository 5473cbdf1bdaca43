"""Texts that a picture's EXIF carries: where TavernAI and early SillyTavern put the card of a WebP.

Source: Exif 2.32 (CIPA DC-008), TIFF 6.0.
"""

import struct
from collections.abc import Iterator

from actors.character.formats.uris import base64_bytes

DESCRIPTION, EXIF_FOLDER, USER_COMMENT, XP_COMMENT = 0x010E, 0x8769, 0x9286, 0x9C9C
WANTED = (USER_COMMENT, DESCRIPTION, XP_COMMENT)
CHARSETS = (b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", b"\0" * 8)
"""What a UserComment begins with; many programs leave it out."""
ENTRY = 12


def exif_texts(data: bytes) -> Iterator[bytes]:
    """The texts in which a card may stand; nothing where the EXIF is none."""
    data = data.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        return
    start: int = struct.unpack_from(order + "I", data, 4)[0]
    first = dict(folder(data, start, order))
    deeper = first.get(EXIF_FOLDER, b"")
    inner = dict(folder(data, struct.unpack(order + "I", deeper)[0], order)) if len(deeper) == 4 else {}
    for tag in WANTED:
        for found in (inner, first):
            if tag in found:
                yield comment(found[tag], tag)


def folder(data: bytes, at: int, order: str) -> Iterator[tuple[int, bytes]]:
    """The entries of one directory (IFD): tag and value. Types have a size of 1, 2, 4 or 8 bytes."""
    if at + 2 > len(data):
        return
    count: int = struct.unpack_from(order + "H", data, at)[0]
    for start in range(at + 2, min(at + 2 + count * ENTRY, len(data) - ENTRY + 1), ENTRY):
        tag, kind, length, where = struct.unpack_from(order + "HHII", data, start)
        size = length * {3: 2, 4: 4, 8: 2, 9: 4, 11: 4, 5: 8, 10: 8, 12: 8}.get(kind, 1)
        if size <= 4:
            yield tag, data[start + 8 : start + 8 + size]
        elif where + size <= len(data):
            yield tag, data[where : where + size]


def comment(value: bytes, tag: int) -> bytes:
    """A value as UTF-8."""
    charset = value[:8]
    if tag == USER_COMMENT and charset in CHARSETS:
        value = value[8:]
    wide = tag == XP_COMMENT or (tag == USER_COMMENT and charset == b"UNICODE\0")
    if wide and b"\0" in value[:2]:  # others call UTF-8 so
        little = value[1:2] == b"\0"  # what begins here, JSON or base64, is ASCII
        value = value.decode("utf-16-le" if little else "utf-16-be", errors="replace").encode()
    return value.strip(b"\0 \t\r\n")


def card_json(text: bytes) -> bytes | None:
    """The JSON in a text: bare, as base64, or as the numbers of its bytes. None where there is none."""
    if text.startswith(b"{"):
        return text
    if b"," in text[:4]:  # 123,34,115: how a byte array turns into text in JavaScript
        try:
            text = bytes(map(int, text.split(b",")))
        except ValueError:
            return None
    else:
        text = base64_bytes(text) or b""
    return text if text.startswith(b"{") else None
