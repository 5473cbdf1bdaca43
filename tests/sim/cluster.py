"""The whole cluster in one process: a web node, GPU boxes, readers; each can be killed and started again.

Production code: the runtime, every actor, the envelope, the reliable stream. Swapped: clock,
sockets (a faulty line), the storage port (in memory, with the contract of the real one), the
engine port (chained tokens).
"""

from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.archive import Archive
from actors.character.actor import Character
from actors.character.book_actor import LorebookVersion
from actors.generation_queue import GenerationQueue
from actors.link import Link
from actors.mailbox import Runtime
from actors.messages.accounts import AddAccount
from actors.messages.chat import ListChanged
from actors.messages.generation import Ack, CharacterSheet, GenerateReply, Sampling
from actors.messages.library import AddCharacterVersion
from actors.messages.link import WIRE_VERSION, EngineDown, EngineHello, EngineJob, HangUp, Hello, Redial
from actors.session import Session
from actors.settings import (
    ArchiveSettings,
    GpuSettings,
    LinkSettings,
    MailboxSettings,
    QueueSettings,
    SessionSettings,
)
from actors.wire.envelope import FromBox, decode, encode
from gpu_actor.actor import GpuActor
from tests.fakes.memory_disk import MemoryDisk
from tests.fakes.memory_storage import MemoryStorage
from tests.sim.clock import SimLoop, SimWorld
from tests.sim.engine import MODEL, ChainEngine
from tests.sim.network import Line, Weather
from tests.sim.reader import Reader

SAMPLING = Sampling(max_tokens=200)


class Box:
    """A GPU box: a link process and an engine process."""

    def __init__(self, cluster: "Cluster", name: str, slots: int) -> None:
        self.cluster = cluster
        self.name = name
        self.slots = slots
        self.line = Line(cluster.loop, cluster.random, cluster.weather)
        self.link: Runtime | None = None
        self.engine: Runtime | None = None
        self.engine_port: ChainEngine | None = None
        self.version = WIRE_VERSION

    # -- link process -------------------------------------------------------------------------

    def start_link(self) -> None:
        if self.link is not None:
            return
        runtime = self.link = self.cluster.new_runtime()
        world = self.cluster.world
        runtime.register(addresses.LINK, lambda _: Link(LinkSettings(), world, "sim"), loads=False)
        for kind in (addresses.QUEUE, "session", "character", "lorebook", addresses.WEB):
            runtime.serve(kind, ToWeb(self, runtime))
        runtime.serve(addresses.GPU, ToEngine(self, runtime))
        runtime.wake(addresses.LINK)

    def kill_link(self) -> None:
        """As the supervisor does it (rest_for_one): the engine goes with its link."""
        self.kill_engine(tell=False)
        self.line.break_connection()
        self.cluster.stop_runtime(self.link)
        self.link = None

    # -- engine process -----------------------------------------------------------------------

    def start_engine(self) -> None:
        if self.engine is not None or self.link is None:
            return
        runtime = self.engine = self.cluster.new_runtime()
        world = self.cluster.world
        boot = world.new_id()
        hello = EngineHello(
            boot, "scripted", MODEL, MODEL, self.slots, 2048, engine_digest=b"sim", exact=self.cluster.exact
        )
        self.engine_port = ChainEngine(runtime.tell, self.cluster.loop, self.cluster.random, boot)
        runtime.register(addresses.GPU, lambda _: GpuActor(GpuSettings(), world, hello), loads=False)
        runtime.serve(addresses.ENGINE, self.engine_port)
        runtime.serve(addresses.LINK, ToLink(self, runtime))
        runtime.wake(addresses.GPU)

    def kill_engine(self, *, tell: bool = True) -> None:
        if self.engine is None:
            return
        self.cluster.stop_runtime(self.engine)
        self.engine = None
        if self.engine_port is not None:
            self.engine_port.dead = True
        if tell and self.link is not None:
            self.link.tell(addresses.LINK, EngineDown("killed"), "supervisor")

    # -- frames -------------------------------------------------------------------------------

    def from_web(self, frame: bytes) -> None:
        if self.link is not None:
            for envelope in decode(frame):
                self.link.tell(addresses.LINK, envelope.message, addresses.WEB)


