"""The generation queue: boxes that greet, fall silent, come back, and lose replies."""

import pytest
from msgspec.structs import replace

from actors.addresses import BOXES
from actors.messages.generation import Cancel, GenerationsLost
from actors.messages.link import WIRE_VERSION, Greet, Ping, Pong, Refused, Welcome
from actors.messages.pairing import BoxRevoked
from actors.messages.queueing import (
    LeaseLost,
    QueueStatus,
    WatchQueue,
    WorkerHeard,
    WorkerSilent,
)
from tests.actors.generation_queue.kit import Counter, counter, given, session
from tests.actors.kit import BOX, OTHER_BOX, hello, request, uid

# -- greetings --------------------------------------------------------------------------------------


def test_a_box_that_the_queue_does_not_know_is_asked_to_greet() -> None:
    queue = Counter()
    assert queue.ping().kinds == ["Greet"]
    queue.do(hello(boot=1), BOX)
    assert queue.ping().kinds == ["Pong"]
    assert queue.ping(boot=2).of(Greet) != []


def test_a_box_whose_last_greeting_did_not_arrive_is_asked_to_greet() -> None:
    queue = Counter()
    queue.do(hello(revision=2), BOX)
    queue.do(hello(boot=2), BOX)  # late, from before a restart
    queue.do(hello(engine="", revision=1), BOX)  # late as well: this is the truth no more
    assert queue.do(Ping(uid(1), 2), BOX).kinds == ["Greet"]
    queue.do(hello(revision=3), BOX)
    assert queue.do(Ping(uid(1), 3), BOX).kinds == ["Pong"]


@pytest.mark.parametrize("version", [WIRE_VERSION - 1, WIRE_VERSION + 1])
def test_a_box_of_another_version_is_refused_in_clear_words(version: int) -> None:
    queue = Counter()
    queue.do(request(1))
    refused = queue.do(replace(hello(), version=version), BOX).one(Refused)
    assert f"version {version}" in refused.why
    assert "update" in refused.why


def test_a_box_that_was_refused_is_shown_with_the_reason_until_it_is_served() -> None:
    queue = Counter()
    queue.do(replace(hello(), version=WIRE_VERSION + 1), BOX)
    (shown,) = queue.do(WatchQueue("x")).of(QueueStatus)[0].workers
    assert (shown.state, shown.slots) == ("refused", 0)
    assert "update the older" in shown.why
    queue.do(hello(), BOX)
    status = queue.do(WatchQueue("x")).of(QueueStatus)[0]
    assert [worker.state for worker in status.workers] == ["ready"]


def test_a_welcome_names_the_greeting_it_answers() -> None:
    assert Counter().do(hello(revision=7), BOX).one(Welcome).revision == 7


# -- silence ----------------------------------------------------------------------------------------


def test_a_box_that_is_not_heard_is_silent_and_keeps_its_leases() -> None:
    queue = counter(asked=1)
    assert queue.tick(1.1).to(session(1)) == [WorkerSilent(uid(1), 1)]
    assert queue.tick() == []
    said = queue.ping()
    assert said.to(session(1)) == [WorkerHeard(uid(1), 1)]
    assert said.one(Pong)
    assert queue.ping().of(WorkerHeard) == []


def test_a_box_that_is_heard_is_not_silent() -> None:
    queue = counter(asked=1)
    for _ in range(20):
        queue.ping()
        assert queue.tick().of(WorkerSilent) == []


def test_a_silent_box_gets_nothing_until_it_is_heard() -> None:
    queue = counter()
    queue.tick(1.1)
    assert given(queue.do(request(1))) == []
    assert given(queue.ping()) == [(1, 1)]


def test_a_lease_of_a_box_that_stays_away_goes_to_another_one() -> None:
    queue = counter(asked=1)
    queue.tick(1.1)
    queue.tick(61.0)  # nobody else is there: it is kept
    said = queue.do(hello(), OTHER_BOX)
    assert said.to(session(1)) == [LeaseLost(uid(1), 1, "the GPU box stayed away")]
    assert given(queue.do(request(1, attempt=1)), OTHER_BOX) == [(1, 2)]


def test_only_as_many_leases_move_as_there_are_slots_free() -> None:
    queue = counter(slots=2, asked=2)
    queue.tick(1.1)
    queue.tick(61.0)
    assert len(queue.do(hello(), OTHER_BOX).of(LeaseLost)) == 1


def test_a_box_that_comes_back_after_its_reply_went_elsewhere_is_told_to_stop() -> None:
    queue = counter(asked=1)
    queue.tick(1.1)
    queue.tick(61.0)
    queue.do(hello(), OTHER_BOX)
    queue.do(request(1, attempt=1))
    said = queue.do(hello((uid(1), 1), revision=2), BOX)
    assert Cancel(uid(1), 1) in said.to(BOX)


