"""What people do to the tree: remove, bring back, bookmark, purge."""

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.conversation import tree_changes
from actors.conversation.message_tree import MessageTree
from actors.conversation.tree_changes import changed, refusal
from actors.messages.chat import Bookmark, Purge, RemoveMessage, RestoreMessage, Select
from actors.messages.conversations import MarkMessage, MoveHead, PurgeRemoved
from tests.actors.conversation.test_message_tree import ROOT, ids, tree
from tests.actors.kit import uid

CHAT = uid(99)


def after(talk: MessageTree, head: int, change: tree_changes.TreeChange) -> tuple[list[int], int]:
    """Make the change; the shown path from then on, and the head."""
    assert refusal(talk, change) is None
    made = changed(CHAT, talk, uid(head), change)
    made.apply(talk)
    return [one.id.int for one in talk.path(made.head)], made.head.int


def test_a_message_that_is_removed_alone_leaves_what_followed_it() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 3))
    assert after(talk, 4, RemoveMessage(CHAT, uid(2), branch=False)) == ([1, 3, 4], 4)
    assert talk.shown(talk.messages[uid(3)]).parent == uid(1)
    assert talk.depths[uid(4)] == 3
    assert after(talk, 4, RestoreMessage(CHAT, uid(2), uid(4))) == ([1, 2, 3, 4], 4)


def test_a_branch_goes_with_all_that_is_below_it_and_the_version_beside_it_is_shown() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 1), (5, 4))
    assert after(talk, 5, RemoveMessage(CHAT, uid(4), branch=True)) == ([1, 2, 3], 3)
    assert not talk.shows(uid(5))
    assert after(talk, 3, RestoreMessage(CHAT, uid(4), uid(5))) == ([1, 4, 5], 5)


def test_without_a_version_beside_it_what_stood_before_is_shown() -> None:
    talk = tree((1, 0), (2, 1), (3, 2))
    assert after(talk, 3, RemoveMessage(CHAT, uid(2), branch=True)) == ([1], 1)
    assert after(talk, 1, RemoveMessage(CHAT, uid(1), branch=True)) == ([], ROOT.int)
    assert after(talk, 0, RestoreMessage(CHAT, uid(1))) == ([1], 1)


def test_the_first_version_gives_way_to_the_second() -> None:
    talk = tree((1, 0), (2, 1), (3, 1))
    assert after(talk, 2, RemoveMessage(CHAT, uid(2), branch=False)) == ([1, 3], 3)


def test_a_branch_that_is_not_shown_goes_without_moving_anything() -> None:
    talk = tree((1, 0), (2, 1), (3, 1))
    assert after(talk, 3, RemoveMessage(CHAT, uid(2), branch=True)) == ([1, 3], 3)
    change = changed(CHAT, talk, uid(3), RestoreMessage(CHAT, uid(2), uid(3)))
    assert change.writes == (MarkMessage(CHAT, uid(2)),)


def test_what_is_brought_back_without_a_wish_is_shown_itself() -> None:
    talk = tree((1, 0), (2, 1), (3, 1), (4, 2))
    after(talk, 3, RemoveMessage(CHAT, uid(2), branch=True))
    assert after(talk, 3, RestoreMessage(CHAT, uid(2), uid(404))) == ([1, 2, 4], 4)


def test_what_is_brought_back_below_what_is_gone_stays_out_of_sight() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 3))
    after(talk, 4, RemoveMessage(CHAT, uid(3), branch=True))
    after(talk, 2, RemoveMessage(CHAT, uid(2), branch=True))
    assert after(talk, 1, RestoreMessage(CHAT, uid(3))) == ([1], 1)
    assert after(talk, 1, RestoreMessage(CHAT, uid(2))) == ([1, 2, 3, 4], 4)


def test_a_new_message_takes_a_place_of_its_own_beside_removed_ones() -> None:
    talk = tree((1, 0), (2, 1))
    after(talk, 2, RemoveMessage(CHAT, uid(2), branch=True))
    assert talk.next_place(uid(1)) == 1


