"""What the tests of the actors share: a stage on which one actor plays alone, and messages to tell it."""

from random import Random
from typing import Any, TypeVar
from uuid import UUID

from actors.addresses import ARCHIVE
from actors.effects import Actor, CancelTimer, Passivate, Send, StartTimer, TimerFired
from actors.messages.archive import Commit, Committed
from actors.messages.generation import Accepted, CharacterSheet, End, GenerateReply, Sampling, Token, Turn
from actors.messages.link import WIRE_VERSION, EngineHello, Hello
from tests.sim.clock import SimLoop, SimWorld

T = TypeVar("T")

READER = "sockets/reader"
BOX = "worker/box"
OTHER_BOX = "worker/other"
CHARACTER = UUID(int=0xC)
SHEET = CharacterSheet(
    CHARACTER, "Nadia", first_mes="Hello, {{user}}.", alternate_greetings=("Good evening.",)
)


def uid(number: int) -> UUID:
    return UUID(int=number)


def new_world(seed: int = 0) -> SimWorld:
    return SimWorld(SimLoop(), Random(seed))


class Said(list[Send]):
    """What an actor sent in answer to one message."""

    def __add__(self, more: "list[Send]") -> "Said":  # type: ignore[override] - narrower on purpose
        return Said([*self, *more])

    def of(self, kind: type[T]) -> list[T]:
        """The messages of that kind."""
        return [effect.message for effect in self if isinstance(effect.message, kind)]

    def one(self, kind: type[T]) -> T:
        """The only message of that kind."""
        found = self.of(kind)
        assert len(found) == 1, f"{len(found)} × {kind.__name__} in {self.kinds}"
        return found[0]

    def to(self, address: str) -> list[Any]:
        """The messages for that address."""
        return [effect.message for effect in self if effect.to == address]

    @property
    def kinds(self) -> list[str]:
        return [type(effect.message).__name__ for effect in self]


class Stage:
    """Plays the runtime for one actor: carries nothing out, notes everything; time passes when told."""

    def __init__(self, actor: Actor, world: SimWorld) -> None:
        self.actor = actor
        self.world = world
        self.timers: dict[str, float] = {}
        self.passive = False

    def tell(self, message: Any, sender: str = READER) -> Said:
        said = Said()
        for effect in self.actor.receive(message, sender):
            match effect:
                case Send():
                    said.append(effect)
                case StartTimer(name, after_s):
                    self.timers[name] = after_s
                case CancelTimer(name):
                    self.timers.pop(name, None)
                case Passivate():
                    self.passive = True
        return said

    def fire(self, name: str) -> Said:
        """The timer, which must be running, runs out."""
        self.world.loop.now += self.timers.pop(name)
        return self.tell(TimerFired(name))

    def later(self, seconds: float) -> None:
        self.world.loop.now += seconds


class Writer(Stage):
    """For an actor that commits: `tell` notes what is to be written, `commit` writes it; `do` is both."""

    def __init__(self, actor: Actor, world: SimWorld) -> None:
        super().__init__(actor, world)
        self.commits: list[Commit] = []

    def tell(self, message: Any, sender: str = READER) -> Said:
        said = super().tell(message, sender)
        self.commits += said.of(Commit)
        return Said(effect for effect in said if effect.to != ARCHIVE)

    def commit(self) -> Said:
        """The oldest commit is durable, and the actor hears of it."""
        return self.tell(Committed(self.commits.pop(0).tag), ARCHIVE)

    def commit_all(self, said: Said) -> Said:
        """… and all that follow from it."""
        while self.commits:
            said += self.commit()
        return said

    def do(self, message: Any, sender: str = READER) -> Said:
        return self.commit_all(self.tell(message, sender))


# -- messages ---------------------------------------------------------------------------------------


def request(
    number: int = 1,
    *,
    attempt: int = 0,
    committed: tuple[int, ...] = (),
    model: str = "",
    user: int = 7,
    conversation: int = 0,
) -> GenerateReply:
    """Of generation `number`, for conversation 100 + number where no other is given."""
    return GenerateReply(
        generation=uid(number),
        conversation=uid(conversation or 100 + number),
        user=uid(user),
        turn=Turn(CHARACTER, "Anna", ()),
        sampling=Sampling(),
        seed=1,
        attempt=attempt,
        committed=committed,
        model=model,
    )


def accepted(number: int = 1, attempt: int = 1, model: str = "model", digest: bytes = b"digest") -> Accepted:
    return Accepted(uid(number), attempt, model, digest, 10)


def token(seq: int, number: int = 1, attempt: int = 1, text: str | None = None, thought: str = "") -> Token:
    return Token(uid(number), attempt, seq, 100 + seq, f"{seq} " if text is None else text, thought)


def end(
    seq: int, number: int = 1, attempt: int = 1, reason: Any = "stop", text: str = "", why: str = ""
) -> End:
    return End(uid(number), attempt, seq, reason, text, why)


def hello(
    *held: tuple[UUID, int],
    boot: int = 1,
    slots: int = 1,
    revision: int = 1,
    engine: str = "engine",
    model: str = "m",
) -> Hello:
    return Hello(WIRE_VERSION, uid(boot), "test", engine, model, model, slots, 2048, held, revision=revision)


def engine_hello(boot: int = 1, slots: int = 2) -> EngineHello:
    return EngineHello(uid(boot), "engine", "m", "m", slots, 2048)
