"""The runtime: what a message may count on."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest

from actors import addresses
from actors.effects import CancelTimer, Effect, Passivate, Send, Started, StartTimer, TimerFired
from actors.mailbox import Runtime
from actors.messages.archive import Load, Loaded, LoadFailed
from actors.messages.generation import SheetWanted
from actors.settings import MailboxSettings
from tests.actors.kit import token, uid
from tests.sim.clock import SimLoop, SimWorld

SETTINGS = MailboxSettings(
    turn=3,
    mailbox_limit=10,
    restarts=2,
    restart_period_s=10.0,
    park_s=30.0,
    load_timeout_s=5.0,
    dead_letters=3,
)


class Deed:
    """A message that says what to do."""

    def __init__(self, *effects: Effect, note: Callable[[], object] = list) -> None:
        self.effects = effects
        self.note = note

    def __call__(self) -> list[Effect]:
        self.note()
        return list(self.effects)


class Broken(Deed):
    """Raises the first so many times; what it wanted to do then comes to nothing."""

    def __init__(self, *effects: Effect, times: int = 2) -> None:
        super().__init__(*effects)
        self.times = times

    def __call__(self) -> list[Effect]:
        if self.times:
            self.times -= 1
            broken()
        return super().__call__()


class Scripted:
    """Notes what it gets, and does deeds."""

    def __init__(self, notes: list[Any]) -> None:
        self.notes = notes

    def receive(self, message: Any, sender: str) -> list[Effect]:
        if isinstance(message, Deed):
            return message()
        self.notes.append(message)
        return []


class Port:
    """Notes what is delivered, and does `then`."""

    def __init__(self, then: Callable[[], object] = list) -> None:
        self.got: list[Any] = []
        self.then = then

    def deliver(self, address: str, message: Any, sender: str) -> None:
        self.got.append(message)
        self.then()


class House:
    """A runtime under virtual time; `tea/…` are actors that start at once, `jam/…` ones that load."""

    def __init__(self) -> None:
        self.loop = SimLoop()
        self.runtime = Runtime(SETTINGS, SimWorld(self.loop, Random(0)), self.loop)
        self.notes: dict[str, list[Any]] = {}
        self.made: list[str] = []
        self.archive = Port()
        self.port = Port()
        self.runtime.serve(addresses.ARCHIVE, self.archive)
        self.runtime.serve("port", self.port)
        for kind, loads in (("tea", False), ("jam", True)):
            self.runtime.register(kind, self.make, loads=loads)

    def make(self, address: str) -> Scripted:
        self.made.append(address)
        return Scripted(self.notes.setdefault(address, []))

    def tell(self, to: str, *messages: Any) -> None:
        for message in messages:
            self.runtime.tell(to, message, "test")

    def run(self, seconds: float = 0.0) -> None:
        self.loop.run_until(self.loop.now + seconds)

    def answer_load(self, state: Any = None) -> None:
        """Answer the last Load."""
        load = self.archive.got[-1]
        assert isinstance(load, Load)
        self.tell(load.reply_to, Loaded(state, load.number))


def broken() -> None:
    raise ValueError("as the test wants it")


def no_actor(address: str) -> Scripted:
    raise ValueError(f"{address} cannot be made")


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
