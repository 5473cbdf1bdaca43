"""Messages as a tree: versions beside each other, one shown path."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from actors.conversation.message_tree import MessageTree
from actors.messages.conversations import StoredMessage
from tests.actors.kit import CHARACTER, uid

ROOT = uid(0)


def message(number: int, parent: int, sibling: int = 0) -> StoredMessage:
    return StoredMessage(
        id=uid(number),
        conversation=uid(99),
        parent=uid(parent),
        sibling=sibling,
        role="user" if number % 2 else "assistant",
        body=f"text {number}",
        character_version=CHARACTER,
        created_ms=number,
        ended="" if number % 2 else "stop",
    )


def tree(*edges: tuple[int, int]) -> MessageTree:
    """Of (message, parent), in the order of their making; 0 is the root."""
    made = MessageTree(ROOT)
    for number, parent in edges:
        made.add(message(number, parent))
    return made


def ids(*numbers: int) -> tuple[UUID, ...]:
    return tuple(map(uid, numbers))


def test_the_path_leads_from_the_first_message_to_the_head_without_the_root() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 1))
    assert [found.id for found in talk.path(uid(3))] == [*ids(1, 2, 3)]
    assert talk.path(ROOT) == []


def test_versions_of_a_message_stand_beside_it_oldest_first() -> None:
    talk = tree((1, 0), (2, 1), (3, 2), (4, 1), (5, 1))
    assert talk.siblings(uid(4)) == ids(2, 4, 5)


def test_the_newest_leaf_is_found_by_the_newest_child_each_time() -> None:
    talk = tree((1, 0), (2, 1), (3, 1), (4, 2), (5, 3), (6, 3))
    assert talk.newest_leaf(uid(1)) == uid(6)
    assert talk.newest_leaf(uid(2)) == uid(4)


def test_the_root_may_be_among_the_stored_messages_and_is_nobodys_child() -> None:
    talk = tree((0, 0), (1, 0))
    assert talk.children[ROOT] == [uid(1)]
    assert talk.newest_leaf(ROOT) == uid(1)


def test_a_shown_message_has_its_text_its_end_and_its_versions() -> None:
    talk = tree((1, 0), (2, 1), (4, 1))
    shown = talk.shown(talk.messages[uid(2)])
    assert (shown.id, shown.parent, shown.role, shown.text) == (uid(2), uid(1), "assistant", "text 2")
    assert (shown.ended, shown.siblings) == ("stop", ids(2, 4))


@given(st.lists(st.integers(0, 1_000), max_size=30))
def test_every_message_is_on_its_own_path_and_among_its_versions(parents: list[int]) -> None:
    talk = tree(*((number, parent % number) for number, parent in enumerate(parents, start=1)))
    for found in talk.messages.values():
        path = talk.path(found.id)
        assert path[-1] == found
        assert [step.parent for step in path] == [ROOT, *(step.id for step in path[:-1])]
        assert found.id in talk.siblings(found.id)
        assert talk.children[talk.newest_leaf(found.id)] == []
