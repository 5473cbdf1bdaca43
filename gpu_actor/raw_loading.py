"""Loads a model for raw generation: one slot, no chat template needed."""

from dataclasses import dataclass

import msgspec

from deploy.cache import cache_folder
from gpu_actor.executor import load_executor
from gpu_actor.models import choose_model
from gpu_actor.raw_generation import RawGeneration
from gpu_actor.settings import EngineSettings


@dataclass(frozen=True)
class RawModel:
    """`facts`: what every answer names: model, engine, numerics, threads."""

    generation: RawGeneration
    facts: dict[str, str | int]


CHUNK = 128
"""Prompt tokens computed in one go; other sizes give the same bits."""


def load_raw(settings: EngineSettings) -> RawModel:
    """EngineTrouble says why not."""
    cache = cache_folder()
    alone = msgspec.structs.replace(settings, slots=1, kept=0)
    executor = load_executor(alone, choose_model(settings.model, cache, settings.weights), cache)
    facts = executor.facts
    return RawModel(
        RawGeneration(executor.decoder, executor.table, executor.tokenizer, CHUNK),
        {
            "model": facts.model,
            "model_hash": facts.model_hash,
            "engine": facts.engine,
            "numerics": facts.numerics,
            "threads": facts.threads,
        },
    )
