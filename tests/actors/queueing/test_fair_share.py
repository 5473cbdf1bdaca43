"""Fair shares: whose turn it is, in virtual time."""

from actors.queueing.fair_share import FairShare
from tests.actors.kit import uid

ANNA, BORIS, VERA = uid(1), uid(2), uid(3)


def begun(share: FairShare, number: int, user: int, cost: float, *waiting: int) -> None:
    share.begun(uid(100 + number), uid(user), cost, [uid(each) for each in waiting])


def test_who_was_served_less_has_the_lower_tag() -> None:
    share = FairShare()
    share.joined(ANNA)
    share.joined(BORIS)
    begun(share, 1, 1, 10, 1, 2)
    begun(share, 2, 2, 30, 1, 2)
    assert share.tag(ANNA) < share.tag(BORIS)


def test_twice_the_weight_is_charged_half() -> None:
    share = FairShare()
    share.weights[ANNA] = 2.0
    begun(share, 1, 1, 10)
    begun(share, 2, 2, 10)
    assert (share.tag(ANNA), share.tag(BORIS)) == (5, 10)


def test_the_guess_is_put_right_when_the_reply_has_ended() -> None:
    share = FairShare()
    begun(share, 1, 1, 100)
    share.ended(uid(101), 30, [ANNA])
    assert share.tag(ANNA) == 30


def test_a_guess_stands_where_nobody_counted() -> None:
    share = FairShare()
    begun(share, 1, 1, 100)
    share.ended(uid(101), None, [ANNA])
    share.ended(uid(101), 5, [ANNA])  # it has ended already
    assert share.tag(ANNA) == 100


def test_a_weight_that_changes_meanwhile_is_used_for_what_is_counted_and_the_guess_is_undone() -> None:
    share = FairShare()
    begun(share, 1, 1, 100)
    share.weights[ANNA] = 2.0
    share.ended(uid(101), 100, [ANNA])
    assert share.tag(ANNA) == 50


def test_a_reply_is_charged_once_however_often_it_is_leased() -> None:
    share = FairShare()
    begun(share, 1, 1, 10)
    begun(share, 1, 1, 10)
    assert share.tag(ANNA) == 10


def test_time_away_saves_nothing_up() -> None:
    share = FairShare()
    share.joined(ANNA)
    for number in range(10):
        begun(share, number, 1, 10, 1)
    share.joined(BORIS)
    assert share.tag(BORIS) == 90  # the tag of who was served last, at its begin
    assert share.tag(ANNA) == 100


def test_time_away_is_not_held_against_anyone() -> None:
    share = FairShare()
    share.joined(ANNA)
    share.joined(BORIS)
    begun(share, 1, 1, 100, 1, 2)  # Anna has more than her share, and goes
    share.ended(uid(101), 100, [BORIS])
    for number in range(2, 22):
        begun(share, number, 2, 10, 2)
    share.joined(ANNA)
    assert share.tag(ANNA) == 190


def test_what_was_had_too_much_of_is_remembered_though_one_goes() -> None:
    share = FairShare()
    share.joined(ANNA)
    share.joined(BORIS)
    begun(share, 1, 1, 100, 1, 2)
    share.ended(uid(101), 100, [BORIS])
    begun(share, 2, 2, 10, 2)
    share.joined(ANNA)
    assert share.tag(ANNA) == 100


def test_a_reply_out_of_turn_does_not_move_the_virtual_time_past_those_who_wait() -> None:
    share = FairShare()
    begun(share, 1, 1, 500)
    share.joined(BORIS)
    begun(share, 2, 1, 10, 2)  # by hand, before Boris
    share.joined(VERA)
    assert share.tag(VERA) == share.tag(BORIS) == 0


def test_who_has_nothing_in_hand_and_no_more_than_others_is_forgotten() -> None:
    share = FairShare()
    share.joined(ANNA)
    begun(share, 1, 1, 10, 1)
    share.joined(BORIS)
    begun(share, 2, 2, 30, 2)
    begun(share, 3, 2, 30, 2)
    share.ended(uid(101), 10)
    assert ANNA not in share.tags
    share.ended(uid(102), 30)
    share.ended(uid(103), 30)
    assert share.tags == {BORIS: 60}  # more than the virtual time: not yet
