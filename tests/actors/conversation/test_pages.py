"""The end of a long path first, and older messages when they are asked for."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.conversation.message_tree import MessageTree
from actors.conversation.pages import MESSAGE_CHARS, Shown, page
from actors.messages.chat import Older, ShownMessage
from actors.messages.conversations import StoredConversation
from actors.settings import SessionSettings
from tests.actors.conversation.test_message_tree import ROOT, ids, tree
from tests.actors.kit import CHARACTER, uid

CHAT = uid(99)
PLENTY = 1_000_000


def straight(count: int) -> MessageTree:
    return tree(*((number, number - 1) for number in range(1, count + 1)))


def shown(talk: MessageTree, head: int, most: int) -> Shown:
    row = StoredConversation(CHAT, uid(1), CHARACTER, "Tea", ROOT, uid(head), 0)
    return Shown(row, talk, SessionSettings(page_messages=most, older_messages=most))


def test_a_page_is_the_end_of_the_path_and_counts_what_stands_before_it() -> None:
    before, messages = page(straight(10), uid(10), 3, PLENTY)
    assert (before, tuple(one.id for one in messages)) == (7, ids(8, 9, 10))


def test_a_page_ends_where_its_characters_do_but_has_one_message_at_least() -> None:
    room = 2 * (MESSAGE_CHARS + len("text 10"))
    assert len(page(straight(10), uid(10), 10, room)[1]) == 2
    assert len(page(straight(10), uid(10), 10, 0)[1]) == 1


def test_no_message_is_an_empty_page() -> None:
    assert page(straight(1), ROOT, 10, PLENTY) == (0, ())


def test_older_messages_end_before_the_one_that_is_named() -> None:
    found = shown(straight(10), 10, 3).older(Older(CHAT, uid(8)))
    assert found is not None
    assert (found.until, found.before, tuple(one.id for one in found.messages)) == (uid(8), 4, ids(5, 6, 7))
    fewer = shown(straight(10), 10, 3).older(Older(CHAT, uid(8), 1))
    assert fewer is not None
    assert len(fewer.messages) == 1
    assert shown(straight(10), 10, 3).older(Older(CHAT, uid(404))) is None


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 9), st.lists(st.integers(0, 20), max_size=20))
def test_page_by_page_a_reader_gets_every_message_once(length: int, most: int, counts: list[int]) -> None:
    view = shown(straight(length), length, most)
    snapshot = view.snapshot(None, None, None, older_changed=True)
    have: list[ShownMessage] = list(snapshot.messages)
    before = snapshot.before
    asked = iter(counts)
    while before:
        found = view.older(Older(CHAT, have[0].id, next(asked, 0)))
        assert found is not None
        assert found.messages
        before, have = found.before, [*found.messages, *have]
        assert before + len(have) == length
    assert [one.id for one in have] == [*ids(*range(1, length + 1))]
    assert_chain(have, ROOT)


def assert_chain(messages: list[ShownMessage], root: UUID) -> None:
    assert [one.parent for one in messages] == [root, *(one.id for one in messages[:-1])]
