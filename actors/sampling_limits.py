"""What settings of sampling may hold: checked wherever they come in (a page, a settings file, a GPU box)."""

import math

from actors.messages.generation import Sampling
from actors.messages.reply_causes import sentence_of

MAX_TOKENS = 8_192
LONGEST_WINDOW = 1_000_000
"""Tokens that a penalty may look back."""
STRINGS = 16
"""Stop strings, and as many sequence breakers of DRY."""
STRING_LENGTH = 100
BIASES = 1_024
LARGEST_BIAS = 100.0
"""As OpenAI has it: so much either way is as good as a ban or a command."""
CONSTRAINT_LENGTH = 32_000
"""Characters of a grammar or a schema."""

RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 5),
    "top_k": (0, 100_000),
    "top_p": (0, 1),
    "min_p": (0, 1),
    "typical_p": (0, 1),
    "top_n_sigma": (0, 20),
    "repetition_penalty": (0.1, 10),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "penalty_last_n": (-1, LONGEST_WINDOW),
    "dry_multiplier": (0, 100),
    "dry_base": (1, 10),
    "dry_allowed_length": (1, 1_000),
    "dry_last_n": (-1, LONGEST_WINDOW),
    "xtc_probability": (0, 1),
    "xtc_threshold": (0, 1),
    "dynamic_range": (0, 5),
    "dynamic_exponent": (0, 10),
    "min_tokens": (0, MAX_TOKENS),
    "max_thought_tokens": (0, MAX_TOKENS),
    "max_tokens": (1, MAX_TOKENS),
}


def unfit_sampling(sampling: Sampling) -> str:
    """What is wrong with them, in one line for people; "" when nothing is."""
    for name, (least, most) in RANGES.items():
        value: float = getattr(sampling, name)
        if not math.isfinite(value) or not least <= value <= most:
            return sentence_of("setting", name, least, most)
    for name, texts in (("stop strings", sampling.stop), ("dry_breakers", sampling.dry_breakers)):
        if len(texts) > STRINGS or not all(0 < len(text) <= STRING_LENGTH for text in texts):
            return f"At most {STRINGS} {name}, each of 1 to {STRING_LENGTH} characters."
    return unfit_bias(sampling) or unfit_constraint(sampling)


def unfit_bias(sampling: Sampling) -> str:
    if len(sampling.logit_bias) > BIASES:
        return f"At most {BIASES} entries in logit_bias."
    ids = [token for token, _ in sampling.logit_bias]
    if len(set(ids)) != len(ids):
        return "logit_bias names a token twice."
    if not all(0 <= token < 2**31 for token in ids):
        return "logit_bias names a token below 0 or beyond 2^31 - 1."
    if not all(abs(bias) <= LARGEST_BIAS for _, bias in sampling.logit_bias):  # false for what is no number
        return f"A bias of logit_bias must be between -{LARGEST_BIAS:g} and {LARGEST_BIAS:g}."
    return ""


def unfit_constraint(sampling: Sampling) -> str:
    if bool(sampling.constraint_kind) != bool(sampling.constraint):
        return "constraint and constraint_kind go together: give both or neither."
    if len(sampling.constraint) > CONSTRAINT_LENGTH:
        return f"The constraint is longer than {CONSTRAINT_LENGTH} characters: shorten it."
    return ""
