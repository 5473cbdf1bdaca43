"""The generation queue on a stage; its commits become durable when the test says so."""

from actors import addresses
from actors.addresses import QUEUE
from actors.generation_queue import GenerationQueue
from actors.messages.archive import Loaded, QueueState
from actors.messages.generation import GenerateReply, Sampling
from actors.messages.link import Ping
from actors.messages.replies import StoredGeneration
from actors.settings import QueueSettings
from tests.actors.kit import BOX, Said, Writer, hello, new_world, request, uid

SETTINGS = QueueSettings(
    max_waiting=3,
    silence_s=1.0,
    lease_s=60.0,
    give_up_s=1800.0,
    tick_s=0.25,
    places_pause_s=0.0,
    commit_timeout_s=15.0,
    audit_s=5.0,
)


def session(number: int) -> str:
    return addresses.session(uid(100 + number))


def row(number: int, attempt: int = 0, worker: str = "", boot: int = 1) -> StoredGeneration:
    """Of generation `number`, as stored."""
    return StoredGeneration(
        id=uid(number),
        conversation=uid(100 + number),
        user=uid(7),
        parent=uid(8),
        message=uid(9),
        request_key=uid(number),
        kind="reply",
        continues="",
        seed=1,
        sampling=Sampling(),
        created_ms=number,
        state="leased" if worker else "queued",
        attempt=attempt,
        worker=worker,
        worker_boot=uid(boot) if worker else None,
    )


class Counter(Writer):
    """The queue."""

    def __init__(
        self, *rows: StoredGeneration, settings: QueueSettings = SETTINGS, state: QueueState | None = None
    ) -> None:
        world = new_world()
        super().__init__(GenerationQueue(settings, world), world)
        self.first = self.tell(Loaded(state or QueueState(rows)), QUEUE)

    def tick(self, seconds: float = 0.25) -> Said:
        """After so long, with nothing heard."""
        self.later(seconds - SETTINGS.tick_s)
        self.timers["tick"] = SETTINGS.tick_s
        return self.commit_all(self.fire("tick"))

    def ping(self, box: str = BOX, boot: int = 1) -> Said:
        return self.do(Ping(uid(boot)), box)


def counter(*, slots: int = 1, asked: int = 0, settings: QueueSettings = SETTINGS) -> Counter:
    """A queue with one box, and so many replies asked for."""
    made = Counter(settings=settings)
    made.do(hello(slots=slots), BOX)
    for number in range(1, asked + 1):
        made.do(request(number))
    return made


def given(said: Said, box: str = BOX) -> list[tuple[int, int]]:
    """(generation, attempt) of the replies given to the box."""
    return [(m.generation.int, m.attempt) for m in said.to(box) if isinstance(m, GenerateReply)]
