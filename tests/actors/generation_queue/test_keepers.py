"""The generation queue: what keepers of the node see of it, and do to it."""

from msgspec.structs import replace

from actors.messages.queueing import AskLine, Dismiss, Dismissed, Line, Move, Placed, ReplyEnded, ShareSet
from tests.actors.generation_queue.kit import SETTINGS, Counter, counter, given, session
from tests.actors.kit import Said, request, uid

ASKER = "asks/1"


def full() -> Counter:
    """1 is being made; 2 and 3 of the same user wait, and 4 of another."""
    queue = counter(settings=replace(SETTINGS, max_waiting=20))
    for number, user in ((1, 1), (2, 1), (3, 1), (4, 2)):
        queue.do(request(number, user=user))
    return queue


def shown(said: Said) -> list[tuple[int, int]]:
    """(generation, place)"""
    return [(entry.generation.int, entry.place) for entry in said.one(Line).entries]


def test_the_line_shows_who_is_served_and_who_waits_in_their_order() -> None:
    queue = full()
    queue.later(3.0)
    line = queue.do(AskLine(ASKER), ASKER).to(ASKER)[0]
    assert [(entry.generation.int, entry.user.int, entry.place) for entry in line.entries] == [
        (1, 1, 0),
        (4, 2, 1),
        (2, 1, 2),
        (3, 1, 3),
    ]
    assert {entry.since_s for entry in line.entries} == {3.0}
    assert [entry.worker for entry in line.entries] == ["box", "", "", ""]


def test_what_is_moved_first_is_served_next_and_its_session_hears_of_its_place() -> None:
    queue = full()
    said = queue.do(Move(uid(3), "first", ASKER), ASKER)
    assert shown(said) == [(1, 0), (3, 1), (4, 2), (2, 3)]
    assert said.to(session(3)) == [Placed(uid(3), 1, 3)]
    assert given(queue.do(ReplyEnded(uid(1), 10))) == [(3, 1)]


def test_what_is_moved_up_passes_one() -> None:
    queue = full()
    assert shown(queue.do(Move(uid(3), "up", ASKER), ASKER)) == [(1, 0), (4, 1), (3, 2), (2, 3)]


def test_what_waits_no_more_is_not_moved() -> None:
    queue = full()
    for number in (1, 9):
        assert shown(queue.do(Move(uid(number), "first", ASKER), ASKER))[0] == (1, 0)


def test_a_reply_that_is_dismissed_keeps_its_place_until_its_session_has_ended_it() -> None:
    queue = full()
    said = queue.do(Dismiss(uid(4), ASKER), ASKER)
    assert said.to(session(4)) == [Dismissed(uid(4))]
    assert (4, 1) in shown(said)
    assert given(queue.do(ReplyEnded(uid(4), 0))) == []
    assert given(queue.do(ReplyEnded(uid(1), 10))) == [(2, 1)]


def test_a_running_reply_is_dismissed_by_its_session_as_well() -> None:
    assert full().do(Dismiss(uid(1), ASKER), ASKER).to(session(1)) == [Dismissed(uid(1))]


def test_what_has_ended_is_not_dismissed() -> None:
    assert full().do(Dismiss(uid(9), ASKER), ASKER).of(Dismissed) == []


def test_another_share_holds_at_once() -> None:
    queue = full()
    queue.do(request(5, user=2))
    queue.do(request(6, user=2))
    assert shown(queue.do(ShareSet(uid(2), 9.0, ASKER), ASKER)) == [
        (1, 0),
        (4, 1),
        (5, 2),
        (6, 3),
        (2, 4),
        (3, 5),
    ]
