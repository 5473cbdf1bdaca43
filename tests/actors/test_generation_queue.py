"""The generation queue: who waits, who has a lease, and how leases end."""

import pytest
from msgspec.structs import replace

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.generation_queue import GenerationQueue, LeaseTimeoutError
from actors.messages.archive import (
    Commit,
    CommitFailed,
    Committed,
    LeaseGeneration,
    Loaded,
    QueueState,
    StoredGeneration,
)
from actors.messages.generation import Cancel, GenerateReply, GenerationsLost, Sampling
from actors.messages.link import WIRE_VERSION, Greet, Ping, Pong, Refused, Welcome
from actors.messages.queueing import (
    GaveUp,
    LeaseBelieved,
    Leased,
    LeaseLost,
    Placed,
    QueueFull,
    QueueStatus,
    ReplyEnded,
    SubmitAgain,
    UnwatchQueue,
    WatchQueue,
    WorkerHeard,
    WorkerSilent,
)
from actors.settings import QueueSettings
from tests.actors.kit import BOX, OTHER_BOX, Said, Stage, hello, new_world, request, uid

SETTINGS = QueueSettings(
    max_waiting=3,
    silence_s=1.0,
    lease_s=60.0,
    give_up_s=1800.0,
    tick_s=0.25,
    commit_timeout_s=15.0,
    audit_s=5.0,
)


def session(number: int) -> str:
    return addresses.session(uid(100 + number))


def row(number: int, attempt: int = 0, worker: str = "", boot: int = 1) -> StoredGeneration:
    """Of generation `number`, as stored."""
    return StoredGeneration(
        id=uid(number),
        conversation=uid(100 + number),
        user=uid(7),
        parent=uid(8),
        message=uid(9),
        request_key=uid(number),
        kind="reply",
        continues="",
        seed=1,
        sampling=Sampling(),
        created_ms=number,
        state="leased" if worker else "queued",
        attempt=attempt,
        worker=worker,
        worker_boot=uid(boot) if worker else None,
    )


class Counter(Stage):
    """The queue. `tell` leaves commits to `commit()`; `do` is both."""

    def __init__(self, *rows: StoredGeneration) -> None:
        world = new_world()
        super().__init__(GenerationQueue(SETTINGS, world), world)
        self.commits: list[Commit] = []
        self.first = self.tell(Loaded(QueueState(rows)), QUEUE)

    def tell(self, message: object, sender: str = "test") -> Said:
        said = super().tell(message, sender)
        self.commits += said.of(Commit)
        return Said(effect for effect in said if effect.to != ARCHIVE)

    def commit(self) -> Said:
        return self.tell(Committed(self.commits.pop(0).tag), ARCHIVE)

    def do(self, message: object, sender: str = "test") -> Said:
        said = self.tell(message, sender)
        while self.commits:
            said += self.commit()
        return said

    def tick(self, seconds: float = 0.25) -> Said:
        """After so long, with nothing heard."""
        self.later(seconds - SETTINGS.tick_s)
        self.timers["tick"] = SETTINGS.tick_s
        said = self.fire("tick")
        while self.commits:
            said += self.commit()
        return said

    def ping(self, box: str = BOX, boot: int = 1) -> Said:
        return self.do(Ping(uid(boot)), box)


def counter(*, slots: int = 1, asked: int = 0) -> Counter:
    """A queue with one box, and so many replies asked for."""
    made = Counter()
    made.do(hello(slots=slots), BOX)
    for number in range(1, asked + 1):
        made.do(request(number))
    return made


def given(said: Said, box: str = BOX) -> list[tuple[int, int]]:
    """(generation, attempt) of the replies given to the box."""
    return [(m.generation.int, m.attempt) for m in said.to(box) if isinstance(m, GenerateReply)]


# -- order and slots --------------------------------------------------------------------------------


def test_the_oldest_waiting_reply_takes_the_slot_that_opens() -> None:
    queue = counter(asked=3)
    assert given(queue.do(ReplyEnded(uid(1)))) == [(2, 1)]
    assert given(queue.do(ReplyEnded(uid(2)))) == [(3, 1)]


def test_a_box_gets_as_many_replies_as_it_has_slots() -> None:
    queue = Counter()
    for number in (1, 2, 3):
        queue.do(request(number))
    assert given(queue.do(hello(slots=2), BOX)) == [(1, 1), (2, 1)]


