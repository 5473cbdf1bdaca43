"""The scripted engine of the fault bench: it replaces the execution context, in the real engine process.

At each place of a reply it emits one token, whose text is a keyed hash of (generation, place), always
of the same length. So whoever knows the generation knows its whole text, and a loss, a repetition, a swap
and an alteration all look different. checker.py computes the same anew, from what is written here and
not with what is written here.

    text(g, p)    first 8 hex digits of BLAKE2b(key=KEY, "<g as 32 hex digits>/<p>"), then a space
    tokens(g)     SHORTEST + (first 4 bytes of BLAKE2b(key=KEY, "<g>/length"), big-endian) mod SPREAD

It reads prompts and takes up replies at no cost: what these cost on a model is the affair of other benches.
"""

import hashlib
import os
import threading
import time
from pathlib import Path

from msgspec import Struct

from actors.messages.engine import Admit, Admitted, Emitted, NotAdmitted, Release, Step, Stepped
from gpu_actor.engine_facts import EngineFacts
from gpu_actor.executor import Executor
from tests.fakes.promptless import Promptless

SLOTS = "SAMOVAR_FAULTS_SLOTS"  # replies at once
TOKEN_S = "SAMOVAR_FAULTS_TOKEN_S"  # seconds between two tokens of a reply
STUCK_MARK = "SAMOVAR_FAULTS_STUCK_MARK"  # path; where it is set, one step of the first process never ends

KEY = b"samovar faults"
SHORTEST, SPREAD = 40, 120
PAUSE_S = 0.025  # one step takes so long at most while nothing is due
MODEL_HASH = "fa" * 32


def digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), key=KEY, digest_size=8).digest()


def token_text(generation: str, place: int) -> str:
    return digest(f"{generation}/{place}").hex()[:8] + " "


def token_id(generation: str, place: int) -> int:
    return int.from_bytes(digest(f"{generation}/{place}")[:3], "big")


def token_count(generation: str) -> int:
    return SHORTEST + int.from_bytes(digest(f"{generation}/length")[:4], "big") % SPREAD


class StrangeTokensError(Exception):
    """What is told to be committed is not what this engine makes: a reply was damaged on its way."""


class Course(Struct):
    """A reply in the making."""

    admit: Admit
    place: int  # of the next token
    due_s: float
    generation: str


class ScriptedEngine(Promptless):
    """See gpu_actor.executor.Executor. Each reply gets a token every `token_s`."""

    def __init__(self, slots: int, token_s: float) -> None:
        self.token_s = token_s
        self.courses: dict[int, Course] = {}
        self.facts = EngineFacts(
            engine="scripted (fault bench)",
            model="scripted",
            model_hash=MODEL_HASH,
            slots=slots,
            context=4096,
            demonstration=False,
            numerics="exact",
            threads=1,
        )

    def admit(self, message: Admit) -> Admitted | NotAdmitted:
        request = message.request
        generation = request.generation.hex
        expected = tuple(token_id(generation, place) for place in range(len(request.committed)))
        if request.committed != expected:
            raise StrangeTokensError(generation)
        prompt = hashlib.sha256(f"{request.turn} {message.sheet}".encode()).digest()
        if request.prompt_digest and request.prompt_digest != prompt:
            return NotAdmitted(request.generation, request.attempt, "the prompt is another one")
        self.courses[message.slot] = Course(message, len(request.committed), time.monotonic(), generation)
        return Admitted(
            request.generation,
            request.attempt,
            MODEL_HASH,
            prompt,
            prompt_tokens=len(request.turn.history),
            to_prefill=0,
            to_replay=0,
        )

    def step(self, message: Step) -> Stepped:
        """A token for each slot that is due; waits for the next one, but not for long."""
        started_s = time.monotonic()
        courses = [self.courses[slot] for slot in message.decode]
        soonest_s = min((course.due_s for course in courses), default=started_s)
        time.sleep(max(0.0, min(soonest_s - started_s, PAUSE_S)))
        now_s = time.monotonic()
        emitted = [
            self.emit(slot, course, now_s)
            for slot, course in zip(message.decode, courses, strict=True)
            if course.due_s <= now_s
        ]
        return Stepped(message.number, 0, tuple(emitted), seconds=now_s - started_s)

    def emit(self, slot: int, course: Course, now_s: float) -> Emitted:
        request, place = course.admit.request, course.place
        if place >= token_count(course.generation):
            return Emitted(slot, request.generation, -1, "", "stop")
        course.place += 1
        course.due_s = max(course.due_s + self.token_s, now_s)
        token, text = token_id(course.generation, place), token_text(course.generation, place)
        return Emitted(slot, request.generation, token, text)

    def release(self, message: Release) -> None:
        self.courses.pop(message.slot, None)


class StuckOnce(ScriptedEngine):
    """One of its steps never ends; the file at `mark` tells the next process that this was done."""

    def __init__(self, slots: int, token_s: float, mark: Path) -> None:
        super().__init__(slots, token_s)
        self.mark = mark

    def step(self, message: Step) -> Stepped:
        if not self.mark.exists() and any(course.place >= 10 for course in self.courses.values()):
            self.mark.touch()
            threading.Event().wait()
        return super().step(message)


def make() -> Executor:
    """What SAMOVAR_SCRIPTED_ENGINE names (gpu_actor/scripted.py)."""
    slots, token_s = int(os.environ[SLOTS]), float(os.environ[TOKEN_S])
    mark = os.environ.get(STUCK_MARK, "")
    return StuckOnce(slots, token_s, Path(mark)) if mark else ScriptedEngine(slots, token_s)
