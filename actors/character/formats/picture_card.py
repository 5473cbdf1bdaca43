"""A card in the EXIF or XMP of a WebP or JPEG, which are walked within limits. No pixel is decoded.

Source: WebP container (RFC 9649), JPEG (ITU T.81, annex B).
"""

import re
import struct
from collections.abc import Iterator
from itertools import islice

from actors.character.formats.carried import Carried
from actors.character.formats.exif import card_json, exif_texts
from actors.character.formats.limits import CardLimits
from actors.character.formats.troubles import BrokenFileError, NoCardError, TooLargeError

XMP = re.compile(rb"""\b(?:ccv3|chara)(?:\s{0,9}=\s{0,9}(["'])|>)""")
MOST_XMP = 20
"""Places in one packet that are looked at."""
JPEG_EXIF, JPEG_XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
APP1, START_OF_SCAN, END = 0xE1, 0xDA, 0xD9


def read_webp(data: bytes, limits: CardLimits) -> Carried:
    return Carried("webp", (card_among(webp_blocks(data, limits)),), picture=data)


def read_jpeg(data: bytes, limits: CardLimits) -> Carried:
    """A JPEG with no archive behind it."""
    return Carried("jpeg", (card_among(jpeg_blocks(data, limits)),), picture=data)


def card_among(blocks: Iterator[tuple[str, bytes]]) -> bytes:
    for kind, block in blocks:
        texts = exif_texts(block) if kind == "exif" else xmp_texts(block)
        for text in texts:
            found = card_json(text)
            if found is not None:
                return found
    raise NoCardError("The picture is sound, but there is no card in it.", "no_card_picture")


def webp_blocks(data: bytes, limits: CardLimits) -> Iterator[tuple[str, bytes]]:
    at = 12
    for _ in range(limits.segments):
        if at + 8 > len(data):
            return
        kind, size = struct.unpack_from("<4sI", data, at)
        if size > len(data) - at - 8:
            raise BrokenFileError("The picture is cut off within a chunk.", "picture_cut")
        block = data[at + 8 : at + 8 + size]
        if kind == b"EXIF":
            yield "exif", block
        elif kind == b"XMP ":
            yield "xmp", block
        at += 8 + size + size % 2
    raise TooLargeError(
        f"The picture has more than {limits.segments:,} chunks (segments).", "picture_parts", limits.segments
    )


def jpeg_blocks(data: bytes, limits: CardLimits) -> Iterator[tuple[str, bytes]]:
    at = 2
    for _ in range(limits.segments):
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if at + 4 > len(data):
            raise BrokenFileError("The picture is cut off before its first pixel.", "picture_cut")
        mark, kind, size = struct.unpack_from(">BBH", data, at)
        if mark != 0xFF or size < 2:
            raise BrokenFileError(
                "The picture is damaged: where a segment should begin, there is none.", "picture_damaged"
            )
        if kind in {START_OF_SCAN, END}:
            return
        block = data[at + 4 : at + 2 + size]
        if kind == APP1 and block.startswith(JPEG_EXIF):
            yield "exif", block
        elif kind == APP1 and block.startswith(JPEG_XMP):
            yield "xmp", block.removeprefix(JPEG_XMP)
        at += 2 + size
    raise TooLargeError(
        f"The picture has more than {limits.segments:,} segments (segments).",
        "picture_parts",
        limits.segments,
    )


def xmp_texts(packet: bytes) -> Iterator[bytes]:
    """The values of attributes and elements of these names."""
    for found in islice(XMP.finditer(packet), MOST_XMP):
        end = packet.find(found[1] or b"<", found.end())
        text = packet[found.end() : end] if end >= 0 else b""
        for entity, letter in ((b"&quot;", b'"'), (b"&lt;", b"<"), (b"&gt;", b">"), (b"&amp;", b"&")):
            text = text.replace(entity, letter)
        yield text.strip()
