"""Which engine serves a model: a pure choice, with its reason in words.

In the order of preference: what a setting names; what was measured to be fastest on this machine
(`samovar bench engine`); TensorRT where there is a card; this engine's own graph on the processor. A model
that the graph does not cover runs on llama.cpp.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from gpu_actor.settings import EngineSettings

Runtime = Literal["tensorrt", "onnxruntime", "llama.cpp"]

NAMES: dict[Runtime, str] = {
    "tensorrt": "TensorRT",
    "onnxruntime": "ONNX Runtime",
    "llama.cpp": "llama.cpp",
}


class Candidate(Struct, frozen=True):
    """An engine and why it is chosen: part of a sentence for people."""

    runtime: Runtime
    why: str


def candidates(
    settings: EngineSettings, *, uncovered: str | None, card: str, measured: Mapping[Runtime, float]
) -> tuple[Candidate, ...]:
    """The engines to try, the preferred one first; the next is tried where one cannot serve.

    `uncovered`: why the graph cannot run the model, None where it can. `card`: name of the NVIDIA card,
    empty for none. `measured`: tokens a second of engines on this machine with this model.
    """
    if settings.runtime != "auto":
        first = Candidate(settings.runtime, "engine.runtime says so")
        spare = settings.runtime == "tensorrt" and settings.fallback == "cpu" and uncovered is None
        return (first, Candidate("onnxruntime", "engine.fallback allows it")) if spare else (first,)
    if uncovered is not None:
        return (Candidate("llama.cpp", f"the graph does not cover this model: {uncovered}"),)
    usual = [Candidate("onnxruntime", "it is the usual one without a card")]
    if card:
        usual.insert(0, Candidate("tensorrt", f"there is a card: {card}"))
    possible: set[Runtime] = {"llama.cpp", *(each.runtime for each in usual)}
    if fastest := fastest_of(measured, possible):
        speed = f"it was measured to be the fastest here: {measured[fastest]:.0f} tokens a second"
        first = Candidate(fastest, speed)
        usual = [first, *(each for each in usual if each.runtime != fastest)]
    return tuple(usual) if settings.fallback == "cpu" else tuple(usual[:1])


def fastest_of(measured: Mapping[Runtime, float], possible: set[Runtime]) -> Runtime | None:
    """None where nothing was compared: one figure alone says nothing."""
    known: list[tuple[float, Runtime]] = [
        (speed, runtime) for runtime, speed in measured.items() if runtime in possible
    ]
    return max(known)[1] if len(known) > 1 else None
