"""A session: the stream of a reply, in order, once, and durable before it is shown."""

import pytest
from msgspec.structs import replace

from actors.addresses import QUEUE
from actors.messages.chat import (
    ReplyFinished,
    ReplyText,
    SendText,
    Stop,
)
from actors.messages.generation import Ack, Burst, Cancel, Progress, Sampling
from actors.messages.queueing import (
    LeaseBelieved,
    ReplyEnded,
)
from actors.messages.replies import AppendChunk, EndGeneration, PinPrompt
from actors.messages.reply_causes import sentence_of
from actors.messages.shares import SpendTokens
from tests.actors.kit import BOX, READER, accepted, end, uid
from tests.actors.session.kit import CONVERSATION, Talk, ack, live, lose, resume

# -- commit, then show and acknowledge --------------------------------------------------------------


def test_a_token_is_shown_and_acknowledged_only_when_it_is_durable() -> None:
    talk = live()
    assert talk.tell(talk.token(0), BOX) == []
    said = talk.commit()
    assert said.to(READER) == [ReplyText(CONVERSATION, talk.row.id, 0, 1, "0 ")]
    assert said.to(BOX) == [ack(talk, 1)]


def test_tokens_that_come_fast_are_acknowledged_several_at_a_time() -> None:
    talk = live()
    told = [said.next_seq for said in talk.frames(*range(20)).of(Ack)]
    assert told == [1, 9, 17]


def test_tokens_that_come_slowly_are_acknowledged_one_by_one() -> None:
    talk = live(0)
    for seq in range(1, 4):
        talk.later(0.3)
        assert talk.frames(seq).to(BOX) == [ack(talk, seq + 1)]


def test_a_worker_that_takes_over_hears_of_its_first_token_at_once() -> None:
    talk = live(0, 1)
    lose(talk)
    talk.lease()
    talk.accept()
    assert talk.frames(2).to(BOX) == [ack(talk, 3)]


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
    write, spent = talk.commits[0].writes
    assert isinstance(write, EndGeneration)
    assert isinstance(spent, SpendTokens)
    assert (spent.user, spent.tokens) == (talk.row.user, 3)
    said = talk.commit()
    finished = said.one(ReplyFinished)
    assert finished.message is not None
    assert (finished.reason, finished.message.text) == ("length", "0 1 2 held")
    assert said.to(QUEUE) == [ReplyEnded(talk.row.id, 3, 10)]
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
    assert (finished.cause, finished.facts) == ("", ())
    assert finished.message is not None
    assert finished.message.text == "0 "


def test_why_it_broke_off_is_told_by_its_code_too() -> None:
    talk = live(0)
    why = sentence_of("too_long", 1200, 3584)
    finished = talk.do(talk.of_now(end(1, reason="refused", why=why)), BOX).one(ReplyFinished)
    assert (finished.why, finished.cause, finished.facts) == (why, "too_long", ("1200", "3584"))


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
    talk.do(SendText(CONVERSATION, uid(1), "Briefly.", sampling=Sampling(max_tokens=2, max_thought_tokens=0)))
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


def test_a_burst_is_taken_like_its_frames_and_what_it_repeats_is_left_out() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.commit()
    frames = (*(talk.token(seq) for seq in range(4)), talk.of_now(end(4)))
    talk.tell(Burst(frames), BOX)
    finished = talk.commit().one(ReplyFinished)
    assert finished.message is not None
    assert finished.message.text == "0 1 2 3 "


def test_a_burst_that_is_known_is_acknowledged_again() -> None:
    talk = live(0)
    talk.tell(talk.token(1), BOX)
    talk.commit()
    said = talk.tell(Burst((talk.token(0), talk.token(1))), BOX)
    assert said.to(BOX) == [ack(talk, 2)]


def test_of_a_burst_only_the_frames_of_its_first_ones_attempt_count() -> None:
    talk = live(0)
    of_another = replace(talk.token(2), attempt=talk.attempt + 1)
    talk.tell(Burst((talk.token(1), of_another)), BOX)
    chunk = talk.commits[0].writes[-1]
    assert isinstance(chunk, AppendChunk)
    assert len(chunk.token_ids) == 1
