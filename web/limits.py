"""Limits of what a frame may ask for, beyond its types: nothing out of range reaches a GPU box."""

from actors.messages.chat import Open, SendText
from actors.sampling_limits import unfit_sampling
from web.protocol.frames import ClientFrame

SEED_END = 2**63
DAY_MIN = 24 * 60


def unfit(frame: ClientFrame) -> str:
    """What is wrong with the frame, in one line for people; "" when nothing is."""
    if isinstance(frame, Open) and abs(frame.utc_offset_min) >= DAY_MIN:
        return "No clock is a whole day ahead of UTC, or behind it."
    if not isinstance(frame, SendText):
        return ""
    if frame.seed is not None and not 0 <= frame.seed < SEED_END:
        return "The seed must be between 0 and 2^63 - 1."
    return unfit_sampling(frame.sampling) if frame.sampling is not None else ""
