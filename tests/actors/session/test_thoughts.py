"""A session: thoughts stream beside the reply, stay with their message, and go into no prompt."""

import pytest
from msgspec.structs import replace

from actors.messages.chat import Continue, Edit, LiveReply, Regenerate, ReplyFinished, ReplyText, Stop
from actors.messages.generation import GenerateReply, TurnMessage
from actors.messages.replies import AppendChunk
from tests.actors.kit import BOX, READER, end, uid
from tests.actors.session.kit import CONVERSATION, Talk, begun, live, lose


def finish_thinking(talk: Talk, text: str = "Well.", key: int = 1) -> None:
    """A reply after a thought of its own."""
    talk.say(key=key)
    talk.attempt = 0
    answer_thinking(talk, text)


def answer_thinking(talk: Talk, text: str = "Well.", thought: str = "Hm, ") -> None:
    talk.lease()
    talk.accept()
    talk.think(thought, "so.")
    talk.do(talk.token(2, text), BOX)
    talk.do(talk.of_now(end(3)), BOX)


def test_thoughts_are_shown_when_they_are_durable_apart_from_the_text() -> None:
    talk = live()
    assert talk.tell(talk.token(0, "", "Hm"), BOX) == []
    chunk = talk.commits[0].writes[-1]
    assert isinstance(chunk, AppendChunk)
    assert (chunk.text, chunk.thoughts) == ("", "Hm")
    said = talk.commit()
    assert said.to(READER) == [ReplyText(CONVERSATION, talk.row.id, 0, 1, "", "Hm")]


def test_a_token_may_end_the_thought_and_begin_the_reply() -> None:
    talk = live()
    talk.think("Hm", first=0)
    said = talk.do(talk.token(1, "Yes", "."), BOX)
    assert said.one(ReplyText) == ReplyText(CONVERSATION, talk.row.id, 1, 2, "Yes", ".")
    assert (talk.shown().thoughts, talk.shown().text) == ("Hm.", "Yes")


def test_a_reader_that_comes_late_gets_what_it_lacks_of_both() -> None:
    talk = live()
    talk.think("a ", "b ", "c ")
    talk.do(talk.token(3, "Yes"), BOX)

    def lacks(seq: int) -> tuple[int, str, str]:
        shown = talk.snapshot(talk.row.id, seq).live
        assert shown is not None
        return shown.seq, shown.thoughts, shown.text

    assert lacks(0) == (0, "a b c ", "Yes")
    assert lacks(2) == (2, "c ", "Yes")
    assert lacks(4) == (4, "", "")


def test_the_message_keeps_its_thoughts() -> None:
    talk = begun()
    finish_thinking(talk)
    assert (talk.messages[-1].body, talk.messages[-1].thoughts) == ("Well.", "Hm, so.")
    shown = talk.snapshot().messages[-1]
    assert (shown.text, shown.thoughts) == ("Well.", "Hm, so.")
    talk.restart()
    assert talk.messages[-1].thoughts == "Hm, so."


def test_what_was_held_back_of_a_thought_comes_with_the_end() -> None:
    talk = live()
    talk.think("Hm")
    said = talk.do(replace(talk.of_now(end(1)), thought=" <"), BOX)
    message = said.one(ReplyFinished).message
    assert message is not None
    assert (message.text, message.thoughts) == ("", "Hm <")


def test_a_thought_goes_on_after_a_restart_of_the_session() -> None:
    talk = live()
    talk.think("a ", "b ")
    talk.restart()
    assert talk.shown().thoughts == "a b "
    talk.accept()
    talk.do(talk.token(2, "Yes"), BOX)
    said = talk.do(talk.of_now(end(3)), BOX)
    message = said.one(ReplyFinished).message
    assert message is not None
    assert (message.text, message.thoughts) == ("Yes", "a b ")


