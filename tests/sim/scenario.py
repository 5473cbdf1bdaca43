"""One seed: people chat while everything fails; then all is well again and every reply must be whole."""

from collections.abc import Callable
from functools import partial
from random import Random
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.mailbox import Runtime
from actors.messages.chat import (
    ChangeGroup,
    Continue,
    Delete,
    Done,
    Edit,
    Regenerate,
    SendText,
    Speak,
    StartConversation,
    Stop,
)
from actors.messages.conversations import StoredMessage
from actors.messages.replies import UNFINISHED, StoredGeneration
from actors.settings import QueueSettings
from tests.fakes.memory_tables import UNFILED
from tests.sim import chain
from tests.sim.background_watch import BackgroundWatch
from tests.sim.cluster import Cluster
from tests.sim.network import Weather
from tests.sim.reader import Reader
from tests.sim.table import check_rounds, wish_again, wish_for
from tests.sim.taste import Taste

STORM_S = 12.0
CALM_S = 150.0  # beyond a lease, which a returned worker may have to wait for

SET_ASIDE = "was set aside"  # what an exception in an actor comes to


class Scenario:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random = Random(seed)
        weather = Weather(
            drop=random.choice((0.0, 0.0, 0.02, 0.1)),
            repeat=random.choice((0.0, 0.02, 0.1)),
            reorder=random.choice((0.0, 0.05, 0.3)),
            delay_s=random.choice((0.0005, 0.005, 0.04)),
        )
        boxes, slots = random.choice((1, 1, 2)), random.choice((1, 2, 4))
        self.cluster = Cluster(seed, weather, boxes, slots, exact=seed % 2 == 0)
        self.begun = 0
        self.quiet_since: float | None = None
        self.quiet_checked = -1.0
        self.stopped: set[UUID] = set()
        self.background = BackgroundWatch(self.cluster)
        self.taste = Taste(self.cluster, seed)

    def run(self) -> list[str]:
        """The violations; none is as it should be."""
        cluster = self.cluster
        cluster.start_all()
        self.taste.begin(STORM_S)
        self.people_come()
        for _ in range(self.random.randint(2, 9)):
            fault = self.random.choice(self.faults())
            cluster.loop.call_later(self.random.uniform(0.2, STORM_S), fault)
        self.set_clocks()
        cluster.loop.run_until(STORM_S)
        self.calm()
        cluster.loop.run_until(STORM_S + CALM_S, self.all_ended_long_enough)
        self.check()
        return cluster.violations

    def set_clocks(self) -> None:
        """The wall clock jumps, by seconds up to years; drawn apart from all else, which stays as it was.

        In a crowd only forwards: there it is told by the times of rows who asked before a restart.
        """
        draw = Random(f"clock {self.seed}")
        usual, limits = QueueSettings(), self.cluster.queue
        crowd = (limits.max_waiting, limits.user_waiting) != (usual.max_waiting, usual.user_waiting)
        for _ in range(draw.randint(0, 3)):
            by_ms = draw.choice((1,) if crowd else (-1, 1)) * int(10 ** draw.uniform(3, 11))
            jump = partial(self.cluster.world.set_wall_clock, by_ms)
            self.cluster.loop.call_later(draw.uniform(0, STORM_S), jump)

    # -- people -------------------------------------------------------------------------------

    def people_come(self) -> None:
        for number in range(self.random.choice((1, 2, 3))):
            self.begin_conversation(number, self.cluster.user, self.random.choice((1, 2)))

    def begin_conversation(self, number: int, user: UUID, tabs: int) -> None:
        cluster = self.cluster
        conversation = cluster.world.new_id()
        readers = [Reader(cluster, f"reader{number}.{tab}", conversation) for tab in range(tabs)]

        def begun() -> None:
            if readers[0].name in cluster.readers:
                return
            self.begun += 1
            for reader in readers:
                cluster.readers[reader.name] = reader
                reader.connect()
            self.say_later(readers[0], self.random.randint(1, 3))

        def begin() -> None:
            owner = f"owner{number}"
            group = wish_for(self.seed, number, cluster.character)
            start = StartConversation(user, "Anna", cluster.character, f"{owner}/0", group=group)
            if self.taste.is_there:
                start = replace(start, shelf=self.taste.shelf(), chosen=self.taste.chosen(None))
            if cluster.web is None:
                cluster.loop.call_later(0.5, begin)
                return
            cluster.web.serve(owner, Answered(begun))
            cluster.web.tell(addresses.session(conversation), start, f"{owner}/0")
            cluster.loop.call_later(2.0, begun_or_again)

        def begun_or_again() -> None:
            if conversation in cluster.disk.conversations:
                begun()  # the answer may have been lost
            else:
                begin()

        begin()

    def say_later(self, reader: Reader, left: int) -> None:
        """The next message comes when the last one was answered, or the person tries again."""
        cluster = self.cluster

        def say() -> None:
            waiting = reader.unsent is not None and not self.is_on_disk(reader.unsent)
            if waiting and reader.unsent is not None:
                reader.tell(reader.unsent)  # the same request once more
            elif self.live(reader.conversation) is None:
                reader.say("And then?")
                self.say_later(reader, left - 1)
                return
            cluster.loop.call_later(1.0, say)

        if left > 0:
            cluster.loop.call_later(self.random.uniform(0.1, 3.0), say)

    def is_on_disk(self, said: SendText) -> bool:
        rows = self.cluster.disk.generations_of(said.conversation)
        messages = self.cluster.disk.messages.values()  # in a group nobody may answer
        return any(row.request_key == said.request_key for row in (*rows, *messages))

    def live(self, conversation: UUID) -> UUID | None:
        rows = self.cluster.disk.generations_of(conversation)
        return next((row.id for row in rows if row.state in UNFINISHED), None)

    # -- faults -------------------------------------------------------------------------------

    def faults(self) -> list[Callable[[], None]]:
        cluster = self.cluster
        box = self.random.choice(list(cluster.boxes.values()))
        readers = cluster.readers

        def cut() -> None:
            box.line.cut = True
            seconds = self.random.choice((0.3, 2.0, 6.0, 90.0))
            cluster.loop.call_later(seconds, box.line.mend)

        def kill_engine() -> None:
            box.kill_engine()
            cluster.loop.call_later(self.random.uniform(0.2, 2.0), box.start_engine)

        def kill_link() -> None:
            box.kill_link()
            pause = self.random.uniform(0.1, 1.0)
            cluster.loop.call_later(pause, box.start_link)
            cluster.loop.call_later(pause + 0.5, box.start_engine)

        def kill_web() -> None:
            cluster.kill_web()
            cluster.loop.call_later(self.random.uniform(0.1, 1.5), cluster.start_web)

        def reset() -> None:
            box.line.break_connection()

        def disk_full() -> None:
            if cluster.storage is not None:
                for _ in range(self.random.randint(1, 3)):
                    cluster.storage.fail_next_write()

        def answer_lost() -> None:
            if cluster.storage is not None:
                cluster.storage.lose_next_answer()

        def reload() -> None:
            for reader in list(readers.values()):
                reader.reload()

        def drop_socket() -> None:
            for reader in list(readers.values()):
                if reader.connected:
                    reader.disconnected()

        def poison_session() -> None:
            for reader in list(readers.values()):
                if cluster.web is not None:
                    cluster.web.tell(addresses.session(reader.conversation), Poison(), "test")

        def poison_queue() -> None:
            if cluster.web is not None:
                cluster.web.tell(addresses.QUEUE, Poison(), "test")

        def poison_link() -> None:
            if box.link is not None:
                box.link.tell(addresses.LINK, Poison(), "test")

        def poison_gpu() -> None:
            if box.engine is not None:
                box.engine.tell(addresses.GPU, Poison(), "test")

        def stop() -> None:
            for reader in list(readers.values()):
                if reader.generation is not None:
                    self.stopped.add(reader.generation)
                    reader.tell(Stop(reader.conversation, reader.generation))

        def swipe() -> None:
            for reader in list(readers.values()):
                last = self.last_reply(reader.conversation)
                if last is not None:
                    reader.tell(Regenerate(reader.conversation, cluster.world.new_id(), last))

        def go_on() -> None:
            for reader in list(readers.values()):
                last = self.last_reply(reader.conversation)
                if last is not None:
                    reader.tell(Continue(reader.conversation, cluster.world.new_id(), last))

        def edit() -> None:
            for reader in list(readers.values()):
                said = self.last_said(reader.conversation)
                if said is not None:
                    reader.tell(Edit(reader.conversation, cluster.world.new_id(), said, "I meant this."))

        def rename() -> None:
            reader = self.random.choice([*readers.values(), None])
            if reader is not None:
                self.background.rename(reader.conversation)

        def regroup() -> None:
            for reader in list(readers.values()):
                row = cluster.disk.conversations.get(reader.conversation)
                if row is not None and row.group is not None:
                    reader.tell(ChangeGroup(wish_again(row.group), "nobody/0"))

        def speak() -> None:
            for reader in list(readers.values()):
                reader.tell(Speak(reader.conversation, cluster.world.new_id()))

        def delete() -> None:
            reader = self.random.choice([*readers.values(), None])
            if reader is not None:
                reader.tell(Delete("nobody/0"))

        return [
            cut, kill_engine, kill_link, kill_web, reset, disk_full, answer_lost, reload, drop_socket,
            poison_session, poison_queue, poison_link, poison_gpu, stop, swipe, go_on, edit, rename, delete,
            regroup, speak,
        ]  # fmt: skip

    def last_reply(self, conversation: UUID) -> UUID | None:
        disk = self.cluster.disk
        replies = [
            message.id
            for message in disk.messages.values()
            if message.conversation == conversation and message.generation is not None
        ]
        return replies[-1] if replies else None

    def last_said(self, conversation: UUID) -> UUID | None:
        found = self.cluster.disk.messages.values()
        said = [
            message.id for message in found if message.conversation == conversation and message.role == "user"
        ]
        return said[-1] if said else None

    def calm(self) -> None:
        """All faults are over."""
        cluster = self.cluster
        cluster.weather.drop = cluster.weather.repeat = cluster.weather.reorder = 0.0
        cluster.start_all()
        for box in cluster.boxes.values():
            cluster.loop.call_later(3.0, box.start_link)
            cluster.loop.call_later(4.0, box.start_engine)
            cluster.loop.call_later(3.0, box.line.mend)

    # -- the end ------------------------------------------------------------------------------

    def all_ended_long_enough(self) -> bool:
        """Everything has ended and the readers have had time to hear of it."""
        cluster = self.cluster
        if cluster.loop.now < STORM_S + 15.0 or not self.quiet():
            self.quiet_since = None
            return False
        if self.quiet_since is None:
            self.quiet_since = cluster.loop.now
        return (
            cluster.loop.now - self.quiet_since > 4.0 and self.nothing_lives() and self.background.is_done()
        )

    def quiet(self) -> bool:
        if self.cluster.loop.now - self.quiet_checked < 0.25:
            return self.quiet_since is not None
        self.quiet_checked = self.cluster.loop.now
        return self.nothing_lives()

    def nothing_lives(self) -> bool:
        cluster = self.cluster
        return all(reader.generation is None for reader in cluster.readers.values()) and all(
            row.state not in UNFINISHED for row in cluster.disk.generations.values()
        )

    def check(self) -> None:
        cluster = self.cluster
        self.background.check()
        self.taste.check()
        disk = cluster.disk
        for row in disk.generations.values():
            if row.state in UNFINISHED:
                cluster.violate(f"a generation never ended: {row.state}, attempt {row.attempt}")
                continue
            if row.state == "failed" and not self.may_fail(row):
                cluster.violate("a generation failed though the faults were over")
            message = disk.messages.get(row.message)
            text = message.body.removeprefix(row.continues) if message else ""
            thoughts = message.thoughts.removeprefix(row.continues_thoughts) if message else ""
            limit = row.sampling.max_tokens
            wrong = chain.verify(row.seed, text, thoughts, limit, whole=row.state == "done")
            if wrong:
                cluster.violate(f"the stored reply is wrong: {wrong}")
            elif message and message.seam not in self.seams(row, message, text, thoughts):
                cluster.violate(f"the seam of the stored reply is not where it was taken up: {message.seam}")
            gone = cluster.disk.filed.get(row.conversation, UNFILED).removed_ms
            if row.state == "cancelled" and not self.was_stopped(row) and not gone:
                cluster.violate("a reply was cancelled that nobody stopped")
        for reader in cluster.readers.values():
            if reader.generation is not None:
                reader.violate("the page still shows a live reply")
            for generation, finished in reader.finished.items():
                if generation not in disk.generations:
                    continue  # deleted with its conversation
                stored = disk.messages.get(disk.generations[generation].message)
                shown = finished.message and (
                    finished.message.text,
                    finished.message.thoughts,
                    finished.message.seam,
                )
                if shown != (stored and (stored.body, stored.thoughts, stored.seam)):
                    reader.violate("the page does not show what is stored")
        check_rounds(cluster)
        if self.begun == 0:
            cluster.violate("no conversation began")
        for name, runtime in self.runtimes():
            for letter in runtime.dead_letters:
                if letter.message != "Poison":
                    cluster.violate(
                        f"{name}: {letter.message} for {letter.address} {SET_ASIDE}: {letter.cause}"
                    )

    def was_stopped(self, row: StoredGeneration) -> bool:
        """It, or the reply before it in its round, which was all that its reader saw."""
        return not self.stopped.isdisjoint((row.id, self.cluster.disk.messages[row.parent].generation))

    def may_fail(self, row: StoredGeneration) -> bool:
        return False

    def seams(self, row: StoredGeneration, message: StoredMessage, text: str, thoughts: str) -> set[int]:
        """Where the message may have its seam, by its tokens; -1: nowhere."""
        if row.kind == "continue":  # of a message that may have thoughts alone
            siblings = self.cluster.disk.messages.values()
            before = {
                each.seam for each in siblings if each.parent == row.parent and each.body == row.continues
            }
            if before != {-1}:
                return before
        taken_up = chain.seams(row.seed, text, thoughts)
        if self.cluster.exact:
            return {-1}
        if taken_up:
            return {len(row.continues) + taken_up[0]}
        if row.attempt == 1:
            return {-1}
        # Where no token was added, it may have ended there; what was held back is said behind that.
        held = len(text.rsplit(maxsplit=1)[-1]) + 1 if text and chain.holds_back(row.seed) else 0
        return {-1, len(message.body) - held}

    def runtimes(self) -> list[tuple[str, Runtime]]:
        found = [("web", self.cluster.web)]
        for box in self.cluster.boxes.values():
            found += [("link", box.link), ("engine", box.engine)]
        return [(name, runtime) for name, runtime in found if runtime is not None]


class Poison:
    """A message that no actor understands: whoever gets it raises."""


class Answered:
    """A port that calls back when it hears Done."""

    def __init__(self, done: Callable[[], None]) -> None:
        self.done = done

    def deliver(self, address: str, message: object, sender: str) -> None:
        if isinstance(message, Done):
            self.done()
