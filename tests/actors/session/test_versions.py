"""A session: versions of messages, stop, rename, delete."""

import pytest

from actors.addresses import QUEUE
from actors.messages.archive import Load
from actors.messages.chat import (
    Continue,
    ConversationGone,
    Delete,
    Done,
    Edit,
    Open,
    Regenerate,
    Rename,
    ReplyFinished,
    Restore,
    Select,
    Snapshot,
    Stop,
)
from actors.messages.conversations import MoveHead
from actors.messages.generation import (
    Cancel,
    GenerateReply,
)
from actors.messages.queueing import Leased, QueueFull, ReplyEnded, SubmitAgain
from tests.actors.kit import BOX, READER, end, uid
from tests.actors.session.kit import CONVERSATION, Talk, begun, finish, problem

# -- versions ---------------------------------------------------------------------------------------


def test_regenerate_makes_another_version_beside_the_reply() -> None:
    talk = begun(reply=True)
    old = talk.messages[-1]
    said = talk.do(Regenerate(CONVERSATION, uid(2), old.id))
    assert said.one(Snapshot).live is not None
    assert talk.shown().siblings == (old.id, talk.row.message)
    talk.attempt = 0
    finished = finish(talk).one(ReplyFinished)
    assert finished.message is not None
    assert finished.message.siblings == (old.id, talk.row.message)
    assert talk.snapshot().head == talk.row.message


def test_a_text_can_be_answered_again() -> None:
    talk = begun(reply=True)
    asked = talk.messages[-2]
    request = talk.do(Regenerate(CONVERSATION, uid(2), asked.id)).one(GenerateReply)
    assert request.turn.history[-1].text == asked.body
    assert talk.row.parent == asked.id


def test_a_greeting_is_not_regenerated() -> None:
    talk = begun()
    greeting = talk.messages[0].id
    assert problem(talk.tell(Regenerate(CONVERSATION, uid(2), greeting))) == ("bad_request", uid(2))


def test_an_edited_text_stands_beside_the_old_one_and_is_answered_anew() -> None:
    talk = begun(reply=True)
    asked = talk.messages[-2]
    request = talk.do(Edit(CONVERSATION, uid(2), asked.id, "I meant this.")).one(GenerateReply)
    assert [m.text for m in request.turn.history] == ["Hello, Anna.", "I meant this."]
    assert talk.texts() == ["Hello, Anna.", "I meant this."]
    assert len(talk.snapshot().messages[-1].siblings) == 2


def test_an_edited_reply_is_shown_and_not_answered() -> None:
    talk = begun(reply=True)
    said = talk.do(Edit(CONVERSATION, uid(2), talk.messages[-1].id, "Better."))
    assert said.of(GenerateReply) == []
    assert talk.texts()[-1] == "Better."


def test_continue_goes_on_from_the_text_of_the_reply() -> None:
    talk = begun(reply=True)
    old = talk.messages[-1]
    request = talk.do(Continue(CONVERSATION, uid(2), old.id)).one(GenerateReply)
    assert request.turn.continue_text == old.body == "0 "
    assert request.turn.history[-1].role == "user"
    assert talk.shown().continues == old.body
    talk.attempt = 0
    finish(talk)
    assert talk.texts()[-1] == "0 0 "


def test_a_reply_that_could_not_be_continued_is_kept_as_it_was() -> None:
    talk = begun(reply=True)
    talk.do(Continue(CONVERSATION, uid(2), talk.messages[-1].id))
    talk.attempt = 0
    talk.lease()
    talk.accept()
    talk.do(talk.of_now(end(0)), BOX)
    assert talk.texts()[-1] == "0 "


def test_only_a_reply_can_be_continued() -> None:
    talk = begun(reply=True)
    assert problem(talk.tell(Continue(CONVERSATION, uid(2), talk.messages[-2].id))) == ("bad_request", uid(2))


def test_select_shows_the_branch_down_to_its_newest_leaf() -> None:
    talk = begun(reply=True)
    first = talk.messages[-2]
    talk.do(Edit(CONVERSATION, uid(2), first.id, "I meant this."))
    talk.attempt = 0
    finish(talk)
    assert talk.texts() == ["Hello, Anna.", "I meant this.", "0 "]
    said = talk.do(Select(CONVERSATION, first.id))
    assert [m.text for m in said.one(Snapshot).messages] == ["Hello, Anna.", "How are you?", "0 "]
    talk.restart()
    assert talk.texts() == ["Hello, Anna.", "How are you?", "0 "]


# -- stop -------------------------------------------------------------------------------------------


def test_stop_keeps_what_is_committed_and_is_durable_before_it_is_shown() -> None:
    talk = Talk()
    talk.live()
    talk.frames(0, 1)
    said = talk.tell(Stop(CONVERSATION, talk.row.id))
    assert said == []
    said = talk.commit()
    finished = said.one(ReplyFinished)
    assert finished.message is not None
    assert (finished.reason, finished.message.text, finished.message.ended) == (
        "cancelled",
        "0 1 ",
        "cancelled",
    )
    assert talk.row.state == "cancelled"
    assert said.to(QUEUE) == [ReplyEnded(talk.row.id, 2, 10)]
    assert said.to(BOX) == [Cancel(talk.row.id, 1)]


def test_stop_counts_a_chunk_that_was_on_its_way_to_the_disk() -> None:
    talk = Talk()
    talk.live()
    talk.tell(talk.token(0), BOX)
    talk.tell(talk.token(1), BOX)
    talk.tell(Stop(CONVERSATION, talk.row.id))
    talk.commit()
    talk.commit()
    assert talk.texts()[-1] == "0 "


