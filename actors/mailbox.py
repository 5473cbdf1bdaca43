"""Mailbox: the in-process runtime. Addresses, mailboxes, timers, passivation, restarts.

An actor of a kind is made when the first message for its address arrives. A kind that
`loads` is given `Loaded(state)` from the archive first, and its mail waits until then; any
other kind is given `Started()`. An
actor that raises is made anew (and loaded anew); the message that hurt it is tried
again once, then set aside as a dead letter. An actor that keeps raising is parked and
tried again later; its neighbours notice nothing.

Ordering: messages from one sender to one actor arrive in the order they were sent.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from actors import addresses
from actors.effects import Actor, CancelTimer, Effect, Send, Started, StartTimer, TimerFired
from actors.intensity import Intensity, Park
from actors.messages.archive import Load, Loaded, LoadFailed
from actors.messages.choices import ChosenChanged
from actors.messages.generation import Accepted, Burst, End, Progress, Token, Traced
from actors.messages.lore import ShelfChanged
from actors.settings import MailboxSettings
from actors.world import World

log = logging.getLogger(__name__)

TOLD_DEAD_LETTERS = 20
OF_A_REPLY = (Accepted, Progress, Token, End, Burst, Traced)
WAKES_NOBODY = (Loaded, LoadFailed, *OF_A_REPLY, ShelfChanged, ChosenChanged)
"""What means something only to an actor that is in memory: it asked for it, makes a reply, or is told of a
change that it would load. So frames of
a GPU box can neither make actors nor read the database.
"""


LOADS = (Loaded, LoadFailed)


class Cancellable(Protocol):
    def cancel(self) -> Any: ...


class Scheduler(Protocol):
    """What the runtime needs of an event loop; asyncio's own, or the simulator's."""

    def call_soon(self, callback: Callable[..., Any], /, *args: Any) -> Any: ...

    def call_later(self, delay: float, callback: Callable[..., Any], /, *args: Any) -> Cancellable: ...

    def time(self) -> float: ...


class Port(Protocol):
    """Serves a kind of address with real input and output; must not block."""

    def deliver(self, address: str, message: Any, sender: str) -> None: ...


class AskTimeoutError(Exception):
    """No answer within the deadline. The node is overloaded or an actor is parked: see `samovar status`."""


class DeadLetter(Struct, frozen=True):
    """A message that could not be handled, with its cause."""

    address: str
    message: str
    cause: str
    utc_ms: int


class State(Enum):
    LOADING = auto()
    RUNNING = auto()
    RESTARTING = auto()
    PARKED = auto()
    STOPPED = auto()


RUNNING = State.RUNNING


class Kind(Struct, frozen=True):
    """How actors of a kind are made."""

    make: Callable[[str], Actor]
    loads: bool


class Cell:
    """One actor's place: its mailbox stays when the actor itself is made anew."""

    __slots__ = (
        "actor",
        "address",
        "intensity",
        "kind",
        "load",
        "mail",
        "scheduled",
        "state",
        "timers",
        "tries",
        "wake",
    )

    def __init__(self, address: str, kind: Kind) -> None:
        self.address = address
        self.kind = kind
        self.intensity: Intensity | None = None  # most actors never raise
        self.actor: Actor | None = None
        self.state = State.LOADING
        self.mail: deque[tuple[Any, str]] = deque()
        self.timers: dict[str, Cancellable] = {}
        self.tries = 0  # how often the message at the front has raised
        self.scheduled = False
        self.load = 0  # number of the question for its state
        self.wake: Cancellable | None = None  # load deadline, restart pause or parking


