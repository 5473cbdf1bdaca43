"""A session: what people ask of it, and what they see."""

from typing import Any

import pytest
from msgspec.structs import replace

from actors import addresses
from actors.addresses import QUEUE, SOCKETS
from actors.messages.archive import MoveHead
from actors.messages.chat import (
    Awake,
    Close,
    Continue,
    ConversationGone,
    Delete,
    Done,
    Edit,
    MessageAdded,
    Open,
    Problem,
    Regenerate,
    Rename,
    ReplyFinished,
    ReplyState,
    Select,
    SendText,
    Snapshot,
    StartConversation,
    Stop,
)
from actors.messages.generation import (
    Cancel,
    CharacterSheet,
    GenerateReply,
    Sampling,
    SheetMissing,
    SheetWanted,
)
from actors.messages.queueing import Leased, QueueFull, ReplyEnded, SubmitAgain
from tests.actors.kit import BOX, CHARACTER, SHEET, Said, end, uid
from tests.actors.session_kit import CONVERSATION, READER, SETTINGS, USER, Talk

START = StartConversation(USER, "Anna", CHARACTER, "asks/1", "A title")


def begun(*, reply: bool = False, sheet: CharacterSheet = SHEET) -> Talk:
    """A conversation; with `reply`, somebody said something and was answered."""
    talk = Talk(sheet=sheet)
    talk.begin()
    if reply:
        answer(talk)
    return talk


def answer(talk: Talk, key: int = 1, text: str = "How are you?") -> None:
    talk.say(text, key=key)
    talk.attempt = 0
    finish(talk)


def finish(talk: Talk) -> Said:
    """The live reply, of one token, is made."""
    talk.lease()
    talk.accept()
    talk.frames(0)
    return talk.do(talk.of_now(end(1)), BOX)


def problem(said: Said) -> tuple[str, Any]:
    found = said.one(Problem)
    return found.code, found.request_key


# -- beginning --------------------------------------------------------------------------------------


def test_a_conversation_begins_with_the_greetings_of_its_character_the_first_one_shown() -> None:
    talk = Talk()
    assert talk.tell(START).to(addresses.character(CHARACTER)) == [SheetWanted(CHARACTER)]
    said = talk.tell(SHEET)
    assert said.of(Done) == []  # not before it is durable
    assert talk.commit().to("asks/1") == [Done()]
    snapshot = talk.snapshot()
    assert (snapshot.title, snapshot.character_version) == ("A title", CHARACTER)
    assert [message.text for message in snapshot.messages] == ["Hello, Anna."]
    assert len(snapshot.messages[0].siblings) == 2


def test_without_a_title_it_is_called_by_the_character() -> None:
    assert begun().snapshot().title == "Nadia"


def test_a_character_without_a_greeting_begins_with_nothing() -> None:
    talk = begun(sheet=CharacterSheet(CHARACTER, "Mute"))
    assert talk.texts() == []
    talk.say("Hello?")
    assert talk.texts() == ["Hello?"]


def test_a_character_that_does_not_exist_cannot_be_talked_to() -> None:
    talk = Talk()
    talk.tell(START)
    assert problem(talk.tell(SheetMissing(CHARACTER))) == ("not_found", None)
    assert talk.tell(START).kinds == ["SheetWanted"]  # it may be tried again


def test_a_conversation_begins_once() -> None:
    talk = Talk()
    talk.tell(START)
    assert problem(talk.tell(START)) == ("busy", None)
    talk.do(SHEET)
    assert problem(talk.tell(START)) == ("busy", None)
    assert talk.tell(SHEET) == []  # the answer to a question that was asked twice
    assert len(talk.disk.conversations) == 1


# -- reading ----------------------------------------------------------------------------------------


def test_who_opens_reads_along_until_closing() -> None:
    talk = begun()
    assert talk.say().to(READER)
    talk.tell(Close(CONVERSATION))
    assert talk.lease().to(READER) == []


def test_a_conversation_that_does_not_exist_cannot_be_opened() -> None:
    assert problem(Talk().tell(Open(CONVERSATION))) == ("not_found", None)


def test_a_session_that_wakes_asks_its_readers_to_open_again() -> None:
    talk = begun()
    assert talk.restart().to(SOCKETS) == [Awake(CONVERSATION)]
    assert Talk().restart().to(SOCKETS) == [Awake(CONVERSATION)]  # also where there is nothing any more


def test_it_leaves_memory_when_nobody_wants_anything() -> None:
    talk = begun(reply=True)
    talk.fire("idle")
    assert talk.passive


def test_it_stays_in_memory_while_a_reply_is_being_made() -> None:
    talk = Talk()
    talk.live()
    assert "idle" not in talk.timers
    talk.timers["idle"] = 0.0  # one that was in the mailbox already
    talk.fire("idle")
    assert not talk.passive


# -- saying something -------------------------------------------------------------------------------


