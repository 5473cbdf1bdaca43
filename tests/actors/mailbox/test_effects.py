"""The runtime: what an actor causes, what happens when it raises, and stop."""

from actors.effects import CancelTimer, Send, Started, StartTimer, TimerFired
from actors.messages.generation import SheetWanted
from tests.actors.kit import uid
from tests.actors.mailbox.house import Broken, Deed, House, Port, broken, no_actor

# -- what an actor causes ---------------------------------------------------------------------------


def test_a_timer_fires_once() -> None:
    house = House()
    house.tell("tea/a", Deed(StartTimer("t", 1.0)))
    house.run(0.9)
    assert house.notes["tea/a"] == [Started()]
    house.run(5.0)
    assert house.notes["tea/a"] == [Started(), TimerFired("t")]


def test_a_timer_of_the_same_name_begins_anew() -> None:
    house = House()
    house.tell("tea/a", Deed(StartTimer("t", 1.0)))
    house.run(0.9)
    house.tell("tea/a", Deed(StartTimer("t", 1.0)))
    house.run(0.9)
    assert TimerFired("t") not in house.notes["tea/a"]
    house.run(0.2)
    assert house.notes["tea/a"].count(TimerFired("t")) == 1


def test_a_timer_that_was_cancelled_does_not_fire() -> None:
    house = House()
    house.tell("tea/a", Deed(StartTimer("t", 1.0), CancelTimer("t"), CancelTimer("unknown")))
    house.run(2.0)
    assert house.notes["tea/a"] == [Started()]


def test_an_actor_can_write_to_another_and_to_itself() -> None:
    house = House()
    house.tell("tea/a", Deed(Send("tea/b", "to b"), Send("tea/a", "to me")))
    house.run()
    assert house.notes["tea/a"][-1] == "to me"
    assert house.notes["tea/b"][-1] == "to b"


# -- what raises ------------------------------------------------------------------------------------


def test_an_actor_that_raised_is_made_anew_and_goes_on_with_its_mail() -> None:
    house = House()
    house.tell("tea/a", Broken(), "next")
    house.run(5.0)
    assert house.notes["tea/a"][-1] == "next"
    assert len(house.made) == 3  # at first, after the first try, after the second


def test_a_message_that_raised_once_is_tried_again() -> None:
    house = House()
    house.tell("tea/a", Broken(Send("port", "better"), times=1))
    house.run(5.0)
    assert house.port.got == ["better"]
    assert not house.runtime.dead_letters


def test_a_message_that_raises_again_is_set_aside_with_its_cause() -> None:
    house = House()
    house.tell("tea/a", Broken())
    house.run(5.0)
    letter = house.runtime.dead_letters[0]
    assert (letter.address, letter.message, letter.cause) == (
        "tea/a",
        "Broken",
        "ValueError: as the test wants it",
    )


def test_nothing_of_a_message_that_raises_happens() -> None:
    house = House()
    house.tell("tea/a", Broken(Send("port", "half"), StartTimer("t", 0.1)))
    house.run(5.0)
    assert house.port.got == []
    assert TimerFired("t") not in house.notes["tea/a"]


def test_the_timers_of_an_actor_that_raised_are_forgotten() -> None:
    house = House()
    house.tell("tea/a", Deed(StartTimer("t", 0.5)), Broken())
    house.run(5.0)
    assert TimerFired("t") not in house.notes["tea/a"]


def test_an_actor_that_keeps_raising_is_parked_and_its_neighbour_notices_nothing() -> None:
    house = House()
    house.tell("tea/a", Broken(), Broken(), "mail")
    house.run(5.0)
    assert house.runtime.parked() == ["tea/a"]
    house.tell("tea/b", "fine")
    house.run()
    assert house.notes["tea/b"] == [Started(), "fine"]
    assert "mail" not in house.notes["tea/a"]


def test_a_parked_actor_is_tried_again_after_its_rest_with_its_mail() -> None:
    house = House()
    house.tell("tea/a", Broken(), Broken(), "mail")
    house.run(40.0)
    assert house.runtime.parked() == []
    assert house.notes["tea/a"][-1] == "mail"


def test_an_actor_that_cannot_be_made_is_parked() -> None:
    house = House()
    house.runtime.register("tea", no_actor, loads=False)
    house.tell("tea/a", "mail")
    house.run(5.0)
    assert house.runtime.parked() == ["tea/a"]
    assert not house.runtime.dead_letters


def test_an_actor_whose_message_a_port_cannot_take_starts_anew_and_does_nothing_more() -> None:
    house = House()
    house.runtime.serve("wall", Port(broken))
    house.tell("tea/a", Deed(Send("wall", "hello"), Send("port", "after"), StartTimer("t", 0.1)), "next")
    house.run(5.0)
    assert house.port.got == []
    assert house.notes["tea/a"] == [Started(), Started(), "next"]
    assert [letter.message for letter in house.runtime.dead_letters] == ["str"]


def test_a_port_that_raises_harms_nobody_who_is_no_actor() -> None:
    house = House()
    house.runtime.serve("wall", Port(broken))
    house.tell("wall", "hello")
    assert house.runtime.dead_letters[0].cause == "ValueError: as the test wants it"


# -- stop -------------------------------------------------------------------------------------------


def test_after_a_stop_nobody_receives_anything_and_no_timer_fires() -> None:
    house = House()
    house.tell("tea/a", Deed(StartTimer("t", 1.0)))
    house.tell("jam/a", SheetWanted(uid(1)))
    house.run()
    house.tell("tea/a", "in the mailbox")
    house.runtime.stop()
    house.tell("tea/a", "too late")
    house.tell("port", "too late")
    house.run(20.0)
    assert house.notes == {"tea/a": [Started()]}
    assert house.port.got == []
    assert len(house.archive.got) == 1


def test_a_port_may_stop_the_runtime_in_the_middle_of_a_message() -> None:
    house = House()
    house.runtime.serve("switch", Port(house.runtime.stop))
    house.tell("tea/a", Deed(Send("switch", "off"), StartTimer("t", 1.0)), "next")
    house.run(5.0)
    assert house.notes["tea/a"] == [Started()]
