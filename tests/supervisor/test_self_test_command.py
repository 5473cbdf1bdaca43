"""`samovar engine self-test`, with the device that computes on the CPU and without any."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.cache import model_path
from gpu_actor.engine import tensorrt_loading
from gpu_actor.engine.cuda_bindings import runtime
from gpu_actor.engine.golden import GOLDEN
from gpu_actor.engine.tensorrt_loading import Doors
from gpu_actor.engine.tensorrt_manifest import MANIFEST, MANIFEST_VERSION, PLAN, PlanManifest, plans_folder
from gpu_actor.engine.tensorrt_memory import Caches
from gpu_actor.models import choose_model
from supervisor.cli import main
from tests.fakes.cpu_cuda import CpuCuda
from tests.fakes.cpu_tensorrt import cpu_tensorrt, trt
from tests.gpu_actor.engine.plans import SMALL, make_plan
from tests.gpu_actor.tiny_models import write_tiny

NO_DRIVER = runtime().cudaDriverGetVersion()[1] == 0


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache whose demonstration model is a small one."""
    folder = tmp_path / "cache"
    (folder / "models").mkdir(parents=True)
    monkeypatch.setenv("SAMOVAR_CACHE", str(folder))
    monkeypatch.setenv("SAMOVAR_DATA", str(tmp_path / "data"))
    write_tiny(model_path(folder), SMALL)
    return folder


@pytest.fixture
def cuda(cache: Path, monkeypatch: pytest.MonkeyPatch) -> CpuCuda:
    """A card with a plan of the model."""
    folder = plans_folder(cache) / "small"
    folder.mkdir(parents=True)
    make_plan(folder, model_path(cache), "float16").plan.rename(folder / PLAN)
    manifest = PlanManifest(
        version=MANIFEST_VERSION,
        library="tensorrt_rtx",
        library_version=trt.__version__,
        target="sm89",
        model_hash=choose_model("", cache).sha256,
        plan_hash="plan",
        slots=4,
        context=100,
        positions=104,
        chunk=64,
        elements="float16",
        cache="fp16",
    )
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    card = CpuCuda()
    doors = Doors(lambda _: card, lambda _: cpu_tensorrt(card))
    monkeypatch.setattr(tensorrt_loading, "REAL", doors)
    return card


def test_it_says_part_by_part_how_close_the_card_is(
    cache: Path, cuda: CpuCuda, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["engine", "self-test"]) == 0
    *parts, last = capsys.readouterr().out.splitlines()
    assert len(parts) >= 8
    assert all("off by 0.0" in line for line in parts)
    assert last.startswith("self-test passed on CPU that passes for a card (8.9)")
    assert "golden logits by ONNX Runtime" in last
    assert (plans_folder(cache) / "small" / GOLDEN).is_file()
    assert cuda.left_over() == {}
    assert main(["engine", "self-test", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["passed"] is True
    assert {part["name"] for part in found["parts"]} >= {"single steps", "a prefix that was cloned"}


def test_a_card_that_computes_wrong_is_told_in_one_line(
    cuda: CpuCuda, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def clone(*_: Any) -> None:
        """Copies nothing."""

    monkeypatch.setattr(Caches, "clone", clone)
    assert main(["engine", "self-test"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "a prefix that was cloned is off by" in line
    assert "update the NVIDIA driver" in line
    assert cuda.left_over() == {}


@pytest.mark.skipif(not NO_DRIVER, reason="this machine has an NVIDIA driver")
def test_without_a_card_one_line_says_so(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engine", "self-test"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no NVIDIA driver on this machine" in line