def test_a_text_and_the_reply_to_it_are_durable_before_anybody_hears_of_them() -> None:
    talk = begun()
    assert talk.tell(SendText(CONVERSATION, uid(1), "How are you?")) == []
    said = talk.commit()
    assert said.kinds == ["GenerateReply", "MessageAdded", "ReplyState"]
    assert said.one(MessageAdded).message.text == "How are you?"
    assert said.one(MessageAdded).request_key == uid(1)
    assert said.one(ReplyState).live.state == "queued"


def test_the_turn_tells_the_worker_all_it_needs() -> None:
    talk = begun()
    request = talk.say("How are you?").one(GenerateReply)
    assert [(m.role, m.text) for m in request.turn.history] == [
        ("assistant", "Hello, Anna."),
        ("user", "How are you?"),
    ]
    assert (request.turn.character, request.turn.user_name) == (CHARACTER, "Anna")
    assert request.turn.now_ms == talk.row.created_ms
    assert (request.user, request.conversation) == (USER, CONVERSATION)
    assert (request.attempt, request.committed, request.model) == (0, (), "")


def test_seed_and_sampling_can_be_chosen() -> None:
    talk = begun()
    sampling = Sampling(temperature=0.0)
    request = talk.do(SendText(CONVERSATION, uid(1), "Hi", None, sampling, 7)).one(GenerateReply)
    assert (request.seed, request.sampling) == (7, sampling)


def test_a_text_may_go_below_any_message() -> None:
    talk = begun(reply=True)
    greeting = talk.messages[0]
    said = talk.do(SendText(CONVERSATION, uid(2), "Another way", parent=greeting.id))
    assert said.of(MessageAdded) == []  # the shown path changes its course
    assert [m.text for m in said.one(Snapshot).messages] == ["Hello, Anna.", "Another way"]


def test_the_history_that_travels_has_its_limits_and_keeps_the_newest() -> None:
    for limits in ({"history_limit": 1}, {"history_chars": 10}, {"history_chars": 1}):
        talk = Talk(settings=replace(SETTINGS, **limits))
        talk.begin()
        assert [m.text for m in talk.say("Newest").one(GenerateReply).turn.history] == ["Newest"]


def test_the_same_request_twice_is_one_request() -> None:
    talk = begun()
    message = SendText(CONVERSATION, uid(1), "How are you?")
    talk.tell(message)
    assert talk.tell(message).kinds == ["Snapshot"]  # before it is durable
    talk.commit()
    assert talk.tell(message).kinds == ["Snapshot"]  # and after
    talk.restart()
    assert talk.tell(message).kinds == ["Snapshot"]  # and for the next incarnation
    assert len(talk.disk.generations) == 1
    assert talk.commits == []


def test_an_edit_without_a_reply_is_remembered_as_a_request_too() -> None:
    talk = begun()
    message = Edit(CONVERSATION, uid(1), talk.messages[0].id, "Good day.")
    talk.do(message)
    talk.restart()
    assert talk.tell(message).kinds == ["Snapshot"]


@pytest.mark.parametrize("text", ["", "  \n", "x" * 101])
def test_a_text_that_is_empty_or_too_long_is_refused(text: str) -> None:
    talk = begun()
    assert problem(talk.tell(SendText(CONVERSATION, uid(1), text))) == ("bad_request", uid(1))
    assert talk.commits == []


def test_what_is_not_in_the_conversation_cannot_be_answered_continued_or_shown() -> None:
    talk = begun()
    root = talk.disk.conversations[CONVERSATION].root
    for message in (
        SendText(CONVERSATION, uid(1), "Hi", parent=uid(404)),
        Regenerate(CONVERSATION, uid(1), uid(404)),
        Edit(CONVERSATION, uid(1), root, "No"),
        Continue(CONVERSATION, uid(1), uid(404)),
    ):
        assert problem(talk.tell(message)) == ("not_found", uid(1))
    assert problem(talk.tell(Select(CONVERSATION, uid(404)))) == ("not_found", None)


def test_a_conversation_that_is_gone_refuses_everything() -> None:
    talk = Talk()
    assert problem(talk.tell(SendText(CONVERSATION, uid(1), "Hi"))) == ("not_found", uid(1))
    for message in (Rename("x", "asks/1"), Delete("asks/1"), Select(CONVERSATION, uid(1))):
        assert problem(talk.tell(message)) == ("not_found", None)
    assert talk.tell(Stop(CONVERSATION, uid(1))) == []


def test_while_a_reply_is_being_made_the_next_request_is_refused() -> None:
    talk = Talk()
    talk.live()
    head = talk.messages[-1].id
    assert problem(talk.tell(SendText(CONVERSATION, uid(2), "And?"))) == ("busy", uid(2))
    assert problem(talk.tell(Select(CONVERSATION, head))) == ("busy", None)


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
    assert said.to(QUEUE) == [ReplyEnded(talk.row.id)]
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
    assert said.to(QUEUE) == [ReplyEnded(row.id)]
    assert said.to(BOX) == [Cancel(row.id, 1)]
    assert talk.passive
    assert talk.disk.conversations == {}


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
