"""GPU actor: decides who gets a slot and what the next step computes.

Receives  EngineWelcome, EngineJob, Credit, Cancel, PreviewPrompt, CountTokens (link);
          Admitted, NotAdmitted, Stepped, PromptPreviewed, TokensCounted, EngineFailed (engine port)
Sends     EngineHello, Accepted, Traced, Progress, Token, End, PromptPreviewed, TokensCounted (link);
          Admit, Step, Release, PreviewPrompt, CountTokens (engine port)
Restart   with its process: the link reports what was lost

Each step is at most one chunk of one prompt and one token of every live stream, so that no
stream waits for a long prompt longer than one chunk takes (gpu_actor/pace.py). Of several prompts the one
with least to do goes first, but none is passed over more than `most_passed` times on end. Where
nothing else is to do, replies that have ended are settled (Step.settle), in steps just as short.
Previews come between two steps, one at a time (gpu_actor/preview_line.py).
"""

from collections import deque
from enum import Enum, auto
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.addresses import ENGINE, LINK
from actors.effects import Effect, Send, Started, StartTimer, TimerFired
from actors.messages.engine import Admit, Admitted, Emitted, EngineFailed, NotAdmitted, Release, Step, Stepped
from actors.messages.generation import SHORT, Accepted, Cancel, End, Progress, PromptReport, Token, Traced
from actors.messages.link import Credit, EngineHello, EngineJob, EngineWelcome
from actors.messages.preview import CountTokens, PreviewPrompt, PromptPreviewed, TokensCounted
from actors.settings import GpuSettings
from actors.world import World
from gpu_actor.pace import Pace
from gpu_actor.preview_line import PreviewLine


class EngineRuntimeError(Exception):
    """The execution context failed; its process ends and the supervisor starts it anew."""


class Phase(Enum):
    ADMITTING = auto()
    PREFILL = auto()
    DECODE = auto()


DECODE, PREFILL = Phase.DECODE, Phase.PREFILL  # asked for each slot at each step


class Running:
    """A reply in a slot."""

    def __init__(self, job: EngineJob, slot: int) -> None:
        self.job = job
        self.slot = slot
        self.generation = job.request.generation
        self.attempt = job.request.attempt
        self.phase = Phase.ADMITTING
        self.seq = len(job.request.committed)  # of the next token …
        self.limit = 0  # … which is below this one while there is credit
        self.replay = 0  # committed tokens that are yet to be taken
        self.prefilled = 0
        self.to_prefill = 0
        self.prompt_tokens = 0
        self.freed = 0  # the actor's count when it was asked for
        self.passed = 0  # times that another prompt went first
        self.settles = False
        self.seconds = 0.0  # of the steps it took part in


class Tally(Struct):
    """What was done since the start, for the status. Tokens, but for `replies`, `hits` and `evictions`."""

    replies: int = 0
    prompt_tokens: int = 0
    computed: int = 0  # of them
    reused: int = 0  # of them: they lay in the conversation's own cache
    cloned: int = 0  # of them: another cache had them
    hits: int = 0  # replies whose prompt was known in part
    evictions: int = 0  # kept caches that were given up
    settled: int = 0  # computed in idle time for turns to come
    replayed: int = 0
    emitted: int = 0


