"""A session: whose frames count, and what the queue tells."""

from typing import Any

import pytest

from actors.addresses import QUEUE
from actors.messages.chat import (
    ReplyFinished,
    ReplyState,
    ReplyText,
    Stop,
)
from actors.messages.generation import Cancel, GenerateReply, Progress, Resume
from actors.messages.queueing import (
    GaveUp,
    LeaseLost,
    Placed,
    ReplyEnded,
    WorkerHeard,
    WorkerSilent,
)
from tests.actors.kit import BOX, OTHER_BOX, READER, accepted, end
from tests.actors.session.kit import (
    CONVERSATION,
    Talk,
    live,
    lose,
    resume,
    states,
)

# -- the fence --------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", ["token", "end", "accepted", "progress"])
def test_what_another_box_sends_for_the_lease_of_this_one_is_not_taken(frame: str) -> None:
    talk = live(0)
    frames: dict[str, Any] = {
        "token": talk.token(1),
        "end": talk.of_now(end(1)),
        "accepted": talk.of_now(accepted()),
        "progress": Progress(talk.row.id, 1, 1, 2),
    }
    said = talk.do(frames[frame], OTHER_BOX)
    assert said.to(READER) == said.to(BOX) == []
    assert said.to(OTHER_BOX) == ([] if frame == "progress" else [Cancel(talk.row.id, 1)])
    assert talk.shown().next_seq == 1


def test_frames_of_an_attempt_that_is_over_are_told_to_stop() -> None:
    talk = live(0)
    old = talk.token(1)
    lose(talk)
    talk.lease()
    assert talk.tell(old, BOX).to(BOX) == [Cancel(talk.row.id, 1)]
    assert talk.tell(Progress(talk.row.id, 1, 1, 2), BOX) == []
    assert talk.commits == []


def test_between_two_leases_and_before_a_lease_is_announced_the_queue_decides() -> None:
    talk = live(0)
    old = talk.token(1)
    talk.attempt += 1
    early = talk.token(1)
    assert talk.tell(early, BOX) == []
    talk.attempt -= 1
    lose(talk)
    assert talk.tell(old, BOX) == []
    assert talk.commits == []


def test_frames_of_a_reply_that_is_over_are_told_to_stop() -> None:
    talk = live(0)
    late = talk.token(1)
    talk.do(Stop(CONVERSATION, talk.row.id))
    assert talk.tell(late, BOX).to(BOX) == [Cancel(talk.row.id, 1)]
    assert talk.tell(talk.of_now(accepted()), BOX).to(BOX) == [Cancel(talk.row.id, 1)]


def test_a_lost_lease_is_asked_for_again_with_what_is_committed() -> None:
    talk = live(0, 1)
    talk.tell(talk.token(3), BOX)  # arrived, not in order
    said = lose(talk)
    assert states(said) == ["queued"]
    request = said.one(GenerateReply)
    assert (request.attempt, request.committed) == (1, (100, 101))
    assert (request.model, request.prompt_digest) == ("model", b"digest")


def test_a_chunk_on_its_way_to_the_disk_is_waited_for_before_the_reply_is_asked_for_again() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    assert lose(talk).of(GenerateReply) == []
    assert talk.commit().one(GenerateReply).committed == (100, 101)


def test_before_the_first_commit_another_model_may_take_over() -> None:
    talk = live()
    request = lose(talk).one(GenerateReply)
    assert (request.model, request.prompt_digest) == ("", b"")
    talk.lease()
    talk.do(talk.of_now(accepted(model="another", digest=b"other")), BOX)
    talk.frames(0)
    assert talk.row.model == "another"


def test_a_worker_with_another_prompt_or_model_cannot_go_on_with_a_reply() -> None:
    for changed in (accepted(digest=b"other"), accepted(model="another")):
        talk = live(0)
        lose(talk)
        talk.lease(committed=1)
        finished = talk.do(talk.of_now(changed), BOX).one(ReplyFinished)
        assert finished.reason == "model_changed"
        assert finished.message is not None
        assert finished.message.text == "0 "


