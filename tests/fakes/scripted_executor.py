"""A scripted engine: passes the executor's contract test, computes nothing, needs no thread.

Words and the length of a reply are a keyed hash of (seed, place), so an undisturbed run and one
that was cut and taken up again can be compared word for word.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct

from actors.character.lore_scene import LoreLimits
from actors.messages.engine import Admit, Admitted, Emitted, EngineFailed, NotAdmitted, Release, Step, Stepped
from actors.messages.generation import EndReason, GenerateReply, PromptReport, PromptTrace
from actors.messages.preview import (
    CountTokens,
    PreviewMessage,
    PreviewPrompt,
    PromptPreviewed,
    TokensCounted,
)
from gpu_actor.engine_facts import EngineFacts

WORDS = ["the", "samovar", "sings", "and", "steam", "climbs", "over", "old", "brass", "while", "rain"]
FACTS = EngineFacts(
    engine="scripted",
    model="scripted",
    model_hash="5c" * 32,
    slots=4,
    context=4096,
    demonstration=False,
    numerics="exact",
    threads=0,
)


def draw(seed: int, place: int, purpose: str) -> int:
    """A number below 2^32 for each (seed, place, purpose)."""
    text = f"{purpose} {seed} {place}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "big")


def scripted_ids(seed: int, most: int, shortest: int = 1, longest: int = 60) -> list[int]:
    """The ids of the whole reply of that seed: what an undisturbed run emits."""
    length = shortest + draw(seed, 0, "length") % (longest - shortest + 1)
    return [draw(seed, place, "token") % 50_000 for place in range(min(length, most))]


def scripted_text(token: int) -> str:
    """The text of an id: a function of the id alone; some have none, as with characters that span tokens."""
    return "" if token % 7 == 0 else f"{WORDS[token % len(WORDS)]} "


def scripted_reply(seed: int, most: int, shortest: int = 1, longest: int = 60) -> str:
    """The whole text of the reply of that seed."""
    return "".join(scripted_text(token) for token in scripted_ids(seed, most, shortest, longest))


def traced(request: GenerateReply) -> tuple[PromptTrace, ...]:
    """A word is a token, and there is nothing but the talk."""
    return tuple(
        PromptTrace(f"message {number}", len(each.text.split()), kept=True, kind="message")
        for number, each in enumerate(request.turn.history, 1)
    )


class Course(Struct):
    """A reply in the making."""

    request: GenerateReply
    ids: list[int]
    reason: EndReason
    prompt_tokens: int
    prefilled: int = 0
    fed: int = 0  # reply tokens that the engine has taken
    emitted: int = 0  # reply tokens that were drawn, those of earlier attempts included

    @property
    def to_prefill(self) -> int:
        """As if another cache had the first third of a prompt."""
        return 0 if self.complete else self.prompt_tokens - self.prompt_tokens // 3

    @property
    def complete(self) -> bool:
        """It was complete already when it was taken up."""
        return len(self.request.committed) >= len(self.ids) and self.reason == "length"


class ScriptedExecutor:
    """See gpu_actor.executor.Executor. `shortest` and `longest` bound the length of replies, in tokens."""

    def __init__(self, facts: EngineFacts = FACTS, shortest: int = 1, longest: int = 60) -> None:
        self.facts = facts
        self.shortest = shortest
        self.longest = longest
        self.courses: dict[int, Course] = {}
        self.unsettled = 0  # tokens of replies that ended

    def limit_lore(self, limits: LoreLimits) -> None:
        """It makes no prompts."""

    def admit(self, message: Admit) -> Admitted | NotAdmitted:
        request = message.request
        if not 0 <= message.slot < self.facts.slots:
            raise ValueError(f"there is no slot {message.slot}")
        self.release(Release(message.slot))
        tokens = 2 + sum(len(each.text.split()) for each in request.turn.history)
        digest = hashlib.sha256(f"{self.facts.model_hash} {request.turn} {message.sheet}".encode()).digest()
        why = ""
        if request.model and request.model != self.facts.model_hash:
            why = "the reply was begun with another model"
        elif request.prompt_digest and request.prompt_digest != digest:
            why = "the prompt differs from the one that the reply was begun with"
        elif tokens + min(request.sampling.max_tokens, self.facts.context // 2) > self.facts.context:
            why = "the prompt is too long"
        if why:
            return NotAdmitted(request.generation, request.attempt, why)
        most = max(request.sampling.max_tokens, 0)
        ids = scripted_ids(request.seed, most, self.shortest, self.longest)
        course = Course(request, ids, "length" if len(ids) == most else "stop", tokens)
        if list(request.committed) != ids[: len(request.committed)]:
            raise AssertionError("what was committed is not what this engine emitted")
        course.emitted = len(request.committed)
        self.courses[message.slot] = course
        return Admitted(
            request.generation,
            request.attempt,
            self.facts.model_hash,
            digest,
            prompt_tokens=tokens,
            to_prefill=course.to_prefill,
            to_replay=0 if course.complete else max(len(request.committed) - 1, 0),
            cloned=0 if course.complete else tokens - course.to_prefill,
            settles=True,
            trace=traced(request),
        )

    def preview(self, message: PreviewPrompt) -> PromptPreviewed:
        trace = traced(message.request)
        said = tuple(PreviewMessage(each.role, each.text) for each in message.request.turn.history)
        text = "\n".join(each.text for each in said)
        report = PromptReport(
            trace, sum(line.tokens for line in trace), self.facts.context, self.facts.context
        )
        return PromptPreviewed(message.id, report, said, text)

    def count(self, message: CountTokens) -> TokensCounted:
        counts = tuple(len(text.split()) for text in message.texts)
        return TokensCounted(message.id, counts, self.facts.model, self.facts.context)

    def step(self, message: Step) -> Stepped:
        emitted: list[Emitted] = []
        replayed: list[int] = []
        prefilled = 0
        if message.prefill_slot >= 0:
            course = self.courses[message.prefill_slot]
            if course.prefilled == course.to_prefill:
                raise ValueError(f"slot {message.prefill_slot} has no prompt left to prefill")
            course.prefilled = min(course.to_prefill, course.prefilled + max(message.prefill_tokens, 2))
            prefilled = course.prefilled
            if prefilled == course.to_prefill and not course.request.committed:
                emitted.append(self.emit(message.prefill_slot, course))
        else:
            self.unsettled -= min(message.settle, self.unsettled)
        for slot in message.decode:
            course = self.courses[slot]
            if course.complete:
                emitted.append(Emitted(slot, course.request.generation, -1, "", course.reason))
                continue
            if course.prefilled < course.to_prefill:
                raise ValueError("a slot to decode has prompt left to prefill")
            course.fed += 1
            if course.fed < course.emitted:
                replayed.append(slot)
            else:
                emitted.append(self.emit(slot, course))
        unsettled = self.unsettled > 0
        return Stepped(message.number, prefilled, tuple(emitted), tuple(replayed), unsettled=unsettled)

    @staticmethod
    def emit(slot: int, course: Course) -> Emitted:
        generation, place = course.request.generation, course.emitted
        if place == len(course.ids):
            return Emitted(slot, generation, -1, "", course.reason)
        course.emitted += 1
        token = course.ids[place]
        last = course.emitted == len(course.ids) and course.reason == "length"
        return Emitted(slot, generation, token, scripted_text(token), course.reason if last else "")

    def release(self, message: Release) -> None:
        course = self.courses.pop(message.slot, None)
        self.unsettled += course.emitted if course else 0


class ScriptedEnginePort:
    """Serves `engine` without a thread: one piece of work at a time, in order, each answered through
    `runtime.tell` after `step_s` by `schedule(after_s, callback)`; without one at once.
    """

    def __init__(
        self,
        runtime: Any,
        executor: ScriptedExecutor,
        schedule: Callable[[float, Callable[[], None]], Any] | None = None,
        step_s: float = 0.0,
    ) -> None:
        self.runtime = runtime
        self.executor = executor
        self.schedule = schedule
        self.step_s = step_s
        self.work: deque[tuple[str, Any, str]] = deque()
        self.busy = False
        self.stopped = False
        self.fails_at: int | None = None  # number of the step that raises

    def deliver(self, address: str, message: Any, sender: str) -> None:
        self.work.append((address, message, sender))
        if not self.busy:
            self.next()

    def stop(self) -> None:
        """The process is no more: what is under way is never answered."""
        self.stopped = True

    def next(self) -> None:
        while self.work and not self.busy and not self.stopped:
            address, message, sender = self.work.popleft()
            answer = self.carry_out(message)
            if self.schedule is None or not isinstance(message, Step):
                self.answer(address, answer, sender)
            else:
                self.busy = True
                self.schedule(self.step_s, partial(self.finish, address, answer, sender))

    def finish(self, address: str, answer: Any, sender: str) -> None:
        self.busy = False
        self.answer(address, answer, sender)
        self.next()

    def answer(self, address: str, answer: Any, sender: str) -> None:
        if answer is not None and not self.stopped:
            self.runtime.tell(sender, answer, address)

    def carry_out(self, message: Any) -> Any:
        match message:
            case Admit():
                return self.executor.admit(message)
            case Step(number) if number == self.fails_at:
                return EngineFailed("the script says so")
            case Step():
                return self.executor.step(message)
            case Release():
                return self.executor.release(message)
            case _:
                raise TypeError(f"the engine port takes no {type(message).__name__}")
