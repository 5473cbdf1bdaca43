"""`samovar bench engine`: this engine and llama.cpp on the same file, in turn, in one run.

Each contender is a process of its own with the same number of threads; while one works the other
waits. Every figure is a median over the rounds. A ratio above 1 says that Samovar is better, except
for `warm_first_token` (its own first token of a second turn, warm over cold) and `memory` (its peak
over llama.cpp's), where less is better.
"""

import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec
from msgspec import Struct

from deploy.cache import cache_folder
from gpu_actor.bench.tasks import Answer, Decode, Memory, Prefill, Ready, SecondTurn, Task, Together
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine_choice import NAMES
from gpu_actor.measured_speeds import write_speeds
from gpu_actor.models import choose_model
from gpu_actor.processors import physical_cores
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import BenchFailedError

OWN, RIVAL = "samovar", "llama.cpp"
T = TypeVar("T", Ready, Answer)

SLOTS = 8
CONTEXT = 2048
MOST_CACHE_MB = 1 << 20  # the cache of the benchmark is whatever its slots take


class Workload(Struct, frozen=True):
    """How much of each task. The figures' names speak of the defaults."""

    prefill: int = 512
    decode: tuple[int, int] = (64, 500)  # tokens in the cache before the steps that are timed
    steps: int = 48
    together: tuple[int, int] = (64, 64)  # prompt and reply of each of the eight sequences
    reply: int = 48  # of the first turn
    sentences: int = 24  # of the character's prompt; about 1,000 tokens


CHARACTER = (
    "{{char}} keeps the tea house at the end of the lane. She is patient, curious about strangers, and "
    "fond of long stories, of which she remembers every turn. She speaks slowly and never in a hurry. "
)

SAID = ("Good evening. Is there still a place by the window?", "Tell me a story about the river, please.")


WORKLOAD = Workload()


class Figures(Struct, frozen=True):
    """Of one contender. Tokens a second, but for the first tokens (seconds) and memory (10⁶ bytes)."""

    name: str
    prefill_512: float
    decode_64: float
    decode_500: float
    eight_sequences: float
    warm_first_token_s: float
    cold_first_token_s: float
    peak_memory_mb: float


class Comparison(Struct, frozen=True):
    model: str
    threads: int
    rounds: int
    samovar: Figures
    llama_cpp: Figures
    ratios: dict[str, float]


