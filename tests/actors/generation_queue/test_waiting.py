"""The generation queue: restarts, replies that nobody takes, and what people see of it."""

import pytest
from msgspec.structs import replace

from actors.generation_queue import GenerationQueue
from actors.messages.archive import Loaded
from actors.messages.link import Welcome
from actors.messages.queueing import (
    GaveUp,
    LeaseLost,
    Placed,
    QueueStatus,
    ReplyEnded,
    SubmitAgain,
    UnwatchQueue,
    WatchQueue,
    WorkerHeard,
    WorkerSilent,
)
from tests.actors.generation_queue.kit import SETTINGS, Counter, counter, given, row, session
from tests.actors.kit import BOX, OTHER_BOX, Stage, hello, new_world, request, uid

# -- restart ----------------------------------------------------------------------------------------


def test_after_a_restart_leases_stand_and_what_waited_is_asked_for_again() -> None:
    queue = Counter(row(1, attempt=3, worker="box"), row(2))
    assert queue.first.to(session(1)) == [SubmitAgain(uid(1))]
    assert queue.first.to(session(2)) == [SubmitAgain(uid(2))]
    said = queue.do(hello((uid(1), 3)), BOX)
    assert said.to(session(1)) == [WorkerHeard(uid(1), 3)]
    assert queue.tick(SETTINGS.silence_s / 2).to(session(1)) == []


def test_after_a_restart_a_box_that_does_not_come_at_once_is_away() -> None:
    queue = Counter(row(1, attempt=3, worker="box"))
    assert queue.tick(SETTINGS.silence_s / 2).to(session(1)) == []
    assert queue.tick(SETTINGS.silence_s).to(session(1)) == [WorkerSilent(uid(1), 3)]
    assert queue.tick(SETTINGS.silence_s).to(session(1)) == []
    assert queue.do(hello((uid(1), 3)), BOX).to(session(1)) == [WorkerHeard(uid(1), 3)]


def test_after_a_restart_the_lease_of_a_box_that_never_comes_goes_to_another_one() -> None:
    queue = Counter(row(1, attempt=3, worker="box"))
    queue.later(61.0)
    assert queue.do(hello(), OTHER_BOX).one(LeaseLost).attempt == 3


def test_a_queue_without_rows_starts_empty() -> None:
    world = new_world()
    assert Stage(GenerationQueue(SETTINGS, world), world).tell(Loaded(None)) == []


def test_sessions_are_asked_now_and_then_whether_their_replies_live() -> None:
    queue = counter(asked=2)
    assert queue.tick(1.0).of(SubmitAgain) == []
    said = queue.tick(4.1)
    assert said.of(SubmitAgain) == [SubmitAgain(uid(1)), SubmitAgain(uid(2))]
    assert queue.tick(1.0).of(SubmitAgain) == []


# -- nobody comes -----------------------------------------------------------------------------------


def test_a_reply_that_waits_too_long_without_a_box_is_given_up() -> None:
    queue = Counter()
    queue.do(request(1))
    assert queue.tick(1799.0).of(GaveUp) == []
    assert queue.tick(2.0).to(session(1)) == [GaveUp(uid(1), "No GPU box was there for a long time.")]
    assert given(queue.do(hello(), BOX)) == []


def test_a_reply_whose_model_nobody_has_is_given_up_though_a_box_is_there() -> None:
    queue = counter()
    queue.do(request(1, attempt=1, model="another"))
    for _ in range(3):
        queue.ping()
        assert queue.tick(600.0).of(GaveUp) == []
    queue.ping()
    assert queue.tick(1.0).one(GaveUp).generation == uid(1)


def test_a_box_that_was_there_meanwhile_gives_hope_anew() -> None:
    queue = counter(asked=2)
    queue.tick(0.1)
    queue.tick(1799.0)
    queue.ping()
    queue.tick(0.5)
    assert queue.tick(1000.0).of(GaveUp) == []


