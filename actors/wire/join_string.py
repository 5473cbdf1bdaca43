"""The join string: all that a GPU box needs to find and to trust a web node, in one paste.

    SAMOVAR1 <base32 of: MessagePack array | the first 4 bytes of its SHA-256>

The array is [expires, secret, server key, addresses]: seconds since 1970 (for words alone: the web node
decides by its own clock), 16 random bytes, the CURVE public key (32 bytes), and HOST:PORT texts, the best
one first. Base32 is one word for a double click, survives capitals, spaces and line breaks, and makes a
small QR code. Whoever has the string may join within its time: it is a secret.
"""

import base64
import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

PREFIX = "SAMOVAR"
VERSION = "1"
CHECKSUM_BYTES = 4
LONGEST = 2_000  # characters

Address = Annotated[str, Meta(min_length=3, max_length=260)]


class DamagedJoinStringError(ValueError):
    """The text is no join string, or a part of it is missing or mistyped: copy it again, whole."""


class NewerJoinStringError(ValueError):
    """The string was made by a newer Samovar: update this one."""


class Invitation(Struct, frozen=True, array_like=True):
    """What a join string says."""

    expires_s: Annotated[int, Meta(ge=0)]
    secret: Annotated[bytes, Meta(min_length=16, max_length=16)]
    server_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    addresses: Annotated[tuple[Address, ...], Meta(min_length=1, max_length=8)]


def write_join_string(invitation: Invitation) -> str:
    body = msgspec.msgpack.encode(invitation)
    return PREFIX + VERSION + base64.b32encode(body + checksum(body)).decode().rstrip("=")


def read_join_string(text: str) -> Invitation:
    """Raises DamagedJoinStringError, NewerJoinStringError."""
    word = "".join(text.split()).upper()
    if len(word) > LONGEST or not word.startswith(PREFIX):
        raise DamagedJoinStringError(f"a join string begins with {PREFIX}{VERSION}")
    version, letters = word[len(PREFIX) : len(PREFIX) + 1], word[len(PREFIX) + 1 :]
    if version != VERSION and version.isdigit():
        raise NewerJoinStringError(f"it is of version {version}, and this Samovar reads version {VERSION}")
    try:
        data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError as error:
        raise DamagedJoinStringError("a part of it is missing or mistyped") from error
    body, check = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    if version != VERSION or checksum(body) != check:
        raise DamagedJoinStringError("its checksum is wrong")
    try:
        return msgspec.msgpack.decode(body, type=Invitation)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedJoinStringError("it does not say what it should") from error


def checksum(body: bytes) -> bytes:
    """Against slips of the hand: it proves nothing of who wrote it."""
    return hashlib.sha256(f"{PREFIX}{VERSION}".encode() + body).digest()[:CHECKSUM_BYTES]
