"""Drives an executor as the GPU actor does, and makes the requests for it."""

import random
from uuid import UUID

import msgspec

from actors.messages.engine import Admit, Admitted, Emitted, NotAdmitted, Release, Step, Stepped
from actors.messages.generation import CharacterSheet, GenerateReply, Sampling, Turn, TurnMessage
from gpu_actor.executor import Executor

SHEET = CharacterSheet(UUID(int=1), "Mara", description="A sarcastic space pirate.")
SAMPLED = Sampling(max_tokens=24)
GREEDY = Sampling(temperature=0.0, repetition_penalty=1.0, max_tokens=24)


def request(
    number: int, sampling: Sampling = SAMPLED, text: str = "", *, committed: tuple[int, ...] = ()
) -> GenerateReply:
    """The `number`-th reply; the number is its seed too."""
    texts = ["Name three fruits.", "Tell me how you lost your ship, in a few sentences.", "Sing."]
    history = (TurnMessage("assistant", "Well met."), TurnMessage("user", text or texts[number % 3]))
    turn = Turn(SHEET.character, "Ann", history)
    generation, conversation, user = UUID(int=number), UUID(int=1000 + number), UUID(int=2000)
    return GenerateReply(generation, conversation, user, turn, sampling, seed=number, committed=committed)


def with_committed(asked: GenerateReply, made: list[Emitted], count: int) -> GenerateReply:
    """The next attempt, after `count` tokens of the first one became durable."""
    committed = tuple(each.token_id for each in made[:count])
    return msgspec.structs.replace(asked, attempt=1, committed=committed)


class Planner:
    """`chunk`: prompt tokens a step; None: another number each time."""

    def __init__(self, executor: Executor, chunk: int | None = 64, seed: int = 0) -> None:
        self.executor = executor
        self.chunk = chunk
        self.random = random.Random(seed)
        self.admitted: dict[int, Admitted] = {}
        self.prefilled: dict[int, int] = {}
        self.made: dict[int, list[Emitted]] = {}
        self.replayed: dict[int, int] = {}
        self.number = 0

    def admit(self, slot: int, asked: GenerateReply, sheet: CharacterSheet = SHEET) -> Admitted:
        answer = self.executor.admit(Admit(asked, sheet, slot))
        assert isinstance(answer, Admitted), answer
        self.admitted[slot], self.prefilled[slot], self.replayed[slot] = answer, 0, 0
        self.made[slot] = []
        return answer

    def refusal(self, slot: int, asked: GenerateReply) -> str:
        answer = self.executor.admit(Admit(asked, SHEET, slot))
        assert isinstance(answer, NotAdmitted)
        assert (answer.generation, answer.attempt) == (asked.generation, asked.attempt)
        return answer.why

    def release(self, slot: int) -> None:
        self.executor.release(Release(slot))
        for facts in (self.admitted, self.prefilled, self.replayed):
            facts.pop(slot, None)

    def step(self) -> Stepped:
        """One chunk for the first slot that wants one, one token for all that are ready."""
        waiting = [slot for slot, each in self.admitted.items() if self.prefilled[slot] < each.to_prefill]
        ready = tuple(slot for slot in self.admitted if slot not in waiting)
        slot = waiting[0] if waiting else -1
        self.number += 1
        chunk = self.chunk or self.random.randint(2, 40)
        stepped = self.executor.step(Step(self.number, slot, chunk, ready))
        assert stepped.number == self.number
        if waiting:
            assert stepped.prefilled > self.prefilled[slot]
            self.prefilled[slot] = stepped.prefilled
        assert {each.slot for each in stepped.emitted} | set(stepped.replayed) >= set(ready)
        for slot in stepped.replayed:
            self.replayed[slot] += 1
        for each in stepped.emitted:
            self.made[each.slot].append(each)
            if each.end:
                self.release(each.slot)
        return stepped

    def finish(self) -> None:
        """Until every slot is free."""
        while self.admitted:
            self.step()

    def whole(self, asked: GenerateReply, slot: int = 0) -> list[Emitted]:
        """What the reply alone makes, from its admission to its end."""
        self.admit(slot, asked)
        self.finish()
        return self.made[slot]


def ids_of(made: list[Emitted]) -> list[int]:
    return [each.token_id for each in made if each.token_id >= 0]


def text_of(made: list[Emitted]) -> str:
    return "".join(each.text + each.held for each in made)