def test_a_box_that_comes_back_in_time_is_adopted_with_its_replies() -> None:
    queue = counter(asked=1)
    queue.tick(30.0)
    said = queue.do(hello((uid(1), 1), revision=2), BOX)
    assert said.to(session(1)) == [WorkerHeard(uid(1), 1)]
    assert said.to(BOX) == [Welcome(WIRE_VERSION, said.one(Welcome).node, 2)]


def test_other_boxes_leases_are_left_alone_by_a_greeting() -> None:
    queue = counter(asked=1)
    assert queue.do(hello(), OTHER_BOX).of(LeaseLost) == []


# -- what a box has lost ----------------------------------------------------------------------------


def test_another_boot_ends_the_leases_of_the_one_before_at_once() -> None:
    queue = counter(asked=1)
    said = queue.do(hello((uid(1), 1), boot=2), BOX)
    assert said.to(session(1)) == [LeaseLost(uid(1), 1, "the GPU box has lost it")]
    assert Cancel(uid(1), 1) in said.to(BOX)


def test_what_a_greeting_does_not_name_is_lost() -> None:
    queue = counter(slots=2, asked=2)
    said = queue.do(hello((uid(1), 1), slots=2, revision=2), BOX)
    assert said.to(session(1)) == [WorkerHeard(uid(1), 1)]
    assert said.one(LeaseLost).generation == uid(2)


def test_a_greeting_that_a_newer_one_overtook_says_nothing() -> None:
    queue = counter(asked=1)
    queue.do(hello((uid(1), 1), revision=5), BOX)
    assert queue.do(hello(revision=4), BOX) == []
    assert queue.do(hello((uid(1), 1), revision=1, boot=2), BOX).of(LeaseLost)  # of another boot


def test_a_lost_reply_is_leased_again_when_its_session_asks() -> None:
    queue = counter(asked=1)
    lost = GenerationsLost(uid(1), ((uid(1), 1, uid(101)),))
    assert queue.do(lost, BOX).to(session(1)) == [LeaseLost(uid(1), 1, "the GPU box has lost it")]
    queue.do(request(1, attempt=1))
    assert given(queue.tick()) == [(1, 2)]


def test_a_box_cannot_lose_what_it_does_not_have() -> None:
    queue = counter(asked=1)
    for loss, box in (((uid(1), 1), OTHER_BOX), ((uid(1), 9), BOX), ((uid(404), 1), BOX)):
        lost = GenerationsLost(uid(1), ((*loss, uid(101)),))
        assert queue.do(lost, box) == []


def test_a_box_that_keeps_losing_replies_rests_longer_and_longer() -> None:
    queue = counter(asked=1)
    rests: list[float] = []
    for attempt in range(1, 12):
        queue.do(GenerationsLost(uid(1), ((uid(1), attempt, uid(101)),)), BOX)
        queue.do(request(1, attempt=attempt))
        rests.append(0.0)
        while not given(queue.tick(0.05)):
            rests[-1] += 0.05
            queue.ping()
    assert rests == sorted(rests)
    assert rests[0] < 0.1
    assert 4.9 < rests[-1] < 5.1


def test_a_greeting_does_not_end_the_rest() -> None:
    queue = counter(asked=1)
    queue.do(hello(boot=2), BOX)
    queue.do(hello(boot=3), BOX)
    assert given(queue.do(request(1, attempt=1))) == []
    assert given(queue.tick(1.0)) == [(1, 2)]


# -- revocation -------------------------------------------------------------------------------------


def test_the_replies_of_a_revoked_box_go_to_another_one_at_once() -> None:
    queue = counter(asked=1)
    queue.do(hello(boot=2), OTHER_BOX)
    said = queue.do(BoxRevoked("box"), BOXES)
    assert said.to(session(1)) == [LeaseLost(uid(1), 1, "the GPU box was revoked")]
    assert given(queue.do(request(1, attempt=1)), OTHER_BOX) == [(1, 2)]
    assert [worker.name for worker in queue.do(WatchQueue("w")).of(QueueStatus)[0].workers] == ["other"]


def test_a_lease_that_becomes_durable_after_its_box_was_revoked_is_lost() -> None:
    queue = counter()
    queue.tell(request(1))
    said = queue.commit_all(queue.tell(BoxRevoked("box"), BOXES))
    assert said.of(LeaseLost) == [LeaseLost(uid(1), 1, "the GPU box started anew")]
    assert given(said) == []
