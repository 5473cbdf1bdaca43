"""Plans: built once, rebuilt when anything differs, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from gpu_actor.engine import build_memory, builder_process, plan_build
from gpu_actor.engine.graph_cache import graph_folder
from gpu_actor.engine.new_folder import PREFIX, new_folder
from gpu_actor.engine.plan_build import PlanOrder, build_plan
from gpu_actor.engine.plan_request import PlanPhase, PlanRequest
from gpu_actor.engine.tensorrt_library import installed_library
from gpu_actor.engine.tensorrt_manifest import MANIFEST, PLAN, find_plan, plans_folder, read_manifest
from gpu_actor.models import ChosenModel, file_hash
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import (
    BuilderKilledError,
    DiskSpaceError,
    HostMemoryError,
    PlanBuildError,
    TensorRtMissingError,
    UnknownTargetError,
)
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SETTINGS = EngineSettings(keep_build_graph=True)
Order = Callable[..., PlanOrder]


def unheard(phase: PlanPhase, seconds: float) -> None:
    """Nobody looks at the progress."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def order(cache: Path) -> Order:
    path = write_tiny(cache / "tiny.gguf", TinyModel("Q4_1", layers=1))
    model = ChosenModel(path, file_hash(path, cache), demonstration=False)

    def ordered(**changes: object) -> PlanOrder:
        plain = PlanOrder(model, "sm89", slots=2, context=64, chunk=16, kv="fp16")
        return msgspec.structs.replace(plain, **changes)

    return ordered


@pytest.fixture(scope="module")
def first(cache: Path, order: Order) -> plan_build.PlanReport:
    """The plan that most tests here take as built."""
    return build_plan(order(), SETTINGS, cache, unheard)


def test_a_plan_is_built_with_the_facts_of_its_network(first: plan_build.PlanReport, cache: Path) -> None:
    assert not first.cached
    assert (first.attentions, first.attentions_with_lengths, first.kv_updates, first.profiles) == (1, 1, 2, 1)
    assert 0 < first.plan_mb == round(Path(first.plan).stat().st_size / 1e6, 2)
    assert first.peak_mb > 50  # measured in the builder's process, which loads a library of that size
    folder = find_plan(cache, first.manifest.model_hash, "sm89")
    assert folder / PLAN == Path(first.plan)
    manifest = read_manifest(folder)
    assert manifest == first.manifest
    assert manifest.plan_hash == file_hash(folder / PLAN, cache)
    assert (manifest.slots, manifest.context, manifest.chunk) == (2, 64, 16)
    assert (manifest.library, manifest.library_version) == installed_library()
    row = manifest.positions * 2 * 64 * 2  # two heads of 64 in float16
    assert manifest.positions > 64
    assert row % 256 == 0


def test_the_second_time_it_is_only_found(
    first: plan_build.PlanReport, cache: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_build, "run_builder", must_not_be_called)
    again = build_plan(order(), SETTINGS, cache, unheard)
    assert again.cached
    assert again.manifest == first.manifest


def must_not_be_called(*arguments: object) -> None:
    raise AssertionError("a builder was started")


class Started(Exception):  # noqa: N818 - a signal of the tests
    """The builder would have been started."""