def test_the_box_with_most_free_slots_is_chosen() -> None:
    queue = counter(slots=2)
    queue.do(hello(slots=3), OTHER_BOX)
    boxes = [given(queue.do(request(number)), OTHER_BOX) != [] for number in (1, 2, 3, 4, 5)]
    assert boxes.count(True) == 3
    assert boxes[0]


def test_a_box_without_an_engine_or_slots_gets_nothing() -> None:
    queue = counter(slots=0, asked=1)
    queue.do(hello(engine="", slots=4, revision=2), BOX)
    assert queue.tick().of(GenerateReply) == []


def test_a_reply_that_was_begun_goes_to_its_own_model_only_and_lets_others_pass() -> None:
    queue = counter()
    queue.do(request(1, attempt=1, model="another"))
    assert given(queue.do(request(2))) == [(2, 1)]
    assert given(queue.do(hello(model="another"), OTHER_BOX), OTHER_BOX) == [(1, 2)]


def test_a_reply_that_had_its_turn_goes_before_those_that_had_none() -> None:
    queue = counter(asked=2)
    queue.do(request(3, attempt=1))
    assert given(queue.do(ReplyEnded(uid(1)))) == [(3, 2)]


def test_beyond_the_limit_a_fresh_reply_is_refused_and_a_begun_one_never() -> None:
    queue = counter(asked=4)
    assert queue.do(request(5)).to(session(5)) == [QueueFull(uid(5), 3)]
    assert queue.do(request(6, attempt=1)).of(QueueFull) == []


def test_a_reply_that_ends_while_it_waits_loses_its_place() -> None:
    queue = counter(asked=3)
    queue.do(ReplyEnded(uid(2)))
    assert given(queue.do(ReplyEnded(uid(1)))) == [(3, 1)]


# -- a lease ----------------------------------------------------------------------------------------


def test_a_lease_is_durable_before_the_box_or_the_session_hears_of_it() -> None:
    queue = counter()
    assert queue.tell(request(1)) == []
    assert queue.commits[0].writes == (LeaseGeneration(uid(1), 1, "box", uid(1)),)
    said = queue.commit()
    assert said.to(session(1)) == [Leased(uid(1), 1, "box", committed=0)]
    assert given(said) == [(1, 1)]


def test_the_session_is_told_how_many_tokens_the_box_was_told_of() -> None:
    said = counter().do(request(1, attempt=2, committed=(5, 6)))
    assert said.one(Leased).committed == 2
    assert said.one(GenerateReply).committed == (5, 6)


def test_a_reply_asked_for_twice_is_leased_once() -> None:
    queue = counter()
    queue.tell(request(1))
    assert queue.tell(request(1)) == []  # while the lease is written
    queue.commit()
    assert queue.do(request(1)) == []  # and when it stands
    assert queue.commits == []


def test_a_waiting_reply_asked_for_again_keeps_its_place_with_what_is_committed_now() -> None:
    queue = counter(asked=3)
    assert queue.do(request(2, committed=(5,))).of(Placed) == [Placed(uid(2), 1, 2)]  # it may have forgotten
    assert queue.do(ReplyEnded(uid(1))).one(GenerateReply).committed == (5,)


def test_a_session_that_knows_its_lease_to_be_over_gets_another() -> None:
    queue = counter(asked=1)
    assert given(queue.do(request(1, attempt=1))) == [(1, 2)]


def test_a_reply_that_ends_while_its_lease_is_written_is_not_given_out() -> None:
    queue = counter()
    queue.tell(request(1))
    queue.tell(ReplyEnded(uid(1)))
    assert queue.commit() == []


def test_another_reply_that_ends_leaves_a_lease_that_is_being_written() -> None:
    queue = counter()
    queue.tell(request(1))
    queue.tell(ReplyEnded(uid(2)))
    assert given(queue.commit()) == [(1, 1)]


def test_a_box_that_started_anew_while_the_lease_was_written_does_not_get_it() -> None:
    queue = counter()
    queue.tell(request(1))
    queue.tell(hello(boot=2), BOX)
    said = queue.commit()
    assert given(said) == []
    assert said.one(LeaseLost).attempt == 1