class GpuActor:
    def __init__(self, settings: GpuSettings, world: World, facts: EngineHello) -> None:
        self.settings = settings
        self.world = world
        self.facts = msgspec.structs.replace(facts, boot=world.new_id())
        self.link_boot: UUID | None = None
        self.jobs: deque[EngineJob] = deque()  # beyond the slots, or what there is memory for
        self.crowded = 0  # of them, the first so many found too little memory: they wait for a reply to end
        self.freed = 0  # how often a slot was
        self.credit: dict[UUID, tuple[int, int]] = {}  # generation → (attempt, limit); of what is here
        self.slots: list[Running | None] = [None] * facts.slots
        self.step: Step | None = None  # under way
        self.pace = Pace(settings)
        self.previews = PreviewLine(settings.previews)
        self.unsettled = False  # idle steps have work
        self.tally = Tally()
        self.step_number = world.new_seed() >> 16  # an answer to a former incarnation never matches

    def greet(self) -> list[Effect]:
        return [Send(LINK, self.facts), StartTimer("hello", self.settings.hello_s)]

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Stepped():
                return self.stepped(message)
            case Credit():
                return self.credited(message)
            case EngineJob():
                return self.job_came(message)
            case Cancel():
                return self.cancelled(message)
            case Admitted():
                return self.admitted(message)
            case NotAdmitted():
                return self.not_admitted(message)
            case PreviewPrompt() | CountTokens():
                return self.previews.asked(message)
            case PromptPreviewed() | TokensCounted():
                return self.previews.answered(message)
            case EngineWelcome(boot):
                return self.welcomed(boot)
            case EngineFailed(why):
                raise EngineRuntimeError(why)
            case Started():
                return self.greet()
            case TimerFired():
                return [] if self.link_boot else self.greet()
            case _:
                raise TypeError(f"gpu got {type(message).__name__}")

    # -- jobs ---------------------------------------------------------------------------------

    def welcomed(self, boot: UUID) -> list[Effect]:
        """A link with another boot knows nothing of what was begun for the old one."""
        if self.link_boot in (None, boot):
            self.link_boot = boot
            return []
        self.link_boot = boot
        self.jobs.clear()
        self.crowded = 0
        self.credit.clear()
        effects = [effect for running in self.slots if running for effect in self.free(running)]
        return [*effects, *self.greet()]

    def job_came(self, job: EngineJob) -> list[Effect]:
        self.jobs.append(job)
        return self.admit()

    def admit(self) -> list[Effect]:
        effects: list[Effect] = []
        for slot, running in enumerate(self.slots):
            if running is None and self.jobs and not self.crowded:
                job = self.jobs.popleft()
                self.slots[slot] = begun = Running(job, slot)
                begun.freed = self.freed
                attempt, limit = self.credit.get(begun.generation, (0, 0))
                begun.limit = limit if attempt == begun.attempt else 0
                effects.append(Send(ENGINE, Admit(job.request, job.sheet, slot, job.books)))
        return effects

    def find(self, generation: UUID, attempt: int) -> Running | None:
        for running in self.slots:
            if running and running.generation == generation and running.attempt == attempt:
                return running
        return None

    def credited(self, message: Credit) -> list[Effect]:
        """Credit may cross the End of its reply: then nobody is there to have it."""
        waits = any(
            (job.request.generation, job.request.attempt) == (message.generation, message.attempt)
            for job in self.jobs
        )
        running = self.find(message.generation, message.attempt)
        if not waits and running is None:
            return []
        self.credit[message.generation] = (message.attempt, message.limit)
        if running is not None:
            running.limit = message.limit
        return self.next_step()

    def cancelled(self, message: Cancel) -> list[Effect]:
        self.drop_credit(message.generation, message.attempt)
        self.jobs = deque(
            job
            for job in self.jobs
            if job.request.generation != message.generation or job.request.attempt > message.attempt
        )
        self.crowded = 0  # it may have been the one that found too little
        effects: list[Effect] = []
        for running in self.slots:
            if running and running.generation == message.generation and running.attempt <= message.attempt:
                effects += self.free(running)
        return [*effects, *self.admit(), *self.next_step()]

    def drop_credit(self, generation: UUID, attempt: int) -> None:
        """Of that attempt and those before it."""
        if self.credit.get(generation, (0, 0))[0] <= attempt:
            self.credit.pop(generation, None)

    def free(self, running: Running) -> list[Effect]:
        self.slots[running.slot] = None
        self.unsettled |= running.settles
        self.crowded = 0
        self.freed += 1
        self.drop_credit(running.generation, running.attempt)
        return [Send(ENGINE, Release(running.slot))]

    def admitted(self, message: Admitted) -> list[Effect]:
        running = self.find(message.generation, message.attempt)
        if running is None or running.phase is not Phase.ADMITTING:
            return []
        running.phase = Phase.PREFILL if message.to_prefill else Phase.DECODE
        running.to_prefill = message.to_prefill
        running.replay = message.to_replay
        running.prompt_tokens = message.prompt_tokens
        running.settles = message.settles
        self.tally.replies += 1
        self.tally.prompt_tokens += message.prompt_tokens
        self.tally.reused += message.reused
        self.tally.cloned += message.cloned
        self.tally.hits += bool(message.reused or message.cloned)
        self.tally.evictions += message.evicted
        accepted = Accepted(
            message.generation,
            message.attempt,
            message.model,
            message.prompt_digest,
            message.prompt_tokens,
            self.facts.engine_digest,
            self.facts.exact,
        )
        traced = Traced(message.generation, message.attempt, self.report(message))
        return [Send(LINK, accepted), Send(LINK, traced), *self.next_step()]

    def report(self, message: Admitted) -> PromptReport:
        return PromptReport(
            message.trace,
            message.prompt_tokens,
            self.facts.context,
            message.budget,
            message.reused,
            message.cloned,
            self.facts.model[:SHORT],
            self.facts.engine[:SHORT],
            message.format,
        )

    def not_admitted(self, message: NotAdmitted) -> list[Effect]:
        running = self.find(message.generation, message.attempt)
        if running is None:
            return []
        if message.wait:
            return self.wait_for_memory(running)
        why = message.why[:SHORT]
        end = End(message.generation, message.attempt, running.seq, "refused", why=why)
        return [*self.free(running), Send(LINK, end), *self.admit()]

    def wait_for_memory(self, running: Running) -> list[Effect]:
        """Its turn comes again when a reply ends; at once, where one has ended meanwhile."""
        self.slots[running.slot] = None
        self.jobs.insert(self.crowded, running.job)
        if running.freed == self.freed:
            self.crowded += 1
        return [*self.admit(), *self.next_step()]

    # -- steps --------------------------------------------------------------------------------

    def next_step(self) -> list[Effect]:
        """Plan the next step, unless one is under way or there is nothing to do."""
        if self.step is not None:
            return []
        prefill = self.next_prompt()
        decode = tuple(
            running.slot
            for running in self.slots
            if running and running.phase is DECODE and (running.seq < running.limit or running.replay)
        )
        settle = 0
        if prefill is None and not decode:
            if not self.may_settle():
                return []
            self.unsettled = False  # until the answer says otherwise
            settle = self.pace.idle_chunk()
        self.step_number += 1
        self.step = Step(
            number=self.step_number,
            prefill_slot=prefill.slot if prefill else -1,
            prefill_tokens=self.pace.chunk(len(decode)) if prefill else 0,
            decode=decode,
            settle=settle,
        )
        return [Send(ENGINE, self.step)]

    def next_prompt(self) -> Running | None:
        """The one with least to do, unless another was passed over too often."""
        prompts = [running for running in self.slots if running and running.phase is PREFILL]
        if not prompts:
            return None
        first = max(prompts, key=lambda running: running.passed)
        if first.passed < self.settings.most_passed:
            first = min(prompts, key=lambda running: running.to_prefill - running.prefilled)
        for running in prompts:
            running.passed = 0 if running is first else running.passed + 1
        return first

    def may_settle(self) -> bool:
        """A prompt that is being built needs the engine in a moment."""
        admitting = any(running and running.phase is Phase.ADMITTING for running in self.slots)
        return self.unsettled and not admitting

    def stepped(self, done: Stepped) -> list[Effect]:
        step = self.step
        if step is None or done.number != step.number:
            return []
        self.step = None
        self.unsettled |= done.unsettled
        self.count(step, done)
        effects: list[Effect] = []
        for slot in done.replayed:
            running = self.slots[slot]
            if running and running.replay:
                running.replay -= 1
        for slot in (*step.decode, step.prefill_slot):
            running = self.slots[slot] if slot >= 0 else None
            if running:
                running.seconds += done.seconds
        effects += self.prefilled(step, done)
        for emitted in done.emitted:
            effects += self.emitted(emitted)
        return [*effects, *self.admit(), *self.next_step()]

    def count(self, step: Step, done: Stepped) -> None:
        self.pace.measured(
            computed=done.computed,
            prefill_s=done.prefill_s,
            streams=len(step.decode),
            decode_s=done.seconds - done.prefill_s,
        )
        if step.settle:
            self.tally.settled += done.computed
        else:
            self.tally.computed += done.computed
        self.tally.cloned += done.cloned
        self.tally.replayed += len(done.replayed)
        self.tally.emitted += sum(emitted.token_id >= 0 for emitted in done.emitted)

    def prefilled(self, step: Step, done: Stepped) -> list[Effect]:
        running = self.slots[step.prefill_slot] if step.prefill_slot >= 0 else None
        if running is None or running.phase is not PREFILL:
            return []
        running.prefilled = done.prefilled
        if running.prefilled >= running.to_prefill:
            running.phase = Phase.DECODE
        progress = Progress(running.generation, running.attempt, running.prefilled, running.to_prefill)
        return [Send(LINK, progress)]

    def emitted(self, emitted: Emitted) -> list[Effect]:
        running = self.slots[emitted.slot]
        if running is None or running.generation != emitted.generation or running.phase is not DECODE:
            return []  # cancelled, or begun anew, while the step was under way
        effects: list[Effect] = []
        if emitted.token_id >= 0:
            token = Token(
                running.generation,
                running.attempt,
                running.seq,
                emitted.token_id,
                emitted.text,
                emitted.thought,
            )
            effects.append(Send(LINK, token))
            running.seq += 1
        if emitted.end:
            end = End(
                generation=running.generation,
                attempt=running.attempt,
                seq=running.seq,
                reason=emitted.end,
                text=emitted.held,
                prompt_tokens=running.prompt_tokens,
                decode_s=running.seconds,
                thought=emitted.held_thought,
                why=emitted.why[:SHORT],
            )
            effects += [Send(LINK, end), *self.free(running)]
        return effects
