"""The simulator's engine port: computes chained tokens in virtual time, by the messages of the real one."""

from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

from actors.addresses import ENGINE, GPU
from actors.messages.engine import Admit, Admitted, Emitted, Release, Step, Stepped
from actors.messages.generation import GenerateReply
from tests.sim import chain
from tests.sim.clock import SimLoop

MODEL = "chained"


class Sequence:
    def __init__(self, request: GenerateReply, random: Random, boot: UUID) -> None:
        self.request = request
        self.to_prefill = random.choice((5, 40, 300))
        self.prefilled = 0
        self.replay = list(request.committed)
        self.ids: list[int] = []
        self.salt = chain.salt_of(boot, request.attempt, request.committed)


class ChainEngine:
    """One kind of answer for one kind of message; `kill` makes it silent."""

    def __init__(
        self, tell: Callable[[str, Any, str], None], loop: SimLoop, random: Random, boot: UUID
    ) -> None:
        self.tell = tell
        self.loop = loop
        self.random = random
        self.boot = boot
        self.slots: dict[int, Sequence] = {}
        self.free_at = 0.0
        self.dead = False

    def deliver(self, address: str, message: Any, sender: str) -> None:
        match message:
            case Admit():
                self.answer(0.001, lambda: self.admit(message))
            case Step():
                self.answer(self.random.uniform(0.002, 0.03), lambda: self.step(message))
            case Release(slot):
                self.answer(0.0, lambda: self.slots.pop(slot, None))
            case _:
                raise TypeError(type(message).__name__)

    def answer(self, after_s: float, work: Callable[[], Any]) -> None:
        """In the order they came, like the one thread of the real engine."""
        self.free_at = max(self.free_at, self.loop.now) + after_s
        self.loop.call_later(self.free_at - self.loop.now, lambda: None if self.dead else work())

    def admit(self, message: Admit) -> None:
        request = message.request
        sequence = self.slots[message.slot] = Sequence(request, self.random, self.boot)
        digest = request.prompt_digest or chain.link(request.seed, []).to_bytes(4, "big")
        self.tell(
            GPU,
            Admitted(
                generation=request.generation,
                attempt=request.attempt,
                model=MODEL,
                prompt_digest=digest,
                prompt_tokens=sequence.to_prefill,
                to_prefill=sequence.to_prefill,
                to_replay=max(len(sequence.replay) - 1, 0),  # with the last of them the reply goes on
                settles=True,
            ),
            ENGINE,
        )

    def step(self, message: Step) -> None:
        emitted: list[Emitted] = []
        replayed: list[int] = []
        prefilled = 0
        for slot in message.decode:
            sequence = self.slots.get(slot)
            if sequence is not None:
                self.decode(slot, sequence, emitted, replayed)
        sequence = self.slots.get(message.prefill_slot)
        if sequence is not None:
            sequence.prefilled = min(sequence.to_prefill, sequence.prefilled + message.prefill_tokens)
            prefilled = sequence.prefilled
            if prefilled == sequence.to_prefill and not sequence.replay:
                self.decode(message.prefill_slot, sequence, emitted, replayed)
        unsettled = bool(message.settle) and self.random.random() < 0.5
        stepped = Stepped(
            message.number, prefilled, tuple(emitted), tuple(replayed), 0.01, 0.005, prefilled, 0, unsettled
        )
        self.tell(GPU, stepped, ENGINE)

    def decode(self, slot: int, sequence: Sequence, emitted: list[Emitted], replayed: list[int]) -> None:
        request = sequence.request
        if sequence.replay:
            sequence.ids.append(sequence.replay.pop(0))
            if sequence.replay:
                replayed.append(slot)
                return
        seed = request.seed
        length = chain.length(seed, request.sampling.max_tokens)
        if len(sequence.ids) >= length:
            text, thought = (
                chain.said(seed, length - 1, sequence.ids[-1]) if chain.holds_back(seed) else ("", "")
            )
            emitted.append(Emitted(slot, request.generation, -1, "", "stop", held=text, held_thought=thought))
            return
        token = chain.next_token(seed, sequence.ids, sequence.salt)
        sequence.ids.append(token)
        text, thought = chain.said(seed, len(sequence.ids) - 1, token)
        if len(sequence.ids) == length and chain.holds_back(seed):
            text = thought = ""
        emitted.append(Emitted(slot, request.generation, token, text, thought=thought))