def test_a_lease_that_could_not_be_written_is_tried_again() -> None:
    queue = counter()
    queue.tell(request(1))
    assert queue.tell(CommitFailed(queue.commits.pop().tag, "disk full", conflict=False)).of(LeaseLost) == []
    queue.fire("retry")
    assert given(queue.commit()) == [(1, 1)]


def test_a_lease_that_the_row_forbids_is_told_to_the_session() -> None:
    queue = counter()
    queue.tell(request(1))
    said = queue.tell(CommitFailed(queue.commits.pop().tag, "fenced", conflict=True))
    assert said.to(session(1)) == [LeaseLost(uid(1), 1, "fenced")]


def test_answers_to_commits_of_an_earlier_incarnation_are_not_taken() -> None:
    queue = counter()
    assert queue.tell(Committed("old/1")) + queue.tell(CommitFailed("old/1", "why", conflict=True)) == []


def test_without_an_answer_of_the_archive_the_queue_starts_anew() -> None:
    queue = counter()
    queue.tell(request(1))
    queue.later(15.0)
    with pytest.raises(LeaseTimeoutError):
        queue.fire("tick")


def test_a_lease_that_a_session_believes_in_and_that_is_none_is_lost() -> None:
    queue = counter(asked=2)
    queue.tell(hello(slots=2, revision=2), OTHER_BOX)  # generation 2 is being leased
    for number in (1, 2):
        assert queue.do(LeaseBelieved(uid(number), uid(100 + number), 1)).of(LeaseLost) == []
    believed = LeaseBelieved(uid(9), uid(109), 4)
    assert queue.do(believed).to(session(9)) == [LeaseLost(uid(9), 4, "the queue does not know it")]


def test_a_session_that_did_not_hear_of_its_lease_gets_another() -> None:
    queue = counter(asked=1)
    assert queue.do(LeaseBelieved(uid(1), uid(101), 0)).one(LeaseLost).attempt == 1
    assert given(queue.do(request(1, attempt=1))) == [(1, 2)]


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


# -- restart ----------------------------------------------------------------------------------------


def test_after_a_restart_leases_stand_and_what_waited_is_asked_for_again() -> None:
    queue = Counter(row(1, attempt=3, worker="box"), row(2))
    assert queue.first.to(session(1)) == [WorkerSilent(uid(1), 3), SubmitAgain(uid(1))]
    assert queue.first.to(session(2)) == [SubmitAgain(uid(2))]
    said = queue.do(hello((uid(1), 3)), BOX)
    assert said.to(session(1)) == [WorkerHeard(uid(1), 3)]


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


# -- greetings --------------------------------------------------------------------------------------


def test_a_box_that_the_queue_does_not_know_is_asked_to_greet() -> None:
    queue = Counter()
    assert queue.ping().kinds == ["Greet"]
    queue.do(hello(boot=1), BOX)
    assert queue.ping().kinds == ["Pong"]
    assert queue.ping(boot=2).of(Greet) != []


@pytest.mark.parametrize("version", [WIRE_VERSION - 1, WIRE_VERSION + 1])
def test_a_box_of_another_version_is_refused_in_clear_words(version: int) -> None:
    queue = Counter()
    queue.do(request(1))
    refused = queue.do(replace(hello(), version=version), BOX).one(Refused)
    assert f"version {version}" in refused.why
    assert "update" in refused.why


def test_a_welcome_names_the_greeting_it_answers() -> None:
    assert Counter().do(hello(revision=7), BOX).one(Welcome).revision == 7


# -- what people see --------------------------------------------------------------------------------


def test_who_waits_is_told_its_place_once_for_each_change() -> None:
    queue = counter(asked=2)
    assert queue.do(request(3)).of(Placed) == [Placed(uid(2), 1, 2), Placed(uid(3), 2, 2)]
    assert queue.ping().of(Placed) == []
    assert queue.do(ReplyEnded(uid(1))).of(Placed)[-1] == Placed(uid(3), 1, 1)


def test_the_wait_is_estimated_from_the_replies_before() -> None:
    queue = counter(asked=1)
    queue.later(10.0)
    queue.ping()
    queue.do(ReplyEnded(uid(1)))
    queue.do(request(2))
    assert queue.do(request(3)).one(Placed).wait_s == 10.0
    queue.later(20.0)
    queue.ping()
    queue.do(ReplyEnded(uid(2)))
    assert queue.do(request(4)).one(Placed).wait_s == 12.0  # 0.8 · 10 + 0.2 · 20


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
