"""Ids that come from the content, so that the same content has the same id everywhere."""

import hashlib
from uuid import UUID


def content_id(kind: str, digest: bytes) -> UUID:
    """A UUIDv8 (RFC 9562 §5.8) that belongs to this content."""
    value = int.from_bytes(hashlib.sha256(kind.encode() + b"\0" + digest).digest()[:16], "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
