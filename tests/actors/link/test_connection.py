"""The link: greetings, silence, and its engine."""

from itertools import pairwise

import pytest

from actors.addresses import GPU, LINK, QUEUE, WEB
from actors.messages.generation import Cancel
from actors.messages.link import (
    WIRE_VERSION,
    EngineDown,
    EngineHello,
    EngineWelcome,
    Greet,
    HangUp,
    Hello,
    KeyRefused,
    Ping,
    Pong,
    Redial,
    Refused,
    Welcome,
)
from tests.actors.kit import (
    end,
    engine_hello,
    uid,
)
from tests.actors.link.kit import Box, linked, lost, resume, seqs, working

# -- greetings --------------------------------------------------------------------------------------


def test_it_greets_both_sides_at_its_start() -> None:
    box = Box()
    assert box.first.to(GPU) == [EngineWelcome(box.link.boot)]
    hello = box.first.one(Hello)
    assert (hello.version, hello.boot, hello.software) == (WIRE_VERSION, box.link.boot, "test")
    assert (hello.engine, hello.slots, hello.generations) == ("", 0, ())


def test_it_greets_again_until_it_is_welcomed() -> None:
    box = Box()
    assert box.fire("hello").one(Hello).revision == 2
    box.welcome()
    assert box.fire("hello") == []
    assert "hello" in box.timers


def test_a_welcome_for_an_older_greeting_is_not_enough() -> None:
    box = Box()
    box.fire("hello")
    box.web(Welcome(WIRE_VERSION, uid(1), 1))
    assert box.fire("hello").of(Hello) != []


def test_a_greeting_tells_of_the_engine_and_of_what_is_in_hand() -> None:
    box = working()
    hello = box.web(Greet(uid(1))).one(Hello)
    assert (hello.engine, hello.model, hello.model_hash, hello.slots) == ("engine", "m", "m", 2)
    assert hello.generations == ((uid(1), 1),)


def test_no_more_slots_are_told_than_replies_can_be_held() -> None:
    box = Box()
    assert box.engine(engine_hello(slots=50)).one(Hello).slots == 2


def test_a_refusal_is_kept_for_people_until_a_welcome() -> None:
    box = linked()
    box.web(Refused("update"))
    assert (box.link.welcomed, box.link.refusal) == (False, "update")
    box.welcome()
    assert (box.link.welcomed, box.link.refusal) == (True, "")


def test_a_refusal_lets_go_of_the_work_and_of_the_line() -> None:
    box = working(0)
    said = box.web(Refused("revoked"))
    assert said.to(GPU) == [Cancel(uid(1), 1)]
    assert said.to(WEB) == [HangUp()]
    assert box.link.held == {}


def test_a_key_that_is_refused_is_told_unless_the_server_has_said_more() -> None:
    box = linked()
    box.web(KeyRefused())
    assert "samovar join" in box.link.refusal
    box.web(Refused("revoked"))
    box.web(KeyRefused())
    assert (box.link.welcomed, box.link.refusal) == (False, "revoked")


def test_it_gives_a_sign_of_life_again_and_again() -> None:
    box = linked()
    for _ in range(3):
        assert box.fire("ping").to(QUEUE) == [Ping(box.link.boot, box.link.revision)]
        assert box.web(Pong(uid(1))) == []


def test_in_silence_it_dials_anew_with_growing_patience() -> None:
    box = linked()
    redials: list[float] = []
    while len(redials) < 6:
        if box.fire("ping").to(WEB) == [Redial()]:
            redials.append(box.world.monotonic_s())
            assert not box.link.welcomed
    waits = [later - earlier for earlier, later in pairwise(redials)]
    assert waits == [1.75, 2.5, 3.5, 5.25, 7.75]
    box.web(Pong(uid(1)))
    assert box.link.patience_s == 1.0


def test_what_the_engine_says_is_no_sign_of_the_web_node() -> None:
    box = linked()
    for _ in range(4):
        box.engine(engine_hello())
        assert box.fire("ping").to(WEB) == []
    assert box.fire("ping").to(WEB) == [Redial()]


# -- the engine -------------------------------------------------------------------------------------


def test_an_engine_that_comes_up_is_welcomed_and_told_to_the_queue() -> None:
    box = Box()
    said = box.engine(engine_hello())
    assert said.to(GPU) == [EngineWelcome(box.link.boot)]
    assert said.one(Hello).engine == "engine"
    assert box.engine(engine_hello()).kinds == ["EngineWelcome"]  # it greeted twice


def test_what_a_dead_engine_worked_on_is_lost_after_the_queue_knows_that_it_is_gone() -> None:
    box = working(0)
    said = box.tell(EngineDown("killed"), "supervisor")
    assert said.kinds == ["Hello", "GenerationsLost"]  # the other way round it would be given more
    assert said.one(Hello).engine == ""
    assert lost(said) == [(1, 1)]
    assert box.tell(EngineDown("killed"), "supervisor") == []


def test_what_a_dead_engine_had_finished_is_still_delivered() -> None:
    box = working(0)
    box.engine(end(1))
    said = box.tell(EngineDown("killed"), "supervisor")
    assert lost(said) == []
    assert said.one(Hello).generations == ((uid(1), 1),)
    assert seqs(box.web(resume(0))) == [0, 1]


def test_an_engine_that_started_anew_has_lost_what_it_had() -> None:
    box = working(0)
    said = box.engine(engine_hello(boot=2))
    assert lost(said) == [(1, 1)]
    assert isinstance(box.link.engine, EngineHello)
    assert box.link.engine.boot == uid(2)


# -- bugs -------------------------------------------------------------------------------------------


def test_a_message_or_timer_of_others_is_a_bug() -> None:
    box = linked()
    with pytest.raises(TypeError, match="Hello"):
        box.tell(Box().first.one(Hello), LINK)
    box.timers["other"] = 0.0
    with pytest.raises(ValueError, match="other"):
        box.fire("other")
