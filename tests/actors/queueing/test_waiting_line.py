"""The line: its order, and what is moved by hand."""

from msgspec.structs import replace

from actors.queueing.fair_share import FairShare
from actors.queueing.waiting_line import Ticket, WaitingLine
from tests.actors.kit import request, uid


def ten(ticket: Ticket) -> float:
    return 10.0


def line(*users: int) -> WaitingLine:
    """Generation n is of the n-th user named."""
    made = WaitingLine(FairShare())
    for number, user in enumerate(users, start=1):
        made.join(ticket(number, user))
    return made


def ticket(number: int, user: int, attempt: int = 0) -> Ticket:
    return Ticket(replace(request(number, attempt=attempt), user=uid(user)), 0.0, 0.0)


def order(of: WaitingLine) -> list[int]:
    return [each.generation.int for each in of.order(ten)]


def test_users_take_turns_and_the_own_keep_their_order() -> None:
    assert order(line(1, 1, 1, 2, 2, 3)) == [1, 4, 6, 2, 5, 3]


def test_a_user_of_twice_the_weight_has_two_turns() -> None:
    made = line(1, 1, 1, 2, 2, 2, 2)
    made.share.weights[uid(2)] = 2.0
    assert order(made) == [1, 4, 5, 2, 6, 7, 3]


def test_looking_at_the_order_charges_nobody() -> None:
    made = line(1, 2)
    assert order(made) == order(made) == [1, 2]
    assert set(made.share.tags.values()) == {0.0}


def test_a_reply_that_had_its_turn_is_first_and_not_charged_again() -> None:
    made = line(1, 2, 2)
    made.share.charge(uid(4), uid(1), 10)
    made.join(ticket(4, 1, attempt=1))
    assert order(made) == [4, 2, 1, 3]


def test_those_that_had_their_turn_keep_their_order() -> None:
    made = line(1)
    made.join(ticket(2, 1, attempt=1))
    made.join(ticket(3, 2, attempt=1))
    assert order(made) == [2, 3, 1]


def test_who_leaves_is_gone_from_every_list() -> None:
    made = line(1, 1, 2)
    made.move_first(uid(2))
    for number in (2, 1):
        assert made.leave(uid(number))
    assert made.leave(uid(2)) is None
    assert order(made) == [3]
    assert made.users == [uid(2)]


def test_what_is_moved_first_is_first() -> None:
    made = line(1, 1, 1, 2)
    made.move_first(uid(3))
    assert order(made) == [3, 4, 1, 2]  # … and is charged: the next turn is the other's
    made.move_first(uid(4))
    assert order(made)[:2] == [4, 3]
    made.move_first(uid(3))
    assert order(made)[:2] == [3, 4]


def test_what_is_moved_up_changes_places_with_the_one_before() -> None:
    made = line(1, 1, 2, 2)
    assert order(made) == [1, 3, 2, 4]
    made.move_up(uid(2), ten)
    assert order(made) == [1, 2, 3, 4]
    made.move_up(uid(2), ten)
    made.move_up(uid(2), ten)  # it is the first already
    assert order(made) == [2, 1, 3, 4]


def test_nothing_is_moved_before_what_had_its_turn() -> None:
    made = line(1, 2)
    made.join(ticket(3, 1, attempt=1))
    made.move_up(uid(1), ten)
    made.move_up(uid(3), ten)
    made.move_first(uid(2))
    made.move_first(uid(3))
    made.move_first(uid(9))  # not there
    made.move_up(uid(9), ten)
    assert order(made) == [3, 2, 1]


def test_a_lease_that_could_not_be_written_is_the_next_again() -> None:
    made = line(1, 2)
    taken = made.leave(uid(2))
    assert taken is not None
    made.put_back(taken)
    assert order(made) == [2, 1]
