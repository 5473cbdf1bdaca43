"""A lorebook on its way to the GPU box."""

import msgspec
import pytest

from actors.character.book_sheet import TooMuchLoreError, book_of, book_sheet_of
from actors.character.card import Lorebook, LoreEntry
from actors.messages.lore import BookSheet
from tests.actors.kit import uid

TEA = Lorebook("Tea", entries=(LoreEntry(("чай",), content="Hot.", extensions={"depth": 2}),))


def test_a_book_arrives_as_it_left_under_the_name_that_its_owner_gave_it() -> None:
    book = book_of(book_sheet_of(uid(1), "Чай", TEA, 1_000))
    assert book.lorebook == TEA
    assert book.source == "the book “Чай”"


def test_a_book_that_is_too_large_for_a_box_is_not_sent() -> None:
    with pytest.raises(TooMuchLoreError, match="more than the 10 allowed"):
        book_sheet_of(uid(1), "Tea", TEA, 10)


def test_bytes_that_are_no_book_are_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        book_of(BookSheet(uid(1), "Tea", b"\xc1"))
