"""How full a conversation's context is, and summaries of messages that are others since."""

from uuid import UUID

from actors.conversation.summaries import ContextUse
from actors.messages.chat import (
    ContextChanged,
    Edit,
    Purge,
    RemoveMessage,
    RestoreMessage,
    SaveSummary,
    SetSummaries,
    ShownContext,
    SummariesChanged,
)
from actors.messages.generation import End, GenerateReply, PromptReport, PromptTrace, Token, Traced
from actors.messages.queueing import BackgroundLeased
from tests.actors.kit import BOX, uid
from tests.actors.session.kit import CONVERSATION, SETTINGS, Talk, answer
from tests.actors.session.test_idle_work import (
    ASKER,
    FULL,
    SUMMARY,
    UNTITLED,
    due,
    long_talk,
    made,
    nothing_is_due,
)

PARTS = (
    PromptTrace("description", 20, kept=True, kind="description"),
    PromptTrace("summary", 30, kept=True, kind="summary"),
    PromptTrace("messages 1 to 2", 40, kept=True, kind="message", count=2),
)
REPORT = PromptReport(PARTS, 110, 1_280, 1_000)


def traced(talk: Talk) -> ContextChanged:
    """A reply of which the box says what its prompt was made of, and which ends."""
    talk.say("How are you?", key=50)
    talk.attempt = 0
    talk.lease()
    talk.accept()
    said = talk.do(Traced(talk.row.id, talk.attempt, REPORT), BOX)
    talk.frames(0)
    talk.do(End(talk.row.id, talk.attempt, 1, "stop"), BOX)
    return said.one(ContextChanged)


def context(talk: Talk) -> ShownContext:
    found = talk.snapshot().context
    assert found is not None
    return found


def summarised(turns: int = 4) -> tuple[Talk, UUID]:
    """A long talk with a summary by the model, and up to where it goes."""
    talk = long_talk(turns=turns)
    made(talk, *SUMMARY)
    (shown,) = talk.snapshot().summaries.shown
    talk.session.idle.summaries.use = ContextUse(50, 40, 100_000)
    made(talk, "")  # the next prompt, ahead
    assert nothing_is_due(talk)
    return talk, shown.upto


# -- how full it is ---------------------------------------------------------------------------------


def test_it_is_not_known_before_a_prompt_was_made() -> None:
    talk = Talk(UNTITLED)
    talk.begin()
    answer(talk)
    assert talk.snapshot().context is None


def test_readers_hear_of_it_with_each_prompt_and_each_reply() -> None:
    talk = Talk(UNTITLED)
    talk.begin()
    first = traced(talk).context
    after = context(talk)
    assert first.budget == after.budget == 1_000
    assert first.used < after.used < after.due < 1_000
    assert after.messages > 0


def test_it_is_known_after_a_restart_before_the_next_reply() -> None:
    talk = Talk(UNTITLED)
    talk.begin()
    traced(talk)
    before = context(talk)
    talk.restart()
    assert context(talk) == before


def test_what_is_neither_talk_nor_summary_is_counted_as_it_was() -> None:
    talk = Talk(UNTITLED)
    talk.begin()
    traced(talk)
    use = talk.session.idle.summaries.use
    assert use is not None
    assert (use.fixed, use.room) == (110 - 52 - 30, 1_000 - 58)


def test_a_context_that_is_full_shows_no_more_than_its_budget() -> None:
    talk = long_talk()
    assert context(talk).used == FULL.budget
    assert context(talk).messages == 0


def test_a_summary_makes_room() -> None:
    talk = long_talk()
    talk.session.idle.summaries.use = ContextUse(90, 80, 10_000)
    before = context(talk)
    upto = talk.snapshot().messages[5].id
    said = talk.do(SaveSummary(upto, "They met.", ASKER), ASKER)
    assert said.one(ContextChanged).context.used < before.used
    assert said.one(SummariesChanged).summaries.shown[0].count == 6


def test_where_none_are_wanted_no_summary_is_announced() -> None:
    talk = long_talk()
    talk.do(SetSummaries(False, ASKER), ASKER)
    assert (context(talk).due, context(talk).messages) == (0, 0)


# -- what is stale ----------------------------------------------------------------------------------


def stale(talk: Talk) -> list[bool]:
    return [each.stale for each in talk.snapshot().summaries.shown]


def edit(talk: Talk, message: UUID, key: int = 60) -> None:
    talk.do(Edit(CONVERSATION, uid(key), message, "In other words.", in_place=True))