def test_a_reply_stopped_before_its_first_word_leaves_no_message() -> None:
    talk = begun()
    talk.say()
    said = talk.do(Stop(CONVERSATION, talk.row.id))
    assert said.one(ReplyFinished).message is None
    assert said.one(Snapshot).live is None  # back to what was shown before
    assert said.to(BOX) == []


def test_a_second_stop_changes_nothing_and_a_stop_of_another_reply_shows_what_is() -> None:
    talk = Talk()
    talk.live()
    assert talk.tell(Stop(CONVERSATION, uid(404))).kinds == ["Snapshot"]
    talk.tell(Stop(CONVERSATION, talk.row.id))
    assert talk.tell(Stop(CONVERSATION, talk.row.id)) == []
    assert len(talk.commits) == 1


# -- rename and delete ------------------------------------------------------------------------------


def test_a_new_title_is_durable_before_it_is_shown() -> None:
    talk = begun()
    assert talk.tell(Rename("Tea", "asks/2")) == []
    said = talk.commit()
    assert said.to("asks/2") == [Done()]
    assert said.one(Snapshot).title == "Tea"


def test_more_changes_than_may_wait_are_refused() -> None:
    talk = begun()
    for number in range(3):
        assert talk.tell(Rename(f"title {number}", "asks/2")) == []
    assert problem(talk.tell(Rename("one too many", "asks/2"))) == ("busy", None)
    for _ in range(3):
        talk.commit()
    assert talk.snapshot().title == "title 2"


def test_a_deleted_conversation_ends_its_reply_and_leaves_memory() -> None:
    talk = Talk()
    talk.live()
    row = talk.row
    said = talk.do(Delete("asks/2"))
    assert said.to("asks/2") == [Done()]
    assert said.to(READER) == [ConversationGone(CONVERSATION)]
    assert said.to(QUEUE) == [ReplyEnded(row.id, 0, 10)]
    assert said.to(BOX) == [Cancel(row.id, 1)]
    assert talk.passive
    assert talk.disk.generations[row.id].state == "cancelled"
    assert talk.disk.read(Load("session", CONVERSATION.hex, "session/x")) is None


def test_a_deleted_conversation_comes_back_whole() -> None:
    talk = Talk()
    talk.live()
    talk.frames(0, 1)
    before = talk.disk.conversations[CONVERSATION]
    talk.do(Delete("asks/2"))
    talk.passive = False
    talk.restart()
    assert problem(talk.tell(Open(CONVERSATION))) == ("not_found", None)
    assert talk.do(Restore("asks/3")).to("asks/3") == [Done()]
    assert talk.passive
    state = talk.disk.read(Load("session", CONVERSATION.hex, "session/x"))
    assert state.conversation.title == before.title
    assert state.live is None
    assert state.messages[-1].ended == "cancelled"  # what was written of the reply stays


def test_what_was_written_counts_though_its_conversation_is_deleted() -> None:
    talk = Talk()
    talk.live()
    talk.frames(0, 1)
    row = talk.row
    assert talk.do(Delete("asks/2")).to(QUEUE) == [ReplyEnded(row.id, 2, 10)]
    assert sum(talk.disk.spendings.values()) == 2
    assert [who for who, _ in talk.disk.spendings] == [row.user]


def test_who_asks_for_the_deletion_a_second_time_is_answered_as_well() -> None:
    talk = begun()
    talk.tell(Delete("asks/2"))
    talk.tell(Delete("asks/3"))
    assert len(talk.session.saving.commits) == 1
    assert problem(talk.tell(Rename("x", "asks/4"))) == ("not_found", None)
    said = talk.commit()
    assert said.to("asks/2") + said.to("asks/3") == [Done(), Done()]
    assert talk.commits == []


def test_what_waits_behind_a_deletion_is_not_written() -> None:
    talk = Talk()
    talk.live()
    talk.tell(Delete("asks/2"))
    talk.tell(Stop(CONVERSATION, talk.row.id))
    talk.commit()
    assert talk.commits == []


# -- the queue refuses ------------------------------------------------------------------------------


def test_a_full_queue_ends_the_reply_and_says_why() -> None:
    talk = begun()
    talk.say()
    said = talk.do(QueueFull(talk.row.id, 64), QUEUE)
    finished = said.one(ReplyFinished)
    assert (finished.reason, finished.message) == ("queue_full", None)
    assert "64 replies" in finished.why
    assert talk.row.state == "failed"


def test_a_lease_for_a_reply_that_is_over_is_given_back() -> None:
    talk = begun()
    talk.say()
    row = talk.row
    talk.do(Stop(CONVERSATION, row.id))
    said = talk.tell(Leased(row.id, 1, "box"), QUEUE)
    assert said.to(BOX) == [Cancel(row.id, 1)]
    assert said.to(QUEUE) == [ReplyEnded(row.id)]


def test_a_queue_that_asks_about_a_reply_learns_whether_it_lives() -> None:
    talk = begun()
    talk.say()
    assert talk.tell(SubmitAgain(talk.row.id), QUEUE).kinds == ["GenerateReply"]
    assert talk.tell(SubmitAgain(uid(404)), QUEUE).to(QUEUE) == [ReplyEnded(uid(404))]
    talk.lease()
    assert talk.tell(SubmitAgain(talk.row.id), QUEUE) == []


def test_a_message_of_others_is_a_bug() -> None:
    with pytest.raises(TypeError, match="MoveHead"):
        begun().tell(MoveHead(CONVERSATION, uid(1)))
