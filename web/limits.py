"""Limits of what a frame may ask for, beyond its types: nothing out of range reaches a GPU box."""

import math

from actors.messages.generation import Sampling
from web.protocol import ClientFrame, SendText

SEED_END = 2**63
MAX_TOKENS = 8_192
STOP_STRINGS = 16
STOP_LENGTH = 100


def unfit(frame: ClientFrame) -> str:
    """What is wrong with the frame, in one line for people; "" when nothing is."""
    if not isinstance(frame, SendText):
        return ""
    if frame.seed is not None and not 0 <= frame.seed < SEED_END:
        return "The seed must be between 0 and 2^63 - 1."
    return unfit_sampling(frame.sampling) if frame.sampling is not None else ""


def unfit_sampling(sampling: Sampling) -> str:
    ranges: tuple[tuple[str, float, float, float], ...] = (
        ("temperature", sampling.temperature, 0, 5),
        ("top_k", sampling.top_k, 0, 100_000),
        ("top_p", sampling.top_p, 0, 1),
        ("min_p", sampling.min_p, 0, 1),
        ("repetition_penalty", sampling.repetition_penalty, 0.1, 10),
        ("max_tokens", sampling.max_tokens, 1, MAX_TOKENS),
    )
    for name, value, least, most in ranges:
        if not math.isfinite(value) or not least <= value <= most:
            return f"{name} must be between {least} and {most}."
    if len(sampling.stop) > STOP_STRINGS or not all(0 < len(text) <= STOP_LENGTH for text in sampling.stop):
        return f"At most {STOP_STRINGS} stop strings, each of 1 to {STOP_LENGTH} characters."
    return ""
