"""Chained tokens: each token names all that stood before it, so that any loss, repetition, swap or mix shows.

A token id is 20 bits of a hash over the seed and the ids before it, and 10 bits of salt, which
differs from attempt to attempt: the engines of the simulator never draw the same token twice. A
token of an older attempt that slips into a newer one does not fit what stands before it.

Some replies begin with thoughts: so many of their first tokens, the last of which begins the reply as well,
in the same word. Some hold the word of their last token back until the end.
"""

import hashlib
import struct
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from uuid import UUID

SALT_BITS = 10
SEEDS_KEPT = 1024  # what follows from a seed alone is asked at each of its tokens


def link(seed: int, before: list[int]) -> int:
    data = seed.to_bytes(8, "big") + struct.pack(f">{len(before)}I", *before)
    return int.from_bytes(hashlib.blake2b(data, digest_size=4).digest(), "big") >> 12


@lru_cache(SEEDS_KEPT)
def length(seed: int, limit: int) -> int:
    """How many tokens the reply has: mostly short, now and then beyond the credit window."""
    return min(limit, 1 + Random(seed).choice((3, 12, 30, 80, 150)))


def next_token(seed: int, before: list[int], salt: int) -> int:
    return link(seed, before) << SALT_BITS | salt & (1 << SALT_BITS) - 1


def text_of(token: int) -> str:
    return f"{token:x} "


@lru_cache(SEEDS_KEPT)
def thoughts(seed: int) -> int:
    """How many of the first tokens are thoughts; a reply may be cut before it has as many."""
    return Random(f"thoughts {seed}").choice((0, 0, 1, 4, 20))


@lru_cache(SEEDS_KEPT)
def holds_back(seed: int) -> bool:
    return Random(f"held {seed}").random() < 0.3


def said(seed: int, place: int, token: int) -> tuple[str, str]:
    """What the token at this place adds to the text, and to the thoughts."""
    last = thoughts(seed) - 1
    return text_of(token) if place >= last else "", text_of(token) if place <= last else ""


def salt_of(boot: UUID, attempt: int, committed: Sequence[int] = ()) -> int:
    """The salt of an attempt; never that of the token before its first."""
    salt = hash((boot.int, attempt)) & (1 << SALT_BITS) - 1
    return salt ^ 1 if committed and salt == salt_in(committed[-1]) else salt


def salt_in(token: int) -> int:
    return token & (1 << SALT_BITS) - 1


def seams(seed: int, text: str, thought: str) -> list[int]:
    """How much of the text stood when each further attempt added its first token."""
    words, thought_words = text.split(), thought.split()
    tokens = [int(word, 16) for word in (thought_words + words[1:] if thought_words else words)]
    found: list[int] = []
    place = 0
    for number, token in enumerate(tokens):
        if number and salt_in(token) != salt_in(tokens[number - 1]):
            found.append(place)
        place += len(said(seed, number, token)[0])
    return found


def verify(seed: int, text: str, thought: str, limit: int, *, whole: bool) -> str | None:
    """What is wrong with the text of a reply and its thoughts, or None."""
    before: list[int] = []
    words, thought_words = text.split(), thought.split()
    if thought_words:
        if words and (len(thought_words) != thoughts(seed) or words[0] != thought_words[-1]):
            return "the text does not begin where the thoughts end"
        words = thought_words + words[1:]
    elif thoughts(seed) and words:
        return "there are no thoughts"
    if len(thought_words) > thoughts(seed):
        return "there are more thoughts than there were"
    for number, word in enumerate(words):
        token = int(word, 16)
        if token >> SALT_BITS != link(seed, before):
            return f"token {number} does not follow from those before it"
        before.append(token)
    if whole and len(before) != length(seed, limit):
        return f"{len(before)} tokens, not {length(seed, limit)}"
    return None
