"""Loads the engine that serves: the choice (gpu_actor/engine_choice.py), then the first that can.

An engine that was preferred and cannot serve is named with its trouble, so that nobody wonders why the
card is idle.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from gpu_actor.engine.model_config import covered
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.plan_build import PlanOrder, build_plan
from gpu_actor.engine.plan_request import PlanPhase
from gpu_actor.engine.tensorrt_loading import REAL, Doors, load_tensorrt
from gpu_actor.engine_choice import NAMES, Candidate, Runtime, candidates
from gpu_actor.engine_facts import facts_of
from gpu_actor.executor import Executor, ModelExecutor, load_executor, open_own
from gpu_actor.measured_speeds import read_speeds
from gpu_actor.models import ChosenModel, choose_model
from gpu_actor.settings import EngineSettings
from gpu_actor.tensorrt_model import wanted_model
from gpu_actor.troubles import CudaError, EngineTrouble, PlanNotFoundError, UnsupportedModelError

log = logging.getLogger(__name__)

Say = Callable[[str], None]
"""Told what is going on, for the status."""


class Card(Struct, frozen=True):
    """The NVIDIA card of the settings, or why there is none."""

    name: str = ""
    capability: str = ""  # "sm89"
    trouble: str = ""


def load_engine(settings: EngineSettings, cache: Path, say: Say, doors: Doors = REAL) -> Executor:
    """The engine that serves. EngineTrouble says why none can. `cache` is the folder of deploy.cache; `doors`
    lead to the card. Where the settings name an engine outside of Samovar it is that one or none.
    """
    if settings.remote:
        from gpu_actor.doors.remote import load_remote  # noqa: PLC0415 - of no use to others

        say(f"looking at {settings.remote}")
        return load_remote(settings)
    model = choose_model(settings.model, cache, settings.weights)
    return load_chosen(settings, model, cache, read_speeds(cache, model.sha256), say, doors)


def load_own_graph(settings: EngineSettings, cache: Path, say: Say, doors: Doors = REAL) -> ModelExecutor:
    """The best engine that runs this engine's own graph, whatever was measured. UnsupportedModelError where
    the graph does not cover the model.
    """
    if settings.runtime == "llama.cpp":
        settings = msgspec.structs.replace(settings, runtime="auto")
    model = choose_model(settings.model, cache, settings.weights)
    loaded = load_chosen(settings, model, cache, {}, say, doors)
    if not isinstance(loaded, ModelExecutor) or loaded.facts.engine.startswith(NAMES["llama.cpp"]):
        raise UnsupportedModelError(f"this engine's own graph does not run {model.name}: {loaded.facts.why}")
    return loaded


def load_chosen(
    settings: EngineSettings,
    model: ChosenModel,
    cache: Path,
    measured: Mapping[Runtime, float],
    say: Say,
    doors: Doors,
) -> Executor:
    file = open_model(model.path, model.weights)
    try:
        uncovered = covered(file)
    finally:
        file.close()
    card = find_card(settings, doors)
    wanted = candidates(settings, uncovered=uncovered, card=card.name, measured=measured)
    return first_that_can(wanted, lambda each: load(each, settings, model, cache, card, say, doors))


def find_card(settings: EngineSettings, doors: Doors) -> Card:
    """What CUDA says; without its packages or a driver there is none."""
    if settings.runtime not in {"auto", "tensorrt"}:
        return Card()
    try:
        facts = doors.device(settings).facts
    except CudaError as trouble:
        return Card(trouble=str(trouble))
    return Card(facts.name, f"sm{facts.capability[0]}{facts.capability[1]}")


def first_that_can(wanted: tuple[Candidate, ...], load: Callable[[Candidate], Executor]) -> Executor:
    """The first that loads; the troubles of those before it stand in its reason. The trouble of the preferred
    one is raised where none can.
    """
    troubles: list[tuple[Runtime, EngineTrouble]] = []
    for candidate in wanted:
        told = "; ".join(f"{NAMES[runtime]} cannot serve: {trouble}" for runtime, trouble in troubles)
        why = f"{candidate.why}; {told}" if told else candidate.why
        try:
            return load(msgspec.structs.replace(candidate, why=why))
        except EngineTrouble as trouble:
            log.warning("%s cannot serve: %s", NAMES[candidate.runtime], trouble)
            troubles.append((candidate.runtime, trouble))
    raise troubles[0][1]


def load(
    candidate: Candidate,
    settings: EngineSettings,
    model: ChosenModel,
    cache: Path,
    card: Card,
    say: Say,
    doors: Doors,
) -> Executor:
    say(f"loading {model.name} on {NAMES[candidate.runtime]}")
    match candidate.runtime:
        case "onnxruntime":
            return load_executor(settings, model, cache, candidate.why)
        case "tensorrt":
            return load_on_card(settings, model, cache, card, candidate.why, say, doors)
        case "llama.cpp":
            from gpu_actor.doors.llama_cpp_engine import load_llama_cpp  # noqa: PLC0415 - heavy

            return load_llama_cpp(settings, model, candidate.why)


def load_on_card(
    settings: EngineSettings,
    model: ChosenModel,
    cache: Path,
    card: Card,
    why: str,
    say: Say,
    doors: Doors,
) -> ModelExecutor:
    """TensorRT: its plan is built first where there is none yet and the settings allow it."""
    if not card.name:
        raise CudaError(card.trouble)
    own = open_own(settings, model)
    wanted = wanted_model(model.sha256, own.file, own.config, own.tokenizer, settings, cache)
    try:
        loaded = load_tensorrt(wanted, settings, cache, doors=doors)
    except PlanNotFoundError:
        if not settings.build_at_start:
            raise
        build(settings, model, cache, card, say)
        loaded = load_tensorrt(wanted, settings, cache, doors=doors)
    decoder = loaded.decoder
    facts = facts_of(
        model,
        settings,
        engine=loaded.engine,
        slots=decoder.slots,
        context=decoder.context,
        why=why,
    )
    return own.executor(facts, decoder, settings)


def build(settings: EngineSettings, model: ChosenModel, cache: Path, card: Card, say: Say) -> None:
    """The plan for this card, in a process of its own; takes minutes for a large model."""

    def tell(phase: PlanPhase, seconds: float) -> None:
        share = f" ({phase.done} of {phase.steps})" if phase.steps else ""
        say(f"building the TensorRT plan, once for this model and card: {phase.name}{share}, {seconds:.0f} s")

    order = PlanOrder(
        model=model,
        target=card.capability,
        slots=settings.slots,
        context=settings.context,
        chunk=settings.plan_chunk,
        kv=settings.plan_cache,
    )
    build_plan(order, settings, cache, tell)
