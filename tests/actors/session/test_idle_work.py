"""A session in idle time: titles, summaries, and the next prompt computed ahead."""

import pytest
from msgspec.structs import replace

from actors import addresses
from actors.addresses import QUEUE, SOCKETS
from actors.conversation.summaries import ContextUse
from actors.messages.chat import (
    Done,
    ListChanged,
    Open,
    Problem,
    RemoveSummary,
    Rename,
    SaveSummary,
    Select,
    SetSummaries,
    ShownSummaries,
    SummariesChanged,
    TitleChanged,
    WriteSummary,
)
from actors.messages.generation import (
    Ack,
    Cancel,
    End,
    EndReason,
    GenerateReply,
    Progress,
    PromptReport,
    PromptTrace,
    Token,
    Traced,
)
from actors.messages.queueing import BackgroundLeased, BackgroundLost, ReplyEnded, SubmitAgain
from actors.settings import SessionSettings
from tests.actors.kit import BOX, Said, accepted, uid
from tests.actors.session.kit import CONVERSATION, SETTINGS, START, Talk, answer, begun

ASKER = "asks/2"
FULL = ContextUse(prompt_tokens=90, talk_tokens=80, budget=100)
UNTITLED = replace(SETTINGS, titles=False)


def due(talk: Talk) -> GenerateReply:
    """What is asked for after a while of quiet."""
    return talk.fire("background").one(GenerateReply)


def nothing_is_due(talk: Talk) -> bool:
    return talk.fire("background") == []


def lease(talk: Talk, asked: GenerateReply) -> Said:
    return talk.tell(BackgroundLeased(asked.generation, "box"), QUEUE)


def write(talk: Talk, asked: GenerateReply, *words: str, reason: EndReason = "stop") -> Said:
    """The box writes these words, and they are committed."""
    said = Said()
    for seq, word in enumerate(words):
        said += talk.do(Token(asked.generation, 1, seq, seq, word), BOX)
    return said + talk.do(End(asked.generation, 1, len(words), reason), BOX)


def made(talk: Talk, *words: str) -> Said:
    asked = due(talk)
    lease(talk, asked)
    return write(talk, asked, *words)


def long_talk(settings: SessionSettings = UNTITLED, turns: int = 4) -> Talk:
    """One whose messages fill the context."""
    talk = Talk(settings)
    talk.begin()
    for number in range(turns):
        answer(talk, key=number + 1, text=f"This is message number {number}, and it goes on for a while.")
    talk.session.idle.summaries.use = FULL
    return talk


SUMMARY = ("They met ", "and spoke of many things.")


# -- titles -----------------------------------------------------------------------------------------


def test_a_title_is_asked_for_after_the_first_reply_and_a_while_of_quiet() -> None:
    talk = begun()
    assert nothing_is_due(talk)
    answer(talk)
    assert talk.timers["background"] == SETTINGS.background_pause_s
    asked = due(talk)
    assert asked.background
    assert "title" in asked.turn.task
    assert [message.text for message in asked.turn.history] == talk.texts()


def test_it_becomes_the_title_once_it_is_durable_and_all_lists_hear_of_it() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    lease(talk, asked)
    said = write(talk, asked, "«Чай ", "у окна»\n", "more")
    assert said.of(TitleChanged) == [TitleChanged(CONVERSATION, "Чай у окна")]
    assert said.to(SOCKETS) == [ListChanged(talk.row.user)]
    assert said.of(ReplyEnded) == [ReplyEnded(asked.generation)]
    row = talk.disk.conversations[CONVERSATION]
    assert (row.title, row.titled_by) == ("Чай у окна", "model")
    assert nothing_is_due(talk)
    talk.restart()
    assert nothing_is_due(talk)


def test_its_tokens_are_acknowledged_in_order_as_they_come() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    lease(talk, asked)
    late, first = (Token(asked.generation, 1, seq, 0, word) for seq, word in ((1, "room"), (0, "Tea")))
    assert talk.tell(late, BOX).of(Ack) == [Ack(asked.generation, 1, 0, traced=True)]
    assert talk.tell(first, BOX).of(Ack) == [Ack(asked.generation, 1, 2, traced=True)]
    assert talk.commits == []


