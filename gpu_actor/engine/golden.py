"""Golden logits: what a decoder has to answer, made on the CPU by our exact engine.

A course of work is data, in scenes that each begin with empty slots: prompts in one chunk and in several,
single steps, a cache that is cut back and used again, batches of uneven lengths, a cloned prefix, and one
sequence longer than the model's sliding window, if it has one. Of each answer the TOP likeliest tokens and
their log-probabilities are kept.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.engine.decoder import Decoder

Floats = npt.NDArray[np.float32]
States = Callable[[Sequence[int]], Floats]

TOP = 20
"""Tokens of an answer that are kept: samplers rarely look further, and the rest is mostly noise."""

GOLDEN = "golden.json"
GOLDEN_VERSION = 1
"""Goes up with every change of the course."""

TOKENS_NEEDED = 96  # of the passage, and positions of a slot for the scenes without a window
PROMPT, CHUNK = 48, 31
WINDOW_CHUNK = 64

PASSAGE = (
    "The samovar stood on the long table by the window, and the steam of it went up to the dark ceiling. "
    "Outside the snow had been falling since noon; nobody had come along the road but the postman, who "
    "had brought one letter and two newspapers, and had stayed for a glass of tea. 'You will see,' said the "
    "old woman, counting the cups, 'by the evening they will all be here: my brother from the mill, the "
    "doctor with his 3 daughters, and that young man who writes.' She cut the sugar into small pieces. "
    "Who can tell, she thought, what such people talk about when they are alone? They talk about money."
)
"""Ordinary sentences: on such text a model is sure of some tokens and unsure of others."""


class Prefill(Struct, frozen=True, tag=True):
    """A chunk of a prompt; its answer is looked at."""

    part: str  # what it tries, for the report
    slot: int
    begin: int
    end: int


class Decode(Struct, frozen=True, tag=True):
    """Token `at` of the passage for each slot, from `at` on."""

    part: str
    slots: tuple[int, ...]
    at: int


class Clone(Struct, frozen=True, tag=True):
    source: int
    target: int
    count: int


class Keep(Struct, frozen=True, tag=True):
    slot: int
    count: int


Step = Prefill | Decode | Clone | Keep


class Scene(Struct, frozen=True):
    """`slots` and `positions`: what a decoder must have for it."""

    slots: int
    positions: int
    steps: tuple[Step, ...]


class Answer(Struct, frozen=True):
    """The likeliest tokens of one row of logits, best first, and their log-probabilities (natural)."""

    part: str
    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]


class Golden(Struct, frozen=True):
    """`model_hash`: SHA-256 of the model's file. `tokens`: the passage. `scenes`: the answers of each scene
    of course(window).
    """

    version: int
    model_hash: str
    made_by: str
    window: int
    tokens: tuple[int, ...]
    scenes: tuple[tuple[Answer, ...], ...]


def course(window: int) -> list[Scene]:
    """`window`: of the model's sliding attention; 0 where it has none, and then no scene is for it."""
    p = PROMPT
    alone: list[Step] = [
        Prefill("a prompt in one chunk", 0, 0, p),
        *(Decode("single steps", (0,), at) for at in (p, p + 1, p + 2)),
        Keep(0, CHUNK),
        Prefill("a cache that is cut back and used again", 0, p + 20, p + 40),
        Decode("a cache that is cut back and used again", (0,), p + 40),
    ]
    cloned: list[Step] = [
        Prefill("a prompt in two chunks", 0, 0, CHUNK),
        Prefill("a prompt in two chunks", 0, CHUNK, p),
        Clone(0, 1, CHUNK + 10),
        Prefill("a prefix that was cloned", 1, p + 20, p + 35),
        *(Decode("a prefix that was cloned", (1, 0), at) for at in (p + 35, p + 38)),
    ]
    batch: list[Step] = [
        *(Prefill("prompts of uneven lengths", slot, 0, end) for slot, end in ((0, p), (1, CHUNK), (2, 9))),
        *(Decode("a batch of uneven lengths", (2, 0, 1), at) for at in (p + 1, p + 5, p + 9)),
        Decode("a batch with an idle slot between", (0, 2), p + 13),
        Decode("a batch after one was idle", (1, 2), p + 17),
    ]
    scenes = [
        Scene(1, TOKENS_NEEDED, tuple(alone)),
        Scene(2, TOKENS_NEEDED, tuple(cloned)),
        Scene(3, TOKENS_NEEDED, tuple(batch)),
    ]
    if window:
        part, end = "more than the sliding window holds", window + WINDOW_CHUNK // 2
        begins = range(0, end, WINDOW_CHUNK)
        chunks = (Prefill(part, 0, at, min(at + WINDOW_CHUNK, end)) for at in begins)
        scenes.append(Scene(1, end + 8, (*chunks, Decode(part, (0,), 5), Decode(part, (0,), 6))))
    return scenes


def passage_of(encode: Callable[[str], Sequence[int]]) -> tuple[int, ...]:
    """At least TOKENS_NEEDED tokens of ordinary text."""
    tokens = tuple(encode(PASSAGE))
    return tokens * -(-TOKENS_NEEDED // len(tokens))


def answers(
    decoder: Decoder, states: States, tokens: Sequence[int], scene: Scene
) -> Iterator[tuple[str, Floats]]:
    """Carry the scene out: (part, logits [V]) of every row, valid until the next. Ends with empty slots."""

    def some(begin: int, end: int) -> Floats:
        return states([tokens[at % len(tokens)] for at in range(begin, end)])

    for step in scene.steps:
        match step:
            case Prefill(part, slot, begin, end):
                yield part, decoder.prefill(slot, some(begin, end))
            case Decode(part, slots, at):
                for row in decoder.decode(slots, some(at, at + len(slots))):
                    yield part, row
            case Clone(source, target, count):
                decoder.clone(source, target, count)
            case Keep(slot, count):
                decoder.keep(slot, count)
    for slot in range(scene.slots):
        decoder.keep(slot, 0)


def log_probabilities(logits: Floats) -> npt.NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide -= wide.max()
    return wide - np.log(np.exp(wide).sum())


def make_golden(
    decoder: Decoder, states: States, tokens: Sequence[int], *, model_hash: str, made_by: str, window: int
) -> Golden:
    """Ask an exact decoder that has the slots and positions of every scene."""
    scenes = [
        tuple(answer_of(part, row) for part, row in answers(decoder, states, tokens, scene))
        for scene in course(window)
    ]
    return Golden(GOLDEN_VERSION, model_hash, made_by, window, tuple(tokens), tuple(scenes))


def answer_of(part: str, row: Floats) -> Answer:
    known = log_probabilities(row)
    best = np.argsort(-known, kind="stable")[:TOP]
    return Answer(part, tuple(map(int, best)), tuple(round(float(known[each]), 5) for each in best))


def write_golden(file: Path, golden: Golden) -> None:
    unfinished = file.with_name(f"{file.name}.part")
    unfinished.write_bytes(msgspec.json.encode(golden))
    unfinished.replace(file)


def read_golden(file: Path, model_hash: str) -> Golden | None:
    """None where there is none, or one of another model or version: it can be made anew."""
    try:
        golden = msgspec.json.decode(file.read_bytes(), type=Golden)
    except (OSError, msgspec.MsgspecError):
        return None
    return golden if (golden.version, golden.model_hash) == (GOLDEN_VERSION, model_hash) else None