def test_the_same_worker_prompt_and_model_go_on_where_the_reply_stood() -> None:
    talk = live(0, 1)
    lose(talk)
    assert states(talk.lease(committed=2)) == ["leased"]
    assert states(talk.accept()) == ["streaming"]
    assert talk.accept() == []  # said again
    assert talk.frames(2).one(ReplyText) == ReplyText(CONVERSATION, talk.row.id, 2, 3, "2 ")


def test_a_lease_that_began_behind_what_is_durable_is_given_back() -> None:
    talk = live(0, 1)
    lose(talk)
    said = talk.lease(committed=1)
    assert said.to(BOX) == [Cancel(talk.row.id, 2)]
    ended, request = said.to(QUEUE)
    assert ended == ReplyEnded(talk.row.id, 0)  # the next lease is charged for the whole
    assert (request.attempt, request.committed) == (2, (100, 101))


def test_a_loss_of_an_earlier_attempt_is_no_news() -> None:
    talk = live(0)
    lose(talk)
    talk.lease()
    assert talk.tell(LeaseLost(talk.row.id, 1, "late"), QUEUE) == []
    assert talk.shown().state == "leased"


# -- what the queue tells ---------------------------------------------------------------------------


def test_readers_see_the_place_in_the_queue() -> None:
    talk = Talk()
    talk.begin()
    talk.say()
    state = talk.tell(Placed(talk.row.id, 2, 5, 30.0), QUEUE).one(ReplyState).live
    assert (state.place, state.waiting, state.wait_s) == (2, 5, 30.0)
    assert talk.lease().one(ReplyState).live.place == 0


def test_a_reply_that_waits_is_asked_for_again_now_and_then() -> None:
    talk = Talk()
    talk.begin()
    talk.say()
    assert talk.fire("submit").kinds == ["GenerateReply"]
    talk.lease()
    assert talk.fire("submit") == []
    assert "submit" not in talk.timers
    talk.do(Stop(CONVERSATION, talk.row.id))
    talk.timers["submit"] = 0.0
    assert talk.fire("submit") == []


def test_readers_see_how_far_the_prompt_is() -> None:
    talk = live()
    assert talk.tell(Progress(talk.row.id, 1, 5, 20), BOX).one(ReplyState).progress == 0.25
    assert talk.tell(Progress(talk.row.id, 1, 0, 0), BOX) == []


def test_a_silent_worker_keeps_its_lease_and_goes_on_when_it_is_heard() -> None:
    talk = live(0)
    assert states(talk.tell(WorkerSilent(talk.row.id, 1), QUEUE)) == ["suspended"]
    said = talk.tell(WorkerHeard(talk.row.id, 1), QUEUE)
    assert states(said) == ["streaming"]
    assert said.to(BOX) == [resume(talk, 1)]
    lose(talk)
    talk.lease()
    assert states(talk.tell(WorkerSilent(talk.row.id, 2), QUEUE)) == ["suspended"]
    assert states(talk.tell(WorkerHeard(talk.row.id, 2), QUEUE)) == ["leased"]
    said = talk.tell(WorkerHeard(talk.row.id, 2), QUEUE)  # it greeted anew: nothing that readers see is other
    assert states(said) == []
    assert said.of(Resume) != []


def test_silence_of_a_worker_that_has_the_lease_no_more_is_nothing() -> None:
    talk = live(0)
    assert talk.tell(WorkerSilent(talk.row.id, 0), QUEUE) == []
    assert talk.tell(WorkerHeard(talk.row.id, 0), QUEUE) == []
    lose(talk)
    assert talk.tell(WorkerSilent(talk.row.id, 1), QUEUE) == []
    assert talk.tell(WorkerHeard(talk.row.id, 1), QUEUE) == []


def test_where_no_worker_comes_the_reply_ends_with_what_it_has() -> None:
    talk = live(0)
    lose(talk)
    finished = talk.do(GaveUp(talk.row.id, "Nobody came."), QUEUE).one(ReplyFinished)
    assert (finished.reason, finished.why) == ("no_worker", "Nobody came.")
    assert talk.texts()[-1] == "0 "


def test_what_the_queue_says_of_a_reply_that_is_over_is_nothing() -> None:
    talk = live(0)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    assert talk.tell(Placed(talk.row.id, 1, 1), QUEUE) == []
    talk.commit()
    assert talk.tell(Placed(talk.row.id, 1, 1), QUEUE) == []
