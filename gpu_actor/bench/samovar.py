"""This engine as a contender: the decoder, sampler and executor that serve, at fast numerics."""

import time
from collections.abc import Sequence
from uuid import UUID

import msgspec

from actors.messages.engine import Admit, Admitted, Emitted, Release, Step
from actors.messages.generation import CharacterSheet, GenerateReply, Sampling, Turn, TurnMessage
from deploy.cache import cache_folder
from gpu_actor.bench.memory_peak import peak_megabytes
from gpu_actor.bench.tasks import Answer, Decode, Memory, Prefill, SecondTurn, Task, Together
from gpu_actor.executor import ModelExecutor
from gpu_actor.loading import load_own_graph
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import BenchFailedError

CHUNK = 256
"""Prompt tokens computed in one go where nobody waits."""

GREEDY = Sampling(temperature=0.0, repetition_penalty=1.0)


def load_own(settings: EngineSettings) -> ModelExecutor:
    """EngineTrouble says why it cannot be."""
    return load_own_graph(settings, cache_folder(), ignore)


def ignore(_: str) -> None:
    """What is going on while it loads is of no interest."""


class SamovarContender:
    def __init__(self, settings: EngineSettings) -> None:
        self.executor = load_own(settings)
        self.decoder, self.table = self.executor.decoder, self.executor.table
        self.name = f"Samovar on {self.executor.facts.engine}"
        self.conversations = 0

    def run(self, task: Task) -> Answer:
        match task:
            case Prefill(ids):
                self.decoder.keep(0, 0)
                begun = time.perf_counter()
                self.prefill(0, ids)
                return Answer(time.perf_counter() - begun)
            case Decode(ids, steps):
                self.decoder.keep(0, 0)
                tokens = [self.prefill(0, ids)]
                begun = time.perf_counter()
                for _ in range(steps):
                    tokens = self.step([0], tokens)
                return Answer(time.perf_counter() - begun)
            case Together(prompts, steps):
                return self.together(prompts, steps)
            case SecondTurn():
                return self.second_turn(task)
            case Memory():
                return Answer(megabytes=peak_megabytes())

    def prefill(self, slot: int, ids: list[int]) -> int:
        """The token after the prompt."""
        token = -1
        for start in range(0, len(ids), CHUNK):
            logits = self.decoder.prefill(slot, self.table.states(ids[start : start + CHUNK]))
            token = int(logits.argmax())
        return token

    def step(self, slots: Sequence[int], tokens: Sequence[int]) -> list[int]:
        logits = self.decoder.decode(slots, self.table.states(tokens))
        return [int(row.argmax()) for row in logits]

    def together(self, prompts: list[list[int]], steps: int) -> Answer:
        slots = range(len(prompts))
        for slot in slots:
            self.decoder.keep(slot, 0)
        begun = time.perf_counter()
        tokens = [self.prefill(slot, ids) for slot, ids in enumerate(prompts)]
        for _ in range(steps - 1):  # the first token came with the prompt
            tokens = self.step(slots, tokens)
        return Answer(time.perf_counter() - begun)

    # -- a conversation -----------------------------------------------------------------------

    def second_turn(self, task: SecondTurn) -> Answer:
        """Through the executor, as the GPU actor drives it."""
        sheet = CharacterSheet(UUID(int=1), "Vesna", description=task.character)
        opening = (TurnMessage("user", task.said[0]),)
        self.forget()
        conversation = self.new_conversation()
        first, _, text = self.reply(conversation, sheet, opening, task.reply)
        while self.executor.step(Step(0, -1, 0, (), settle=CHUNK)).unsettled:
            pass
        history = (*opening, TurnMessage("assistant", text), TurnMessage("user", task.said[1]))
        second, warm, _ = self.reply(conversation, sheet, history, 1)
        self.forget()
        _, cold, _ = self.reply(self.new_conversation(), sheet, history, 1)
        return Answer(warm, cold, first=first, second=second)

    def new_conversation(self) -> UUID:
        self.conversations += 1
        return UUID(int=self.conversations)

    def forget(self) -> None:
        """An executor that knows nothing of earlier conversations, on the same decoder."""
        old = self.executor
        for slot in range(self.decoder.slots):
            self.decoder.keep(slot, 0)
        self.executor = ModelExecutor(old.facts, old.decoder, old.table, old.tokenizer, old.builder)

    def reply(
        self, conversation: UUID, sheet: CharacterSheet, history: tuple[TurnMessage, ...], tokens: int
    ) -> tuple[list[int], float, str]:
        """The prompt, the seconds to the first token, and the text of a reply of so many tokens."""
        generation = UUID(int=(self.conversations << 32) + len(history))
        turn = Turn(sheet.character, "Anna", history)
        sampling = msgspec.structs.replace(GREEDY, max_tokens=tokens)
        request = GenerateReply(generation, conversation, UUID(int=2), turn, sampling, seed=1)
        begun = time.perf_counter()
        admitted = self.executor.admit(Admit(request, sheet, 0))
        if not isinstance(admitted, Admitted):
            raise BenchFailedError(f"the conversation of the benchmark was refused: {admitted.why}")
        emitted: list[Emitted] = []
        while not emitted:
            emitted += self.executor.step(Step(0, 0, CHUNK, ())).emitted
        took = time.perf_counter() - begun
        prompt = self.executor.sequences[0].ids[: admitted.prompt_tokens]
        while not emitted[-1].end:
            emitted += self.executor.step(Step(0, -1, 0, (0,))).emitted
        self.executor.release(Release(0))
        return prompt, took, "".join(each.text + each.held for each in emitted)
