"""A session: which of the user's lorebooks a reply is made with."""

from msgspec.structs import replace

from actors.messages.generation import GenerateReply
from actors.messages.lore import BookSheet, ShelfChanged
from actors.messages.lorebooks import AttachLorebook, FindShelf, SaveLorebook
from tests.actors.kit import uid
from tests.actors.session.kit import START, USER, Talk, begun, finish, lose

BOOK, TEA, MORE_TEA = uid(0xB0), uid(0xB1), uid(0xB2)
SAVED = SaveLorebook(BOOK, USER, BookSheet(TEA, "Tea", b"tea"), b"{}", bytes(32), 1, 0)
CHANGED = replace(SAVED, sheet=BookSheet(MORE_TEA, "Tea", b"more"), replaces=TEA)


def with_book(talk: Talk) -> None:
    talk.disk.write((SAVED, AttachLorebook(BOOK, USER, "character", uid(1), attached=True)))


def shelf(talk: Talk) -> ShelfChanged:
    return ShelfChanged(USER, talk.disk.read(FindShelf(USER)))


def test_a_reply_is_made_with_the_books_that_were_attached_when_the_session_woke() -> None:
    talk = begun()
    with_book(talk)
    talk.restart()
    assert talk.say().one(GenerateReply).turn.books == (TEA,)
    assert talk.row.books == (TEA,)


def test_a_new_conversation_has_the_books_that_it_was_begun_with() -> None:
    talk = Talk()
    with_book(talk)
    talk.do(replace(START, shelf=shelf(talk).shelf))
    talk.do(talk.sheet)
    assert talk.say().one(GenerateReply).turn.books == (TEA,)


def test_a_change_counts_from_the_next_reply_on_and_not_for_the_one_under_way() -> None:
    talk = begun()
    with_book(talk)
    talk.tell(shelf(talk))
    talk.say()
    talk.lease()
    talk.disk.write((CHANGED,))
    talk.tell(shelf(talk))
    talk.restart()
    assert lose(talk).one(GenerateReply).turn.books == (TEA,)
    finish(talk)
    assert talk.say(key=2).one(GenerateReply).turn.books == (MORE_TEA,)


def test_the_books_of_others_do_not_count() -> None:
    talk = begun()
    with_book(talk)
    talk.tell(replace(shelf(talk), user=uid(0xBAD)))
    assert talk.say().one(GenerateReply).turn.books == ()
