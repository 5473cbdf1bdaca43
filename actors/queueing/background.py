"""Background: what sessions ask of the model in idle time: titles, summaries, prompts computed ahead. Pure.

It stands in no line with replies, and counts in no share and no limit. A box gets one of them, only while
nobody waits and nothing else runs there; as soon as a reply is leased to the box, what it does in the
background is taken away, so that no reply is later for it. The session that asked keeps what was written
and asks for the rest another time.

Nothing of it is durable: each try has an id of its own, leased once, so it needs no fence; a request that
comes again when its try is over is refused. What the queue forgets at a restart the box is told to stop at
its next greeting, and its session asks again.
"""

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct, structs

from actors import addresses
from actors.effects import Effect, Send
from actors.messages.generation import Cancel, GenerateReply
from actors.messages.link import Hello
from actors.messages.queueing import BACKGROUND_ATTEMPT, BackgroundLeased, BackgroundLost, SubmitAgain
from actors.queueing.leases import Leases
from actors.queueing.workers import Workers
from actors.settings import QueueSettings

GIVEN_KEPT = 1_000  # tries that are over: a session repeats its request for seconds, not for so many


class Running(Struct, frozen=True):
    """In the hands of a worker."""

    conversation: UUID
    worker: str
    boot: UUID
    since_s: float


class Background:
    def __init__(self, settings: QueueSettings, workers: Workers, leases: Leases) -> None:
        self.settings = settings
        self.workers = workers
        self.leases = leases
        self.waiting: OrderedDict[UUID, GenerateReply] = (
            OrderedDict()
        )  # by generation, in the order they came
        self.running: dict[UUID, Running] = {}
        self.given: OrderedDict[UUID, None] = OrderedDict()  # the newest that were leased

    # -- sessions -----------------------------------------------------------------------------

    def asked(self, request: GenerateReply) -> list[Effect]:
        """Refused where no worker is there, or too many wait: the session tries another time."""
        if request.generation in self.running:
            return []
        if request.generation in self.given:
            return [over(request.generation, request.conversation)]
        if len(self.waiting) >= self.settings.background_waiting or not self.workers.could_serve(""):
            return [over(request.generation, request.conversation)]
        self.waiting[request.generation] = request
        return []

    def ended(self, generation: UUID) -> bool:
        """Its session is done with it; False where it is none of these."""
        known = generation in self.waiting or generation in self.running
        self.waiting.pop(generation, None)
        self.running.pop(generation, None)
        return known

    # -- workers ------------------------------------------------------------------------------

    def fill(self, now_s: float, *, quiet: bool) -> list[Effect]:
        """Boxes that have nothing else to do get something; `quiet`: nobody waits for a reply."""
        effects: list[Effect] = []
        if not quiet:
            return effects
        for request in list(self.waiting.values()):
            worker_id = self.choose(request, now_s)
            if worker_id is not None:
                effects += self.lease(request, worker_id, now_s)
        return effects

    def choose(self, request: GenerateReply, now_s: float) -> str | None:
        """The box that has the conversation in its cache, as soon as it is idle; else any that is."""
        warm = self.workers.warm.get(request.conversation, "")
        if warm and self.workers.serves(warm, now_s):
            return warm if self.is_idle(warm, now_s) else None
        return next((each for each in self.workers.known if self.is_idle(each, now_s)), None)

    def is_idle(self, worker_id: str, now_s: float) -> bool:
        return (
            self.workers.free_slots(worker_id, now_s) > 0
            and not self.leases.busy(worker_id)
            and all(running.worker != worker_id for running in self.running.values())
        )

    def lease(self, request: GenerateReply, worker_id: str, now_s: float) -> list[Effect]:
        del self.waiting[request.generation]
        self.given[request.generation] = None
        if len(self.given) > GIVEN_KEPT:
            self.given.popitem(last=False)
        boot = self.workers.known[worker_id].hello.boot
        self.running[request.generation] = Running(request.conversation, worker_id, boot, now_s)
        told = BackgroundLeased(request.generation, worker_id)
        return [
            Send(addresses.session(request.conversation), told),
            Send(addresses.worker(worker_id), structs.replace(request, attempt=BACKGROUND_ATTEMPT)),
        ]

    def give_way(self, worker_id: str) -> list[Effect]:
        """A reply comes to that box, or it is to get nothing any more."""
        return self.take_away([each for each, _ in self.of_worker(worker_id)])

    def greeted(self, worker_id: str, hello: Hello) -> list[Effect]:
        """What the box holds no more is over."""
        held = set(hello.generations)
        return self.take_away(
            [
                generation
                for generation, running in self.of_worker(worker_id)
                if running.boot != hello.boot or (generation, BACKGROUND_ATTEMPT) not in held
            ]
        )

    def lost(self, worker_id: str, generations: Iterable[UUID]) -> list[Effect]:
        """The box says so."""
        mine = {generation for generation, _ in self.of_worker(worker_id)}
        return self.take_away([generation for generation in generations if generation in mine])

    def has(self, worker_id: str, generation: UUID) -> bool:
        running = self.running.get(generation)
        return running is not None and running.worker == worker_id

    def of_worker(self, worker_id: str) -> list[tuple[UUID, Running]]:
        return [
            (generation, running)
            for generation, running in self.running.items()
            if running.worker == worker_id
        ]

    def take_away(self, generations: Iterable[UUID]) -> list[Effect]:
        effects: list[Effect] = []
        for generation in generations:
            running = self.running.pop(generation)
            effects.append(Send(addresses.worker(running.worker), Cancel(generation, BACKGROUND_ATTEMPT)))
            effects.append(over(generation, running.conversation))
        return effects

    # -- time ---------------------------------------------------------------------------------

    def end_late(self, now_s: float) -> list[Effect]:
        """What takes too long, and what waits for workers that are gone."""
        limit_s = self.settings.background_s
        late = [each for each, running in self.running.items() if now_s - running.since_s > limit_s]
        effects = self.take_away(late)
        if self.waiting and not self.workers.could_serve(""):
            effects += [over(each, request.conversation) for each, request in self.waiting.items()]
            self.waiting.clear()
        return effects

    def audit(self) -> list[Effect]:
        """Do their sessions still want them? One that was made anew says no."""
        known = [(each, request.conversation) for each, request in self.waiting.items()]
        known += [(each, running.conversation) for each, running in self.running.items()]
        return [Send(addresses.session(session), SubmitAgain(each)) for each, session in known]


def over(generation: UUID, conversation: UUID) -> Send:
    return Send(addresses.session(conversation), BackgroundLost(generation))