@pytest.mark.parametrize(
    "change",
    [{"slots": 3}, {"context": 96}, {"chunk": 32}, {"target": "sm86"}],
    ids=lambda change: next(iter(change)),
)
def test_any_other_size_or_card_needs_a_plan_of_its_own(
    change: dict[str, object],
    first: plan_build.PlanReport,
    cache: Path,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(*arguments: object) -> None:
        raise Started

    monkeypatch.setattr(plan_build, "run_builder", start)
    with pytest.raises(Started):
        build_plan(order(**change), SETTINGS, cache, unheard)
    assert Path(first.plan).is_file()  # both can lie side by side


@pytest.mark.parametrize(
    "change",
    [
        {"library_version": "1.6.0"},
        {"model_hash": "another"},
        {"graph_version": -1},
        {"elements": "float32"},
        {"positions": 80},
        {"plan_bytes": 1},
        {"version": 0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_plan_that_is_stale_in_any_point_is_built_anew(
    change: dict[str, object],
    first: plan_build.PlanReport,
    cache: Path,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(*arguments: object) -> None:
        raise Started

    file = Path(first.plan).with_name(MANIFEST)
    right = file.read_bytes()
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(first.manifest, **change)))
    monkeypatch.setattr(plan_build, "run_builder", start)
    try:
        with pytest.raises(Started):
            build_plan(order(), SETTINGS, cache, unheard)
    finally:
        file.write_bytes(right)


def test_an_interrupted_build_leaves_the_old_plan_and_the_graph_and_nothing_half(
    first: plan_build.PlanReport, cache: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(request: PlanRequest, tell: object) -> None:
        Path(request.plan).write_bytes(b"half")
        raise KeyboardInterrupt

    before = sorted(each.name for each in plans_folder(cache).iterdir())
    monkeypatch.setattr(plan_build, "run_builder", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_plan(order(context=128), SETTINGS, cache, unheard)
    assert sorted(each.name for each in plans_folder(cache).iterdir()) == before
    assert graph_folder(cache, first.manifest.model_hash, "plan-fp16").is_dir()


def test_what_a_killed_process_left_is_swept_and_what_a_live_one_makes_is_not(tmp_path: Path) -> None:
    gone = psutil.Popen(["true"])
    gone.wait()
    (tmp_path / f"{PREFIX}{gone.pid}-abc").mkdir()
    with new_folder(tmp_path / "one", replace=True), new_folder(tmp_path / "two", replace=True):
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "two"]


def test_the_graph_goes_when_the_plan_is_there_unless_it_is_to_be_kept(order: Order, tmp_path: Path) -> None:
    told: list[str] = []
    report = build_plan(order(), EngineSettings(), tmp_path, lambda phase, _: told.append(phase.name))
    assert not graph_folder(tmp_path, report.manifest.model_hash, "plan-fp16").exists()
    assert told[:2] == ["writing the graph", "reading the graph"]
    assert "Building engine" in told
    assert Path(report.plan).is_file()


def test_a_plan_with_a_packed_cache_is_built(order: Order, cache: Path) -> None:
    report = build_plan(order(kv="int6"), SETTINGS, cache, unheard)
    assert (report.attentions_with_lengths, report.kv_updates, report.profiles) == (1, 4, 1)
    assert report.manifest.cache == "int6"
    assert report.manifest.positions * 2 * 2 % 256 == 0  # the scales of two heads in float16


# -- refusals -------------------------------------------------------------------------------------


def test_a_build_that_does_not_fit_the_memory_is_refused_with_the_figure(
    order: Order, tmp_path: Path
) -> None:
    little = msgspec.structs.replace(SETTINGS, build_memory_mb=50)
    with pytest.raises(HostMemoryError, match=r"takes about 0\.\d GB of host memory .* allows 50 MB; close"):
        build_plan(order(), little, tmp_path, unheard)
    assert not plans_folder(tmp_path).exists()


def test_what_is_free_counts_where_nothing_is_set() -> None:
    build_memory.check_memory(9 * 10**9, 10**10, 0)
    with pytest.raises(HostMemoryError, match=r"about 11\.0 GB of host memory and 10\.0 GB are free"):
        build_memory.check_memory(11 * 10**9, 10**10, 0)
    build_memory.check_memory(11 * 10**9, 10**10, 12_000)


def test_a_full_disk_is_told_before_anything_is_written(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_build, "DISK_MARGIN", 1 << 60)
    with pytest.raises(DiskSpaceError, match="make room there"):
        build_plan(order(), SETTINGS, tmp_path, unheard)
    assert list(tmp_path.iterdir()) == []


def test_a_card_that_tensorrt_does_not_know_is_refused_with_those_it_knows(order: Order, cache: Path) -> None:
    with pytest.raises(UnknownTargetError, match=r"'sm52'; it knows .*sm89"):
        build_plan(order(target="sm52"), SETTINGS, cache, unheard)


def test_without_the_library_its_package_is_named(order: Order, cache: Path) -> None:
    with pytest.raises(TensorRtMissingError, match="install tensorrt-cu13"):
        build_plan(order(library="tensorrt"), SETTINGS, cache, unheard)


# -- a builder that ends without an answer ----------------------------------------------------------

REQUEST = PlanRequest("tensorrt_rtx", "graph", "plan", "sm89", 1, 2, [])


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> str:
    """The name of a module with that source, to be run in place of the builder."""
    (folder / "stand_in_builder.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return "stand_in_builder"


def test_a_builder_that_is_killed_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = stand_in(tmp_path, monkeypatch, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    with pytest.raises(BuilderKilledError, match=r"ended by SIGKILL when it held .* short of memory"):
        builder_process.run_builder(REQUEST, lambda phase: None, module)


def test_a_builder_that_breaks_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = stand_in(tmp_path, monkeypatch, "raise SystemExit('the compiler is upset')\n")
    with pytest.raises(PlanBuildError, match="status 1 and no answer: the compiler is upset"):
        builder_process.run_builder(REQUEST, lambda phase: None, module)


def test_a_builder_ends_with_whoever_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "import sys, os\n"
        "from gpu_actor.engine import tensorrt_builder as builder\n"
        "def build(request, tell):\n"
        "    tell(builder.PlanPhase(str(os.getpid())))\n"
        "    sys.stdin.buffer.read()\n"
        "    raise SystemExit(7)\n"
        "builder.build = build\n"
        "builder.main()\n"
    )
    module = stand_in(tmp_path, monkeypatch, source)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(plan_build.__file__).parents[2]}")
    pids: list[int] = []

    def hear(phase: PlanPhase) -> None:
        pids.append(int(phase.name))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        builder_process.run_builder(REQUEST, hear, module)
    assert not psutil.pid_exists(pids[0])
