"""Whatever an executor reuses, clones, gives up and settles: each reply is what it is alone, bit for bit.

With a small model of random weights at both numerics. `heard` gathers the logits from which each place of
each reply was drawn, on every executor and in every attempt: there may be only one.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from actors.messages.engine import Admit, Emitted, NotAdmitted, Step
from actors.messages.generation import CharacterSheet, GenerateReply, Sampling, Turn, TurnMessage
from gpu_actor.engine.graph_cache import Numerics
from gpu_actor.executor import ModelExecutor, load_executor
from gpu_actor.models import choose_model
from gpu_actor.sequence import Sequence
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.planner import Planner, ids_of, text_of, with_committed
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SHEET = CharacterSheet(UUID(int=1), "Mara", description="A space pirate, sarcastic. " * 4)
OTHER_SHEET = CharacterSheet(UUID(int=2), "Ivo", description="A lighthouse keeper.")
SAMPLINGS = [
    Sampling(temperature=0.0, repetition_penalty=1.0, max_tokens=9),
    Sampling(max_tokens=14),
    Sampling(temperature=1.2, top_k=0, max_tokens=6, stop=("th",)),
]
Heard = dict[tuple[UUID, int], set[bytes]]


@pytest.fixture(scope="module", params=["fast", "exact"])
def executors(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ModelExecutor, ModelExecutor]:
    """One that keeps much, and one without slots to spare that settles nothing."""
    numerics: Numerics = request.param
    folder = tmp_path_factory.mktemp("tiny")
    chosen = choose_model(str(write_tiny(folder / "tiny.gguf", TinyModel("Q4_1", context=768))), folder)
    common: dict[str, Any] = {"context": 768, "threads": 1, "numerics": numerics}
    warm = load_executor(EngineSettings(slots=3, kept=2, **common), chosen, folder)
    cold = load_executor(EngineSettings(slots=1, kept=0, settle=False, **common), chosen, folder)
    return warm, cold


@pytest.fixture
def warm(executors: tuple[ModelExecutor, ModelExecutor]) -> ModelExecutor:
    """Nothing is in it yet."""
    forget(executors[0])
    return executors[0]


@pytest.fixture
def cold(executors: tuple[ModelExecutor, ModelExecutor]) -> ModelExecutor:
    return executors[1]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    heard: Heard = defaultdict(set)
    emit = Sequence.emit

    def listen(self: Sequence, logits: npt.NDArray[np.float32]) -> Emitted:
        place = len(self.ids) - self.prompt_tokens
        heard[self.generation, place].add(hashlib.sha256(logits.tobytes()).digest())
        return emit(self, logits)

    monkeypatch.setattr(Sequence, "emit", listen)
    yield heard
    assert all(len(bits) == 1 for bits in heard.values())


def forget(executor: ModelExecutor) -> None:
    """As if it had just been loaded."""
    for slot in range(executor.facts.slots):
        Planner(executor).release(slot)
    for place in range(executor.decoder.slots + executor.decoder.shelves):
        executor.caches.forget(place)
    if executor.settling is not None:
        executor.settling.waiting.clear()


def settle(executor: ModelExecutor, chunk: int = 40) -> int:
    """Idle steps until nothing is left; how many tokens they computed."""
    computed = 0
    while (stepped := executor.step(Step(1, -1, 0, (), settle=chunk))).unsettled:
        computed += stepped.computed
    return computed


class Talk:
    """A conversation."""

    def __init__(self, number: int, sheet: CharacterSheet = SHEET, user: int = 0) -> None:
        self.number = number
        self.sheet = sheet
        self.user = UUID(int=7000 + user)
        self.history = [TurnMessage("assistant", f"Well met, said {sheet.name}.")]
        self.turns = 0

    def ask(self, text: str, sampling: Sampling = SAMPLINGS[0]) -> GenerateReply:
        self.turns += 1
        self.history.append(TurnMessage("user", text))
        turn = Turn(self.sheet.character, "Ann", tuple(self.history))
        number = 100 * self.number + self.turns
        conversation = UUID(int=1000 + self.number)
        return GenerateReply(UUID(int=number), conversation, self.user, turn, sampling, seed=number)

    def answered(self, made: list[Emitted]) -> None:
        self.history.append(TurnMessage("assistant", text_of(made)))

    def reply(self, executor: ModelExecutor, text: str, sampling: Sampling = SAMPLINGS[0]) -> list[Emitted]:
        planner = Planner(executor)
        planner.admit(0, self.ask(text, sampling), self.sheet)
        planner.finish()
        self.answered(planner.made[0])
        return planner.made[0]


def alone(cold: ModelExecutor, asked: GenerateReply, sheet: CharacterSheet = SHEET) -> list[Emitted]:
    forget(cold)
    planner = Planner(cold, chunk=200)
    planner.admit(0, asked, sheet)
    planner.finish()
    return planner.made[0]


# -- turns ------------------------------------------------------------------------------------------


def test_after_an_idle_moment_a_turn_finds_everything_but_its_own_message(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard
) -> None:
    talk = Talk(1)
    talk.reply(warm, "Who are you?", SAMPLINGS[1])
    assert settle(warm) > 10
    asked = talk.ask("And then?", SAMPLINGS[1])
    planner = Planner(warm)
    admitted = planner.admit(1, asked, SHEET)
    message = warm.builder.tokens_in("And then?")
    assert admitted.to_prefill == admitted.prompt_tokens - admitted.reused
    assert message < admitted.to_prefill < message + 25  # the template's frame around it
    planner.finish()
    assert ids_of(planner.made[1]) == ids_of(alone(cold, asked))


def test_without_it_a_turn_finds_the_prompt_of_the_one_before(warm: ModelExecutor, heard: Heard) -> None:
    talk = Talk(1)
    before = Planner(warm).admit(0, talk.ask("Who are you?"), SHEET).prompt_tokens
    talk.turns, talk.history = 0, talk.history[:1]
    forget(warm)
    talk.reply(warm, "Who are you?")
    admitted = Planner(warm).admit(0, talk.ask("And then?"), SHEET)
    assert admitted.reused >= before - 2
    assert heard


def test_settling_gives_way_at_any_time_and_goes_on_afterwards(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard
) -> None:
    one, two = Talk(1), Talk(2, OTHER_SHEET)
    one.reply(warm, "Who are you?", SAMPLINGS[1])
    assert warm.step(Step(1, -1, 0, (), settle=5)).unsettled
    asked = two.ask("Hi.", SAMPLINGS[1])
    planner = Planner(warm, chunk=7)
    planner.admit(0, asked, OTHER_SHEET)
    planner.finish()
    two.answered(planner.made[0])
    assert ids_of(planner.made[0]) == ids_of(alone(cold, asked, OTHER_SHEET))
    assert settle(warm) > 5
    for talk in (one, two):
        asked = talk.ask("Go on.")
        admitted = planner.admit(1, asked, talk.sheet)
        assert admitted.to_prefill < 40
        planner.finish()
        assert ids_of(planner.made[1]) == ids_of(alone(cold, asked, talk.sheet))


def test_a_turn_that_comes_in_the_middle_of_settling_takes_what_is_there(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard
) -> None:
    talk = Talk(1)
    talk.reply(warm, "Who are you?", SAMPLINGS[1])
    warm.step(Step(1, -1, 0, (), settle=4))
    asked = talk.ask("Go on.")
    planner = Planner(warm)
    planner.admit(2, asked, SHEET)
    planner.finish()
    assert ids_of(planner.made[2]) == ids_of(alone(cold, asked))
    talk.answered(planner.made[2])
    settle(warm)
    assert Planner(warm).admit(0, talk.ask("More."), SHEET).to_prefill < 40


def test_another_answer_to_the_same_message_computes_next_to_nothing(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard
) -> None:
    talk = Talk(1)
    asked = talk.ask("Who are you?", SAMPLINGS[1])
    planner = Planner(warm)
    planner.admit(0, asked, SHEET)
    planner.finish()
    settle(warm)
    again = msgspec.structs.replace(asked, generation=UUID(int=9), seed=9)
    assert planner.admit(0, again, SHEET).to_prefill == 2
    planner.finish()
    assert ids_of(planner.made[0]) == ids_of(alone(cold, again))


def test_another_conversation_with_the_character_begins_with_a_copy(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard
) -> None:
    Talk(1).reply(warm, "Who are you?")
    asked = Talk(2, user=1).ask("What is your ship called?")
    planner = Planner(warm)
    admitted = planner.admit(0, asked, SHEET)
    assert admitted.cloned > warm.builder.tokens_in(SHEET.description)
    planner.finish()
    assert ids_of(planner.made[0]) == ids_of(alone(cold, asked))


def test_settling_can_be_turned_off(cold: ModelExecutor) -> None:
    forget(cold)
    planner = Planner(cold)
    assert not planner.admit(0, Talk(1).ask("Hi."), SHEET).settles
    planner.finish()
    stepped = cold.step(Step(1, -1, 0, (), settle=40))
    assert (stepped.computed, stepped.unsettled) == (0, False)


def test_a_reply_for_which_memory_does_not_suffice_now_is_told_to_wait(warm: ModelExecutor) -> None:
    before, warm.caches.most = warm.caches.most, 768
    planner = Planner(warm)
    long = msgspec.structs.replace(SAMPLINGS[0], max_tokens=500)
    planner.admit(0, Talk(1).ask("Hi.", long), SHEET)
    answer = warm.admit(Admit(Talk(2).ask("Hi.", long), SHEET, 1))
    assert isinstance(answer, NotAdmitted)
    assert answer.wait
    planner.release(0)
    planner.admit(1, Talk(2).ask("Hi.", long), SHEET)
    warm.caches.most = before


# -- what must never show ----------------------------------------------------------------------------


def test_nobodys_cache_shows_in_anothers_reply(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard
) -> None:
    """All that is not the prompt's own beginning is poisoned before and after the copy."""
    victim = Talk(1)
    victim.reply(warm, "My secret is a red door.", SAMPLINGS[1])
    settle(warm)
    asked = Talk(2, user=1).ask("Tell me the secret of the other.", SAMPLINGS[1])
    planner = Planner(warm, chunk=11)
    admitted = planner.admit(0, asked, SHEET)
    assert admitted.cloned
    sequence = warm.sequences[0]
    secret = warm.tokenizer.encode("red door", special=False)
    assert secret[1:-1]
    own = warm.begun[0].held
    assert own.ids == sequence.ids[: len(own.ids)]
    cache = getattr(warm.decoder, "cache")  # noqa: B009 - the contract of decoders does not have it
    own_row = cache[:, own.place, :, : len(own.ids)].copy()
    cache[:] = np.nan
    cache[:, own.place, :, : len(own.ids)] = own_row
    warm.caches.held = {own.place: own}  # what is poisoned is not to be cloned any more
    planner.finish()
    cache[:] = 0
    forget(warm)
    assert ids_of(planner.made[0]) == ids_of(alone(cold, asked))