def test_a_lost_lease_keeps_the_committed_thoughts() -> None:
    talk = live()
    talk.think("a ", "b ")
    lose(talk)
    talk.lease()
    talk.accept()
    talk.do(talk.token(2, "Yes"), BOX)
    assert (talk.shown().thoughts, talk.shown().text) == ("a b ", "Yes")


def test_a_reply_that_was_stopped_in_its_thought_is_kept_with_it() -> None:
    talk = live()
    talk.think("Hm")
    said = talk.do(Stop(CONVERSATION, talk.row.id))
    message = said.one(ReplyFinished).message
    assert message is not None
    assert (message.text, message.thoughts, message.ended) == ("", "Hm", "cancelled")


@pytest.mark.parametrize("limit", [0, 2])
def test_thoughts_count_against_what_a_box_may_send(limit: int) -> None:
    talk = Talk()
    sampling = replace(talk.settings.sampling, max_tokens=2, max_thought_tokens=limit)
    talk.settings = replace(talk.settings, sampling=sampling)
    talk.restart()
    talk.live()
    said = talk.think(*["x "] * (2 + limit))
    assert said.of(ReplyFinished) == []
    assert talk.do(talk.token(2 + limit, "", "x "), BOX).one(ReplyFinished).reason == "failed"


# -- no prompt has them -----------------------------------------------------------------------------


def test_no_request_ever_tells_a_worker_what_was_thought_before() -> None:
    talk = begun()
    finish_thinking(talk, "Well.")
    requests = [talk.say(key=2).one(GenerateReply)]
    answer_after(talk)
    requests.append(talk.do(Regenerate(CONVERSATION, uid(3), talk.messages[-1].id)).one(GenerateReply))
    answer_after(talk)
    requests.append(talk.do(Continue(CONVERSATION, uid(4), talk.messages[-1].id)).one(GenerateReply))
    answer_after(talk)
    talk.restart()
    requests.append(talk.say(key=5).one(GenerateReply))
    for request in requests:
        assert "so." not in str(request)
        assert TurnMessage("assistant", "Well.") in request.turn.history


def answer_after(talk: Talk) -> None:
    talk.attempt = 0
    answer_thinking(talk, " And so on.")


def test_a_reply_of_thoughts_alone_adds_no_words_to_the_history() -> None:
    talk = begun()
    talk.say(key=1)
    talk.lease()
    talk.accept()
    talk.think("Hm")
    talk.do(Stop(CONVERSATION, talk.row.id))
    history = talk.say(key=2).one(GenerateReply).turn.history
    assert [said.text for said in history if said.role == "assistant"][1:] == [""]


# -- versions ---------------------------------------------------------------------------------------


def test_a_continued_reply_keeps_the_thoughts_that_it_began_with() -> None:
    talk = begun()
    finish_thinking(talk, "Well.")
    talk.do(Continue(CONVERSATION, uid(2), talk.messages[-1].id))
    shown: LiveReply = talk.shown()
    assert (shown.continues, shown.continues_thoughts, shown.thoughts) == ("Well.", "Hm, so.", "")
    talk.restart()
    assert talk.shown().continues_thoughts == "Hm, so."
    talk.attempt = 0
    answer_thinking(talk, " And so.", "More: ")
    message = talk.messages[-1]
    assert (message.body, message.thoughts) == ("Well. And so.", "Hm, so.\n\nMore: so.")


def test_another_reply_thinks_for_itself_and_an_edited_one_has_no_thoughts() -> None:
    talk = begun()
    finish_thinking(talk, "Well.")
    first = talk.messages[-1]
    talk.do(Regenerate(CONVERSATION, uid(2), first.id))
    talk.attempt = 0
    answer_thinking(talk, "No.", "Or: ")
    assert talk.messages[-1].thoughts == "Or: so."
    talk.do(Edit(CONVERSATION, uid(3), first.id, "Well, well."))
    assert (talk.messages[-1].body, talk.messages[-1].thoughts) == ("Well, well.", "")
    assert next(each for each in talk.messages if each.id == first.id).thoughts == "Hm, so."
