"""Engine digest: engines of the same one compute the same bits for the same tokens of the same model.

What it is made of is whatever numbers are known to depend on. Two engines that compute the same may have
different digests; then a reply that went from one to the other is said to be taken up inexactly, and is not.
"""

import hashlib
import platform
from pathlib import Path

import msgspec

from gpu_actor.engine_facts import EngineFacts
from gpu_actor.settings import EngineSettings

PROCESSORS = Path("/proc/cpuinfo")


def engine_digest(engine: EngineFacts, settings: EngineSettings, version: str, processor: str) -> bytes:
    """`engine.engine` names the runtime, its version and the card; `version` is Samovar's."""
    parts = (
        version,
        processor,
        engine.engine,
        engine.numerics,
        engine.threads,
        engine.slots,
        engine.context,
        settings.weights,
        settings.gpu_layers,
        settings.flash_attention,
        settings.cache_type,
        settings.candidates,
        settings.plan_cache,
        settings.steady,
        settings.prompt_run,
    )
    return hashlib.sha256(msgspec.msgpack.encode(parts)).digest()


def processor_name(processors: Path = PROCESSORS) -> str:
    """What the processor calls itself, with what its kind is called."""
    named = ""
    if processors.exists():
        lines = processors.read_text(encoding="utf-8", errors="replace").splitlines()
        named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{platform.machine()} {named or platform.processor()}".strip()
