"""Terms: what the index holds in place of words: keyed hashes, under a key that follows from the storage key.

Without the key file nobody learns a word from them, nor can look one up; whose they are is in the key, so
that the same word of two users has two hashes. ARCHITECTURE.md ("Finding") says what they still give away.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from rust_crypto.hashes import keyed_hashes
from storage.search.words import all_words_of, stem_of

LABEL = b"samovar-search-1"
STEM_BYTES = 5
PREFIX_BYTES = 4
DIGEST_BYTES = 16
SHORTEST, LONGEST = 3, 7  # letters of the beginnings that are kept of each word
TEXT = 100_000  # letters of a text that are taken in: PostgreSQL's tsvector holds no more than a megabyte
COUNT = struct.Struct(">I")


class Terms(NamedTuple):
    """`stems` in the order of the words, STEM_BYTES each; `prefixes` in any, PREFIX_BYTES each."""

    stems: bytes
    prefixes: bytes


class TermKey:
    """Makes the terms of one user."""

    def __init__(self, storage_secret: bytes, user: UUID) -> None:
        self._key = hashlib.blake2b(LABEL + user.bytes, key=storage_secret, digest_size=32).digest()

    def stem(self, stem: str) -> bytes:
        return keyed_hashes(self._key, b"stem", (stem,), STEM_BYTES)

    def prefix(self, prefix: str) -> bytes:
        return keyed_hashes(self._key, b"prefix", (prefix,), PREFIX_BYTES)

    def digest(self, text: str) -> bytes:
        """Tells whether a text is the one whose terms are known."""
        return keyed_hashes(self._key, b"text", (text,), DIGEST_BYTES)

    def terms(self, text: str) -> Terms:
        """Of a whole text. It takes a while for a long one: not for the loop of events."""
        words = all_words_of(text[:TEXT])
        distinct = set(words)
        beginnings = {word[:n] for word in distinct for n in range(SHORTEST, min(LONGEST, len(word)) + 1)}
        hashes = keyed_hashes(self._key, b"stem", [stem_of(word) for word in distinct], STEM_BYTES)
        stems = dict(zip(distinct, cut(hashes, STEM_BYTES), strict=True))
        prefixes = keyed_hashes(self._key, b"prefix", list(beginnings), PREFIX_BYTES)
        return Terms(b"".join([stems[word] for word in words]), b"".join(sorted(cut(prefixes, PREFIX_BYTES))))


def cut(hashes: bytes, size: int) -> Sequence[bytes]:
    return [hashes[at : at + size] for at in range(0, len(hashes), size)]


def pack(terms: Terms) -> bytes:
    return COUNT.pack(len(terms.stems)) + terms.stems + terms.prefixes


def unpack(packed: bytes) -> Terms:
    (count,) = COUNT.unpack_from(packed)
    start = COUNT.size + count
    return Terms(packed[COUNT.size : start], packed[start:])


def stems_text(terms: Terms) -> str:
    """As SQLite's index takes them: words of hexadecimal digits."""
    return terms.stems.hex(" ", STEM_BYTES)


def prefixes_text(terms: Terms) -> str:
    return terms.prefixes.hex(" ", PREFIX_BYTES)


LAST_PLACE = 16_383  # of PostgreSQL's tsvector, which keeps no place behind it, …
PLACES = 255  # … and not more of one word


def vector(terms: Terms) -> str:
    """As PostgreSQL's index takes them. A prefix has a p before it, and no place."""
    places: dict[str, list[int]] = {}
    for place, stem in enumerate(stems_text(terms).split(), start=1):
        found = places.setdefault(stem, [])
        if len(found) < PLACES:
            found.append(min(place, LAST_PLACE))
    stems = (f"{stem}:{','.join(map(str, found))}" for stem, found in places.items())
    return " ".join((*stems, *prefix_lexemes(prefixes_text(terms).split())))


def prefix_lexemes(prefixes: Iterable[str]) -> Iterable[str]:
    return (f"p{prefix}" for prefix in prefixes)
