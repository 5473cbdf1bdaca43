"""Messages between the GPU actor, which plans, and its engine port, which computes on its own thread.

| message | sender → receiver |
| --- | --- |
| Admit, Step, Release | GPU actor → engine port |
| Admitted, NotAdmitted, Stepped, EngineFailed | engine port → GPU actor |

Previews (actors/messages/preview.py) take the same way, one at a time and between two steps.
The engine port keeps the sequences: tokens, KV slot, sampler, detokenizer, stop strings.
The GPU actor decides who gets a slot and what the next step computes. One Step is under way at a time.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.generation import CharacterSheet, EndReason, GenerateReply, PromptTrace
from actors.messages.lore import BookSheet


class Admit(Struct, frozen=True):
    """Build the prompt and take the slot. Nothing is computed on the model yet."""

    request: GenerateReply
    sheet: CharacterSheet
    slot: int
    books: tuple[BookSheet, ...] = ()  # of the turn, in its order


class Admitted(Struct, frozen=True):
    """`to_prefill` prompt tokens are to be computed; after that `to_replay` steps take a committed token
    each and emit nothing. With neither, the reply was complete already: the slot's first step says its end.

    The other prompt tokens are known: `reused` of them lie where the reply goes on, or `cloned` of them were
    copied from another cache. `settles`: once it has ended there is work for idle steps (Step.settle).
    `trace` is bounded (gpu_actor/prompt/condense.py).
    """

    generation: UUID
    attempt: int
    model: str
    prompt_digest: bytes
    prompt_tokens: int
    to_prefill: int
    to_replay: int
    trace: tuple[PromptTrace, ...] = ()
    reused: int = 0
    cloned: int = 0
    evicted: int = 0  # kept caches that were given up for it
    settles: bool = False
    budget: int = 0  # most tokens that the prompt might have had
    format: str = ""  # the one that it was put in, "" for the model's own


class NotAdmitted(Struct, frozen=True):
    """It cannot be: `why` is one line for people (prompt too long, another model, another digest). `wait`: it
    can be when another reply has ended; the caches of those under way leave too little memory.
    """

    generation: UUID
    attempt: int
    why: str
    wait: bool = False


class Step(Struct, frozen=True):
    """One step of work: at most one prefill chunk, and one token for each slot of `decode`.
    A slot in `decode` has its whole prompt prefilled.

    Where there is nothing of these to do, up to `settle` tokens of replies that have ended are computed
    again as prompt, so that their conversations' next turns find them.
    """

    number: int
    prefill_slot: int  # -1: none
    prefill_tokens: int  # at most so many
    decode: tuple[int, ...]
    settle: int = 0


class Emitted(Struct, frozen=True):
    """A new token of a sequence (never a replayed one). `end` is "" while it goes on; when the
    sequence ends with a token that is no text (end of turn), `token_id` is -1 and only `end` counts.
    `held` is text that was held back until the end. `thought` and `held_thought` are the same of the
    model's thoughts. `why`: where it failed, one line for people."""

    slot: int
    generation: UUID
    token_id: int
    text: str
    end: EndReason | Literal[""] = ""
    held: str = ""
    thought: str = ""
    held_thought: str = ""
    why: str = ""


class Stepped(Struct, frozen=True):
    """What the step made. `prefilled`: how many of the `to_prefill` tokens of `prefill_slot` are done now;
    when the prompt is complete and nothing is committed yet, the same step emits the first token.
    """

    number: int
    prefilled: int
    emitted: tuple[Emitted, ...]
    replayed: tuple[int, ...] = ()  # slots that took a committed token and emitted nothing
    seconds: float = 0.0
    prefill_s: float = 0.0  # of them, for `computed` tokens of a prompt
    computed: int = 0
    cloned: int = 0  # tokens of the prompt that another cache had by now
    unsettled: bool = False  # there is more work for idle steps


class Release(Struct, frozen=True):
    """The slot is free; its sequence is forgotten. Takes effect between two steps."""

    slot: int


class EngineFailed(Struct, frozen=True):
    """The runtime raised: the process is not to be trusted any more and ends; the supervisor starts anew."""

    why: str