def test_a_lease_of_a_box_that_never_comes_back_is_given_up() -> None:
    queue = counter(asked=1)
    queue.tick(1.1)
    assert queue.tick(1801.0).of(GaveUp) == [GaveUp(uid(1), "No GPU box was there for a long time.")]


# -- what people see --------------------------------------------------------------------------------


def test_places_are_told_at_a_pace_when_many_come_at_once() -> None:
    queue = counter(asked=1, settings=replace(SETTINGS, max_waiting=9, places_pause_s=0.5))
    assert queue.do(request(2)).of(Placed) == [Placed(uid(2), 1, 1)]
    for number in (3, 4, 5):
        assert queue.do(request(number)).of(Placed) == []
    assert queue.fire("places").of(Placed) == [
        Placed(uid(2), 1, 4),
        Placed(uid(3), 2, 4),
        Placed(uid(4), 3, 4),
        Placed(uid(5), 4, 4),
    ]


def test_who_waits_is_told_its_place_once_for_each_change() -> None:
    queue = counter(asked=2)
    assert queue.do(request(3)).of(Placed) == [Placed(uid(2), 1, 2), Placed(uid(3), 2, 2)]
    assert queue.ping().of(Placed) == []
    assert queue.do(ReplyEnded(uid(1))).of(Placed) == []  # soon, and for all that ended meanwhile
    assert queue.tick().of(Placed) == [Placed(uid(3), 1, 1)]


def test_before_a_reply_has_ended_nobody_knows_how_long_one_takes() -> None:
    assert counter(asked=1).do(request(2)).one(Placed).wait_s == -1.0


def test_the_wait_is_estimated_from_the_replies_before_and_from_what_runs() -> None:
    queue = counter(asked=1)
    queue.later(10.0)
    queue.ping()
    queue.do(ReplyEnded(uid(1), 100))
    queue.do(request(2))
    queue.later(4.0)
    queue.ping()
    assert queue.do(request(3)).one(Placed).wait_s == 6.0  # what is left of the one that runs
    assert queue.do(request(4)).to(session(4)) == [Placed(uid(4), 2, 2, 16.0)]


def test_an_estimate_that_is_no_longer_honest_is_told_anew() -> None:
    queue = counter(asked=1)
    queue.later(100.0)
    queue.ping()
    queue.do(ReplyEnded(uid(1), 100))
    queue.do(request(2))
    assert queue.do(request(3)).one(Placed).wait_s == 100.0
    told: list[Placed] = []
    for _ in range(12):
        queue.ping()
        told += queue.tick(1.0).of(Placed)
    assert told == [Placed(uid(3), 1, 1, 90.0)]


def test_watchers_see_the_workers_and_the_counts_at_each_change() -> None:
    queue = counter(slots=1, asked=2)
    status = queue.do(WatchQueue("sockets/node")).of(QueueStatus)[0]
    assert (status.waiting, status.running) == (1, 1)
    worker = status.workers[0]
    assert (worker.name, worker.engine, worker.slots, worker.busy, worker.state) == (
        "box",
        "engine",
        1,
        1,
        "ready",
    )
    assert queue.ping().of(QueueStatus) == []
    assert queue.do(ReplyEnded(uid(2))).one(QueueStatus).waiting == 0
    assert queue.tick(1.1).one(QueueStatus).workers[0].state == "silent"
    queue.do(UnwatchQueue("sockets/node"))
    assert queue.ping().of(QueueStatus) == []


def test_a_box_whose_engine_is_not_up_is_starting() -> None:
    queue = Counter()
    queue.do(WatchQueue("sockets/node"))
    assert queue.do(hello(engine=""), BOX).one(QueueStatus).workers[0].state == "starting"


def test_a_message_of_others_is_a_bug() -> None:
    with pytest.raises(TypeError, match="Welcome"):
        counter().tell(Welcome(1, uid(1)))


def test_a_box_is_called_by_its_address() -> None:
    queue = counter()
    queue.do(hello(), OTHER_BOX)
    status = queue.do(WatchQueue("x")).of(QueueStatus)[0]
    assert [worker.name for worker in status.workers] == ["box", "other"]