def test_a_bookmark_is_put_and_taken_away() -> None:
    talk = tree((1, 0), (2, 1))
    after(talk, 2, Bookmark(CHAT, uid(1), "  The  storm "))
    assert talk.shown(talk.messages[uid(1)]).bookmark == "The storm"
    after(talk, 2, Bookmark(CHAT, uid(1), ""))
    assert talk.messages[uid(1)].bookmark == ""
    assert refusal(talk, Bookmark(CHAT, uid(1), "x" * 121)) is not None


def test_only_what_is_there_can_be_removed_and_only_what_was_removed_comes_back() -> None:
    talk = tree((1, 0), (2, 1))
    assert refusal(talk, RemoveMessage(CHAT, ROOT, branch=True)) == tree_changes.NOT_THERE
    assert refusal(talk, RemoveMessage(CHAT, uid(404), branch=True)) == tree_changes.NOT_THERE
    assert refusal(talk, RestoreMessage(CHAT, uid(2))) == tree_changes.NOT_THERE
    after(talk, 2, RemoveMessage(CHAT, uid(2), branch=True))
    for change in (
        RemoveMessage(CHAT, uid(2), branch=True),
        Select(CHAT, uid(2)),
        Bookmark(CHAT, uid(2), "x"),
    ):
        assert refusal(talk, change) == tree_changes.NOT_THERE


def test_a_purge_drops_branches_and_empties_what_holds_others() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 1), (5, 4))
    after(talk, 3, RemoveMessage(CHAT, uid(2), branch=False))
    after(talk, 3, RemoveMessage(CHAT, uid(4), branch=True))
    change = changed(CHAT, talk, uid(3), Purge(CHAT))
    assert change.writes == (PurgeRemoved(CHAT, ids(4, 5), ids(2)),)
    change.apply(talk)
    assert [one.id for one in talk.path(uid(3))] == [*ids(1, 3)]
    assert set(talk.stored) == {*ids(1, 2, 3)}
    assert changed(CHAT, talk, uid(3), Purge(CHAT)).writes == ()


@settings(deadline=None)
@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=16), st.data())
def test_whatever_is_removed_comes_back_as_it_was(parents: list[int], data: st.DataObject) -> None:
    edges = [(number, parent % number) for number, parent in enumerate(parents, start=1)]
    talk = tree(*edges)
    head = data.draw(st.sampled_from(range(len(edges) + 1)))
    gone: list[tuple[int, int]] = []
    at = uid(head)
    for _ in range(data.draw(st.integers(1, 4))):
        if not talk.parents:
            break
        message = data.draw(st.sampled_from(sorted(talk.parents)))
        change = changed(CHAT, talk, at, RemoveMessage(CHAT, message, branch=data.draw(st.booleans())))
        gone.append((message.int, at.int))
        change.apply(talk)
        assert talk.shows(change.head) or change.head == ROOT
        assert [write.head for write in change.writes if isinstance(write, MoveHead)] in ([], [change.head])
        at = change.head
    for message, before in reversed(gone):
        change = changed(CHAT, talk, at, RestoreMessage(CHAT, uid(message), uid(before)))
        change.apply(talk)
        at = change.head
    assert at == uid(head)
    assert talk.children == tree(*edges).children
    assert talk.depths == tree(*edges).depths


@settings(deadline=None)
@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=16), st.data())
def test_a_purge_changes_nothing_that_is_shown(parents: list[int], data: st.DataObject) -> None:
    talk = tree(*((number, parent % number) for number, parent in enumerate(parents, start=1)))
    at = uid(data.draw(st.sampled_from(range(len(parents) + 1))))
    for _ in range(data.draw(st.integers(1, 4))):
        if talk.parents:
            message = data.draw(st.sampled_from(sorted(talk.parents)))
            change = changed(CHAT, talk, at, RemoveMessage(CHAT, message, branch=data.draw(st.booleans())))
            change.apply(talk)
            at = change.head
    children = {parent: list(below) for parent, below in talk.children.items()}
    changed(CHAT, talk, at, Purge(CHAT)).apply(talk)
    assert talk.children == children
    assert all(one.parent in talk.stored or one.parent == ROOT for one in talk.stored.values())
