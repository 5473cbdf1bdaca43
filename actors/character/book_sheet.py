"""A lorebook of a user's as it travels to the GPU box, and back to a lorebook there."""

from functools import lru_cache
from uuid import UUID

import msgspec

from actors.character.card import Lorebook
from actors.character.lore_scene import Book
from actors.messages.lore import BookSheet

REMEMBERED = 32
"""Books that are kept unpacked: they are the same at every reply."""


class TooMuchLoreError(Exception):
    """The book has more text than a GPU box takes at once: take it apart into several."""


def book_sheet_of(version: UUID, name: str, book: Lorebook, most_bytes: int) -> BookSheet:
    """Raises TooMuchLoreError where it would be larger than `most_bytes`."""
    packed = msgspec.msgpack.encode(book)
    if len(packed) > most_bytes:
        raise TooMuchLoreError(
            f"The lorebook has {len(packed):,} bytes of text, more than the {most_bytes:,} allowed."
        )
    return BookSheet(version, name, packed)


def book_of(sheet: BookSheet) -> Book:
    """Raises msgspec.DecodeError where there is no book within the sheet."""
    return Book(unpacked(sheet.packed), f"the book “{sheet.name}”")


@lru_cache(maxsize=REMEMBERED)
def unpacked(packed: bytes) -> Lorebook:
    return msgspec.msgpack.decode(packed, type=Lorebook)
