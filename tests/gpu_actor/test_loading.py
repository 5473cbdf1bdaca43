"""Which engine serves, from the settings to the executor: real files, and a device that passes for a card."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gpu_actor import loading
from gpu_actor.engine.plan_build import PlanOrder
from gpu_actor.engine.plan_request import PlanPhase
from gpu_actor.engine.tensorrt_loading import Doors
from gpu_actor.engine.tensorrt_manifest import MANIFEST, MANIFEST_VERSION, PLAN, PlanManifest, plans_folder
from gpu_actor.engine_choice import Candidate
from gpu_actor.executor import Executor
from gpu_actor.loading import first_that_can, load_engine
from gpu_actor.measured_speeds import write_speeds
from gpu_actor.models import choose_model
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import CudaMissingError, EngineTrouble, ModelNotFoundError, PlanNotFoundError
from tests.fakes.cpu_cuda import CpuCuda
from tests.fakes.cpu_tensorrt import cpu_tensorrt, trt
from tests.fakes.engine_servers import FakeOpenAi, serving
from tests.gpu_actor.engine.plans import CHUNK, CONTEXT, POSITIONS, SLOTS, SMALL, make_plan
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

EXPERTS = TinyModel(metadata={"llama.expert_count": 4})


def no_card(_: EngineSettings) -> Any:
    raise CudaMissingError("no NVIDIA driver: install it")


NO_CARD = Doors(no_card)


@dataclass
class Box:
    """A machine with one small model, and a device that passes for a card."""

    cache: Path
    model: Path
    cuda: CpuCuda = field(default_factory=CpuCuda)
    said: list[str] = field(default_factory=list[str])

    def doors(self) -> Doors:
        return Doors(lambda _: self.cuda, lambda _: cpu_tensorrt(self.cuda))

    def settings(self, **values: Any) -> EngineSettings:
        usual = EngineSettings(
            model=str(self.model),
            slots=2,
            kept=1,
            context=CONTEXT,
            card_reserve_mb=0,
            threads=1,
            prompt_run=32,
        )
        return msgspec.structs.replace(usual, **values)

    def load(self, doors: Doors = NO_CARD, **values: Any) -> Executor:
        return load_engine(self.settings(**values), self.cache, self.said.append, doors)

    def put_plan(self, order: PlanOrder) -> None:
        """What a build leaves, made for the device that computes on the CPU."""
        folder = plans_folder(self.cache) / "small"
        folder.mkdir(parents=True)
        made = make_plan(folder, self.model, elements="float16")
        made.plan.rename(folder / PLAN)
        manifest = PlanManifest(
            version=MANIFEST_VERSION,
            library="tensorrt_rtx",
            library_version=trt.__version__,
            target=order.target,
            model_hash=order.model.sha256,
            plan_hash=hashlib.sha256((folder / PLAN).read_bytes()).hexdigest(),
            slots=SLOTS,
            context=CONTEXT,
            positions=POSITIONS,
            chunk=CHUNK,
            elements="float16",
            cache="fp16",
        )
        (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "cache", write_tiny(tmp_path / "small.gguf", SMALL))


def test_without_a_card_the_processor_serves_and_says_so(box: Box) -> None:
    facts = box.load().facts
    assert facts.engine.startswith("ONNX Runtime")
    assert facts.why == "it is the usual one without a card"
    assert box.said == ["loading small on ONNX Runtime"]


def test_a_card_that_was_asked_for_and_is_not_there_is_named_beside_what_serves(box: Box) -> None:
    facts = box.load(runtime="tensorrt").facts
    assert facts.engine.startswith("ONNX Runtime")
    assert facts.why == ("engine.fallback allows it; TensorRT cannot serve: no NVIDIA driver: install it")


def test_where_nothing_may_take_its_place_the_trouble_ends_the_start(box: Box) -> None:
    with pytest.raises(EngineTrouble, match="no NVIDIA driver"):
        box.load(runtime="tensorrt", fallback="none")


def test_a_plan_that_is_missing_is_built_tested_and_used(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered: list[PlanOrder] = []

    def build(order: PlanOrder, _: EngineSettings, cache: Path, tell: Any) -> None:
        assert cache == box.cache
        tell(PlanPhase("compiling", 1, 4), 2.0)
        ordered.append(order)
        box.put_plan(order)

    monkeypatch.setattr(loading, "build_plan", build)
    executor = box.load(box.doors())
    assert executor.facts.engine.startswith("TensorRT for RTX")
    assert executor.facts.why.startswith("there is a card")
    assert [order.target for order in ordered] == ["sm89"]
    assert "compiling (1 of 4), 2 s" in box.said[1]
    again = box.load(box.doors())
    assert again.facts.engine == executor.facts.engine
    assert len(ordered) == 1


def test_no_plan_is_built_at_the_start_where_the_settings_forbid_it(box: Box) -> None:
    with pytest.raises(PlanNotFoundError, match="engine build"):
        box.load(box.doors(), build_at_start=False, fallback="none")
    facts = box.load(box.doors(), build_at_start=False).facts
    assert facts.engine.startswith("ONNX Runtime")
    assert "engine build" in facts.why


def test_what_was_measured_to_be_faster_serves(box: Box, model_file: Path) -> None:
    model = choose_model(str(model_file), box.cache)
    write_speeds(box.cache, model.sha256, {"onnxruntime": 10.0, "llama.cpp": 20.0})
    facts = box.load(model=str(model_file)).facts
    assert facts.engine.startswith("llama.cpp")
    assert "measured" in facts.why


def test_what_the_graph_does_not_cover_goes_to_llama_cpp_with_its_reason(tmp_path: Path) -> None:
    box = Box(tmp_path / "cache", write_tiny(tmp_path / "experts.gguf", EXPERTS))
    with pytest.raises(EngineTrouble):  # the file only says that it has experts
        box.load()
    assert box.said == ["loading experts on llama.cpp"]


def test_an_engine_outside_that_the_settings_name_serves_or_nothing_does(tmp_path: Path) -> None:
    with serving(FakeOpenAi([])) as address:
        settings = EngineSettings(remote=address)
        facts = load_engine(settings, tmp_path, lambda _: None).facts
    assert address in facts.engine
    assert facts.why.startswith("engine.remote names it; it has no choice of a prompt format, top_k, ")
    assert facts.continuation == "text"
    with pytest.raises(EngineTrouble, match="cannot be reached"):
        load_engine(settings, tmp_path, lambda _: None)


def test_a_model_that_is_not_there_is_named_before_anything_is_loaded(box: Box) -> None:
    with pytest.raises(ModelNotFoundError):
        box.load(model="/nowhere/at/all.gguf")
    assert box.said == []


def test_the_trouble_of_the_preferred_engine_is_the_one_that_is_told() -> None:
    def fail(candidate: Candidate) -> Executor:
        raise EngineTrouble(candidate.runtime)

    wanted = (Candidate("tensorrt", "a card"), Candidate("onnxruntime", "usual"))
    with pytest.raises(EngineTrouble, match=r"^tensorrt$"):
        first_that_can(wanted, fail)
