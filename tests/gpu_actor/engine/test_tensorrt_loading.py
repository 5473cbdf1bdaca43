"""From a model and the settings to a tested decoder, on the CPU device; and what can come between."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from gpu_actor.engine import golden_cpu, tensorrt_loading
from gpu_actor.engine.cuda_bindings import runtime
from gpu_actor.engine.golden import GOLDEN, Golden
from gpu_actor.engine.golden_cpu import golden_for
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.tensorrt_loading import (
    REAL,
    Doors,
    TensorRtModel,
    Wanted,
    load_tensorrt,
    open_device,
    rows_that_fit,
)
from gpu_actor.engine.tensorrt_manifest import MANIFEST, MANIFEST_VERSION, PLAN, PlanManifest, plans_folder
from gpu_actor.engine.tensorrt_memory import Caches
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import (
    CudaMemoryError,
    CudaMissingError,
    EngineTrouble,
    PlanError,
    PlanNotFoundError,
    SelfTestError,
)
from tests.fakes.cpu_cuda import CpuCuda
from tests.fakes.cpu_tensorrt import cpu_tensorrt, trt
from tests.gpu_actor.engine.plans import CHUNK, CONTEXT, POSITIONS, SLOTS, make_plan

NO_DRIVER = runtime().cudaDriverGetVersion()[1] == 0
SETTINGS = EngineSettings(slots=3, kept=1, context=CONTEXT, card_reserve_mb=0, prompt_run=32, threads=1)


@dataclass
class Box:
    """A machine with the CPU device, and a cache folder with one plan in it."""

    cache: Path
    folder: Path
    wanted: Wanted
    made: list[Path]  # where golden logits were made
    cuda: CpuCuda = field(default_factory=CpuCuda)

    def load(self, settings: EngineSettings = SETTINGS, **options: Any) -> TensorRtModel:
        doors = Doors(lambda _: self.cuda, lambda _: cpu_tensorrt(self.cuda))
        return load_tensorrt(self.wanted, settings, self.cache, doors=doors, **options)

    def change(self, **values: Any) -> None:
        manifest = msgspec.json.decode((self.folder / MANIFEST).read_bytes(), type=PlanManifest)
        changed = msgspec.structs.replace(manifest, **values)
        (self.folder / MANIFEST).write_bytes(msgspec.json.encode(changed))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    folder = plans_folder(tmp_path) / "small-sm89"
    folder.mkdir(parents=True)
    plan = make_plan(folder, elements="float16")
    plan.plan.rename(folder / PLAN)
    manifest = PlanManifest(
        version=MANIFEST_VERSION,
        library="tensorrt_rtx",
        library_version=trt.__version__,
        target="sm89",
        model_hash="model",
        plan_hash=hashlib.sha256((folder / PLAN).read_bytes()).hexdigest(),
        slots=SLOTS,
        context=CONTEXT,
        positions=POSITIONS,
        chunk=CHUNK,
        elements="float16",
        cache="fp16",
    )
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    config = read_config(plan.file)
    made: list[Path] = []

    def golden(place: Path) -> Golden:
        there = (place / GOLDEN).is_file()
        found = golden_for(place, "model", plan.file, config, encode, cache=tmp_path, threads=1)
        if not there:
            made.append(place)
        return found

    return Box(tmp_path, folder, Wanted("model", plan.file, config, golden), made)


def encode(text: str) -> list[int]:
    """Tokens of the small model, for which no text means anything."""
    return [4 + each % 256 for each in hashlib.sha512(text.encode()).digest() * 2]


def test_the_first_start_tests_and_the_second_need_not(box: Box) -> None:
    first = box.load()
    assert first.report is not None
    assert first.report.passed
    assert first.engine == f"TensorRT for RTX {trt.__version__} (CPU that passes for a card)"
    decoder = first.decoder
    assert (decoder.slots, decoder.shelves, decoder.context) == (3, 1, CONTEXT)
    assert box.made == [box.folder]
    # It serves, whatever was tested with it.
    states = tensorrt_loading.TokenTable(box.wanted.file).states
    logits = decoder.prefill(0, states(list(range(4, 94))))
    assert np.isfinite(logits).all()
    decoder.close()
    assert box.cuda.left_over() == {}
    (kernels,) = box.folder.glob("kernels-*")
    compiled = msgspec.json.decode(kernels.read_bytes())["shapes"]
    assert compiled == ["(1, 32, 64)", "(3, 1, 64)"]  # what the test ran, no other shape comes after

    second = box.load()
    assert second.report is None
    assert second.decoder.jit is not None
    assert second.decoder.jit.loaded
    second.decoder.close()
    assert box.made == [box.folder]


def test_the_self_test_can_be_asked_for_again_and_switched_off(box: Box) -> None:
    off = msgspec.structs.replace(SETTINGS, self_test=False)
    assert box.load(off).report is None
    assert box.made == []
    assert box.load(off, again=True).report is not None
    assert box.load(again=True).report is not None


def test_kernels_are_kept_though_nothing_is_tested(box: Box) -> None:
    decoder = box.load(msgspec.structs.replace(SETTINGS, self_test=False)).decoder
    states = tensorrt_loading.TokenTable(box.wanted.file).states
    for _ in range(2):  # compiled with the first prompt, kept with the second
        decoder.prefill(0, states([5, 6, 7]))
    (kernels,) = box.folder.glob("kernels-*")
    assert msgspec.json.decode(kernels.read_bytes())["shapes"] == ["(1, 32, 64)"]


def test_a_full_disk_costs_time_and_nothing_else(
    box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    box.wanted.golden(box.folder)
    monkeypatch.setattr(Path, "write_bytes", full)
    assert box.load().report is not None
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert {line.split(" cannot be kept")[0] for line in told} == {
        "the kernels compiled on the card",
        "that the self-test was passed",
    }
    assert all("No space left" in line and "at each start" in line for line in told)


def test_another_driver_is_tested_anew(box: Box) -> None:
    box.load()
    box.cuda.facts = msgspec.structs.replace(box.cuda.facts, driver="13.9")
    assert box.load().report is not None


def test_a_card_that_computes_wrong_serves_nothing_and_holds_nothing(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clone(*_: Any) -> None:
        """Copies nothing."""

    with monkeypatch.context() as patch:
        patch.setattr(Caches, "clone", clone)
        with pytest.raises(
            SelfTestError, match=r"a prefix that was cloned is off by .*update the NVIDIA driver"
        ):
            box.load()
    assert box.cuda.left_over() == {}
    assert box.load().report is not None  # a failure is not remembered


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({"library_version": "1.0"}, PlanError, "was built with tensorrt_rtx 1.0"),
        ({"target": "sm120"}, PlanNotFoundError, "--target sm89"),
        ({"model_hash": "x"}, PlanNotFoundError, "samovar engine build"),
        ({"context": POSITIONS + 4}, PlanError, r"lower engine\.context"),
    ],
)
def test_a_plan_that_does_not_fit_is_told_with_the_way_out(
    box: Box, values: dict[str, Any], kind: type[EngineTrouble], words: str
) -> None:
    box.change(**values)
    with pytest.raises(kind, match=words):
        box.load(msgspec.structs.replace(SETTINGS, context=POSITIONS + 4))
    assert box.cuda.left_over() == {}


def test_a_damaged_plan_is_told_with_the_way_out(box: Box) -> None:
    (box.folder / PLAN).write_bytes(b"{}")
    with pytest.raises(PlanError, match="the file is damaged: build it"):
        box.load()


def test_the_card_has_as_many_slots_as_its_memory_holds(box: Box) -> None:
    row = 2 * 2 * 2 * POSITIONS * 16 * 2  # layers, keys and values, heads, positions, head size, float16
    box.cuda = CpuCuda(capacity=(1 << 20) + 3 * row)
    narrow = msgspec.structs.replace(SETTINGS, slots=2, kept=4, card_reserve_mb=1, self_test=False)
    decoder = box.load(narrow).decoder
    assert (decoder.slots, decoder.shelves) == (2, 1)
    with pytest.raises(CudaMemoryError, match=r"card has 0 MB left for caches"):
        box.load(narrow)
    with pytest.raises(CudaMemoryError, match=r"--context N`$"):
        rows_that_fit(4, 4, row, row - 1)
    assert rows_that_fit(4, 4, row, 6 * row) == (4, 2)
    assert rows_that_fit(4, 4, row, 3 * row) == (3, 0)


@pytest.mark.skipif(not NO_DRIVER, reason="this machine has an NVIDIA driver")
def test_without_a_card_the_real_door_says_so() -> None:
    with pytest.raises(CudaMissingError, match="no NVIDIA driver"):
        REAL.device(EngineSettings())
    with pytest.raises(CudaMissingError, match="pycuda cannot be loaded"):
        open_device(EngineSettings(cuda="pycuda"))


def test_the_exact_graph_of_a_large_model_does_not_stay(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden_cpu, "LARGEST_KEPT_GRAPH", 1000)
    box.wanted.golden(box.folder)
    assert list((box.cache / "graphs").glob("*")) == []
    (box.folder / GOLDEN).unlink()
    monkeypatch.setattr(golden_cpu, "LARGEST_KEPT_GRAPH", 1 << 30)
    box.wanted.golden(box.folder)
    assert len(list((box.cache / "graphs").glob("*"))) == 1
