"""A session: the stream of a reply, and everything that may go wrong on its way."""

from typing import Any

import pytest
from msgspec.structs import replace

from actors import addresses
from actors.addresses import ARCHIVE, QUEUE
from actors.conversation.saving import CommitTimeoutError
from actors.messages.archive import AppendChunk, CommitFailed, Committed, EndGeneration, PinPrompt
from actors.messages.chat import (
    Open,
    Problem,
    Rename,
    ReplyFinished,
    ReplyState,
    ReplyText,
    SendText,
    Snapshot,
    Stop,
)
from actors.messages.generation import Ack, Cancel, GenerateReply, Progress, Resume, Sampling
from actors.messages.queueing import (
    GaveUp,
    LeaseBelieved,
    LeaseLost,
    Placed,
    ReplyEnded,
    WorkerHeard,
    WorkerSilent,
)
from actors.session import FencedOffError, NotBegunError, Session
from tests.actors.kit import BOX, OTHER_BOX, Said, accepted, end, uid
from tests.actors.session_kit import CONVERSATION, READER, Talk


def live(*seqs: int) -> Talk:
    """A reply that is being made; these tokens of it are committed."""
    talk = Talk()
    talk.live()
    talk.frames(*seqs)
    return talk


def ack(talk: Talk, next_seq: int) -> Ack:
    return Ack(talk.row.id, talk.attempt, next_seq)


def resume(talk: Talk, next_seq: int) -> Resume:
    return Resume(talk.row.id, talk.attempt, next_seq, CONVERSATION)


def lose(talk: Talk) -> Said:
    return talk.tell(LeaseLost(talk.row.id, talk.attempt, "why"), QUEUE)


def states(said: Said) -> list[str]:
    return [event.live.state for event in said.of(ReplyState)]


# -- commit, then show and acknowledge --------------------------------------------------------------


def test_a_token_is_shown_and_acknowledged_only_when_it_is_durable() -> None:
    talk = live()
    assert talk.tell(talk.token(0), BOX) == []
    said = talk.commit()
    assert said.to(READER) == [ReplyText(CONVERSATION, talk.row.id, 0, 1, "0 ")]
    assert said.to(BOX) == [ack(talk, 1)]


def test_tokens_that_come_during_a_commit_share_the_next_one() -> None:
    talk = live()
    for seq in range(4):
        talk.tell(talk.token(seq), BOX)
    assert len(talk.commits) == 1
    talk.commit()
    said = talk.commit()
    assert said.one(ReplyText) == ReplyText(CONVERSATION, talk.row.id, 1, 4, "1 2 3 ")
    assert talk.commits == []


def test_a_chunk_has_its_limit() -> None:
    talk = live()
    for seq in range(12):
        talk.tell(talk.token(seq), BOX)
    sizes: list[int] = []
    while talk.commits:
        chunk = talk.commits[0].writes[-1]
        assert isinstance(chunk, AppendChunk)
        sizes.append(len(chunk.token_ids))
        talk.commit()
    assert sizes == [1, 8, 3]


def test_the_first_commit_pins_model_and_prompt() -> None:
    talk = live()
    talk.tell(talk.token(0), BOX)
    assert talk.commits[0].writes[0] == PinPrompt(talk.row.id, "model", b"digest")
    talk.commit()
    talk.tell(talk.token(1), BOX)
    assert [type(write) for write in talk.commits[0].writes] == [AppendChunk]


def test_the_end_makes_the_message_of_all_tokens_in_one_commit() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.tell(talk.token(2), BOX)
    talk.tell(talk.of_now(end(3, reason="length", text="held")), BOX)
    talk.commit()
    (write,) = talk.commits[0].writes
    assert isinstance(write, EndGeneration)
    said = talk.commit()
    finished = said.one(ReplyFinished)
    assert finished.message is not None
    assert (finished.reason, finished.message.text) == ("length", "0 1 2 held")
    assert said.to(QUEUE) == [ReplyEnded(talk.row.id)]
    assert said.to(BOX) == [Cancel(talk.row.id, 1)]
    assert talk.messages[-1].tokens == 3
    assert talk.row.state == "done"


