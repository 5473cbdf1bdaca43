"""The generation queue: who waits, and who gets a lease."""

import pytest

from actors.generation_queue import LeaseTimeoutError
from actors.messages.archive import CommitFailed, Committed
from actors.messages.generation import GenerateReply
from actors.messages.queueing import (
    LeaseBelieved,
    Leased,
    LeaseLost,
    Placed,
    QueueFull,
    ReplyEnded,
)
from actors.messages.replies import LeaseGeneration
from tests.actors.generation_queue.kit import Counter, counter, given, session
from tests.actors.kit import BOX, OTHER_BOX, hello, request, uid

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