class Process:
    """A contender in its process."""

    def __init__(self, name: str, settings: EngineSettings) -> None:
        self.name = name
        told = msgspec.json.encode(settings).decode()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "gpu_actor.bench.contender", name, told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ready(self) -> str:
        return self.read(Ready).name

    def run(self, task: Task) -> Answer:
        assert self.child.stdin is not None  # noqa: S101 - it is a pipe
        try:
            self.child.stdin.write(msgspec.json.encode(task) + b"\n")
            self.child.stdin.flush()
        except OSError:
            pass  # it has ended; what it said follows
        return self.read(Answer)

    def read(self, kind: type[T]) -> T:
        assert self.child.stdout is not None  # noqa: S101 - it is a pipe
        line = self.child.stdout.readline()
        if not line:
            _, said = self.child.communicate()
            last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it ended without a word"]
            raise BenchFailedError(f"{self.name} could not be measured: {last[0]}")
        return msgspec.json.decode(line, type=kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.child.stdin is not None:
            self.child.stdin.close()
        try:
            self.child.wait(10.0)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        for stream in (self.child.stdout, self.child.stderr):
            if stream is not None:
                stream.close()


def tokens(count: int, vocabulary: int, seed: int) -> list[int]:
    """Ids that no one has cached; the same at every run. The first hundred are often special."""
    chosen = random.Random(seed)  # noqa: S311 - not for secrets
    return [chosen.randrange(100, vocabulary - 100) for _ in range(count)]


def compare_model(settings: EngineSettings, *, rounds: int, say: Callable[[str], None]) -> Comparison:
    """The model that the settings name. The speeds are kept, and decide which engine serves from the next
    start on. EngineTrouble says why it cannot be.
    """
    cache = cache_folder()
    model = choose_model(settings.model, cache, settings.weights)
    file = open_model(model.path)
    try:
        vocabulary = read_config(file).vocabulary
    finally:
        file.close()
    sized = msgspec.structs.replace(
        settings,
        model=str(model.path),
        slots=SLOTS,
        kept=0,
        context=CONTEXT,
        threads=settings.threads or physical_cores(),
        cache_mb=MOST_CACHE_MB,
        numerics="fast",
    )
    found = compare(sized, vocabulary, rounds=rounds, say=say)
    own = "tensorrt" if NAMES["tensorrt"] in found.samovar.name else "onnxruntime"
    write_speeds(
        cache, model.sha256, {own: usual_speed(found.samovar), "llama.cpp": usual_speed(found.llama_cpp)}
    )
    return found


def usual_speed(figures: Figures) -> float:
    """Tokens a second of a usual turn: 200 tokens of prompt that are new, then 200 of reply."""
    return 400 / (200 / figures.prefill_512 + 200 / figures.decode_500)


def compare(
    settings: EngineSettings,
    vocabulary: int,
    *,
    rounds: int,
    say: Callable[[str], None],
    work: Workload = WORKLOAD,
) -> Comparison:
    """`say` is told what is being measured. BenchFailedError where a contender falls out."""
    with Process(OWN, settings) as own, Process(RIVAL, settings) as rival:
        names = {each.name: each.ready() for each in (own, rival)}
        seen: dict[str, list[tuple[str, Answer]]] = {OWN: [], RIVAL: []}
        prompts = [tokens(work.together[0], vocabulary, seed) for seed in range(1, SLOTS + 1)]
        tasks: list[tuple[str, Task]] = [
            ("prefill_512", Prefill(tokens(work.prefill, vocabulary, 0))),
            ("decode_64", Decode(tokens(work.decode[0], vocabulary, 20), work.steps)),
            ("decode_500", Decode(tokens(work.decode[1], vocabulary, 21), work.steps)),
            ("eight_sequences", Together(prompts, work.together[1])),
        ]
        turn = SecondTurn(CHARACTER * work.sentences, SAID, work.reply)

        def record(contender: Process, number: int, what: str, answer: Answer) -> None:
            if number:
                seen[contender.name].append((what, answer))

        for number in range(rounds + 1):  # the first round warms up and does not count
            shown = f"round {number} of {rounds}" if number else "warming up"
            for what, task in tasks:
                say(f"{shown}: {what}")
                for each in (own, rival):
                    record(each, number, what, each.run(task))
            say(f"{shown}: second_turn")
            answer = own.run(turn)
            record(own, number, "second_turn", answer)
            same = msgspec.structs.replace(turn, first=answer.first, second=answer.second)
            record(rival, number, "second_turn", rival.run(same))
        figures = {
            each.name: figures_of(names[each.name], seen[each.name], each.run(Memory()), work)
            for each in (own, rival)
        }
    return Comparison(
        Path(settings.model).name,
        settings.threads,
        rounds,
        figures[OWN],
        figures[RIVAL],
        ratios(figures[OWN], figures[RIVAL]),
    )


def figures_of(name: str, seen: Sequence[tuple[str, Answer]], memory: Answer, work: Workload) -> Figures:
    def median(what: str, value: Callable[[Answer], float]) -> float:
        return statistics.median(value(answer) for each, answer in seen if each == what)

    def rate(what: str, count: int) -> float:
        return count / median(what, lambda answer: answer.seconds)

    return Figures(
        name=name,
        prefill_512=rate("prefill_512", work.prefill),
        decode_64=rate("decode_64", work.steps),
        decode_500=rate("decode_500", work.steps),
        eight_sequences=rate("eight_sequences", SLOTS * work.together[1]),
        warm_first_token_s=median("second_turn", lambda answer: answer.seconds),
        cold_first_token_s=median("second_turn", lambda answer: answer.cold_s),
        peak_memory_mb=memory.megabytes,
    )


def ratios(own: Figures, rival: Figures) -> dict[str, float]:
    speeds = ("prefill_512", "decode_64", "decode_500", "eight_sequences")
    return {
        **{what: getattr(own, what) / getattr(rival, what) for what in speeds},
        "warm_first_token": own.warm_first_token_s / own.cold_first_token_s,
        "memory": own.peak_memory_mb / rival.peak_memory_mb,
    }
