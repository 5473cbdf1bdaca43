"""Terms: what the index holds in place of words: keyed hashes, under a key that follows from the storage key.

Without the key file nobody learns a word from them, nor can look one up; whose they are is in the key, so
that the same word of two users has two hashes. ARCHITECTURE.md ("Finding") says what they still give away.
"""

import hashlib
import struct
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from storage.search.words import stem_of, words_of

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
        key = hashlib.blake2b(LABEL + user.bytes, key=storage_secret, digest_size=32).digest()
        self._stems = hashlib.blake2b(b"stem", key=key, digest_size=STEM_BYTES)
        self._prefixes = hashlib.blake2b(b"prefix", key=key, digest_size=PREFIX_BYTES)
        self._texts = hashlib.blake2b(b"text", key=key, digest_size=DIGEST_BYTES)

    def stem(self, stem: str) -> bytes:
        made = self._stems.copy()
        made.update(stem.encode())
        return made.digest()

    def prefix(self, prefix: str) -> bytes:
        made = self._prefixes.copy()
        made.update(prefix.encode())
        return made.digest()

    def digest(self, text: str) -> bytes:
        """Tells whether a text is the one whose terms are known."""
        made = self._texts.copy()
        made.update(text.encode())
        return made.digest()

    def terms(self, text: str) -> Terms:
        """Of a whole text. It takes a while for a long one: not for the loop of events."""
        known: dict[str, bytes] = {}
        beginnings: set[str] = set()
        stems = bytearray()
        for word, _, _ in words_of(text[:TEXT]):
            made = known.get(word)
            if made is None:
                made = known[word] = self.stem(stem_of(word))
                beginnings.update(word[:n] for n in range(SHORTEST, min(LONGEST, len(word)) + 1))
            stems += made
        return Terms(bytes(stems), b"".join(sorted(map(self.prefix, beginnings))))


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
