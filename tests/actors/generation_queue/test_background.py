"""The generation queue: what is done in idle time, and that nobody waits for it."""

from typing import Any

import pytest
from msgspec.structs import replace

from actors.generation_queue import GenerationQueue
from actors.messages.generation import Cancel, GenerateReply, GenerationsLost
from actors.messages.pairing import BoxRevoked
from actors.messages.queueing import (
    BackgroundLeased,
    BackgroundLost,
    BoxDrained,
    Leased,
    Placed,
    ReplyEnded,
    SubmitAgain,
)
from actors.settings import QueueSettings
from tests.actors.generation_queue.kit import SETTINGS, Counter, counter, given, session
from tests.actors.kit import BOX, OTHER_BOX, Said, hello, request, uid

CHORE = 50


def chore(number: int = CHORE, conversation: int | None = None) -> GenerateReply:
    asked = request(number) if conversation is None else request(number, conversation=conversation)
    return replace(asked, background=True)


def at_work() -> Counter:
    """A box of one slot that does something in the background."""
    queue = counter()
    queue.do(chore())
    return queue


def lost(said: Said, number: int = CHORE) -> bool:
    return BackgroundLost(uid(number)) in said.to(session(number))


def test_an_idle_box_is_given_it_with_no_lease_in_the_archive() -> None:
    queue = counter()
    said = queue.tell(chore())
    assert given(said) == [(CHORE, 1)]
    assert said.to(session(CHORE)) == [BackgroundLeased(uid(CHORE), "box")]
    assert queue.commits == []


def test_it_waits_while_a_reply_is_made_and_comes_after_all_who_wait() -> None:
    queue = counter(slots=2, asked=1)
    assert given(queue.do(chore())) == []
    queue.do(request(2))
    queue.do(request(3))
    assert given(queue.do(ReplyEnded(uid(1), 10))) == [(3, 1)]
    assert given(queue.do(ReplyEnded(uid(2), 10))) == []  # one still runs
    assert given(queue.do(ReplyEnded(uid(3), 10))) == [(CHORE, 1)]


def test_it_gives_way_before_the_reply_is_even_leased() -> None:
    queue = at_work()
    said = queue.tell(request(1))
    assert said.to(BOX) == [Cancel(uid(CHORE), 1)]
    assert lost(said)
    assert given(queue.commit_all(said)) == [(1, 1)]


def test_who_waits_is_told_nothing_of_it() -> None:
    queue = at_work()
    said = queue.do(request(1))
    assert said.of(Leased) == [Leased(uid(1), 1, "box", 0)]
    assert said.of(Placed) == []


def test_a_box_has_one_at_a_time_however_many_slots() -> None:
    queue = counter(slots=8)
    queue.do(chore(51))
    assert given(queue.do(chore(52))) == []
    assert given(queue.do(ReplyEnded(uid(51)))) == [(52, 1)]


def test_it_waits_for_the_box_that_has_the_conversation_warm() -> None:
    queue = counter()
    queue.do(request(1, conversation=900))
    queue.do(hello(slots=8), OTHER_BOX)
    said = queue.do(chore(conversation=900))
    assert given(said, BOX) + given(said, OTHER_BOX) == []
    assert given(queue.do(ReplyEnded(uid(1), 10))) == [(CHORE, 1)]


def test_it_is_refused_silently_where_no_box_is_there() -> None:
    queue = Counter()
    assert [each.message for each in queue.do(chore())] == [BackgroundLost(uid(CHORE))]


def test_no_more_wait_than_allowed() -> None:
    queue = Counter(settings=QueueSettings(background_waiting=1))
    queue.do(hello(slots=1), BOX)
    queue.do(request(1))
    assert not lost(queue.do(chore(51)), 51)
    assert lost(queue.do(chore(52)), 52)


def test_it_counts_in_no_limit_and_no_share() -> None:
    queue = counter(settings=QueueSettings(user_tokens_a_day=10, user_waiting=1, user_running=1))
    for number in range(50, 60):
        queue.do(chore(number))
        queue.do(ReplyEnded(uid(number), 500, 500))
    assert given(queue.do(request(1))) == [(1, 1)]
    actor = queue.actor
    assert isinstance(actor, GenerationQueue)
    assert actor.share.tags.get(request(1).user) == 256  # the guess for the one reply


def test_asked_twice_it_is_made_once() -> None:
    queue = at_work()
    assert queue.do(chore()) == []
    queue.do(ReplyEnded(uid(CHORE)))
    assert queue.tick() == []


@pytest.mark.parametrize(
    "message",
    [
        GenerationsLost(uid(1), ((uid(CHORE), 1, uid(0)),)),
        hello(slots=1, boot=2),
        hello(slots=1, revision=2),
        BoxRevoked("box"),
        BoxDrained("box", True, "asks/1"),
    ],
)
def test_it_is_over_when_its_box_has_lost_it_or_gets_nothing_any_more(message: Any) -> None:
    assert lost(at_work().do(message, BOX))


def test_a_request_for_it_that_comes_late_does_not_give_it_out_again() -> None:
    queue = at_work()
    queue.do(GenerationsLost(uid(1), ((uid(CHORE), 1, uid(0)),)), BOX)
    said = queue.do(chore())
    assert given(said) == []
    assert lost(said)
    assert given(queue.tick()) == []


def test_it_is_over_when_its_box_falls_silent() -> None:
    assert lost(at_work().tick(1.5))


def test_a_box_that_still_holds_it_goes_on() -> None:
    queue = at_work()
    greeting = replace(hello(slots=1, revision=2), generations=((uid(CHORE), 1),))
    said = queue.do(greeting, BOX)
    assert not lost(said)
    assert said.of(Cancel) == []


def test_what_waits_is_let_go_when_the_last_box_is_gone() -> None:
    queue = counter(asked=1)
    queue.do(chore())
    assert lost(queue.tick(1.5))


def test_one_that_takes_too_long_is_ended() -> None:
    queue = at_work()
    queue.later(SETTINGS.background_s)
    queue.ping()
    assert lost(queue.tick(0.5))


def test_sessions_are_asked_whether_they_still_want_it() -> None:
    queue = at_work()
    queue.later(SETTINGS.audit_s)
    queue.ping()
    assert SubmitAgain(uid(CHORE)) in queue.tick(0.5).to(session(CHORE))