@pytest.mark.parametrize(
    ("reason", "state"),
    [("stop", "done"), ("cancelled", "cancelled"), ("refused", "failed"), ("failed", "failed")],
)
def test_a_reply_ends_as_the_worker_says_and_keeps_what_came(reason: str, state: str) -> None:
    talk = live(0)
    finished = talk.do(talk.of_now(end(1, reason=reason, why="the reason")), BOX).one(ReplyFinished)
    assert talk.row.state == state
    assert finished.why == ("the reason" if state == "failed" else "")
    assert finished.message is not None
    assert finished.message.text == "0 "


def test_frames_behind_the_end_or_while_it_is_written_change_nothing() -> None:
    talk = live()
    talk.tell(talk.token(1), BOX)
    talk.tell(talk.of_now(end(2)), BOX)
    talk.tell(talk.token(3), BOX)
    talk.tell(talk.token(0), BOX)
    assert talk.tell(talk.token(4), BOX) == []
    assert talk.tell(talk.of_now(accepted()), BOX) == []
    talk.commit()
    assert talk.texts()[-1] == "0 1 "


# -- order, gaps, repetitions -----------------------------------------------------------------------


def test_frames_out_of_order_are_put_in_order() -> None:
    talk = live()
    said = talk.frames(2, 1, 0)
    assert said.one(ReplyText).text == "0 1 2 "


def test_a_frame_that_is_durable_already_is_acknowledged_again() -> None:
    talk = live(0, 1)
    assert talk.tell(talk.token(0), BOX).to(BOX) == [ack(talk, 2)]
    assert talk.commits == []


def test_at_a_gap_the_worker_is_asked_again_after_a_moment_however_much_arrives() -> None:
    talk = live(0)
    talk.tell(talk.token(2), BOX)
    assert talk.timers["gap"] == talk.settings.gap_s
    talk.timers["gap"] = 0.01  # some of it has passed
    talk.tell(talk.token(3), BOX)
    assert talk.timers["gap"] == 0.01  # and is not begun anew
    assert talk.fire("gap").to(BOX) == [resume(talk, 1)]
    assert talk.fire("gap").to(BOX) == [resume(talk, 1)]  # and again while it lasts
    talk.frames(1)
    assert talk.fire("gap") == []
    assert "gap" not in talk.timers
    talk.tell(talk.token(5), BOX)
    assert "gap" in talk.timers  # the next one


def test_a_gap_of_a_reply_that_is_over_is_no_gap() -> None:
    talk = live(0)
    talk.tell(talk.token(2), BOX)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    assert talk.fire("gap") == []
    talk.commit()
    talk.timers["gap"] = 0.0
    assert talk.fire("gap") == []


def test_tokens_wait_for_the_acceptance_that_was_lost_and_it_is_asked_for() -> None:
    talk = Talk()
    talk.begin()
    talk.say()
    talk.lease()
    assert talk.tell(talk.token(0), BOX) == []
    assert talk.commits == []
    assert talk.fire("gap").to(BOX) == [resume(talk, 1)]
    assert talk.accept().one(ReplyText).text == "0 "


def test_in_silence_the_worker_is_asked_and_the_queue_as_well() -> None:
    talk = live(0)
    assert talk.fire("probe") == []  # it was heard since
    said = talk.fire("probe")
    assert said.to(BOX) == [resume(talk, 1)]
    assert said.to(QUEUE) == [LeaseBelieved(talk.row.id, CONVERSATION, 1)]
    talk.tell(Progress(talk.row.id, 1, 5, 10), BOX)
    assert talk.fire("probe") == []


def test_while_a_commit_is_under_way_silence_is_its_own() -> None:
    talk = live(0)
    talk.fire("probe")
    talk.tell(talk.token(1), BOX)
    talk.fire("probe")
    assert talk.fire("probe") == []
    assert "probe" in talk.timers


