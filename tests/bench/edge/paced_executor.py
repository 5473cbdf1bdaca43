"""An engine that costs nothing and emits at a steady rate; each token's text is a word, and the instant it
was emitted in signs that are no words: so the index of words has what people's texts give it.

Streams are staggered as those of several boxes are, not in step as those of one batch. The first token also
tells when the reply came to the engine, so that what the engine takes is not counted as Samovar's.
"""

import os
import random
import time

from msgspec import Struct

from actors.messages.engine import Admit, Admitted, Emitted, NotAdmitted, Release, Step, Stepped
from gpu_actor.engine_facts import EngineFacts
from tests.bench.words import vocabulary
from tests.fakes.promptless import Promptless

RATE = "SAMOVAR_BENCH_RATE"
SLOTS = "SAMOVAR_BENCH_SLOTS"
STEP_S = 0.004  # a step takes so long, as a quick one of a card does; a reply that comes waits for its end


DIGITS, SIGNS = "0123456789abcdef>", "!#$%&*+,./:;=?@^~"
TO_SIGNS, TO_DIGITS = str.maketrans(DIGITS, SIGNS), str.maketrans(SIGNS, DIGITS)
WORDS = 20_000  # drawn ones, of which the streams take theirs in turn
APART = 997


def stamp(arrived_ns: int | None, emitted_ns: int) -> str:
    """`EMITTED`, before the first token `ARRIVED>EMITTED`; monotonic clock, nanoseconds."""
    text = f"{emitted_ns:x}" if arrived_ns is None else f"{arrived_ns:x}>{emitted_ns:x}"
    return text.translate(TO_SIGNS)


def stamps_of(text: str) -> list[tuple[int | None, int]]:
    """(arrived_ns, emitted_ns) of each token of a text."""
    found = [one.translate(TO_DIGITS).rpartition(">") for one in text.split()[1::2]]
    return [(int(arrived, 16) if arrived else None, int(emitted, 16)) for arrived, _, emitted in found]


def drawn_words() -> list[str]:
    """As often as the words of a language are: the n-th most frequent one 1/n times the first."""
    draw = random.Random(0)
    known = vocabulary(draw, "en", 5_000)
    return draw.choices(known, [1 / rank for rank in range(1, len(known) + 1)], k=WORDS)


class Stream(Struct):
    """A reply in the making."""

    message: Admit
    arrived_ns: int
    due_s: float
    emitted: int = 0


class PacedExecutor(Promptless):
    """See gpu_actor.executor.Executor."""

    def __init__(self, rate: float, slots: int) -> None:
        self.pause_s = 1 / rate
        self.facts = EngineFacts(
            engine=f"paced at {rate:g} tokens/s",
            model="paced",
            model_hash="9a" * 32,
            slots=slots,
            context=4096,
            demonstration=False,
            numerics="exact",
            threads=0,
        )
        self.streams: dict[int, Stream] = {}
        self.done_s = 0.0  # when the newest step was
        self.words = drawn_words()

    def admit(self, message: Admit) -> Admitted | NotAdmitted:
        request = message.request
        begun = len(request.committed)
        self.streams[message.slot] = Stream(message, time.monotonic_ns(), time.monotonic(), begun)
        return Admitted(
            request.generation,
            request.attempt,
            self.facts.model_hash,
            bytes(32),
            prompt_tokens=1,
            to_prefill=0,
            to_replay=0,
        )

    def step(self, message: Step) -> Stepped:
        self.done_s = max(self.done_s + STEP_S, time.monotonic())
        time.sleep(max(0.0, self.done_s - time.monotonic()))
        now = time.monotonic()
        emitted = tuple(
            self.emit(slot, self.streams[slot]) for slot in message.decode if self.streams[slot].due_s <= now
        )
        return Stepped(message.number, 0, emitted)

    def emit(self, slot: int, stream: Stream) -> Emitted:
        request = stream.message.request
        word = self.words[(slot * APART + stream.emitted) % WORDS]
        text = f"{word} {stamp(None if stream.emitted else stream.arrived_ns, time.monotonic_ns())} "
        stream.emitted += 1
        stream.due_s += self.pause_s
        last = stream.emitted == request.sampling.max_tokens
        return Emitted(slot, request.generation, stream.emitted, text, "length" if last else "")

    def release(self, message: Release) -> None:
        self.streams.pop(message.slot, None)


def make() -> PacedExecutor:
    """For SAMOVAR_SCRIPTED_ENGINE."""
    return PacedExecutor(float(os.environ[RATE]), int(os.environ[SLOTS]))