def test_a_title_that_a_person_gave_is_never_changed() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    lease(talk, asked)
    said = talk.tell(Rename("Mine", ASKER), ASKER)
    assert said.to(BOX) == [Cancel(asked.generation, 1)]
    talk.commit_all(said)
    write(talk, asked, "Theirs")
    assert talk.disk.conversations[CONVERSATION].title == "Mine"
    assert nothing_is_due(talk)
    talk.restart()
    assert nothing_is_due(talk)


def test_a_setting_turns_titles_off() -> None:
    talk = Talk(UNTITLED)
    talk.begin()
    answer(talk)
    assert nothing_is_due(talk)


def test_a_title_that_came_with_the_conversation_is_a_persons() -> None:
    talk = Talk()
    talk.tell(START, "asks/1")
    talk.do(talk.sheet, addresses.character(talk.sheet.character))
    talk.tell(Open(CONVERSATION))
    answer(talk)
    assert nothing_is_due(talk)


def test_what_cannot_be_used_is_asked_for_a_few_times_and_the_title_stays() -> None:
    talk = begun(reply=True)
    before = talk.snapshot().title
    for _ in range(SETTINGS.background_tries):
        made(talk, "  \n", "...")
    row = talk.disk.conversations[CONVERSATION]
    assert (row.title, row.titled_by) == (before, "model")
    talk.restart()
    assert nothing_is_due(talk)


# -- giving way -------------------------------------------------------------------------------------


def test_a_message_of_the_person_comes_first() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    lease(talk, asked)
    said = talk.say("Wait!", key=2)
    assert Cancel(asked.generation, 1) in said.to(BOX)
    assert ReplyEnded(asked.generation) in said.to(QUEUE)
    assert "background" not in talk.timers
    stray = talk.tell(Token(asked.generation, 1, 0, 0, "Tea"), BOX)
    assert stray.to(BOX) == [Cancel(asked.generation, 1)]


def test_what_was_written_by_then_is_gone_on_with() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    lease(talk, asked)
    talk.tell(Token(asked.generation, 1, 0, 0, "Tea at "), BOX)
    talk.tell(BackgroundLost(asked.generation), QUEUE)
    again = due(talk)
    assert again.generation != asked.generation
    assert again.turn.continue_text == "Tea at "
    lease(talk, again)
    write(talk, again, "dusk")
    assert talk.snapshot().title == "Tea at dusk"


def test_where_no_box_is_there_it_is_asked_for_later_and_later() -> None:
    talk = begun(reply=True)
    pauses: list[float] = []
    for _ in range(12):
        talk.tell(BackgroundLost(due(talk).generation), QUEUE)
        pauses.append(talk.timers["background"])
    assert pauses == sorted(pauses)
    assert pauses[0] == 2 * SETTINGS.background_pause_s
    assert pauses[-1] == SETTINGS.background_retry_s


def test_a_queue_that_forgot_it_is_asked_again_and_a_silent_box_is_left() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    assert talk.fire("background").to(QUEUE) == [asked]
    lease(talk, asked)
    talk.tell(replace(accepted(), generation=asked.generation), BOX)
    talk.fire("background")
    talk.tell(Progress(asked.generation, 1, 1, 2), BOX)
    talk.fire("background")
    said = talk.fire("background")
    assert said.to(BOX) == [Cancel(asked.generation, 1)]
    assert said.to(QUEUE) == [ReplyEnded(asked.generation)]


def test_an_incarnation_that_knows_nothing_of_it_lets_it_go() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    assert talk.tell(SubmitAgain(asked.generation), QUEUE) == []
    talk.restart()
    assert talk.tell(SubmitAgain(asked.generation), QUEUE).to(QUEUE) == [ReplyEnded(asked.generation)]
    said = lease(talk, asked)
    assert said.to(BOX) == [Cancel(asked.generation, 1)]
    assert said.to(QUEUE) == [ReplyEnded(asked.generation)]


