"""A runtime under virtual time, with actors that do as they are told."""

from collections.abc import Callable
from random import Random
from typing import Any

from actors import addresses
from actors.effects import Effect
from actors.mailbox import Runtime
from actors.messages.archive import Load, Loaded
from actors.settings import MailboxSettings
from tests.sim.clock import SimLoop, SimWorld

SETTINGS = MailboxSettings(
    turn=3,
    mailbox_limit=10,
    restarts=2,
    restart_period_s=10.0,
    park_s=30.0,
    load_timeout_s=5.0,
    dead_letters=3,
)


class Deed:
    """A message that says what to do."""

    def __init__(self, *effects: Effect, note: Callable[[], object] = list) -> None:
        self.effects = effects
        self.note = note

    def __call__(self) -> list[Effect]:
        self.note()
        return list(self.effects)


class Broken(Deed):
    """Raises the first so many times; what it wanted to do then comes to nothing."""

    def __init__(self, *effects: Effect, times: int = 2) -> None:
        super().__init__(*effects)
        self.times = times

    def __call__(self) -> list[Effect]:
        if self.times:
            self.times -= 1
            broken()
        return super().__call__()


class Scripted:
    """Notes what it gets, and does deeds."""

    def __init__(self, notes: list[Any]) -> None:
        self.notes = notes

    def receive(self, message: Any, sender: str) -> list[Effect]:
        if isinstance(message, Deed):
            return message()
        self.notes.append(message)
        return []


class Port:
    """Notes what is delivered, and does `then`."""

    def __init__(self, then: Callable[[], object] = list) -> None:
        self.got: list[Any] = []
        self.then = then

    def deliver(self, address: str, message: Any, sender: str) -> None:
        self.got.append(message)
        self.then()


class House:
    """A runtime under virtual time; `tea/…` are actors that start at once, `jam/…` ones that load."""

    def __init__(self) -> None:
        self.loop = SimLoop()
        self.runtime = Runtime(SETTINGS, SimWorld(self.loop, Random(0)), self.loop)
        self.notes: dict[str, list[Any]] = {}
        self.made: list[str] = []
        self.archive = Port()
        self.port = Port()
        self.runtime.serve(addresses.ARCHIVE, self.archive)
        self.runtime.serve("port", self.port)
        for kind, loads in (("tea", False), ("jam", True)):
            self.runtime.register(kind, self.make, loads=loads)

    def make(self, address: str) -> Scripted:
        self.made.append(address)
        return Scripted(self.notes.setdefault(address, []))

    def tell(self, to: str, *messages: Any) -> None:
        for message in messages:
            self.runtime.tell(to, message, "test")

    def run(self, seconds: float = 0.0) -> None:
        self.loop.run_until(self.loop.now + seconds)

    def answer_load(self, state: Any = None) -> None:
        """Answer the last Load."""
        load = self.archive.got[-1]
        assert isinstance(load, Load)
        self.tell(load.reply_to, Loaded(state, load.number))


def broken() -> None:
    raise ValueError("as the test wants it")


def no_actor(address: str) -> Scripted:
    raise ValueError(f"{address} cannot be made")