class ToWeb:
    """The link process's socket port."""

    def __init__(self, box: Box, runtime: Runtime) -> None:
        self.box = box
        self.runtime = runtime

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if isinstance(message, Redial | HangUp):
            self.box.line.break_connection()
            return
        if self.box.link is self.runtime:
            cluster = self.box.cluster
            if isinstance(message, Hello):
                message = replace(message, version=self.box.version)
            self.box.line.carry(encode(address, message), lambda frame: cluster.from_box(self.box, frame))


class ToEngine:
    """Loopback: nothing is lost while both ends live."""

    def __init__(self, box: Box, runtime: Runtime) -> None:
        self.box = box
        self.runtime = runtime

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if isinstance(message, EngineJob):
            self.box.cluster.job(message)
        frame, engine = encode(address, message), self.box.engine
        self.box.cluster.loop.call_later(0.0002, lambda: self.arrive(frame, engine))

    def arrive(self, frame: bytes, engine: Runtime | None) -> None:
        if engine is not None and self.box.engine is engine:
            for envelope in decode(frame):
                engine.tell(addresses.GPU, envelope.message, addresses.LINK)


class ToLink:
    def __init__(self, box: Box, runtime: Runtime) -> None:
        self.box = box
        self.runtime = runtime

    def deliver(self, address: str, message: Any, sender: str) -> None:
        frame, link = encode(address, message), self.box.link
        self.box.cluster.loop.call_later(0.0002, lambda: self.arrive(frame, link))

    def arrive(self, frame: bytes, link: Runtime | None) -> None:
        if link is not None and self.box.link is link and self.box.engine is self.runtime:
            for envelope in decode(frame):
                link.tell(addresses.LINK, envelope.message, addresses.GPU)


class ToBoxes:
    """The web process's socket port: `worker/<name>`."""

    def __init__(self, cluster: "Cluster", runtime: Runtime) -> None:
        self.cluster = cluster
        self.runtime = runtime

    def deliver(self, address: str, message: Any, sender: str) -> None:
        box = self.cluster.boxes.get(addresses.key(address))
        if box is None or self.cluster.web is not self.runtime:
            return
        if isinstance(message, Ack):
            self.cluster.acknowledged(message)
        if isinstance(message, GenerateReply):
            self.cluster.asked(message)
            told = self.cluster.background_given if message.background else self.cluster.given
            told(box, message)
        box.line.carry(encode(addresses.LINK, message), box.from_web)


class Nobody:
    """Takes answers that nobody waits for."""

    def deliver(self, address: str, message: Any, sender: str) -> None:
        del address, message, sender


GUESTS = {UUID(int=0x6E57 + number): name for number, name in enumerate(("Boris", "Vera"))}
"""Characters that come to groups."""


