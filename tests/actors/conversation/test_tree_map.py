"""The map: runs of messages that nothing branches off from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.conversation.message_tree import MessageTree
from actors.conversation.tree_changes import changed
from actors.conversation.tree_map import PREVIEW, map_of, preview
from actors.messages.chat import Bookmark, MapNode, RemoveMessage
from tests.actors.conversation.test_message_tree import tree
from tests.actors.kit import uid

CHAT = uid(99)


def runs(talk: MessageTree, head: int) -> list[tuple[int, int, int, int]]:
    """First and last message, place of the parent, count."""
    return [(one.first.int, one.last.int, one.parent, one.count) for one in map_of(talk, uid(head)).nodes]


def change(talk: MessageTree, head: int, what: RemoveMessage | Bookmark) -> None:
    changed(CHAT, talk, uid(head), what).apply(talk)


def test_a_straight_talk_is_one_run() -> None:
    assert runs(tree((1, 0), (2, 1), (3, 2)), 3) == [(1, 3, -1, 3)]


def test_a_run_ends_where_something_branches_off() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 2), (5, 4), (6, 0))
    assert runs(talk, 5) == [(1, 2, -1, 2), (3, 3, 0, 1), (4, 5, 0, 2), (6, 6, -1, 1)]
    assert [node.is_shown for node in map_of(talk, uid(5)).nodes] == [True, False, True, False]


def test_a_run_ends_at_a_bookmark_and_where_the_shown_path_does() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 3))
    assert runs(talk, 2) == [(1, 2, -1, 2), (3, 4, 0, 2)]
    change(talk, 4, Bookmark(CHAT, uid(3), "The storm"))
    assert runs(talk, 4) == [(1, 3, -1, 3), (4, 4, 0, 1)]
    assert map_of(talk, uid(4)).nodes[0].bookmark == "The storm"


def test_what_was_removed_is_in_the_map_and_marked_as_gone() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 1), (5, 4))
    change(talk, 3, RemoveMessage(CHAT, uid(4), branch=True))
    change(talk, 3, RemoveMessage(CHAT, uid(2), branch=False))
    drawn = map_of(talk, uid(3))
    assert (drawn.messages, drawn.removed) == (2, 3)
    assert [(one.first.int, one.removed, one.is_gone, one.is_shown) for one in drawn.nodes] == [
        (1, "", False, True),
        (2, "alone", True, False),
        (3, "", False, True),
        (4, "branch", True, False),
    ]


def test_previews_are_one_short_line() -> None:
    assert preview("  a\n\nb  c ") == "a b c"
    assert len(preview("word " * 100)) <= PREVIEW
    assert preview("word " * 100).endswith("…")


@settings(deadline=None)
@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=24), st.data())
def test_every_message_is_in_one_run_whose_parent_comes_before(
    parents: list[int], data: st.DataObject
) -> None:
    talk = tree(*((number, parent % number) for number, parent in enumerate(parents, start=1)))
    head = data.draw(st.sampled_from(range(len(parents) + 1)))
    nodes = map_of(talk, uid(head)).nodes
    seen = [number for node in nodes for number in run(talk, node)]
    assert sorted(seen) == list(range(1, len(parents) + 1))
    for place, node in enumerate(nodes):
        assert node.parent < place
        above = nodes[node.parent].last if node.parent >= 0 else uid(0)
        assert talk.parents[node.first] == above
    shown = {one.id.int for one in talk.path(uid(head))}
    assert {number for node in nodes if node.is_shown for number in run(talk, node)} == shown


def run(talk: MessageTree, node: MapNode) -> list[int]:
    found = [node.last]
    while found[-1] != node.first:
        found.append(talk.parents[found[-1]])
    assert len(found) == node.count
    return [one.int for one in found]
