"""Which of a user's lorebooks count for a reply."""

from actors.conversation.shelf import Shelf
from actors.messages.lore import Attached
from tests.actors.kit import CHARACTER, uid

CHAT, PERSONA = uid(1), uid(2)
EVERYWHERE = Attached(uid(11), uid(21), 10, "user")
HERS = Attached(uid(12), uid(22), 10, "character", uid(9), (uid(8), CHARACTER))
MINE = Attached(uid(13), uid(23), 10, "persona", PERSONA)
HERE = Attached(uid(14), uid(24), 10, "conversation", CHAT)
ALL = (EVERYWHERE, HERS, MINE, HERE)


def test_what_is_nearest_to_the_talk_has_precedence() -> None:
    assert Shelf(ALL, 100).in_use(CHAT, CHARACTER, PERSONA) == (uid(24), uid(23), uid(22), uid(21))


def test_what_is_attached_to_others_does_not_count() -> None:
    assert Shelf(ALL, 100).in_use(uid(5), uid(6), uid(7)) == (uid(21),)
    assert Shelf(ALL, 100).in_use(uid(5), uid(9), None) == (uid(21),)


def test_a_book_that_is_attached_twice_counts_once_where_it_has_most_precedence() -> None:
    twice = Attached(HERE.book, HERE.version, 10, "user")
    assert Shelf((twice, EVERYWHERE, HERE), 100).in_use(CHAT, uid(6), None) == (uid(24), uid(21))


def test_a_book_for_which_there_is_no_room_stays_out_and_a_smaller_one_may_still_fit() -> None:
    large = Attached(uid(15), uid(25), 25, "character", uid(9), (CHARACTER,))
    taken, left_out = Shelf((*ALL, large), 40).chosen(CHAT, CHARACTER, PERSONA)
    assert taken == [HERE, MINE, HERS, EVERYWHERE]
    assert left_out == [large]