def test_other_words_within_its_range_make_a_summary_stale_and_it_is_written_anew() -> None:
    talk, upto = summarised()
    edit(talk, talk.snapshot().messages[1].id)
    assert stale(talk) == [True]
    talk.restart()
    assert stale(talk) == [True]
    asked = due(talk)
    assert "summary" in asked.turn.task
    assert "In other words." in [message.text for message in asked.turn.history]
    talk.tell(BackgroundLeased(asked.generation, "box"), "queue")
    talk.do(Token(asked.generation, 1, 0, 0, "They met, in other words, and all was well."), BOX)
    talk.do(End(asked.generation, 1, 1, "stop"), BOX)
    (shown,) = talk.snapshot().summaries.shown
    assert (shown.upto, shown.stale) == (upto, False)
    assert shown.text.startswith("They met, in other words")
    talk.restart()
    assert stale(talk) == [False]


def test_what_comes_after_it_does_not_touch_it() -> None:
    talk, upto = summarised()
    path = [message.id for message in talk.snapshot().messages]
    edit(talk, path[path.index(upto) + 1])
    assert stale(talk) == [False]


def test_a_message_that_is_removed_alone_or_comes_back_makes_it_stale() -> None:
    talk, _ = summarised()
    message = talk.snapshot().messages[1].id
    talk.do(RemoveMessage(CONVERSATION, message, branch=False))
    assert stale(talk) == [True]
    count = talk.snapshot().summaries.shown[0].count
    made(talk, *SUMMARY)
    assert stale(talk) == [False]
    talk.do(RestoreMessage(CONVERSATION, message))
    assert stale(talk) == [True]
    assert talk.snapshot().summaries.shown[0].count == count + 1


def test_a_branch_that_goes_and_comes_back_is_as_it_was() -> None:
    talk, upto = summarised()
    message = talk.snapshot().messages[1].id
    talk.do(RemoveMessage(CONVERSATION, message, branch=True))
    assert talk.snapshot().summaries.shown == ()
    talk.do(RestoreMessage(CONVERSATION, message))
    assert [each.upto for each in talk.snapshot().summaries.shown] == [upto]
    assert stale(talk) == [False]


def test_a_persons_words_are_marked_and_left_to_the_person() -> None:
    talk, upto = summarised()
    talk.do(SaveSummary(upto, "What I say.", ASKER), ASKER)
    made(talk, "")
    edit(talk, talk.snapshot().messages[1].id)
    assert stale(talk) == [True]
    assert nothing_is_due(talk)
    talk.do(SaveSummary(upto, "What I say now.", ASKER), ASKER)
    assert stale(talk) == [False]


def test_one_that_is_being_written_of_other_words_is_begun_anew() -> None:
    talk = long_talk()
    asked = due(talk)
    talk.tell(BackgroundLeased(asked.generation, "box"), "queue")
    talk.tell(Token(asked.generation, 1, 0, 0, "They said number 0."), BOX)
    edit(talk, talk.snapshot().messages[1].id)
    again = due(talk)
    assert again.turn.continue_text == ""
    assert "In other words." in [message.text for message in again.turn.history]


def test_a_removal_takes_the_model_from_what_it_is_summarising() -> None:
    talk = long_talk()
    asked = due(talk)
    talk.tell(BackgroundLeased(asked.generation, "box"), "queue")
    talk.do(RemoveMessage(CONVERSATION, talk.snapshot().messages[1].id, branch=False))
    assert not talk.session.idle.has(asked.generation)


def test_a_stale_one_stands_until_there_is_another() -> None:
    talk, _ = summarised()
    edit(talk, talk.snapshot().messages[1].id)
    assert talk.say("Go on.", key=70).one(GenerateReply).turn.summary == "".join(SUMMARY)


def test_what_was_removed_for_good_is_told_of_no_more() -> None:
    talk, upto = summarised()
    talk.do(RemoveMessage(CONVERSATION, upto, branch=False))
    talk.do(Purge(CONVERSATION))
    talk.do(RestoreMessage(CONVERSATION, upto))
    assert talk.snapshot().summaries.shown == ()
    talk.restart()
    assert talk.snapshot().summaries.shown == ()


def test_a_summary_that_cannot_be_renewed_is_left_after_a_few_tries() -> None:
    talk, _ = summarised()
    edit(talk, talk.snapshot().messages[1].id)
    for _ in range(SETTINGS.background_tries):
        made(talk, "no")
    assert nothing_is_due(talk)
