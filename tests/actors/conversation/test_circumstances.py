"""What a reply is made under: which greeting, how long nobody spoke, whose clock."""

from typing import Any

from msgspec.structs import replace

from actors.conversation.circumstances import circumstances_of, greeting_of_member
from actors.conversation.message_tree import MessageTree
from actors.messages.conversations import StoredMessage
from actors.messages.generation import Circumstances
from tests.actors.kit import CHARACTER, uid

ROOT = uid(0)
GREETING = StoredMessage(uid(1), uid(99), ROOT, 0, "assistant", "Hello.", CHARACTER, 1_000)
SECOND = replace(GREETING, id=uid(2), sibling=1)
EDITED = replace(GREETING, id=uid(3), sibling=2, request_key=uid(70))


def said(number: int, parent: StoredMessage, **more: Any) -> StoredMessage:
    fields: dict[str, Any] = {"role": "user", "request_key": uid(100 + number), **more}
    return replace(GREETING, id=uid(number), parent=parent.id, created_ms=1_000 * number, **fields)


def circumstances(*path: StoredMessage, now_ms: int = 50_000, offset: int = 0) -> Circumstances:
    tree = MessageTree(ROOT)
    for message in (GREETING, SECOND, EDITED):
        tree.add(message)
    return circumstances_of(path, tree, now_ms, offset)


def test_the_greeting_is_counted_among_the_characters_own() -> None:
    assert circumstances(GREETING).greeting == 0
    assert circumstances(SECOND, said(10, SECOND)).greeting == 1


def test_a_greeting_that_was_edited_or_is_none_is_not_known() -> None:
    assert circumstances(EDITED).greeting == -1
    assert circumstances(said(10, replace(GREETING, id=ROOT))).greeting == -1
    assert circumstances().greeting == -1


def test_idle_is_the_time_since_the_user_spoke_before() -> None:
    first = said(10, GREETING)
    reply = said(11, first, role="assistant", generation=uid(80))
    second = said(40, reply)
    assert circumstances(GREETING, first, reply, second, now_ms=42_000).idle_ms == 32_000
    assert circumstances(GREETING, first, reply, now_ms=42_000).idle_ms == 32_000


def test_at_the_users_first_words_nobody_was_idle() -> None:
    assert circumstances(GREETING, said(10, GREETING)).idle_ms == 0
    assert circumstances().idle_ms == 0


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    first = said(10, GREETING)
    assert circumstances(GREETING, first, said(11, first), now_ms=5_000).idle_ms == 0


def test_the_clock_is_the_readers() -> None:
    assert circumstances(offset=-210).utc_offset_min == -210


OTHER = uid(98)
"""Another member of a group."""


def talk_of(*greetings: StoredMessage) -> MessageTree:
    tree = MessageTree(ROOT)
    for message in greetings:
        tree.add(message)
    return tree


def test_in_a_group_a_members_greeting_is_counted_from_its_last_among_those_of_all() -> None:
    others = [replace(GREETING, id=uid(10 + n), sibling=n, character_version=OTHER) for n in range(2)]
    own = [replace(GREETING, id=uid(20 + n), sibling=2 + n) for n in range(3)]
    edited = replace(GREETING, id=uid(30), sibling=5, request_key=uid(70))
    tree = talk_of(*others, *own, edited)
    said_then = said(40, own[1])
    assert greeting_of_member([own[0], said_then], tree, CHARACTER) == 2
    assert greeting_of_member([own[2]], tree, CHARACTER) == 0
    assert greeting_of_member([others[0]], tree, OTHER) == 1
    assert greeting_of_member([others[0], said(40, others[0])], tree, CHARACTER) == -1
    assert greeting_of_member([edited], tree, CHARACTER) == -1


def test_where_all_members_greet_each_has_its_own() -> None:
    first = [replace(GREETING, id=uid(10 + n), sibling=n, character_version=OTHER) for n in range(2)]
    second = [replace(GREETING, id=uid(20 + n), sibling=n, parent=first[1].id) for n in range(3)]
    tree = talk_of(*first, *second)
    path = [first[1], second[0], said(40, second[0])]
    assert greeting_of_member(path, tree, OTHER) == 0
    assert greeting_of_member(path, tree, CHARACTER) == 2
    assert circumstances_of(path, tree, 50_000, 0, CHARACTER).greeting == 2
