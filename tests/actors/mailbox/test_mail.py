"""The runtime: mail, waking, leaving."""

from functools import partial

import pytest

from actors.effects import Passivate, Started, StartTimer, TimerFired
from actors.messages.archive import Load, Loaded, LoadFailed
from tests.actors.kit import token
from tests.actors.mailbox.house import Deed, House

# -- mail -------------------------------------------------------------------------------------------


def test_messages_of_one_sender_arrive_in_their_order() -> None:
    house = House()
    house.tell("tea/a", *range(9))
    house.run()
    assert house.notes["tea/a"] == [Started(), *range(9)]


def test_an_actor_with_much_mail_lets_others_have_their_turn() -> None:
    house = House()
    order: list[str] = []
    for name in ("tea/a", "tea/b"):
        house.tell(name, *[Deed(note=partial(order.append, name)) for _ in range(5)])
    house.run()
    assert order == ["tea/a"] * 3 + ["tea/b"] * 3 + ["tea/a"] * 2 + ["tea/b"] * 2


def test_mail_beyond_the_limit_is_set_aside_and_the_rest_arrives() -> None:
    house = House()
    house.tell("tea/a", *range(12))
    house.run()
    assert house.notes["tea/a"][1:] == list(range(10))
    assert [letter.cause for letter in house.runtime.dead_letters] == ["the mailbox is full"] * 2


def test_mail_for_an_address_that_nobody_serves_is_a_dead_letter() -> None:
    house = House()
    house.tell("nowhere/1", "hello")
    letter = house.runtime.dead_letters[0]
    assert (letter.address, letter.message, letter.cause) == (
        "nowhere/1",
        "str",
        "nobody serves this address",
    )


def test_only_the_newest_dead_letters_are_kept() -> None:
    house = House()
    for number in range(5):
        house.tell(f"nowhere/{number}", "hello")
    assert [letter.address for letter in house.runtime.dead_letters] == [
        "nowhere/2",
        "nowhere/3",
        "nowhere/4",
    ]


def test_frames_of_a_reply_wake_nobody() -> None:
    house = House()
    house.tell("jam/a", token(0), Loaded(None), LoadFailed("x"))
    assert house.made == []
    assert house.archive.got == []
    assert not house.runtime.cells


# -- waking and leaving -----------------------------------------------------------------------------


def test_mail_waits_until_the_state_has_come() -> None:
    house = House()
    house.tell("jam/a", "early")
    house.run(1.0)
    assert house.made == []
    house.answer_load()
    house.run()
    assert house.notes["jam/a"] == [Loaded(None, 1), "early"]


def test_an_actor_is_asked_for_by_its_kind_and_key() -> None:
    house = House()
    house.runtime.wake("jam/key")
    house.runtime.wake("jam/key")
    assert house.archive.got == [Load("jam", "key", "jam/key", 1)]


def test_a_state_that_does_not_come_is_asked_for_again() -> None:
    house = House()
    house.runtime.wake("jam/a")
    house.run(11.0)
    assert [load.number for load in house.archive.got] == [1, 2, 3]


def test_a_late_answer_to_an_earlier_question_is_not_taken() -> None:
    house = House()
    house.runtime.wake("jam/a")
    house.run(6.0)
    house.tell("jam/a", Loaded(None, 1))
    assert house.made == []
    house.tell("jam/a", Loaded(None, 2))
    assert house.made == ["jam/a"]
    house.tell("jam/a", Loaded(None, 2))
    assert house.made == ["jam/a"]


def test_a_state_that_cannot_be_loaded_is_tried_again_with_the_mail_kept() -> None:
    house = House()
    house.tell("jam/a", "patient")
    house.tell("jam/a", LoadFailed("locked", 1))
    house.run(1.0)
    house.answer_load()
    house.run()
    assert house.notes["jam/a"] == [Loaded(None, 2), "patient"]


def test_an_actor_that_left_is_made_anew_by_the_next_message() -> None:
    house = House()
    house.tell("tea/a", "one", Deed(Passivate()))
    house.run()
    assert not house.runtime.cells
    house.tell("tea/a", "two")
    house.run()
    assert house.notes["tea/a"] == [Started(), "one", Started(), "two"]


@pytest.mark.parametrize("kind", ["tea", "jam"])
def test_an_actor_that_leaves_while_mail_waits_is_back_for_it(kind: str) -> None:
    house = House()
    house.tell(f"{kind}/a", Deed(Passivate()), "after")
    for _ in range(2):
        if kind == "jam":
            house.answer_load()
        house.run()
    assert house.notes[f"{kind}/a"][-1] == "after"
    assert len(house.made) == 2


def test_an_actor_that_leaves_takes_its_timers_along() -> None:
    house = House()
    house.tell("tea/a", Deed(StartTimer("t", 1.0), Passivate()))
    house.run(2.0)
    house.tell("tea/a", "later")
    house.run(2.0)
    assert TimerFired("t") not in house.notes["tea/a"]


def test_what_is_for_all_who_are_awake_wakes_nobody() -> None:
    house = House()
    house.tell("tea/a", "wake up")
    house.run()
    house.runtime.tell_awake("tea", "the kettle is on", "tests")
    house.run()
    assert house.notes["tea/a"][-1] == "the kettle is on"
    assert "tea/b" not in house.notes
