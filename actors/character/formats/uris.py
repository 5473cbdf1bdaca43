"""What the uri of an asset means. Only what lies inside the card's own file is ever read.

Source: character card V3 (assets); RFC 2397 (data URIs).
"""

import base64
import binascii
from urllib.parse import quote, unquote

from actors.character.card import DEFAULT_ICON

EMBEDDED = ("embeded://", "__asset:", "embedded://")  # the first is spelt so in the format
OLD_URI = "uri="
"""A parameter of our own: the uri that stood there before the file was written into the uri."""


def embedded_path(uri: str) -> str | None:
    """The path of a file that travels with the card; None for any other uri."""
    for scheme in EMBEDDED:
        if uri.startswith(scheme):
            return uri.removeprefix(scheme)
    return None


def kind_of(uri: str) -> str:
    """default, embedded, inline, or remote (which is never fetched)."""
    if uri == DEFAULT_ICON:
        return "default"
    if embedded_path(uri) is not None:
        return "embedded"
    return "inline" if uri[:5].lower() == "data:" else "remote"


def inline_bytes(uri: str) -> bytes | None:
    """What a data URI holds; None where it is broken."""
    head, comma, text = uri.partition(",")
    if not comma:
        return None
    if not is_base64(head):
        return unquote(text).encode(errors="replace")
    return base64_bytes(text.encode(errors="replace"))


def is_base64(head: str) -> bool:
    return head.lower().endswith(";base64")


def inline_uri(data: bytes, media: str, old_uri: str) -> str:
    return f"data:{media};{OLD_URI}{quote(old_uri, safe='')};base64,{base64.b64encode(data).decode()}"


def old_uri(uri: str) -> str | None:
    """The uri in whose place this data URI was written by us."""
    head, comma, _ = uri.partition(",")
    parts = head.split(";", 3)
    if not comma or len(parts) != 3 or not is_base64(head) or not parts[1].startswith(OLD_URI):
        return None
    return unquote(parts[1].removeprefix(OLD_URI)) if kind_of(uri) == "inline" else None


def base64_bytes(text: bytes) -> bytes | None:
    """Base64 as it is met: with line breaks, without padding, in either alphabet. None where it is none."""
    text = b"".join(text.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None


def media_type(data: bytes) -> str:
    """By content; for what is unknown the type that says nothing."""
    starts = {
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"GIF8": "image/gif",
        b"OggS": "audio/ogg",
        b"ID3": "audio/mpeg",
        b"\x1aE\xdf\xa3": "video/webm",
    }
    for start, media in starts.items():
        if data.startswith(start):
            return media
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream"
