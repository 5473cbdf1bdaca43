"""Workers: the GPU boxes as last greeted, their free slots, and which of them a reply goes to. Pure.

A reply goes to the box that served its conversation last, where it has a free slot, because that box still
has the prompt in its cache; for a moment it even waits for it, where a slot is expected in time. Otherwise
to the box with most free slots. None of this changes whose turn it is.
"""

from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from msgspec import Struct

from actors.intensity import Backoff, Intensity, Restart
from actors.messages.link import Hello
from actors.messages.queueing import WorkerFacts
from actors.queueing.waiting_line import Ticket
from actors.settings import QueueSettings

LOSSES, LOSSES_PERIOD_S = 8, 60.0  # of one worker; beyond, it takes its longest rest each time


class Worker(Struct):
    """A GPU box. `silent_since_s` is None while it is heard."""

    hello: Hello
    heard_s: float
    losses: Intensity
    rests_until_s: float = 0.0
    silent_since_s: float | None = None

    @property
    def works(self) -> bool:
        return self.silent_since_s is None and self.hello.engine != ""

    def has(self, model: str) -> bool:
        """A reply that was begun goes to the same model only; a fresh one ("") to any."""
        return model in {"", self.hello.model_hash}


class Workers:
    """`busy` says how many slots of a worker are taken."""

    def __init__(self, settings: QueueSettings, busy: Callable[[str], int]) -> None:
        self.settings = settings
        self.busy = busy
        self.known: dict[str, Worker] = {}
        self.drained: set[str] = set()  # they get nothing new
        self.refused: dict[str, str] = {}  # who speaks another version, and what it was told
        self.warm: OrderedDict[UUID, str] = OrderedDict()  # conversation → who served it last

    # -- greetings ----------------------------------------------------------------------------

    def greeted(self, worker_id: str, hello: Hello, now_s: float) -> bool:
        """False where a newer greeting overtook this one. What it has lost before is not forgotten."""
        known = self.known.get(worker_id)
        losses = Intensity(LOSSES, LOSSES_PERIOD_S, Backoff(longest_s=self.settings.rest_s))
        rests_until_s = 0.0
        if known is not None:
            if known.hello.boot == hello.boot and known.hello.revision > hello.revision:
                return False
            losses, rests_until_s = known.losses, known.rests_until_s
            if known.hello.boot != hello.boot or not hello.engine:
                self.cooled(worker_id)
        self.known[worker_id] = Worker(hello, now_s, losses, rests_until_s)
        self.refused.pop(worker_id, None)
        return True

    def rest_after_loss(self, worker_id: str, now_s: float) -> None:
        """A worker that loses what it is given rests a moment, longer each time: else the same replies would
        go to and fro as fast as the database allows.
        """
        worker = self.known.get(worker_id)
        if worker is None:
            return
        decision = worker.losses.restarted(now_s)
        worker.rests_until_s = now_s + (
            decision.after_s if isinstance(decision, Restart) else self.settings.rest_s
        )

    def forget(self, worker_id: str) -> None:
        """It is a box of this node no more."""
        self.known.pop(worker_id, None)
        self.refused.pop(worker_id, None)
        self.cooled(worker_id)

    # -- slots --------------------------------------------------------------------------------

    def takes_new(self, worker_id: str) -> bool:
        return worker_id not in self.drained

    def serves(self, worker_id: str, now_s: float) -> bool:
        """Whether it may be given something, had it a slot."""
        worker = self.known.get(worker_id)
        return (
            worker is not None
            and worker.works
            and worker.rests_until_s <= now_s
            and self.takes_new(worker_id)
        )

    def free_slots(self, worker_id: str, now_s: float) -> int:
        """Slots of the worker that nothing has; 0 while it is away, rests or is drained."""
        if not self.serves(worker_id, now_s):
            return 0
        return max(0, self.known[worker_id].hello.slots - self.busy(worker_id))

    def free(self, now_s: float) -> int:
        return sum(self.free_slots(worker_id, now_s) for worker_id in self.known)

    def is_away(self, worker_id: str) -> bool:
        worker = self.known.get(worker_id)
        return worker is None or worker.silent_since_s is not None

    def could_serve(self, model: str) -> bool:
        """Whether a worker that could make the reply is there."""
        return any(
            worker.works and worker.has(model) and self.takes_new(worker_id)
            for worker_id, worker in self.known.items()
        )

    def choose(self, ticket: Ticket, now_s: float, frees_within_s: Callable[[str], float]) -> str | None:
        """Whom the reply goes to now; None: it waits. `frees_within_s` is when a slot of a worker is
        expected, infinite where that is not known.
        """
        model = ticket.request.model
        able = [
            (free, worker_id)
            for worker_id, worker in self.known.items()
            if worker.has(model) and (free := self.free_slots(worker_id, now_s)) > 0
        ]
        if not able:
            return None
        warm = self.warm.get(ticket.request.conversation, "")
        if any(worker_id == warm for _, worker_id in able):
            return warm
        if warm and self.serves(warm, now_s) and self.known[warm].has(model):
            limit_s = self.settings.warm_wait_s
            if ticket.held_until_s is None:
                ticket.held_until_s = now_s + limit_s if frees_within_s(warm) <= limit_s else now_s
            if now_s < ticket.held_until_s:
                return None
        return max(able)[1]

    # -- warm prompts -------------------------------------------------------------------------

    def warmed(self, conversation: UUID, worker_id: str) -> None:
        self.warm[conversation] = worker_id
        self.warm.move_to_end(conversation)
        while len(self.warm) > self.settings.warm_conversations:
            self.warm.popitem(last=False)

    def cooled(self, worker_id: str) -> None:
        """Its caches are gone with the process that had them."""
        for conversation in [each for each, last in self.warm.items() if last == worker_id]:
            del self.warm[conversation]

    # -- what people see ----------------------------------------------------------------------

    def facts(self) -> tuple[WorkerFacts, ...]:
        refused = (
            WorkerFacts(worker_id, "", "", 0, 0, "refused", why=why)
            for worker_id, why in sorted(self.refused.items())
        )
        return *self.facts_of_known(), *refused

    def facts_of_known(self) -> tuple[WorkerFacts, ...]:
        return tuple(
            WorkerFacts(
                name=worker_id,
                engine=worker.hello.engine,
                model=worker.hello.model,
                slots=worker.hello.slots,
                busy=self.busy(worker_id),
                state=self.state(worker_id, worker),
                context=worker.hello.context,
                demonstration=worker.hello.demonstration,
            )
            for worker_id, worker in sorted(self.known.items())
            if worker_id not in self.refused
        )

    def state(self, worker_id: str, worker: Worker) -> str:
        if worker.silent_since_s is not None:
            return "silent"
        if worker_id in self.drained:
            return "draining" if self.busy(worker_id) else "drained"
        return "ready" if worker.hello.engine else "starting"
