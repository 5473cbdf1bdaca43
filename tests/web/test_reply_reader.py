"""Following one reply through cuts, repetitions and gaps."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.messages.chat import (
    ConversationGone,
    LiveReply,
    MessageAdded,
    Open,
    Problem,
    ReplyFinished,
    ReplyState,
    ReplyText,
    SendText,
    ShownMessage,
    Snapshot,
)
from web.reply_reader import Outcome, ReplyReader, Step

CHAT, REPLY, KEY = UUID(int=1), UUID(int=9), UUID(int=3)
REQUEST = SendText(CHAT, KEY, "Hi")
WORDS = ("One", " two", "", " three", " four")
WHOLE = "".join(WORDS)


def message(role: str, text: str, ended: str = "") -> ShownMessage:
    return ShownMessage(
        UUID(int=5), UUID(int=4), "user" if role == "user" else "assistant", text, 0, (), ended
    )


GREETING, ASKED = message("assistant", "Sit down."), message("user", "Hi")


def snapshot(*messages: ShownMessage, live: LiveReply | None = None) -> Snapshot:
    return Snapshot(CHAT, "Tea", UUID(int=6), UUID(int=5), (GREETING, *messages), live)


def live(seq: int, next_seq: int, text: str | None = None) -> LiveReply:
    words = "".join(WORDS[seq:next_seq]) if text is None else text
    return LiveReply(REPLY, UUID(int=8), UUID(int=5), (), "streaming", seq, next_seq, words)


def words(seq: int, next_seq: int) -> ReplyText:
    return ReplyText(CHAT, REPLY, seq, next_seq, "".join(WORDS[seq:next_seq]))


def finished(reason: str = "stop", text: str | None = WHOLE, why: str = "") -> ReplyFinished:
    shown = message("assistant", text, reason) if text is not None else None
    return ReplyFinished(CHAT, REPLY, reason, shown, why)


def reading() -> ReplyReader:
    reader = ReplyReader(REQUEST)
    assert reader.take(snapshot()) == Step(say=(REQUEST,))
    assert reader.take(MessageAdded(CHAT, ASKED, KEY)) == Step()
    assert reader.take(ReplyState(CHAT, live(0, 0))) == Step()
    return reader


def test_thoughts_are_read_beside_the_reply() -> None:
    reader = reading()
    assert reader.take(ReplyText(CHAT, REPLY, 0, 2, "", "Hm")) == Step("", "Hm")
    assert reader.take(ReplyText(CHAT, REPLY, 2, 3, "One", ", so.")) == Step("One", ", so.")
    whole = replace(message("assistant", "One two", "stop"), thoughts="Hm, so.")
    assert reader.take(ReplyFinished(CHAT, REPLY, "stop", whole)) == Step(" two", "", outcome=Outcome())


def test_thoughts_that_a_cut_hid_come_with_the_snapshot() -> None:
    reader = reading()
    reader.take(ReplyText(CHAT, REPLY, 0, 2, "", "Hm"))
    assert reader.take(snapshot(ASKED, live=replace(live(2, 4, ""), thoughts=", so"))) == Step("", ", so")
    whole = replace(live(0, 5, "One"), thoughts="Hm, so.")
    assert reader.take(snapshot(ASKED, live=whole)) == Step("One", ".")


def test_thoughts_without_a_word_are_no_complete_reply() -> None:
    reader = reading()
    whole = replace(message("assistant", "", "stop"), thoughts="Hm")
    step = reader.take(ReplyFinished(CHAT, REPLY, "stop", whole))
    assert step == Step("", "Hm", outcome=Outcome("The model only thought, and said nothing."))


def test_other_thoughts_than_those_shown_are_an_error() -> None:
    reader = reading()
    reader.take(ReplyText(CHAT, REPLY, 0, 2, "", "Hm"))
    whole = replace(message("assistant", "One", "stop"), thoughts="Oh")
    outcome = reader.take(ReplyFinished(CHAT, REPLY, "stop", whole)).outcome
    assert outcome is not None
    assert "not the one that was shown" in outcome.why


def test_a_reply_is_read_from_its_first_word_to_its_last() -> None:
    reader = reading()
    assert reader.take(words(0, 2)) == Step("One two")
    assert reader.take(words(2, 4)) == Step(" three")
    assert reader.take(finished()) == Step(" four", outcome=Outcome())


def test_repetitions_are_dropped_and_gaps_asked_for() -> None:
    reader = reading()
    reader.take(words(0, 2))
    assert reader.take(words(0, 2)) == Step()
    assert reader.take(words(3, 4)) == Step(say=(Open(CHAT, REPLY, 2),))
    assert reader.take(words(1, 3)) == Step(say=(Open(CHAT, REPLY, 2),))


def test_after_a_cut_it_reads_on_from_where_it_stood() -> None:
    reader = reading()
    reader.take(words(0, 2))
    assert reader.open() == Open(CHAT, REPLY, 2)
    assert reader.take(snapshot(ASKED, live=live(2, 4))) == Step(" three")
    assert reader.take(words(4, 5)) == Step(" four")


def test_a_snapshot_from_the_beginning_is_not_shown_twice() -> None:
    reader = reading()
    reader.take(words(0, 2))
    assert reader.take(snapshot(ASKED, live=live(0, 4))) == Step(" three")
    assert reader.take(words(4, 5)) == Step(" four")


def test_a_reply_that_ended_during_the_cut_is_taken_from_the_conversation() -> None:
    reader = reading()
    reader.take(words(0, 2))
    assert reader.take(snapshot(ASKED, message("assistant", WHOLE, "stop"))) == Step(
        " three four", outcome=Outcome()
    )


def test_a_request_that_was_lost_with_the_connection_is_made_again_with_the_same_key() -> None:
    reader = ReplyReader(REQUEST)
    assert reader.take(snapshot()).say == (REQUEST,)
    assert reader.take(snapshot()).say == (REQUEST,)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (finished("failed", None, "No worker."), "No worker."),
        (finished("cancelled", "One"), "The reply is not complete: cancelled."),
        (finished("stop", "Another"), "The reply that was kept is not the one that was shown."),
        (snapshot(ASKED), "The reply failed before its first word."),
        (
            snapshot(ASKED, live=live(0, 2, "Other")),
            "The server sent another reply than the one it had begun.",
        ),
        (Problem("queue_full", "Full.", CHAT, KEY), "Full."),
        (ConversationGone(CHAT), "The conversation was deleted."),
    ],
)
def test_every_other_end_is_said_in_one_line(event: object, why: str) -> None:
    reader = reading()
    if "kept" in why or "begun" in why or "cancelled" in why:
        reader.take(words(0, 1))
    outcome = reader.take(event).outcome
    assert outcome is not None
    assert outcome.why == why


def test_what_concerns_others_is_passed_over() -> None:
    reader = reading()
    for event in (
        ReplyText(CHAT, UUID(int=77), 0, 1, "x"),
        ReplyText(UUID(int=77), REPLY, 0, 1, "x"),
        ReplyFinished(CHAT, UUID(int=77), "stop"),
        Problem("storage", "Saving waits.", CHAT),
        Problem("busy", "Wait.", CHAT, UUID(int=77)),
        object(),
    ):
        assert reader.take(event) == Step()


@given(st.lists(st.tuples(st.sampled_from(["text", "again", "cut", "lose"]), st.integers(1, 3)), max_size=30))
def test_however_it_is_cut_and_repeated_the_reply_is_read_once_and_whole(
    faults: list[tuple[str, int]],
) -> None:
    """A server that speaks, loses, repeats; the reader asks for what it lacks."""
    reader = reading()
    shown, spoken = "", 0
    for fault, count in [*faults, ("cut", 0)]:
        upto = min(len(WORDS), spoken + count)
        match fault:
            case "text":
                steps = [reader.take(words(spoken, upto))] if upto > spoken else []
            case "again":
                steps = [reader.take(words(max(0, spoken - count), spoken))] if spoken else []
            case "lose":
                steps = []
            case _:
                asked = reader.open()
                seq = asked.seq if count % 2 else 0
                steps = [reader.take(snapshot(ASKED, live=live(seq, max(spoken, seq))))]
        spoken = upto if fault in {"text", "lose"} else spoken
        for step in steps:
            shown += step.text
            for command in step.say:
                assert isinstance(command, Open)
                shown += reader.take(snapshot(ASKED, live=live(command.seq, spoken))).text
        assert WHOLE.startswith(shown)
    shown += reader.take(finished()).text
    assert shown == WHOLE