class Runtime:
    def __init__(self, settings: MailboxSettings, world: World, scheduler: Scheduler | None = None) -> None:
        self.settings = settings
        self.world = world
        self.loop: Scheduler = scheduler if scheduler is not None else asyncio.get_running_loop()
        self.kinds: dict[str, Kind] = {}
        self.ports: dict[str, Port] = {}
        self.cells: dict[str, Cell] = {}
        self.dead_letters: deque[DeadLetter] = deque(maxlen=settings.dead_letters)
        self.restarts = 0
        self.loads = 0
        self.stopped = False
        self.asks = AskPort(self)
        self.serve("asks", self.asks)

    # -- composition --------------------------------------------------------------------------

    def register(self, kind: str, make: Callable[[str], Actor], *, loads: bool) -> None:
        """Actors at `kind/…` are made by `make(address)`."""
        self.kinds[kind] = Kind(make, loads)

    def serve(self, kind: str, port: Port) -> None:
        """Messages to `kind/…` go to the port."""
        self.ports[kind] = port

    # -- messages -----------------------------------------------------------------------------

    def tell(self, to: str, message: Any, sender: str) -> None:
        """Deliver; never blocks and never raises for the receiver's sake."""
        if self.stopped:
            return
        cell = self.cells.get(to)
        if cell is None:
            kind = addresses.kind(to)
            port = self.ports.get(kind)
            if port is not None:
                self.hand_over(port, to, message, sender)
                return
            if isinstance(message, WAKES_NOBODY):
                return
            known = self.kinds.get(kind)
            if known is None:
                self.set_aside(to, message, "nobody serves this address")
                return
            cell = self.cells[to] = Cell(to, known)
            self.begin(cell)
        if isinstance(message, LOADS):
            self.loaded(cell, message)
        elif len(cell.mail) >= self.settings.mailbox_limit:
            self.set_aside(to, message, "the mailbox is full")
        else:
            cell.mail.append((message, sender))
            self.schedule(cell)

    def awake(self, kind: str) -> list[str]:
        """Addresses of the actors of the kind that are in memory, or about to be."""
        return [address for address in self.cells if addresses.kind(address) == kind]

    def tell_awake(self, kind: str, message: Any, sender: str) -> None:
        """Deliver to every one of them."""
        for address in self.awake(kind):
            self.tell(address, message, sender)

    def hand_over(self, port: Port, to: str, message: Any, sender: str) -> None:
        """A port that raises loses the message; an actor whose effect that was starts anew."""
        try:
            port.deliver(to, message, sender)
        except Exception as error:
            log.exception("the port of %s raised at %s", to, type(message).__name__)
            self.set_aside(to, message, f"{type(error).__name__}: {error}")
            cell = self.cells.get(sender)
            if cell is not None and cell.state is RUNNING:
                self.failed(cell, f"its {type(message).__name__} could not be delivered: {error}")

    def wake(self, address: str) -> None:
        """Make the actor now, before anybody writes to it."""
        if address not in self.cells:
            kind = self.kinds[addresses.kind(address)]
            cell = self.cells[address] = Cell(address, kind)
            self.begin(cell)

    def stop(self) -> None:
        """No actor receives anything any more, and no timer fires."""
        for cell in self.cells.values():
            self.drop(cell)
            cell.mail.clear()
            cell.state = State.STOPPED
        self.stopped = True

    async def ask(self, to: str, make_message: Callable[[str], Any], timeout_s: float) -> Any:
        """Send a question that carries the address to answer to, and await that answer."""
        return await self.asks.ask(to, make_message, timeout_s)

    # -- life of a cell -----------------------------------------------------------------------

    def begin(self, cell: Cell) -> None:
        """Make the actor: at once, or when its state has come from the archive."""
        cell.wake = None
        if not cell.kind.loads:
            self.run(cell, Started())
            return
        cell.state = State.LOADING
        cell.wake = self.loop.call_later(self.settings.load_timeout_s, self.begin, cell)
        self.loads += 1
        cell.load = self.loads
        load = Load(addresses.kind(cell.address), addresses.key(cell.address), cell.address, cell.load)
        self.tell(addresses.ARCHIVE, load, cell.address)

    def loaded(self, cell: Cell, message: Loaded | LoadFailed) -> None:
        if cell.state is not State.LOADING or message.number != cell.load:
            return  # a late answer: what it holds may have been changed since
        self.drop(cell)
        if isinstance(message, LoadFailed):
            self.failed(cell, f"its state could not be loaded: {message.why}")
        else:
            self.run(cell, message)

    def run(self, cell: Cell, first: Loaded | Started) -> None:
        try:
            cell.actor = cell.kind.make(cell.address)
            effects = cell.actor.receive(first, cell.address)
        except Exception as error:
            log.exception("%s could not be started", cell.address)
            self.failed(cell, f"{type(error).__name__}: {error}")
            return
        cell.state = RUNNING
        self.carry_out(cell, effects)
        self.schedule(cell)

    def failed(self, cell: Cell, cause: str) -> None:
        """The actor is no more; its mailbox stays. Start it anew, or park it."""
        self.drop(cell)
        self.restarts += 1
        if cell.intensity is None:
            cell.intensity = Intensity(self.settings.restarts, self.settings.restart_period_s)
        decision = cell.intensity.restarted(self.loop.time())
        if isinstance(decision, Park):
            log.error("%s is parked: %s", cell.address, cause)
            cell.state = State.PARKED
            cell.wake = self.loop.call_later(self.settings.park_s, self.unpark, cell)
        else:
            log.warning("%s is restarted: %s", cell.address, cause)
            cell.state = State.RESTARTING
            cell.wake = self.loop.call_later(decision.after_s, self.begin, cell)

    def unpark(self, cell: Cell) -> None:
        cell.intensity = None
        self.begin(cell)

    def drop(self, cell: Cell) -> None:
        cell.actor = None
        for timer in cell.timers.values():
            timer.cancel()
        cell.timers.clear()
        if cell.wake is not None:
            cell.wake.cancel()
            cell.wake = None

    def passivate(self, cell: Cell) -> None:
        self.drop(cell)
        if cell.mail:
            self.begin(cell)
        else:
            del self.cells[cell.address]

    # -- turns --------------------------------------------------------------------------------

    def schedule(self, cell: Cell) -> None:
        if cell.mail and not cell.scheduled and cell.state is RUNNING:
            cell.scheduled = True
            self.loop.call_soon(self.turn, cell)

    def turn(self, cell: Cell) -> None:
        """Handle some of the mail; the rest waits for the next turn, so that nobody starves."""
        cell.scheduled = False
        left = self.settings.turn
        while cell.mail and left and cell.actor is not None and cell.state is RUNNING:
            left -= 1
            message, sender = cell.mail[0]
            try:
                effects = cell.actor.receive(message, sender)
            except Exception as error:
                log.exception("%s raised at %s", cell.address, type(message).__name__)
                self.raised(cell, f"{type(error).__name__}: {error}")
                return
            cell.mail.popleft()
            cell.tries = 0
            self.carry_out(cell, effects)
        self.schedule(cell)

    def raised(self, cell: Cell, cause: str) -> None:
        cell.tries += 1
        if cell.tries > self.settings.redeliveries:
            message, _ = cell.mail.popleft()
            cell.tries = 0
            self.set_aside(cell.address, message, cause)
        self.failed(cell, cause)

    def carry_out(self, cell: Cell, effects: list[Effect]) -> None:
        passivate = False
        for effect in effects:
            if cell.state is not RUNNING:
                return  # a port raised at the one before
            if isinstance(effect, Send):
                self.tell(effect.to, effect.message, cell.address)
            elif isinstance(effect, CancelTimer):
                self.cancel_timer(cell, effect.name)
            elif isinstance(effect, StartTimer):
                self.cancel_timer(cell, effect.name)
                cell.timers[effect.name] = self.loop.call_later(
                    effect.after_s, self.timer_fired, cell, effect.name
                )
            else:
                passivate = True
        if passivate:
            self.passivate(cell)

    def cancel_timer(self, cell: Cell, name: str) -> None:
        timer = cell.timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def timer_fired(self, cell: Cell, name: str) -> None:
        del cell.timers[name]
        cell.mail.append((TimerFired(name), cell.address))
        self.schedule(cell)

    # -- what went wrong ----------------------------------------------------------------------

    def set_aside(self, address: str, message: Any, cause: str) -> None:
        """Keep what could not be handled, without its text, for a look."""
        log.error("set aside %s for %s: %s", type(message).__name__, address, cause)
        self.dead_letters.append(DeadLetter(address, type(message).__name__, cause, self.world.utc_ms()))

    def newest_dead_letters(self) -> list[dict[str, Any]]:
        """For the status, newest last."""
        return [msgspec.structs.asdict(letter) for letter in self.dead_letters][-TOLD_DEAD_LETTERS:]

    def parked(self) -> list[str]:
        """Addresses of the actors that rest after too many restarts."""
        return [cell.address for cell in self.cells.values() if cell.state is State.PARKED]


class AskPort:
    """The port behind `asks/<number>`: turns one answer into an awaited result."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.waiting: dict[str, asyncio.Future[Any]] = {}
        self.number = 0

    def deliver(self, address: str, message: Any, sender: str) -> None:
        future = self.waiting.get(address)
        if future is not None and not future.done():
            future.set_result(message)

    async def ask(self, to: str, make_message: Callable[[str], Any], timeout_s: float) -> Any:
        self.number += 1
        address = f"asks/{self.number}"
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self.waiting[address] = future
        deadline = loop.call_later(timeout_s, self.too_late, address, to, timeout_s)
        try:
            self.runtime.tell(to, make_message(address), address)
            return await future
        finally:
            deadline.cancel()
            del self.waiting[address]

    def too_late(self, address: str, to: str, timeout_s: float) -> None:
        future = self.waiting[address]
        if not future.done():
            future.set_exception(
                AskTimeoutError(f"no answer from {addresses.kind(to)} within {timeout_s:g} s")
            )
