"""Previews: finds a GPU box for a prompt that is to be shown, or for texts whose tokens are to be counted.

Receives  Started; QueueStatus (queue); AskPreview, AskCounts (edge); PromptPreviewed, TokensCounted (link)
Sends     WatchQueue (queue); PreviewPrompt, CountTokens (link); PromptPreviewed, TokensCounted, NoPreview
          (edge)
Restart   starts empty; whoever waits has a deadline of its own

Nothing is asked twice: a box that does not answer, or goes away, is answered for with NoPreview.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct

from actors import addresses
from actors.addresses import PREVIEWS, QUEUE
from actors.effects import Effect, Send, Started, StartTimer, TimerFired
from actors.messages.preview import (
    AskCounts,
    AskPreview,
    CountTokens,
    NoPreview,
    PreviewPrompt,
    PromptPreviewed,
    TokensCounted,
)
from actors.messages.queueing import QueueStatus, WatchQueue, WorkerFacts
from actors.settings import PreviewSettings
from actors.world import World

ABLE = frozenset({"ready", "draining", "drained"})
"""States of a box that is linked and has its model: a preview is nothing that a drained one would keep."""


class UnderWay(Struct):
    reply_to: str
    user: UUID
    worker: str
    until_s: float


class Previews:
    def __init__(self, settings: PreviewSettings, world: World) -> None:
        self.settings = settings
        self.world = world
        self.workers: tuple[WorkerFacts, ...] = ()
        self.under_way: dict[UUID, UnderWay] = {}

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Started() | TimerFired("watch"):
                return [Send(QUEUE, WatchQueue(PREVIEWS)), StartTimer("watch", self.settings.watch_s)]
            case TimerFired():
                return self.expire()
            case QueueStatus(workers):
                self.workers = workers
                return self.expire()
            case AskPreview() | AskCounts():
                return self.asked(message)
            case PromptPreviewed(id) | TokensCounted(id):
                return self.answered(id, message, sender)
            case _:
                raise TypeError(f"previews got {type(message).__name__}")

    def asked(self, message: AskPreview | AskCounts) -> list[Effect]:
        mine = sum(each.user == message.user for each in self.under_way.values())
        if len(self.under_way) >= self.settings.most or mine >= self.settings.user:
            return [Send(message.reply_to, NoPreview("busy"))]
        worker = self.choose()
        if worker is None:
            return [Send(message.reply_to, NoPreview("no_box"))]
        number = self.world.new_id()
        until_s = self.world.monotonic_s() + self.settings.deadline_s
        self.under_way[number] = UnderWay(message.reply_to, message.user, worker, until_s)
        asked: PreviewPrompt | CountTokens
        if isinstance(message, AskPreview):
            asked = PreviewPrompt(number, message.request, message.sheet, message.books)
        else:
            asked = CountTokens(number, message.texts)
        return [Send(addresses.worker(worker), asked), StartTimer("deadline", self.settings.deadline_s)]

    def choose(self) -> str | None:
        """The box with least to do: first of previews, then of replies."""
        able = [worker for worker in self.workers if worker.state in ABLE and worker.engine]
        if not able:
            return None
        names = [each.worker for each in self.under_way.values()]
        return min(able, key=lambda worker: (names.count(worker.name), worker.busy, worker.name)).name

    def answered(self, number: UUID, message: Any, sender: str) -> list[Effect]:
        found = self.under_way.get(number)
        if found is None or sender != addresses.worker(found.worker):
            return []  # too late, or not the one that was asked
        del self.under_way[number]
        return [Send(found.reply_to, message)]

    def expire(self) -> list[Effect]:
        """Answer for boxes that went away or took too long."""
        now = self.world.monotonic_s()
        able = {worker.name for worker in self.workers if worker.state in ABLE}
        effects: list[Effect] = []
        for number, each in list(self.under_way.items()):
            if each.worker not in able or each.until_s <= now:
                del self.under_way[number]
                why = "no_box" if each.worker not in able else "late"
                effects.append(Send(each.reply_to, NoPreview(why)))
        if self.under_way:
            first_s = min(each.until_s for each in self.under_way.values())
            effects.append(StartTimer("deadline", max(0.0, first_s - now)))
        return effects
