"""The link: what prompts were made of, and previews, on their way."""

from msgspec.structs import replace

from actors.addresses import GPU, PREVIEWS
from actors.messages.generation import Accepted, End, PromptReport, Traced
from actors.messages.preview import CountTokens, PreviewPrompt, TokensCounted
from tests.actors.kit import SHEET, end, request, token, uid
from tests.actors.link.kit import SESSION, Box, ack, linked, resume, working

TRACED = Traced(uid(1), 1, PromptReport((), 10, 2_048, 1_536))


def traced(*seqs: int) -> Box:
    box = working(*seqs)
    box.engine(TRACED)
    return box


def test_a_trace_goes_to_the_session_and_is_not_repeated_once_it_is_there() -> None:
    box = working()
    assert box.engine(TRACED).to(SESSION) == [TRACED]
    box.engine(token(0))
    box.web(replace(ack(1), traced=True))
    assert box.web(resume(1)).of(Traced) == []
    assert box.engine(end(1)).of(Traced) == []


def test_a_trace_that_was_lost_comes_again_with_a_resume_and_before_the_end() -> None:
    box = traced(0)
    box.web(ack(1))
    assert [type(message) for message in box.web(resume(1)).to(SESSION)] == [Accepted, Traced]
    assert [type(message) for message in box.engine(end(1)).to(SESSION)] == [Traced, End]


def test_a_session_that_was_made_anew_is_told_once_more() -> None:
    box = traced(0)
    box.web(replace(ack(1), traced=True))
    box.engine(token(1))
    box.web(ack(2))  # of its next incarnation, which knows nothing
    assert box.web(resume(2)).of(Traced) == [TRACED]


def test_a_trace_of_an_attempt_that_is_over_is_dropped() -> None:
    box = linked()
    assert box.engine(TRACED) == []


def test_previews_and_their_answers_are_passed_on() -> None:
    box = linked()
    asked = PreviewPrompt(uid(5), request(), SHEET)
    assert box.web(asked).to(GPU) == [asked]
    answer = TokensCounted(uid(6), (1, 2))
    assert box.engine(answer).to(PREVIEWS) == [answer]


def test_without_an_engine_a_preview_goes_nowhere() -> None:
    assert Box().web(CountTokens(uid(6), ("tea",))) == []
