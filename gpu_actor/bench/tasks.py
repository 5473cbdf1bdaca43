"""What a contender of the benchmark is asked to do, and what it answers. One JSON line each way.

Ids are token ids; times are seconds by the contender's own clock, from the call to the last token.
"""

from msgspec import Struct


class Prefill(Struct, frozen=True, tag="prefill"):
    """Compute a prompt from nothing, up to the choice of its next token."""

    ids: list[int]


class Decode(Struct, frozen=True, tag="decode"):
    """With `ids` in the cache (not timed), so many greedy tokens one after the other; no end stops it."""

    ids: list[int]
    steps: int


class Together(Struct, frozen=True, tag="together"):
    """All prompts at once, from nothing, and so many greedy tokens of each, in one batch."""

    prompts: list[list[int]]
    steps: int


class SecondTurn(Struct, frozen=True, tag="second_turn"):
    """The first token of a conversation's second turn: with no cache, and after the first turn with its
    reply of `reply` tokens. What an engine does in idle time between the turns is not timed.

    `character` is the text of the character, `said` what the person says first and then. An engine that
    knows no characters takes the ids of both prompts, which the other one has answered.
    """

    character: str
    said: tuple[str, str]
    reply: int
    first: list[int] = []
    second: list[int] = []


class Memory(Struct, frozen=True, tag="memory"):
    """The most memory that the process has had."""


Task = Prefill | Decode | Together | SecondTurn | Memory


class Ready(Struct, frozen=True):
    """The contender is loaded. `name`: engine and version."""

    name: str


class Answer(Struct, frozen=True):
    """`seconds` of the task; SecondTurn: with the cache warm, `cold_s` without, and the ids of both prompts;
    Memory: `megabytes`.
    """

    seconds: float = 0.0
    cold_s: float = 0.0
    megabytes: float = 0.0
    first: list[int] = []
    second: list[int] = []
