"""Builds TensorRT plans, once for each model, size and kind of card.

Graph and plan are each made in a folder of their own that takes its name in one move, whole. What a
build that was interrupted leaves, and the next one takes up, is therefore the graph with its weights
in the builder's form (for a large model the longer disk work); the compilation itself begins anew,
for TensorRT keeps nothing between builds when no card times its kernels.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from gpu_actor.engine import memory
from gpu_actor.engine.build_memory import check_memory, gigabytes, predicted_peak
from gpu_actor.engine.builder_process import run_builder
from gpu_actor.engine.cuda import ALIGNMENT
from gpu_actor.engine.graph_cache import GRAPH_VERSION, WEIGHTS, graph_folder, written_graph
from gpu_actor.engine.model_config import ModelConfig, read_config
from gpu_actor.engine.new_folder import new_folder
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.plan_request import CacheType, PlanBuilt, PlanPhase, PlanRequest
from gpu_actor.engine.tensorrt_library import LibraryName, installed_library
from gpu_actor.engine.tensorrt_manifest import (
    MANIFEST,
    MANIFEST_VERSION,
    PLAN,
    PlanManifest,
    key_of,
    plans_folder,
    read_manifest,
)
from gpu_actor.engine.variant import PLAN_VARIANTS
from gpu_actor.models import ChosenModel
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import CacheFolderError, DiskSpaceError, PlanError

DISK_MARGIN = 200_000_000  # bytes that stay free on the cache's disk

Progress = Callable[[PlanPhase, float], None]
"""Told of each phase, with the seconds since the build began."""


class PlanOrder(Struct, frozen=True):
    """What is to be built. `context`: positions that a sequence may fill; `chunk`: most prompt tokens in one
    run.
    """

    model: ChosenModel
    target: str
    slots: int
    context: int
    chunk: int
    kv: CacheType
    library: LibraryName | None = None  # None: whichever is installed


class PlanReport(Struct, frozen=True):
    """A plan that is there. Sizes in MB = 10^6 bytes; `peak_mb`: memory of the builder's own at its peak."""

    target: str
    seconds: float
    plan_mb: float
    attentions: int
    attentions_with_lengths: int
    kv_updates: int
    profiles: int
    peak_mb: float
    predicted_mb: float
    cached: bool
    plan: str
    manifest: PlanManifest