# -- taken up again ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sampling", SAMPLINGS[:2], ids=["greedy", "sampled"])
def test_a_reply_cut_anywhere_goes_on_exactly_with_a_cache_or_without(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard, sampling: Sampling
) -> None:
    talk = Talk(1)
    talk.reply(warm, "Who are you?", SAMPLINGS[1])
    settle(warm)
    asked = talk.ask("How did you lose your ship?", sampling)
    whole = alone(cold, asked)
    for cut in range(len(ids_of(whole))):
        again = with_committed(asked, whole, cut)
        for executor in (warm, cold):
            if executor is cold:
                forget(cold)
            planner = Planner(executor, chunk=None, seed=cut)
            admitted = planner.admit(0, again, SHEET)
            assert executor is cold or admitted.reused or admitted.cloned
            planner.finish()
            assert [msgspec.structs.replace(each, slot=0) for each in planner.made[0]] == whole[cut:]


# -- anything ----------------------------------------------------------------------------------------

LONG_AGO: list[int] = []
"""Seeds that once failed."""


class Days:
    """Conversations as they come: questions, steps, cancels, cuts, idle moments, chosen by chance."""

    def __init__(self, executor: ModelExecutor, seed: int) -> None:
        self.executor = executor
        self.chance = random.Random(seed)
        self.planner = Planner(executor, chunk=None, seed=seed)
        sheets = [SHEET, SHEET, OTHER_SHEET]
        self.resting = [Talk(number, sheets[number % 3], number % 2) for number in range(1, 6)]
        self.live: dict[int, tuple[Talk, GenerateReply]] = {}  # by slot
        self.durable: dict[UUID, list[Emitted]] = {}  # of a live reply, from its attempts before
        self.whole: list[tuple[Talk, GenerateReply, list[Emitted]]] = []

    def happen(self) -> None:
        events = [self.ask, self.ask, *[self.step] * 8, self.settle, self.cancel, self.cut]
        self.chance.choice(events)()

    def ask(self) -> None:
        free = [slot for slot in range(3) if slot not in self.live]
        if not free or not self.resting:
            return
        talk = self.resting.pop(self.chance.randrange(len(self.resting)))
        if len(talk.history) > 8 or self.chance.random() < 0.1:
            del talk.history[self.chance.randint(1, len(talk.history)) :]  # on from an earlier place
        text = "".join(self.chance.choices("abcdefgh ", k=self.chance.randint(1, 60)))
        asked = talk.ask(f"{text}.", self.chance.choice(SAMPLINGS))
        self.begin(self.chance.choice(free), talk, asked, [])

    def begin(self, slot: int, talk: Talk, asked: GenerateReply, durable: list[Emitted]) -> None:
        self.durable[asked.generation] = durable
        self.live[slot] = talk, asked
        self.planner.admit(slot, asked, talk.sheet)

    def step(self) -> None:
        if self.live:
            self.planner.step()
        for slot in [slot for slot in self.live if slot not in self.planner.admitted]:
            talk, asked, made = self.leave(slot)
            self.whole.append((talk, asked, made))
            talk.answered(made)
            self.resting.append(talk)

    def leave(self, slot: int) -> tuple[Talk, GenerateReply, list[Emitted]]:
        talk, asked = self.live.pop(slot)
        self.planner.release(slot)
        return talk, asked, [*self.durable.pop(asked.generation), *self.planner.made[slot]]

    def settle(self) -> None:
        self.executor.step(Step(0, -1, 0, (), settle=self.chance.randint(2, 50)))

    def cancel(self) -> None:
        if self.live:
            talk, _, made = self.leave(self.chance.choice(sorted(self.live)))
            talk.answered(made)
            self.resting.append(talk)

    def cut(self) -> None:
        """The worker loses a reply, and takes it up again from what became durable."""
        if self.live:
            talk, asked, made = self.leave(self.chance.choice(sorted(self.live)))
            durable = made[: self.chance.randint(0, len(made))]
            slot = self.chance.choice([slot for slot in range(3) if slot not in self.live])
            self.begin(slot, talk, with_committed(asked, durable, len(durable)), durable)


@pytest.mark.parametrize("seed", [*range(4), *LONG_AGO])
def test_no_course_of_events_changes_a_reply(
    warm: ModelExecutor, cold: ModelExecutor, heard: Heard, seed: int
) -> None:
    days = Days(warm, seed)
    while len(days.whole) < 8:
        days.happen()
    assert heard
    for talk, asked, made in days.whole:
        fresh = msgspec.structs.replace(asked, attempt=0, committed=())
        assert ids_of(alone(cold, fresh, talk.sheet)) == ids_of(made)
