"""Constraint: the reply must fit a JSON schema, a regular expression or a grammar. The door to llguidance.

Before each token the library says which tokens may follow; it works on the bytes that the tokens stand for,
so it serves every model. A constraint comes from a person: the library does its work within bounds of fuel,
and whatever it cannot do is said in one line.

Special tokens are never part of a reply that is constrained, whatever a grammar says of them; the ends of a
turn are allowed exactly where the text so far is complete. No token is put in without the model having been
asked, even where only one is possible: each is computed in a step of its own, so that a reply that is taken
up again goes on alike.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
import numpy.typing as npt
from llguidance import LLMatcher, LLParserLimits, LLTokenizer, TokenizerWrapper
from llguidance.gbnf_to_lark import gbnf_to_lark

from actors.messages.generation import Sampling
from actors.messages.reply_causes import sentence_of
from gpu_actor.tokenizer import Tokenizer

LIMITS = LLParserLimits(
    initial_lexer_fuel=500_000,  # about 10 ms of work at the start
    step_lexer_fuel=200_000,  # about 15 ms before a token
    step_max_items=50_000,  # about 3 ms before a token
    max_lexer_states=20_000,  # about 40 MB
    max_grammar_size=100_000,
    verbose_errors=False,
)
LONGEST_WHY = 200

Allowed = npt.NDArray[np.bool_]


class UnfitConstraintError(ValueError):
    """The constraint cannot be used; the text says what is wrong with it. Correct it."""


class ConstraintStuckError(Exception):
    """The reply cannot go on: the constraint, as it turned out, allows nothing more or takes too much work.
    The reply ends here; simplify the constraint.
    """


class Constraint:
    """Its state is a function of the accepted tokens. Raises UnfitConstraintError."""

    def __init__(self, sampling: Sampling, tokenizer: Tokenizer) -> None:
        self.size = len(tokenizer.pieces)
        self.specials = np.array(sorted(tokenizer.special_ids), np.int64)
        self.ends = np.array(sorted(tokenizer.ends), np.int64)
        try:
            grammar = grammar_of(sampling)
        except (RecursionError, ValueError) as error:
            raise UnfitConstraintError(complaint(sampling, str(error))) from error
        self.matcher = LLMatcher(trie_of(tokenizer), grammar, log_level=0, limits=LIMITS)
        if not self.matcher.is_error() and not self.mask().any():
            raise UnfitConstraintError(complaint(sampling, "no text fits it"))
        if self.matcher.is_error():
            raise UnfitConstraintError(complaint(sampling, self.matcher.get_error()))

    def mask(self) -> Allowed:
        bits = np.frombuffer(self.matcher.compute_bitmask(), np.uint8)
        allowed = np.unpackbits(bits, count=self.size, bitorder="little").view(np.bool_)
        allowed[self.specials] = False
        allowed[self.ends] = not self.matcher.is_error() and self.matcher.is_accepting()
        return allowed

    def allowed(self) -> Allowed:
        """For each token of the vocabulary whether it may come next. Raises ConstraintStuckError."""
        allowed = self.mask()
        if self.matcher.is_error() or not allowed.any():
            why = first_line(self.matcher.get_error()) or "it allows nothing more"
            raise ConstraintStuckError(sentence_of("constraint", why))
        return allowed

    def accept(self, token: int) -> None:
        """The token is part of the reply now. One that is not allowed shows at the next one."""
        self.matcher.consume_token(token)


def grammar_of(sampling: Sampling) -> str:
    """The constraint in the library's own form. Raises RecursionError or ValueError."""
    text = sampling.constraint
    match sampling.constraint_kind:
        case "json_schema":
            msgspec.json.decode(text, type=dict[str, Any] | bool)
            return LLMatcher.grammar_from_json_schema(text)
        case "regex":
            return LLMatcher.grammar_from_regex(text)
        case "lark":
            return LLMatcher.grammar_from_lark(text)
        case "gbnf":
            return LLMatcher.grammar_from_lark(lark_of(text))
        case "":
            raise ValueError("it is empty")


def lark_of(gbnf: str) -> str:
    try:
        return gbnf_to_lark(gbnf)
    except RecursionError:
        raise
    except Exception as error:  # the converter has no class of its own for some mistakes
        raise ValueError(str(error)) from error


NAMES = {"json_schema": "JSON schema", "regex": "regular expression", "lark": "grammar", "gbnf": "grammar"}


def complaint(sampling: Sampling, why: str) -> str:
    name = NAMES.get(sampling.constraint_kind, "constraint")
    return f"The {name} of this reply cannot be used: {first_line(why) or 'it is too deeply nested'}."


def first_line(text: str) -> str:
    """What a person can use of the library's words."""
    line = text.strip().partition("\n")[0]
    if line.startswith("panic"):
        line = "it is not understood"
    return line[:LONGEST_WHY].rstrip(".")


# -- tokens ---------------------------------------------------------------------------------------

TRIES: WeakKeyDictionary[Tokenizer, LLTokenizer] = WeakKeyDictionary()


def trie_of(tokenizer: Tokenizer) -> LLTokenizer:
    """The tokens of a model as the library needs them; made once, in about half a second."""
    if tokenizer not in TRIES:
        TRIES[tokenizer] = LLTokenizer(TokenizerWrapper(Pieces(tokenizer)), eos_token=sorted(tokenizer.ends))
    return TRIES[tokenizer]


class Pieces:
    """What the library wants to know of a tokenizer. Special tokens have no bytes: no grammar names them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokens: Sequence[bytes] = tokenizer.pieces
        self.eos_token_id = min(tokenizer.ends)
        self.bos_token_id = None
        self.special_token_ids: Sequence[int] = []
        self.ids: dict[bytes, int] = {}
        for token, piece in enumerate(tokenizer.pieces):
            if piece:
                self.ids.setdefault(piece, token)
        self.longest = max(map(len, self.ids), default=1)

    def __call__(self, text: bytes) -> list[int]:
        """Tokens of bytes that a grammar forces: the longest that fits, each time. The library uses them as a
        hint only, and the model's own way of cutting needs what stands before.
        """
        found: list[int] = []
        at = 0
        while at < len(text):
            for size in range(min(self.longest, len(text) - at), 0, -1):
                token = self.ids.get(text[at : at + size])
                if token is not None:
                    found.append(token)
                    at += size
                    break
            else:
                break  # the vocabulary lacks this byte
        return found
