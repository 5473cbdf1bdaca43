"""Measures what of each prompt of a long talk need not be computed: a character with lore, turn by turn.

A real executor answers, by the messages that the GPU actor sends it; between two turns it settles, as in idle
time. Once, before the turn `summary_at`, a summary takes the place of the oldest messages and its prompt is
computed ahead, as the session has it done.
"""

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct, structs

from actors.character.card import Card, Lorebook, LoreEntry
from actors.character.sheet import sheet_of
from actors.messages.engine import Admit, Admitted, Emitted, NotAdmitted, Release, Step
from actors.messages.generation import GenerateReply, Sampling, Turn, TurnMessage
from gpu_actor.executor import Executor
from gpu_actor.troubles import BenchFailedError

CHARACTER, CONVERSATION, USER = UUID(int=1), UUID(int=2), UUID(int=3)
CHUNK = 256
COVERED = 3, 5  # share of the messages that the summary stands for
SUMMARY = (
    "Anna came to the inn by the harbour on a stormy evening. Marfa gave her tea and told of the lighthouse, "
    "of her brother's ship that never came back, and of the key that hangs behind the stove."
)
PLACES = ("the lighthouse", "the harbour", "the market", "the old mill", "the storm", "the stove")
QUESTIONS = (
    "What do you know of {place}?",
    "And what happened then?",
    "I would like some more tea, please. It is cold outside.",
    "Who else knows of this?",
    "Tell me how it was when you were young.",
)
CARD = Card(
    name="Marfa",
    description="Marfa keeps an inn by the harbour. She is old, kind and curious, and has seen much. " * 6,
    personality="Warm, talkative, a little superstitious.",
    scenario="A stormy evening. The samovar is hot.",
    first_mes="Come in, come in, and close the door! Sit down by the stove.",
    book=Lorebook(
        scan_depth=4,
        token_budget=400,
        entries=tuple(
            LoreEntry(
                keys=(place.removeprefix("the "),),
                content=f"Of {place} people say many things, and Marfa knows which are true. " * 3,
                name=place,
                position="after_char",
            )
            for place in PLACES
        ),
    ),
)


class TurnFound(Struct, frozen=True):
    """`known` of the `prompt` tokens lay in a cache; the rest was computed while the person waited. `lore`:
    entries in the prompt."""

    turn: int
    prompt: int
    known: int
    share: float
    lore: int
    summary: bool = False  # the first turn after it


class PrefixFound(Struct, frozen=True):
    """`share` is that of all prompt tokens from the second turn on."""

    model: str
    turns: tuple[TurnFound, ...]
    share: float
    median: float


class Talk:
    def __init__(self, executor: Executor, *, tokens: int) -> None:
        self.executor = executor
        self.sampling = Sampling(temperature=0.0, repetition_penalty=1.1, max_tokens=tokens)
        self.sheet = sheet_of(CHARACTER, CARD, 1 << 20)
        self.history = [TurnMessage("assistant", CARD.first_mes)]
        self.summary, self.summarised = "", 0
        self.number = 0

    def turn(self, text: str) -> tuple[Admitted, str]:
        """The person says that; what was known of the prompt, and the reply."""
        self.history.append(TurnMessage("user", text))
        admitted, made = self.carry_out(self.request(background=False))
        reply = "".join(each.text + each.held for each in made).strip() or "…"
        self.history.append(TurnMessage("assistant", reply))
        return admitted, reply

    def summarise(self) -> None:
        part, whole = COVERED
        self.summary, self.summarised = SUMMARY, len(self.history) * part // whole | 1
        self.carry_out(self.request(background=True))

    def request(self, *, background: bool) -> GenerateReply:
        self.number += 1
        turn = Turn(CHARACTER, "Anna", tuple(self.history), now_ms=1_700_000_000_000)
        turn = structs.replace(turn, summary=self.summary, summarised=self.summarised)
        generation = UUID(int=100 + self.number)
        return GenerateReply(
            generation, CONVERSATION, USER, turn, self.sampling, seed=self.number, background=background
        )

    def carry_out(self, request: GenerateReply) -> tuple[Admitted, list[Emitted]]:
        """To its end, and then what idle time is for."""
        admitted = self.executor.admit(Admit(request, self.sheet, 0))
        if isinstance(admitted, NotAdmitted):
            raise BenchFailedError(admitted.why)
        made: list[Emitted] = []
        prefilled, number = 0, 0
        while not (made and made[-1].end):
            number += 1
            waits = prefilled < admitted.to_prefill
            stepped = self.executor.step(Step(number, 0 if waits else -1, CHUNK, () if waits else (0,)))
            prefilled = max(prefilled, stepped.prefilled)
            made += stepped.emitted
        self.executor.release(Release(0))
        while self.executor.step(Step(number, -1, 0, (), settle=CHUNK)).unsettled:
            pass
        return admitted, made


def measure(executor: Executor, turns: int, summary_at: int, tokens: int) -> Iterator[TurnFound]:
    """`tokens`: of a reply. `summary_at`: the first turn after the summary, 0: there is none."""
    talk = Talk(executor, tokens=tokens)
    for number in range(1, turns + 1):
        if number == summary_at:
            talk.summarise()
        question = QUESTIONS[number % len(QUESTIONS)].format(place=PLACES[number % len(PLACES)])
        admitted, _ = talk.turn(question)
        known = admitted.reused + admitted.cloned
        yield TurnFound(
            turn=number,
            prompt=admitted.prompt_tokens,
            known=known,
            share=round(known / admitted.prompt_tokens, 3),
            lore=sum(part.kept and part.kind == "lore" for part in admitted.trace),
            summary=number == summary_at,
        )


def found_of(model: str, turns: list[TurnFound]) -> PrefixFound:
    later = turns[1:]
    prompt = sum(turn.prompt for turn in later)
    shares = sorted(turn.share for turn in later)
    return PrefixFound(
        model=model,
        turns=tuple(turns),
        share=round(sum(turn.known for turn in later) / prompt, 3) if prompt else 0.0,
        median=shares[len(shares) // 2] if shares else 0.0,
    )
