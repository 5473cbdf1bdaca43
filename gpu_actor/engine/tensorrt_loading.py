"""Loads a TensorRT plan: from a model and the settings to a decoder that computes what it should."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import Struct

from gpu_actor.engine.cuda import Device
from gpu_actor.engine.golden import Golden
from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.self_test import (
    TOLERANCES,
    SelfTestReport,
    Surroundings,
    passed_before,
    remember,
    require,
    run_self_test,
)
from gpu_actor.engine.tensorrt_decoder import TensorRtDecoder, Widths
from gpu_actor.engine.tensorrt_engine import PlanEngine, make_jit
from gpu_actor.engine.tensorrt_library import has_jit, tensorrt_library
from gpu_actor.engine.tensorrt_manifest import PLAN, PlanManifest, find_plan, key_of, read_manifest
from gpu_actor.engine.tensorrt_memory import bytes_of_a_row
from gpu_actor.engine.token_table import TokenTable
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import CudaMemoryError, PlanError

log = logging.getLogger(__name__)

MB = 1 << 20


class Doors(Struct, frozen=True):
    """How to reach card and library; the tests put the CPU device behind them."""

    device: Callable[[EngineSettings], Device]
    library: Callable[[Any], Any] = tensorrt_library


def open_device(settings: EngineSettings) -> Device:
    """The card of the settings; CudaError says why it cannot be used."""
    if settings.cuda == "pycuda":
        from gpu_actor.engine.cuda_pycuda import PyCuda  # noqa: PLC0415 - few have it

        return PyCuda(settings.card)
    from gpu_actor.engine.cuda_bindings import CudaBindings  # noqa: PLC0415

    return CudaBindings(settings.card)


REAL = Doors(open_device)


@dataclass(frozen=True)
class TensorRtModel:
    """`engine`: what serves, in words. `report`: of the self-test; None where it was passed before, or is
    switched off.
    """

    decoder: TensorRtDecoder
    engine: str
    folder: Path
    manifest: PlanManifest
    surroundings: Surroundings
    report: SelfTestReport | None


@dataclass(frozen=True)
class Wanted:
    """The model to load. `golden`: finds or makes the golden logits of a plan's folder (golden_cpu.py)."""

    model_hash: str
    file: ModelFile
    config: ModelConfig
    golden: Callable[[Path], Golden]


def load_tensorrt(
    wanted: Wanted, settings: EngineSettings, cache: Path, *, again: bool = False, doors: Doors = REAL
) -> TensorRtModel:
    """The newest plan of the model for this card, loaded and tested. EngineTrouble says why not, and then the
    card's memory is free again. `again`: run the self-test though it was passed before.
    """
    device = doors.device(settings)
    capability = device.facts.capability
    folder = find_plan(cache, wanted.model_hash, f"sm{capability[0]}{capability[1]}")
    manifest = read_manifest(folder)
    library = doors.library(manifest.library)
    if manifest.library_version != str(library.__version__):
        raise PlanError(
            f"the TensorRT plan in {folder} was built with {manifest.library} {manifest.library_version}, "
            f"and {library.__version__} is installed; build it anew with `samovar engine build`"
        )
    surroundings = Surroundings(
        card=device.facts.name,
        capability=f"{capability[0]}.{capability[1]}",
        driver=device.facts.driver,
        library=f"{manifest.library} {manifest.library_version}",
        plan_hash=manifest.plan_hash,
    )
    decoder = make_decoder(wanted, settings, device, library, folder, manifest, surroundings)
    try:
        report = test(decoder, wanted, settings, folder, manifest, surroundings, again=again)
        decoder.save_kernels()
    except BaseException:
        decoder.close()
        raise
    name = "TensorRT for RTX" if has_jit(library) else "TensorRT"
    engine = f"{name} {manifest.library_version} ({device.facts.name})"
    return TensorRtModel(decoder, engine, folder, manifest, surroundings, report)


def make_decoder(
    wanted: Wanted,
    settings: EngineSettings,
    device: Device,
    library: Any,
    folder: Path,
    manifest: PlanManifest,
    surroundings: Surroundings,
) -> TensorRtDecoder:
    engine = PlanEngine(library, folder / PLAN)
    context = min(settings.context, wanted.config.context, manifest.context)
    slots, shelves = rows_that_fit(
        min(settings.slots, manifest.slots),
        settings.kept,
        bytes_of_a_row(engine.tensors),
        device.free_memory() - settings.card_reserve_mb * MB,
    )
    kernels = folder / f"kernels-{key_of(surroundings.plan_hash, surroundings.card, surroundings.driver)}"
    return TensorRtDecoder(
        engine,
        device,
        model_tables(wanted.file, wanted.config, manifest.positions),
        slots=slots,
        shelves=shelves,
        context=context,
        longest_chunk=max(context, 2),  # a chunk is computed in as many runs as it takes
        widths=Widths(
            steady=settings.steady, slots=slots, longest_chunk=manifest.chunk, unit=settings.prompt_run
        ),
        jit=make_jit(engine, kernels, settings.kernels),
        graphs=settings.cuda_graphs,
    )


def rows_that_fit(slots: int, shelves: int, row: int, free: int) -> tuple[int, int]:
    """As many slots, then shelves, as the card has memory for; a row's caches take `row` bytes of `free`."""
    fit = free // row
    if fit < 1:
        raise CudaMemoryError(
            f"the key/value cache of one slot takes {row // MB} MB, and the card has {max(free, 0) // MB} MB "
            "left for caches; close what else uses it, lower engine.card_reserve_mb, or build a plan with a "
            "smaller context: `samovar engine build --context N`"
        )
    slots = min(slots, fit)
    return slots, min(shelves, fit - slots)


def test(
    decoder: TensorRtDecoder,
    wanted: Wanted,
    settings: EngineSettings,
    folder: Path,
    manifest: PlanManifest,
    surroundings: Surroundings,
    *,
    again: bool,
) -> SelfTestReport | None:
    """SelfTestError where it is not passed; None where it need not be run."""
    if not settings.self_test and not again:
        return None
    golden = wanted.golden(folder)
    if not again and passed_before(folder, surroundings, golden):
        return None
    states = TokenTable(wanted.file).states
    report = run_self_test(decoder, states, golden, TOLERANCES[manifest.cache], surroundings)
    log.info("%s", report.in_words())
    require(report)
    try:
        remember(folder, report, golden)
    except OSError as error:
        log.warning("that the self-test was passed cannot be kept, and it is run at each start: %s", error)
    return report