def test_a_reply_that_nobody_works_on_is_not_asked_about() -> None:
    talk = live(0)
    lose(talk)
    assert talk.fire("probe") == []
    assert "probe" not in talk.timers


def test_more_frames_than_may_wait_are_dropped_and_can_be_sent_again() -> None:
    talk = Talk()
    talk.begin()
    talk.do(SendText(CONVERSATION, uid(1), "Go on.", sampling=Sampling(max_tokens=2_000)))
    talk.lease()
    for seq in range(1_100):  # not accepted, so nothing is committed
        talk.tell(talk.token(seq), BOX)
    talk.accept()
    assert talk.shown().next_seq == 1_024
    talk.frames(1_024)
    assert talk.shown().next_seq == 1_025


def test_a_worker_that_makes_more_than_it_was_asked_for_is_stopped() -> None:
    talk = Talk()
    talk.begin()
    talk.do(SendText(CONVERSATION, uid(1), "Briefly.", sampling=Sampling(max_tokens=2)))
    talk.lease()
    talk.accept()
    talk.frames(0, 1)
    said = talk.do(talk.token(2), BOX)
    assert "more than it was asked for" in said.one(ReplyFinished).why
    assert said.to(BOX)[-1] == Cancel(talk.row.id, 1)
    assert talk.texts()[-1] == "0 1 "


def test_a_worker_whose_tokens_are_far_too_long_is_stopped() -> None:
    talk = Talk()
    talk.begin()
    talk.do(SendText(CONVERSATION, uid(1), "Briefly.", sampling=Sampling(max_tokens=10)))
    talk.lease()
    talk.accept()
    talk.do(talk.token(0, text="x" * 2_001), BOX)
    assert "more than it was asked for" in talk.do(talk.token(1), BOX).one(ReplyFinished).why


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
    assert ended == ReplyEnded(talk.row.id)
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
    assert states(talk.tell(WorkerHeard(talk.row.id, 2), QUEUE)) == ["leased"]


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


# -- readers that come and go -----------------------------------------------------------------------


def test_a_reader_that_was_away_gets_what_it_lacks() -> None:
    talk = live(0, 1, 2)
    shown = talk.snapshot(talk.row.id, 1).live
    assert shown is not None
    assert (shown.seq, shown.next_seq, shown.text) == (1, 3, "1 2 ")


def test_a_reader_that_knows_nothing_or_another_reply_gets_all() -> None:
    talk = live(0, 1)
    for known in ((None, 0), (uid(404), 1), (talk.row.id, 99)):
        shown = talk.snapshot(*known).live
        assert shown is not None
        assert (shown.seq, shown.next_seq, shown.text) == (0, 2, "0 1 ")


def test_two_readers_see_the_same() -> None:
    talk = live()
    talk.tell(talk.token(0), BOX)
    talk.tell(Open(CONVERSATION), "sockets/second")
    said = talk.commit()
    assert said.to(READER) == said.to("sockets/second") != []


# -- the storage is in trouble ----------------------------------------------------------------------


def test_a_full_disk_loses_nothing_and_is_said_once() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    said = talk.disk_full()
    assert said.one(Problem).code == "storage"
    assert said.of(Ack) == []
    talk.fire("retry")
    assert talk.disk_full() == []  # not said again
    talk.fire("retry")
    assert talk.commit().one(ReplyText).text == "1 "
    talk.tell(talk.token(2), BOX)
    assert talk.disk_full().one(Problem).code == "storage"  # another time


def test_a_request_waits_for_a_disk_that_is_full() -> None:
    talk = Talk()
    talk.begin()
    talk.tell(SendText(CONVERSATION, uid(1), "Hello"))
    talk.disk_full()
    talk.fire("retry")
    assert talk.commit().kinds == ["GenerateReply", "MessageAdded", "ReplyState"]


def test_a_retry_while_a_commit_is_under_way_does_not_repeat_it() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.timers["retry"] = 0.0
    talk.fire("retry")
    assert len(talk.commits) == 1


