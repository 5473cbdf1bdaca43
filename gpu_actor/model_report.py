"""What is said of a model before it is loaded: who runs it, what it takes of a card, its fastest speed."""

from pathlib import Path

from msgspec import Struct

from gpu_actor.engine import memory
from gpu_actor.engine.memory import Card
from gpu_actor.engine.model_config import ModelConfig, covered, read_config
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.quantised_model import WeightForm
from gpu_actor.engine.tensorrt_manifest import MANIFEST, PlanManifest, plans_folder, read_manifest
from gpu_actor.models import choose_model, model_files, model_name
from gpu_actor.troubles import EngineTrouble, PlanError

SAMOVAR, LLAMA_CPP, NOBODY = "samovar", "llama.cpp", "nobody"

CONTEXTS = (2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072)
CHUNK = 256  # most tokens a row in a step of a plan
CACHES: tuple[memory.CacheType, ...] = ("fp16", "int6")
SMALL = 0.02  # share of the weights below which a block format is no part of a model's description


class ModelSummary(Struct, frozen=True):
    """A line of `samovar model list`. `runs`: samovar (its own graph), llama.cpp or nobody; `why` not the
    first of them.
    """

    name: str
    path: Path
    bytes: int
    family: str
    quantisation: str
    context: int
    runs: str
    why: str


class Fit(Struct, frozen=True):
    """Slots of `context` positions that fit the card, by type of the cache; `ceilings`: tokens a second of
    one stream whose cache is filled to the context.
    """

    context: int
    slots: dict[str, int]
    ceilings: dict[str, float]


class ModelCheck(Struct, frozen=True):
    """All sizes in bytes; `scratch` a slot; `from_plan`: the weights are those of a plan that was built.
    `windowed_layers`: layers that see `window` positions only; their cache is counted at full
    length, because that is how the engine keeps it.
    """

    model: ModelSummary
    card: str
    usable_bytes: int
    bandwidth_gb_s: float
    weights: int
    from_plan: bool
    host: int
    scratch: int
    cache_a_token: dict[str, int]
    longest: dict[str, int]
    fits: tuple[Fit, ...]
    windowed_layers: int
    window: int


def summary(path: Path, name: str = "") -> ModelSummary:
    """What the model's metadata say. A file that cannot be read at all is one that nobody runs."""
    size = sum(each.stat().st_size for each in model_files(path))
    shown = name or model_name(path)
    try:
        file = open_model(path)
    except EngineTrouble as error:
        return ModelSummary(shown, path, size, "", "", 0, NOBODY, str(error))
    try:
        return summary_of(file, path, shown, size)
    finally:
        file.close()


def summary_of(file: ModelFile, path: Path, name: str, size: int) -> ModelSummary:
    family = file.metadata.get("general.architecture")
    context = file.metadata.get(f"{family}.context_length")
    try:
        refusal = covered(file)
        runs = SAMOVAR if refusal is None else NOBODY if path.is_dir() else LLAMA_CPP
    except EngineTrouble as error:
        refusal, runs = str(error), NOBODY
    return ModelSummary(
        name=name,
        path=path,
        bytes=size,
        family=family if isinstance(family, str) else "",
        quantisation=quantisation(file),
        context=context if isinstance(context, int) else 0,
        runs=runs,
        why=refusal or "",
    )


def quantisation(file: ModelFile) -> str:
    """The block formats that most weights are in, the most frequent first."""
    try:
        counted = memory.matrix_formats(file)
    except EngineTrouble:
        return ""
    total = counted.total()
    return "+".join(name for name, count in counted.most_common() if count >= SMALL * total)


def check(
    path: Path,
    card: Card,
    contexts: tuple[int, ...] = (),
    weights_as: WeightForm = "stored",
    plan: PlanManifest | None = None,
) -> ModelCheck:
    """What the model takes of the card, for a plan with one profile: of `plan`, where one was built, its
    real size. UnsupportedModelError where the engine's own graph does not cover the model: then
    nothing is known of what llama.cpp takes.
    """
    file = open_model(path, weights_as)
    try:
        config = read_config(file)
        found = summary_of(
            file, path, model_name(path), sum(each.stat().st_size for each in model_files(path))
        )
        weights = plan.plan_bytes if plan is not None else memory.weight_bytes(file)
        host = memory.host_bytes(file)
    finally:
        file.close()
    usable = int(card.usable_gb * memory.GB)
    free = usable - weights
    known = contexts or tuple(each for each in CONTEXTS if each <= config.context)
    windows = [config.window(layer) for layer in range(config.layers)]
    return ModelCheck(
        model=found,
        card=card.name,
        usable_bytes=usable,
        bandwidth_gb_s=card.bandwidth_gb_s,
        weights=weights,
        from_plan=plan is not None,
        host=host,
        scratch=memory.scratch_bytes(config, 1, CHUNK),
        cache_a_token={kind: memory.cache_bytes_a_position(config, kind) for kind in CACHES},
        longest={kind: memory.longest_context(free, config, kind, CHUNK) for kind in CACHES},
        fits=tuple(fit(config, free, weights, card, context) for context in known),
        windowed_layers=sum(window > 0 for window in windows),
        window=max(windows, default=0),
    )


def built_plan(named: str, cache: Path, weights_as: WeightForm = "stored") -> PlanManifest | None:
    """The smallest plan of the model that was built on this machine, for whatever card."""
    folders = [file.parent for file in plans_folder(cache).glob(f"*/{MANIFEST}")]
    if not folders:
        return None  # and the model's hash, which takes a while, is not needed
    wanted = choose_model(named, cache, weights_as).sha256
    found: list[PlanManifest] = []
    for folder in folders:
        try:
            manifest = read_manifest(folder)
        except PlanError:
            continue  # it cannot be used, and another may be there
        if manifest.model_hash == wanted and manifest.plan_bytes:
            found.append(manifest)
    return min(found, key=lambda manifest: manifest.plan_bytes, default=None)


def fit(config: ModelConfig, free: int, weights: int, card: Card, context: int) -> Fit:
    return Fit(
        context,
        {kind: memory.slots_that_fit(free, config, kind, context, CHUNK) for kind in CACHES},
        {
            kind: round(
                memory.ceiling(
                    card.bandwidth_gb_s, weights, memory.cache_bytes_a_position(config, kind) * context
                ),
                1,
            )
            for kind in CACHES
        },
    )
