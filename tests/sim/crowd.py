"""One seed of a crowd: several users want more than the boxes can make, while boxes fail and are drained.

Each user has some conversations, one has many; in each the next message follows soon on the last reply. The
replies are short, so that many are served and what is not fair shows.
"""

from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

from actors.addresses import ARCHIVE, QUEUE
from actors.messages.archive import Commit, Committed
from actors.messages.chat import Stop
from actors.messages.generation import Sampling
from actors.messages.link import WIRE_VERSION
from actors.messages.queueing import BoxDrained, Dismiss, Line, Move
from actors.messages.replies import StoredGeneration
from actors.messages.shares import DrainBox
from actors.settings import QueueSettings
from tests.sim.background_watch import BackgroundWatch
from tests.sim.cluster import Box, Cluster
from tests.sim.network import Weather
from tests.sim.queue_watch import LONGEST, QueueWatch
from tests.sim.reader import Reader
from tests.sim.scenario import Scenario

SHORT = Sampling(max_tokens=LONGEST, max_thought_tokens=0)
REFUSALS = frozenset({"queue_full", "user_waiting", "user_tokens", "dismissed"})
KEEPER = "keeper/0"


class Crowd(Scenario):
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.random = random = Random(f"crowd {seed}")
        weather = Weather(
            drop=random.choice((0.0, 0.0, 0.02)),
            repeat=random.choice((0.0, 0.05)),
            reorder=random.choice((0.0, 0.1)),
            delay_s=random.choice((0.0005, 0.005)),
        )
        queue = QueueSettings(
            max_waiting=random.choice((6, 64)),
            lease_s=3.0,  # a box that was cut off comes back to find its replies elsewhere
            user_running=random.choice((0, 1, 2)),
            user_waiting=random.choice((1, 2, 16)),
            user_tokens_a_day=random.choice((0, 0, 0, 60)),
            prompt_token_cost=0.0,
        )
        boxes, slots = random.choice((1, 2, 3)), random.choice((1, 1, 2))
        self.cluster = cluster = Cluster(
            seed, weather, boxes, slots, exact=True, queue=queue, users=random.choice((2, 3, 4))
        )
        self.watch = QueueWatch(cluster, random)
        self.taste.is_there = False  # of one user alone
        self.background = BackgroundWatch(cluster)
        if boxes > 1 and random.random() < 0.3:
            cluster.boxes["box0"].version = WIRE_VERSION + 1
        self.storm_is_over = False
        self.returning: set[str] = set()  # boxes that are to serve again

    # -- people -------------------------------------------------------------------------------

    def people_come(self) -> None:
        number = 0
        for user in self.cluster.users:
            conversations = self.random.choice((1, 2, 3)) if number else 6
            self.watch.conversations = max(self.watch.conversations, conversations)
            for _ in range(conversations):
                self.begin_conversation(number, user, tabs=1)
                number += 1

    def say_later(self, reader: Reader, left: int) -> None:
        """The next message follows soon on the last reply, until the storm is over."""
        cluster = self.cluster

        def say() -> None:
            waiting = reader.unsent is not None and not self.is_on_disk(reader.unsent)
            if waiting and reader.unsent is not None:
                reader.tell(reader.unsent)
                cluster.loop.call_later(1.0, say)
            elif self.storm_is_over:
                pass
            elif self.live(reader.conversation) is None:
                reader.say("And then?", SHORT)
                cluster.loop.call_later(0.1, say)
            else:
                cluster.loop.call_later(0.05, say)

        cluster.loop.call_later(self.random.uniform(0.0, 0.2), say)

    # -- faults -------------------------------------------------------------------------------

    def faults(self) -> list[Callable[[], None]]:
        cluster = self.cluster
        box = self.random.choice(list(cluster.boxes.values()))

        def cut() -> None:
            box.line.cut = True
            cluster.loop.call_later(self.random.choice((0.3, 2.0, 6.0)), box.line.mend)

        def drain() -> None:
            self.drain(box)
            cluster.loop.call_later(self.random.uniform(0.5, 4.0), lambda: self.serve_again(box))

        def move() -> None:
            line = self.line_now()
            if line:
                generation = self.random.choice(line)
                to = "first" if self.random.random() < 0.5 else "up"
                self.watch.by_hand.update(line)
                self.to_queue(Move(generation, to, KEEPER))

        def dismiss() -> None:
            line = self.line_now()
            if line:
                generation = self.random.choice(line)
                self.ended_by_people(generation)
                self.to_queue(Dismiss(generation, KEEPER))

        def stop() -> None:
            reader = self.random.choice([*cluster.readers.values(), None])
            if reader is not None and reader.generation is not None:
                self.ended_by_people(reader.generation)
                reader.tell(Stop(reader.conversation, reader.generation))

        usual = {fault.__name__: fault for fault in super().faults()}
        kept = ("kill_engine", "kill_link", "kill_web", "reset", "disk_full", "answer_lost", "reload")
        kept += ("poison_session", "poison_queue", "rename")
        return [cut, drain, drain, move, dismiss, stop, *(usual[name] for name in kept)]

    def ended_by_people(self, generation: UUID) -> None:
        self.stopped.add(generation)
        self.watch.stops += 1

    def line_now(self) -> list[UUID]:
        queue = self.watch.queue()
        return [ticket.generation for ticket in queue.line] if queue is not None else []

    def calm(self) -> None:
        super().calm()
        self.storm_is_over = True
        for box in self.cluster.boxes.values():
            if box.version != WIRE_VERSION:
                box.version = WIRE_VERSION  # it was updated
            self.cluster.loop.call_later(4.0, self.serve_again, box)

    # -- the keeper ---------------------------------------------------------------------------

    def drain(self, box: Box) -> None:
        if box.name not in self.returning:
            self.commit_drain(box, drained=True)

    def serve_again(self, box: Box) -> None:
        """Said again until the queue has heard it."""
        self.watch.drained.discard(box.name)
        self.returning.add(box.name)
        self.undo(box)

    def undo(self, box: Box) -> None:
        if box.name in self.returning:
            self.commit_drain(box, drained=False)
            self.cluster.loop.call_later(1.0, lambda: self.undo(box))

    def commit_drain(self, box: Box, *, drained: bool) -> None:
        web = self.cluster.web
        if web is not None:
            web.serve("keeper", self)
            write = DrainBox(box.name, drained, self.cluster.user)
            tag = f"{box.name}/{int(drained)}"
            web.tell(ARCHIVE, Commit((write,), KEEPER, tag), KEEPER)

    def to_queue(self, message: Any) -> None:
        web = self.cluster.web
        if web is not None:
            web.serve("keeper", self)
            web.tell(QUEUE, message, KEEPER)

    def deliver(self, address: str, message: Any, sender: str) -> None:
        match message:
            case Committed(tag):
                name, drained = tag.split("/")
                self.to_queue(BoxDrained(name, drained == "1", KEEPER))
            case Line(drained=names):
                self.returning.intersection_update(names)
                self.watch.drained.update(set(names) & set(self.cluster.disk.drained) - self.returning)
            case _:
                pass  # not written: the keeper tries another time

    # -- the end ------------------------------------------------------------------------------

    def may_fail(self, row: StoredGeneration) -> bool:
        """Where the queue refused it; a page that was not there when it did cannot say so."""
        told = {
            finished.reason
            for reader in self.cluster.readers.values()
            if (finished := reader.finished.get(row.id)) is not None
        }
        return told <= REFUSALS

    def check(self) -> None:
        super().check()
        self.watch.check()
        if not self.watch.told:
            self.cluster.violate("nothing was served")