def test_an_end_is_written_with_the_text_of_the_time_when_it_is_written() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    talk.disk_full()
    talk.fire("retry")
    talk.commit()
    talk.commit()
    assert talk.texts()[-1] == "0 1 "


def test_without_an_answer_of_the_archive_it_starts_anew() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    (name,) = (name for name in talk.timers if name.startswith("commit/"))
    with pytest.raises(CommitTimeoutError):
        talk.fire(name)
    talk.restart()
    talk.timers[name] = 0.0
    assert talk.fire(name) == []  # delivered again, to the next incarnation


def test_an_answer_to_an_earlier_incarnation_is_not_taken() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    stale = talk.commits[0].tag
    talk.restart()
    talk.accept()
    talk.tell(talk.token(1), BOX)
    assert talk.tell(Committed(stale), ARCHIVE) == []
    assert talk.tell(CommitFailed(stale, "why", conflict=True), ARCHIVE) == []
    assert talk.shown().text == "0 "
    talk.commit()
    assert talk.shown().text == "0 1 "


def test_a_write_that_was_fenced_off_makes_it_load_the_truth() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    row = talk.row
    talk.disk.generations[row.id] = replace(row, attempt=9)
    with pytest.raises(FencedOffError):
        talk.commit()


def test_a_request_that_does_not_fit_what_is_stored_is_refused_and_the_conversation_loaded_anew() -> None:
    talk = Talk()
    talk.begin()
    talk.tell(SendText(CONVERSATION, uid(1), "Hello"))
    talk.disk.write(talk.commits[0].writes[:1])  # somebody else was there first
    problem = talk.commit().one(Problem)
    assert (problem.code, problem.request_key) == ("busy", uid(1))
    assert talk.passive


# -- a restart in the middle ------------------------------------------------------------------------


def test_a_restarted_session_goes_on_from_the_last_committed_token() -> None:
    talk = live(0, 1)
    talk.tell(talk.token(2), BOX)  # arrived, not durable
    said = talk.restart()
    assert said.to(BOX) == [resume(talk, 2)]
    assert said.to(QUEUE) == [LeaseBelieved(talk.row.id, CONVERSATION, 1)]
    assert "probe" in talk.timers
    talk.snapshot()
    talk.accept()
    assert talk.frames(2).one(ReplyText) == ReplyText(CONVERSATION, talk.row.id, 2, 3, "2 ")


def test_a_restarted_session_whose_reply_waits_asks_the_queue_again() -> None:
    talk = Talk()
    talk.begin()
    talk.say()
    assert talk.restart().one(GenerateReply).attempt == 0


def test_a_chunk_that_became_durable_without_an_answer_is_not_written_twice() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.write()
    talk.restart()
    assert talk.tell(talk.token(1), BOX).to(BOX) == [ack(talk, 2)]
    assert talk.shown().text == "0 1 "


def test_an_end_that_became_durable_without_an_answer_is_the_end() -> None:
    talk = live(0)
    talk.tell(talk.of_now(end(1)), BOX)
    talk.write()
    assert talk.restart().of(GenerateReply) == []
    snapshot = talk.snapshot()
    assert snapshot.live is None
    assert snapshot.messages[-1].text == "0 "


def test_a_lease_that_the_queue_does_not_know_any_more_is_asked_for_again() -> None:
    talk = live(0)
    talk.restart()
    assert lose(talk).one(GenerateReply).committed == (100,)


def test_a_title_that_waits_behind_the_end_of_a_reply_is_kept() -> None:
    talk = live(0)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    talk.tell(Rename("Tea", "asks/1"))
    talk.commit()
    assert talk.commit().of(Snapshot)[-1].title == "Tea"


def test_a_reply_without_its_conversation_is_a_bug() -> None:
    session = Session(addresses.session(uid(1)), live().settings, live().world)
    with pytest.raises(NotBegunError):
        _ = session.begun