def test_what_another_box_says_of_it_is_not_heard() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    lease(talk, asked)
    assert talk.tell(Token(asked.generation, 1, 0, 0, "Bad"), "worker/other") == []


def test_a_box_that_writes_without_end_is_stopped() -> None:
    talk = begun(reply=True)
    asked = due(talk)
    lease(talk, asked)
    said = talk.tell(Token(asked.generation, 1, 0, 0, "x" * 15_000), BOX)
    assert Cancel(asked.generation, 1) in said.to(BOX)


# -- summaries --------------------------------------------------------------------------------------


def test_a_summary_is_written_before_the_context_overflows() -> None:
    talk = long_talk()
    asked = due(talk)
    assert "summary" in asked.turn.task
    assert 0 < len(asked.turn.history) < len(talk.texts()) - 1
    assert asked.turn.history[-1].role == "assistant"
    assert talk.snapshot().summaries.writing is not None
    lease(talk, asked)
    said = write(talk, asked, *SUMMARY)
    shown = said.of(SummariesChanged)[-1].summaries
    assert [(each.text, each.by) for each in shown.shown] == [("".join(SUMMARY), "model")]
    assert shown.shown[0].upto == talk.snapshot().messages[len(asked.turn.history) - 1].id
    assert talk.texts()[0] == "Hello, Anna.", "nothing is deleted"


def test_how_full_the_context_is_is_read_off_the_trace_of_a_reply() -> None:
    talk = Talk(UNTITLED)
    talk.begin()
    talk.say("How are you?")
    talk.lease()
    talk.accept()
    parts = (
        PromptTrace("description", 20, kept=True, kind="description"),
        PromptTrace("message 1 (user)", 30, kept=False, kind="message"),
        PromptTrace("message 2 (user)", 40, kept=True, kind="message"),
    )
    talk.do(Traced(talk.row.id, talk.attempt, PromptReport(parts, 64, 128, 100)), BOX)
    use = ContextUse(prompt_tokens=64, talk_tokens=46, budget=100)
    assert talk.session.idle.summaries.use == use
    assert (use.room, use.fixed) == (82, 18)


def test_it_stands_for_the_oldest_messages_in_the_next_turn() -> None:
    talk = long_talk()
    asked = due(talk)
    lease(talk, asked)
    write(talk, asked, *SUMMARY)
    turn = talk.say("Go on.", key=9).one(GenerateReply).turn
    assert (turn.summary, turn.summarised) == ("".join(SUMMARY), len(asked.turn.history))
    assert turn.history[0].text == "Hello, Anna."
    assert talk.restart().one(GenerateReply).turn == turn, "every attempt has the same prompt"


def test_the_next_prompt_is_computed_ahead_in_idle_time() -> None:
    talk = long_talk()
    asked = due(talk)
    lease(talk, asked)
    write(talk, asked, *SUMMARY)
    talk.session.idle.summaries.use = ContextUse(50, 40, 100_000)
    ahead = due(talk)
    assert ahead.background
    assert ahead.turn.task == ""
    assert (ahead.turn.summary, ahead.turn.summarised) == ("".join(SUMMARY), len(asked.turn.history))
    assert [message.text for message in ahead.turn.history] == talk.texts()
    lease(talk, ahead)
    write(talk, ahead, reason="length")
    assert nothing_is_due(talk)


def test_the_next_summary_takes_in_the_one_before() -> None:
    talk = long_talk(turns=8)
    first = due(talk)
    lease(talk, first)
    write(talk, first, *SUMMARY)
    second = due(talk)
    assert second.turn.summary == "".join(SUMMARY)
    assert second.turn.summarised == len(first.turn.history) < len(second.turn.history)


