"""What an engine says of itself, and how replies go on there that were cut."""

from typing import Literal

from msgspec import Struct

from gpu_actor.models import ChosenModel
from gpu_actor.processors import physical_cores
from gpu_actor.settings import EngineSettings

Continuation = Literal["exact", "rounded", "redrawn", "text"]
"""How a reply goes on that was cut. exact: as it would have. rounded: from the same tokens and with the same
random numbers, so as it would have but for the last bits of logits. redrawn: from the same tokens, but with
other random numbers: at temperature 0 like "rounded", else otherwise than it would have. text: from the same
text, which may be cut into other tokens, and with other random numbers.
"""


class EngineFacts(Struct, frozen=True):
    """What the engine says of itself (EngineHello and the status). `model_hash`: see ChosenModel.sha256.
    `weights`: in one line their formats, and the error of those that were quantised here.
    """

    engine: str
    model: str
    model_hash: str
    slots: int
    context: int
    demonstration: bool
    numerics: str
    threads: int
    weights: str = ""
    continuation: Continuation = "exact"
    why: str = ""  # it serves, and not another engine


def facts_of(
    model: ChosenModel,
    settings: EngineSettings,
    *,
    engine: str,
    slots: int,
    context: int,
    why: str,
    weights: str = "",
    continuation: Continuation = "exact",
) -> EngineFacts:
    """Those of an engine that computes a model file inside Samovar."""
    return EngineFacts(
        engine=engine,
        model=model.name,
        model_hash=model.sha256,
        slots=slots,
        context=context,
        demonstration=model.demonstration,
        numerics=settings.numerics,
        threads=settings.threads or physical_cores(),
        weights=weights,
        continuation=continuation,
        why=why,
    )
