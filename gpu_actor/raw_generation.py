"""RawGeneration: a model without chat, characters and queue: raw text in, tokens or logits out.

For comparison with other engines and for golden values. The prompt is taken as it stands; names of
special tokens in it become them, and BOS is put before it where the model's own flag says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from actors.messages.engine import Emitted
from actors.messages.generation import EndReason, GenerateReply, Sampling, Turn
from gpu_actor.engine.decoder import Decoder
from gpu_actor.prompt.build import PromptPlan
from gpu_actor.sequence import Sequence as ReplySequence
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import RawPromptError

Floats = npt.NDArray[np.float32]

NOBODY = UUID(int=0)


class Table(Protocol):
    def states(self, ids: Sequence[int]) -> Floats: ...


class Likely(Struct, frozen=True):
    """A token at a position: its logit and the natural logarithm of its probability."""

    id: int
    logprob: float
    logit: float
    text: str


class Generated(Struct, frozen=True):
    """What a generation made; the token that ended it is not among `tokens`."""

    tokens: list[int]
    text: str
    end: EndReason
    prompt_tokens: int


@dataclass(frozen=True)
class RawGeneration:
    """`chunk`: prompt tokens computed in one go. Uses slot 0 of the decoder, whatever it held."""

    decoder: Decoder
    table: Table
    tokenizer: Tokenizer
    chunk: int

    def encode(self, text: str) -> list[int]:
        """The ids of a raw prompt; RawPromptError where there are none, or more than the context holds."""
        ids = self.tokenizer.encode(text, special=True)
        bos = self.tokenizer.bos
        if self.tokenizer.vocabulary.add_bos and bos is not None and ids[:1] != [bos]:
            ids.insert(0, bos)
        if not ids:
            raise RawPromptError("the prompt is empty: write something into the prompt file")
        if len(ids) >= self.decoder.context:
            raise RawPromptError(
                f"the prompt has {len(ids)} tokens and the context holds {self.decoder.context}: "
                "shorten it, or raise the context with --context"
            )
        return ids

    def logits(self, ids: Sequence[int]) -> Floats:
        """Logits [V] of the position after the ids."""
        sequence = self.sequence(ids, Sampling(), 0)
        self.decoder.keep(0, 0)
        return self.prefill(sequence).copy()

    def stream(self, ids: Sequence[int], sampling: Sampling, seed: int) -> Iterator[Emitted]:
        """Each token as it comes; the last one says why it ended."""
        sequence = self.sequence(ids, sampling, seed)
        self.decoder.keep(0, 0)
        emitted = sequence.emit(self.prefill(sequence))
        yield emitted
        while not emitted.end:
            states = self.table.states([sequence.next_token()])
            logits = self.decoder.decode([0], states)[0]
            sequence.token_done()
            emitted = sequence.emit(logits)
            yield emitted

    def generate(self, ids: Sequence[int], sampling: Sampling, seed: int = 0) -> Generated:
        """The whole of it."""
        tokens: list[int] = []
        text = ""
        end: EndReason = "length"
        for emitted in self.stream(ids, sampling, seed):
            if emitted.token_id >= 0:
                tokens.append(emitted.token_id)
            text += emitted.text + emitted.held
            end = emitted.end or end
        return Generated(tokens, text, end, len(ids))

    def sequence(self, ids: Sequence[int], sampling: Sampling, seed: int) -> ReplySequence:
        turn = Turn(NOBODY, "", ())
        request = GenerateReply(NOBODY, NOBODY, NOBODY, turn, sampling, seed)
        plan = PromptPlan(tuple(ids), b"", ())
        return ReplySequence(0, request, plan, self.tokenizer, self.decoder.context)

    def prefill(self, sequence: ReplySequence) -> Floats:
        logits = np.empty(0, np.float32)
        while sequence.to_prefill:
            chunk = sequence.next_chunk(self.chunk)
            logits = self.decoder.prefill(0, self.table.states(chunk))
            sequence.chunk_done(len(chunk))
        return logits


def most_likely(logits: Floats, count: int, tokenizer: Tokenizer) -> list[Likely]:
    """The `count` tokens with the largest logits, falling; among equals the lower id first."""
    values = logits.astype(np.float64)
    whole = float(values.max()) + float(np.log(np.exp(values - values.max()).sum()))
    order = np.lexsort((np.arange(len(values)), -values))[:count]
    return [
        Likely(
            token,
            float(values[token]) - whole,
            float(logits[token]),
            tokenizer.pieces[token].decode("utf-8", "replace") or tokenizer.name(token),
        )
        for token in (int(each) for each in order)
    ]
