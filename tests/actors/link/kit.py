"""A link on a stage, between a web node and an engine that the test plays."""

from actors import addresses
from actors.addresses import GPU, WEB
from actors.effects import Started
from actors.link import Link
from actors.messages.generation import (
    Ack,
    Burst,
    End,
    GenerationsLost,
    Resume,
    Token,
)
from actors.messages.link import (
    WIRE_VERSION,
    Welcome,
)
from actors.settings import LinkSettings
from tests.actors.kit import (
    SHEET,
    Said,
    Stage,
    accepted,
    engine_hello,
    new_world,
    request,
    token,
    uid,
)

SETTINGS = LinkSettings(
    window=4,
    ring=10,
    ping_s=0.25,
    silence_s=1.0,
    patience_s=8.0,
    generations=2,
    sheets=2,
    book_bytes=12,
    forgotten_s=30.0,
)
SESSION = addresses.session(uid(101))


class Box(Stage):
    """A link on a stage; `web` and `engine` are its neighbours."""

    def __init__(self) -> None:
        world = new_world()
        self.link = Link(SETTINGS, world, "test")
        super().__init__(self.link, world)
        self.first = self.tell(Started())

    def web(self, message: object) -> Said:
        return self.tell(message, WEB)

    def engine(self, message: object) -> Said:
        return self.tell(message, GPU)

    def welcome(self) -> Said:
        return self.web(Welcome(WIRE_VERSION, uid(1), self.link.revision))


def linked(*, slots: int = 2) -> Box:
    """A box that was welcomed, with an engine and the character's sheet."""
    box = Box()
    box.engine(engine_hello(slots=slots))
    box.welcome()
    box.web(SHEET)
    return box


def working(*seqs: int) -> Box:
    """A box with reply 1 in hand, attempt 1; its engine has made these tokens."""
    box = linked()
    box.web(request(attempt=1))
    box.engine(accepted())
    for seq in seqs:
        box.engine(token(seq))
    return box


def seqs(said: Said) -> list[int]:
    """Of the frames for the session."""
    sent = (m.frames if isinstance(m, Burst) else (m,) for m in said.to(SESSION))
    return [frame.seq for frames in sent for frame in frames if isinstance(frame, Token | End)]


def lost(said: Said) -> list[tuple[int, int]]:
    """(generation, attempt) that the queue is told to be lost."""
    return [(generation.int, attempt) for m in said.of(GenerationsLost) for generation, attempt, _ in m.lost]


def ack(next_seq: int, attempt: int = 1) -> Ack:
    return Ack(uid(1), attempt, next_seq)


def resume(next_seq: int, attempt: int = 1, number: int = 1) -> Resume:
    return Resume(uid(number), attempt, next_seq, uid(100 + number))