class Cluster:
    """`exact`: what its engines say of themselves; the chained tokens of an attempt tell it from another."""

    def __init__(
        self,
        seed: int,
        weather: Weather,
        boxes: int = 1,
        slots: int = 2,
        *,
        exact: bool = True,
        queue: QueueSettings | None = None,
        users: int = 1,
    ) -> None:
        self.exact = exact
        self.queue = queue or QueueSettings()
        self.random = Random(seed)
        self.loop = SimLoop()
        self.world = SimWorld(self.loop, self.random)
        self.weather = weather
        self.disk = MemoryDisk()
        self.violations: list[str] = []
        self.storage: MemoryStorage | None = None
        self.web: Runtime | None = None
        self.readers: dict[str, Reader] = {}
        self.users = [self.world.new_id() for _ in range(users)]
        self.user = self.users[0]
        # Called when a box is told to make a reply.
        self.given: Callable[[Box, GenerateReply], None] = lambda box, request: None
        self.background_given = self.given  # … or something in the background
        self.job: Callable[[EngineJob], None] = lambda job: None  # … and an engine, by its link
        self.character = self.world.new_id()
        self.request_keys: set[UUID] = set()  # keys of what people asked for
        nadia = new_character(self.character, self.world.new_id(), self.user, "Nadia")
        self.disk.write((AddAccount(self.user, "Anna", "owner", "", 0), nadia))
        self.disk.write(tuple(new_character(at, at, self.user, name) for at, name in GUESTS.items()))
        others = enumerate(self.users[1:], start=2)
        self.disk.write(tuple(AddAccount(user, f"Person {n}", "user", "", 0) for n, user in others))
        self.boxes = {f"box{number}": Box(self, f"box{number}", slots) for number in range(boxes)}

    # -- processes ----------------------------------------------------------------------------

    def new_runtime(self) -> Runtime:
        return Runtime(MailboxSettings(), self.world, self.loop)

    def stop_runtime(self, runtime: Runtime | None) -> None:
        if runtime is not None:
            runtime.stop()

    def start_web(self) -> None:
        if self.web is not None:
            return
        runtime = self.web = self.new_runtime()
        session = SessionSettings(sampling=SAMPLING, background_pause_s=1.0, background_retry_s=4.0)
        runtime.register(addresses.QUEUE, lambda _: GenerationQueue(self.queue, self.world), loads=True)
        runtime.register(addresses.ARCHIVE, lambda _: Archive(ArchiveSettings(), self.world), loads=False)
        runtime.register("session", lambda at: Session(at, session, self.world), loads=True)
        runtime.register("character", lambda _: Character(session), loads=True)
        runtime.register("lorebook", lambda _: LorebookVersion(session), loads=True)
        self.storage = MemoryStorage(self.disk, runtime.tell, self.loop.call_later, self.latency)
        runtime.serve(addresses.STORAGE, self.storage)
        runtime.serve("worker", ToBoxes(self, runtime))
        runtime.serve(addresses.SOCKETS, self)
        runtime.serve("nobody", Nobody())
        runtime.wake(addresses.QUEUE)

    def latency(self) -> float:
        return self.random.uniform(0.0005, 0.004)

    def kill_web(self) -> None:
        if self.storage is not None:
            self.storage.kill()
        self.stop_runtime(self.web)
        self.web = None
        for box in self.boxes.values():
            box.line.break_connection()
        for reader in list(self.readers.values()):
            reader.disconnected()

    def start_all(self) -> None:
        self.start_web()
        for box in self.boxes.values():
            box.start_link()
            box.start_engine()

    # -- frames -------------------------------------------------------------------------------

    def from_box(self, box: Box, frame: bytes) -> None:
        for envelope in decode(frame):
            if self.web is not None:
                assert isinstance(envelope.message, FromBox)
                self.web.tell(envelope.to, envelope.message, addresses.worker(box.name))

    def deliver(self, address: str, message: Any, sender: str) -> None:
        """The sockets port: what a session shows reaches its reader."""
        if isinstance(message, ListChanged):
            return
        if address == addresses.SOCKETS:
            for reader in list(self.readers.values()):
                reader.session_awake(message.conversation)
            return
        reader = self.readers.get(addresses.key(address))
        if reader is not None:
            reader.receive(message)

    # -- invariants ---------------------------------------------------------------------------

    def durable_tokens(self, generation: UUID) -> int | None:
        """How many tokens of it are on disk; None when it has ended."""
        row = self.disk.generations.get(generation)
        if row is None or row.state not in ("queued", "leased", "streaming", "suspended"):
            return None
        return sum(len(chunk.token_ids) for chunk in self.disk.chunks.get(generation, ()))

    def acknowledged(self, ack: Ack) -> None:
        durable = self.durable_tokens(ack.generation)
        if durable is not None and ack.next_seq > durable:
            self.violate(f"token {ack.next_seq - 1} was acknowledged before it was committed")

    def asked(self, request: GenerateReply) -> None:
        """A worker is told what was said, word for word, and nothing of what was thought."""
        messages = self.disk.messages.values()
        said = {each.body for each in messages if each.conversation == request.conversation}
        if any(each.text not in said for each in request.turn.history):
            self.violate("a worker was told something that nobody said")

    def violate(self, what: str) -> None:
        self.violations.append(f"{what} (at {self.loop.now:.3f} s)")


def new_character(version: UUID, character: UUID, owner: UUID, name: str) -> AddCharacterVersion:
    return AddCharacterVersion(
        character=character,
        version=version,
        owner=owner,
        sheet=CharacterSheet(version, name, first_mes="Hello, {{user}}."),
        card=b"{}",
        content_hash=version.bytes * 2,
        tagline="",
        tags=(),
        portrait="",
        created_ms=0,
    )