def build_plan(order: PlanOrder, settings: EngineSettings, cache: Path, tell: Progress) -> PlanReport:
    """The plan, built where there is none that is right in every point. Raises EngineTrouble."""
    begun = time.monotonic()
    name, version = installed_library(order.library)
    file = open_model(order.model.path, order.model.weights)
    try:
        config = read_config(file)
        weights = memory.weight_bytes(file)
        positions = cache_positions(config, order.context, order.kv)
        wanted = PlanManifest(
            version=MANIFEST_VERSION,
            library=name,
            library_version=version,
            target=order.target,
            model_hash=order.model.sha256,
            plan_hash="",
            slots=order.slots,
            context=order.context,
            positions=positions,
            chunk=order.chunk,
            elements=PLAN_VARIANTS[order.kv].elements,
            cache=order.kv,
            graph_version=GRAPH_VERSION,
        )
        folder = plans_folder(cache) / folder_name(order.model, wanted)
        manifest = usable(folder, wanted)
        if manifest is not None:
            return report(folder, manifest, time.monotonic() - begun, cached=True)
        predicted = predicted_peak(file, config.layers)
        check_memory(predicted, psutil.virtual_memory().available, settings.build_memory_mb)
        graphs = graph_folder(cache, order.model.sha256, f"plan-{order.kv}")
        check_disk(cache, weights if (graphs / WEIGHTS).is_file() else 2 * weights)
        tell(PlanPhase("writing the graph"), time.monotonic() - begun)
        graph = written_graph(graphs, PLAN_VARIANTS[order.kv], file, config)
    finally:
        file.close()
    from gpu_actor.engine.graph_writer import with_sizes  # noqa: PLC0415 - heavy; a cached plan needs it not

    graph = with_sizes(graph, {"T": positions}, f"decoder-{positions}.onnx")
    request = PlanRequest(
        library=name,
        graph=str(graph),
        plan="",
        target=order.target,
        slots=order.slots,
        chunk=order.chunk,
        windows=[config.window(layer) for layer in range(config.layers)],
    )
    try:
        with new_folder(folder, replace=True) as unfinished:
            request = msgspec.structs.replace(request, plan=str(unfinished / PLAN))
            built, peak = run_builder(request, lambda phase: tell(phase, time.monotonic() - begun))
            manifest = finished(wanted, built, peak, predicted, time.monotonic() - begun)
            (unfinished / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    except OSError as error:
        raise CacheFolderError(
            f"the plan cannot be written to {folder}: {error.strerror or error}; make room there, or choose "
            "another folder with SAMOVAR_CACHE"
        ) from error
    if not settings.keep_build_graph:
        shutil.rmtree(graphs, ignore_errors=True)
    return report(folder, manifest, manifest.seconds, cached=False)


def cache_positions(config: ModelConfig, context: int, kv: CacheType) -> int:
    """T: one more than the context, where an idle row may write, and a slot's cache of whole alignments."""
    widths = [config.head_size] if kv == "fp16" else [config.head_size // 2, 1]
    rows = [config.kv_heads * width * 2 for width in widths]  # every cache is one of float16
    positions = context + 1
    while any(positions * row % ALIGNMENT for row in rows):
        positions += 1
    return positions


def folder_name(model: ChosenModel, wanted: PlanManifest) -> str:
    """For people; plans of other sizes, cards and models lie beside one another."""
    name = "".join(each if each.isalnum() or each in "-." else "-" for each in model.name)[:60]
    sizes = f"{wanted.slots}x{wanted.context}-{wanted.cache}"
    key = key_of(model.sha256, wanted.library, str(wanted.chunk))
    return f"{name}-{wanted.target}-{sizes}-{key}"


def usable(folder: Path, wanted: PlanManifest) -> PlanManifest | None:
    """The manifest there, where it is what is wanted in every point and the plan lies beside it."""
    try:
        found = read_manifest(folder)
    except PlanError:
        return None
    asked = msgspec.structs.replace(
        wanted,
        **{name: getattr(found, name) for name in ("plan_hash", "plan_bytes", *MEASURED)},
    )
    plan = folder / PLAN
    whole = plan.is_file() and plan.stat().st_size == found.plan_bytes
    return found if whole and asked == found else None


MEASURED = ("attentions", "attentions_with_lengths", "kv_updates", "profiles", "seconds", "peak", "predicted")
"""Fields of the manifest that a build finds out."""


def finished(
    wanted: PlanManifest, built: PlanBuilt, peak: int, predicted: int, seconds: float
) -> PlanManifest:
    return msgspec.structs.replace(
        wanted,
        plan_hash=built.sha256,
        plan_bytes=built.bytes,
        attentions=built.attentions,
        attentions_with_lengths=built.attentions_with_lengths,
        kv_updates=built.kv_updates,
        profiles=built.profiles,
        seconds=round(seconds, 2),
        peak=peak,
        predicted=predicted,
    )


def report(folder: Path, manifest: PlanManifest, seconds: float, *, cached: bool) -> PlanReport:
    return PlanReport(
        target=manifest.target,
        seconds=round(seconds, 2),
        plan_mb=round(manifest.plan_bytes / 1e6, 2),
        attentions=manifest.attentions,
        attentions_with_lengths=manifest.attentions_with_lengths,
        kv_updates=manifest.kv_updates,
        profiles=manifest.profiles,
        peak_mb=round(manifest.peak / 1e6, 1),
        predicted_mb=round(manifest.predicted / 1e6, 1),
        cached=cached,
        plan=str(folder / PLAN),
        manifest=manifest,
    )


def check_disk(cache: Path, needed: int) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(cache).free
    except OSError as error:
        raise CacheFolderError(
            f"the cache folder {cache} cannot be used: {error.strerror or error}; choose another with "
            "SAMOVAR_CACHE"
        ) from error
    if needed + DISK_MARGIN > free:
        raise DiskSpaceError(
            f"building the plan takes {gigabytes(needed)} on the disk of {cache} and {gigabytes(free)} are "
            "free there; make room there, or choose another folder with SAMOVAR_CACHE"
        )
