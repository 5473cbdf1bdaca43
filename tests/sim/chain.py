"""Chained tokens: each token names all that stood before it, so that any loss, repetition, swap or mix shows.

A token id is 20 bits of a hash over the seed and the ids before it, and 10 bits of salt, which
differs from attempt to attempt: the engines of the simulator never draw the same token twice. A
token of an older attempt that slips into a newer one does not fit what stands before it.
"""

import hashlib
from random import Random
from uuid import UUID

SALT_BITS = 10


def link(seed: int, before: list[int]) -> int:
    data = seed.to_bytes(8, "big") + b"".join(token.to_bytes(4, "big") for token in before)
    return int.from_bytes(hashlib.blake2b(data, digest_size=4).digest(), "big") >> 12


def length(seed: int, limit: int) -> int:
    """How many tokens the reply has: mostly short, now and then beyond the credit window."""
    return min(limit, 1 + Random(seed).choice((3, 12, 30, 80, 150)))


def next_token(seed: int, before: list[int], salt: int) -> int:
    return link(seed, before) << SALT_BITS | salt & (1 << SALT_BITS) - 1


def text_of(token: int) -> str:
    return f"{token:x} "


def salt_of(boot: UUID, attempt: int) -> int:
    return hash((boot.int, attempt)) & (1 << SALT_BITS) - 1


def verify(seed: int, text: str, limit: int, *, whole: bool) -> str | None:
    """What is wrong with the text of a reply, or None."""
    before: list[int] = []
    for number, word in enumerate(text.split()):
        token = int(word, 16)
        if token >> SALT_BITS != link(seed, before):
            return f"token {number} does not follow from those before it"
        before.append(token)
    if whole and len(before) != length(seed, limit):
        return f"{len(before)} tokens, not {length(seed, limit)}"
    return None
