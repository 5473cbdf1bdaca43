"""Previews find a box, keep within their bounds, and answer for boxes that do not."""

from typing import Any
from uuid import UUID

from actors.addresses import PREVIEWS, QUEUE, worker
from actors.effects import Started
from actors.messages.preview import (
    AskCounts,
    AskPreview,
    CountTokens,
    NoPreview,
    PreviewPrompt,
    TokensCounted,
)
from actors.messages.queueing import QueueStatus, WatchQueue, WorkerFacts
from actors.previews import Previews
from actors.settings import PreviewSettings
from tests.actors.kit import SHEET, Said, Stage, new_world, request, uid

SETTINGS = PreviewSettings(most=3, user=2, deadline_s=8.0, watch_s=2.0)


def box(name: str, state: str = "ready", busy: int = 0) -> WorkerFacts:
    return WorkerFacts(name, "engine", "model", 4, busy, state)


class Desk(Stage):
    """The actor, with these boxes."""

    def __init__(self, *boxes: WorkerFacts) -> None:
        world = new_world()
        super().__init__(Previews(SETTINGS, world), world)
        self.first = self.tell(Started())
        self.boxes(*boxes)

    def boxes(self, *boxes: WorkerFacts) -> Said:
        return self.tell(QueueStatus(boxes, 0, 0), QUEUE)

    def ask(self, number: int, user: int = 1) -> Said:
        return self.tell(AskCounts(uid(user), ("tea",), f"asks/{number}"))


def asked(said: Said, name: str = "box") -> UUID:
    (message,) = said.to(worker(name))
    assert isinstance(message, CountTokens | PreviewPrompt)
    return message.id


def refusals(said: Said) -> list[tuple[str, Any]]:
    return [(send.to, send.message.why) for send in said if isinstance(send.message, NoPreview)]


def test_the_boxes_are_learnt_from_the_queue_again_and_again() -> None:
    desk = Desk()
    assert desk.first.to(QUEUE) == [WatchQueue(PREVIEWS)]
    assert desk.fire("watch").to(QUEUE) == [WatchQueue(PREVIEWS)]


def test_what_is_asked_goes_to_the_box_with_least_to_do_and_the_answer_back() -> None:
    desk = Desk(box("full", busy=3), box("box"), box("gone", "silent"))
    said = desk.tell(AskPreview(uid(1), request(), SHEET, (), "asks/1"))
    (message,) = said.to(worker("box"))
    assert isinstance(message, PreviewPrompt)
    assert (message.request, message.sheet) == (request(), SHEET)
    second = asked(desk.ask(2), "full")  # the other one has a preview now
    answer = TokensCounted(second, (1,))
    assert desk.tell(answer, worker("full")).to("asks/2") == [answer]


def test_without_a_box_the_answer_comes_at_once() -> None:
    desk = Desk(box("gone", "silent"), box("cold", "starting"))
    assert refusals(desk.ask(1)) == [("asks/1", "no_box")]


def test_a_user_and_all_together_have_their_bounds() -> None:
    desk = Desk(box("box"))
    first = asked(desk.ask(1))
    desk.ask(2)
    assert refusals(desk.ask(3)) == [("asks/3", "busy")]
    assert not refusals(desk.ask(4, user=2))
    assert refusals(desk.ask(5, user=3)) == [("asks/5", "busy")]
    desk.tell(TokensCounted(first, ()), worker("box"))
    assert not refusals(desk.ask(6, user=3))


def test_a_box_that_does_not_answer_in_time_is_answered_for() -> None:
    desk = Desk(box("box"))
    number = asked(desk.ask(1))
    desk.later(3.0)
    desk.ask(2)
    desk.timers["deadline"] = 5.0
    assert refusals(desk.fire("deadline")) == [("asks/1", "late")]
    assert desk.tell(TokensCounted(number, (1,)), worker("box")) == []
    assert refusals(desk.fire("deadline")) == [("asks/2", "late")]


def test_a_box_that_goes_away_is_answered_for_at_once() -> None:
    desk = Desk(box("box"), box("other", busy=1))
    desk.ask(1)
    assert refusals(desk.boxes(box("other"))) == [("asks/1", "no_box")]


def test_another_box_cannot_answer() -> None:
    desk = Desk(box("box"))
    number = asked(desk.ask(1))
    assert desk.tell(TokensCounted(number, (9,)), worker("other")) == []
    assert desk.tell(TokensCounted(uid(99), (9,)), worker("box")) == []
