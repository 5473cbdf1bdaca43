"""A session keeps how a reply came about, with its message and never on the way of its tokens."""

from actors.messages.archive import Commit
from actors.messages.chat import ContextChanged, Stop
from actors.messages.generation import Ack, PromptReport, PromptTrace, Traced
from actors.messages.replies import FindTrace, KeepTrace, ReplyTrace
from tests.actors.kit import BOX, OTHER_BOX, end
from tests.actors.session.kit import CONVERSATION, Talk, live, lose

PART = PromptTrace("message 1 (user)", 9, kept=True, kind="message")
REPORT = PromptReport((PART,), 10, 2_048, 1_536, reused=4, model="a model")


def tell_trace(talk: Talk, report: PromptReport = REPORT, worker: str = BOX) -> None:
    said = talk.do(Traced(talk.row.id, talk.attempt, report), worker)
    assert len(said) == len(said.of(ContextChanged))


def kept(talk: Talk) -> ReplyTrace | None:
    return talk.disk.read(FindTrace(CONVERSATION, talk.row.message))


def test_the_trace_is_kept_with_the_message_and_not_before() -> None:
    talk = live()
    tell_trace(talk)
    talk.frames(0)
    talk.later(2.0)
    talk.frames(1, 2)
    assert kept(talk) is None
    talk.do(talk.of_now(end(3)), BOX)
    trace = kept(talk)
    assert trace is not None
    assert (trace.report, trace.sampling, trace.tokens) == (REPORT, talk.row.sampling, 3)
    assert (trace.measured, trace.writing_s, trace.attempts) == (2, 2.0, 1)


def test_tokens_are_committed_without_it() -> None:
    talk = live()
    tell_trace(talk)
    talk.tell(talk.token(0), BOX)
    assert not [write for commit in talk.commits for write in commit.writes if isinstance(write, KeepTrace)]


def test_the_link_hears_with_each_acknowledgement_whether_the_trace_is_here() -> None:
    talk = live()
    assert not talk.frames(0).one(Ack).traced
    tell_trace(talk)
    talk.later(1.0)
    assert talk.frames(1).one(Ack).traced
    talk.restart()
    talk.accept()
    assert not talk.frames(2).one(Ack).traced  # it is told once more then


def test_a_reply_that_was_stopped_has_its_trace() -> None:
    talk = live()
    tell_trace(talk)
    talk.frames(0)
    talk.do(Stop(CONVERSATION, talk.row.id))
    trace = kept(talk)
    assert trace is not None
    assert trace.tokens == 1


def test_a_reply_that_another_box_took_up_has_that_ones_trace() -> None:
    talk = live()
    tell_trace(talk)
    talk.frames(0)
    lose(talk)
    talk.lease(committed=1)
    talk.accept()
    tell_trace(talk, PromptReport((PART,), 10, 4_096, 3_584, model="the other's"))
    talk.frames(1)
    talk.do(talk.of_now(end(2)), BOX)
    trace = kept(talk)
    assert trace is not None
    assert (trace.report.model, trace.attempts) == ("the other's", 2)


def test_what_a_box_without_the_lease_tells_is_not_kept() -> None:
    talk = live()
    tell_trace(talk, worker=OTHER_BOX)
    talk.frames(0)
    talk.do(talk.of_now(end(1)), BOX)
    assert kept(talk) is None


def test_a_reply_of_which_nothing_came_keeps_nothing() -> None:
    talk = live()
    tell_trace(talk)
    said = talk.tell(Stop(CONVERSATION, talk.row.id))
    assert not said.of(Commit)
    talk.commit_all(said)
    assert talk.disk.traces == {}