def test_a_summary_is_of_its_branch_alone() -> None:
    talk = long_talk()
    asked = due(talk)
    lease(talk, asked)
    write(talk, asked, *SUMMARY)
    greeting = talk.snapshot().messages[0]
    other = next(each for each in greeting.siblings if each != greeting.id)
    talk.do(Select(CONVERSATION, other))
    assert talk.snapshot().summaries.shown == ()
    assert talk.say("Hello?", key=20).one(GenerateReply).turn.summary == ""


def test_a_person_mends_it_has_it_written_anew_and_takes_it_away() -> None:
    talk = long_talk(turns=3)
    upto = talk.snapshot().messages[2].id
    assert talk.do(SaveSummary(upto, " They met. ", ASKER), ASKER).to(ASKER) == [Done()]
    (shown,) = talk.snapshot().summaries.shown
    assert (shown.text, shown.by) == ("They met.", "person")
    assert talk.do(WriteSummary(upto, ASKER), ASKER).to(ASKER) == [Done()]
    assert talk.snapshot().summaries.writing == upto
    asked = due(talk)
    assert asked.turn.summary == "", "it is written from the messages, not from itself"
    lease(talk, asked)
    write(talk, asked, *SUMMARY)
    (shown,) = talk.snapshot().summaries.shown
    assert (shown.text, shown.by) == ("".join(SUMMARY), "model")
    assert talk.do(RemoveSummary(upto, ASKER), ASKER).to(ASKER) == [Done()]
    assert talk.snapshot().summaries == ShownSummaries()


def test_somebody_may_ask_for_the_next_one_at_once() -> None:
    talk = long_talk(turns=2)
    talk.session.idle.summaries.use = None
    assert talk.do(WriteSummary(None, ASKER), ASKER).to(ASKER) == [Done()]
    assert "summary" in due(talk).turn.task
    fresh = begun()
    assert fresh.do(WriteSummary(None, ASKER), ASKER).one(Problem).code == "bad_request"


def test_a_conversation_may_do_without() -> None:
    talk = long_talk()
    asked = due(talk)
    lease(talk, asked)
    write(talk, asked, *SUMMARY)
    assert talk.do(SetSummaries(False, ASKER), ASKER).to(ASKER) == [Done()]
    assert not talk.snapshot().summaries.wanted
    ahead = due(talk)
    assert (ahead.turn.task, ahead.turn.summary) == ("", "")
    talk.restart()
    assert not talk.snapshot().summaries.wanted
    assert talk.say("Go on.", key=20).one(GenerateReply).turn.summary == ""


def test_a_setting_turns_them_off() -> None:
    talk = long_talk(replace(UNTITLED, summaries=False))
    assert nothing_is_due(talk)


def test_a_prompt_stays_the_same_while_a_reply_is_made() -> None:
    talk = long_talk()
    upto = talk.snapshot().messages[2].id
    talk.say("Go on.", key=20)
    for message in (SaveSummary(upto, "x", ASKER), SetSummaries(False, ASKER), WriteSummary(upto, ASKER)):
        assert talk.do(message, ASKER).one(Problem).code == "busy"


@pytest.mark.parametrize(
    ("text", "code"), [("  ", "bad_request"), ("x" * (SETTINGS.summary_chars + 1), "too_long")]
)
def test_a_text_that_will_not_do_is_refused(text: str, code: str) -> None:
    talk = long_talk()
    said = talk.do(SaveSummary(talk.snapshot().messages[2].id, text, ASKER), ASKER)
    assert said.one(Problem).code == code


def test_a_message_that_is_not_there_is_refused() -> None:
    said = long_talk().do(RemoveSummary(uid(99), ASKER), ASKER)
    assert said.one(Problem).code == "not_found"


def test_a_summary_that_fails_is_left_until_the_talk_goes_on() -> None:
    talk = long_talk()
    for _ in range(SETTINGS.background_tries):
        made(talk, "no")
    assert nothing_is_due(talk)
    answer(talk, key=30, text="And this is what was said after all of that, and it takes some words to say.")
    assert "summary" in due(talk).turn.task
