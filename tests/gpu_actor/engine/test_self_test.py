"""Golden logits and the self-test: a sound plan passes, the smallest faults do not, and the report says what
is wrong.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from gpu_actor.engine.golden import GOLDEN, Golden, course, make_golden, passage_of, read_golden, write_golden
from gpu_actor.engine.golden_cpu import golden_on_cpu
from gpu_actor.engine.graph_cache import cached_graph
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.self_test import (
    NARROW,
    TOLERANCES,
    SelfTestReport,
    Surroundings,
    passed_before,
    remember,
    require,
    run_self_test,
)
from gpu_actor.engine.tensorrt_decoder import TensorRtDecoder
from gpu_actor.engine.tensorrt_memory import Caches, Feed
from gpu_actor.engine.variant import PLAN_VARIANTS
from gpu_actor.troubles import SelfTestError
from tests.gpu_actor.engine.plans import CONTEXT, SLOTS, Plan, Setup, make_plan
from tests.gpu_actor.tiny_models import GEMMA, write_tiny

VOCABULARY = 260
HERE = Surroundings("RTX 4070", "8.9", "13.2", "tensorrt_rtx 1.7.1", "plan")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_plan(tmp_path_factory.mktemp("plan"), elements="float16")


@pytest.fixture(scope="module")
def golden(plan: Plan) -> Golden:
    """What the exact engine answers to random tokens: the small model knows no others."""
    config = read_config(plan.file)
    exact = OnnxRuntimeDecoder(
        cached_graph(plan.folder, "small", "exact", plan.file, config),
        config,
        model_tables(plan.file, config, CONTEXT + 1),
        slots=3,
        context=CONTEXT,
        longest_chunk=CONTEXT,
        threads=1,
        numerics="exact",
    )
    tokens = [int(each) for each in np.random.default_rng(1).integers(4, VOCABULARY, 96)]
    return make_golden(exact, plan.table.states, tokens, model_hash="model", made_by="exact", window=0)


@pytest.fixture(scope="module")
def decoder(plan: Plan) -> Iterator[TensorRtDecoder]:
    setup = Setup(plan)
    decoder = setup.decoder()
    yield decoder
    decoder.close()
    assert setup.cuda.left_over() == {}


def tried(decoder: TensorRtDecoder, plan: Plan, golden: Golden) -> SelfTestReport:
    for slot in range(decoder.slots):
        decoder.keep(slot, 0)
    return run_self_test(decoder, plan.table.states, golden, NARROW, HERE)


def test_a_sound_plan_in_half_precision_passes_with_room_to_spare(
    decoder: TensorRtDecoder, plan: Plan, golden: Golden
) -> None:
    report = tried(decoder, plan, golden)
    assert report.passed
    assert len(report.parts) >= 8
    assert sum(part.answers for part in report.parts) == sum(map(len, golden.scenes))
    assert max(part.difference for part in report.parts) < NARROW.difference / 5
    assert min(part.common for part in report.parts) >= 19
    assert "self-test passed on RTX 4070 (8.9), driver for CUDA 13.2, tensorrt_rtx 1.7.1" in report.in_words()
    assert [decoder.filled(slot) for slot in range(4)] == [0, 0, 0, 0]
    require(report)


def looks_one_too_far(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Idle rows aside, a batch sees a position of the cache that is not its own yet."""
    return values + 1 if name == "kv_length" and len(values) > 1 else values


def forgets_lengths(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """As if the parser had dropped them: a token sees the first position only."""
    return np.ones_like(values) if name == "kv_length" and len(values) > 1 else values


def turns_replies_too_far(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values + 1 if name == "positions" and len(values) == SLOTS else values


@pytest.mark.parametrize("fault", [looks_one_too_far, forgets_lengths, turns_replies_too_far])
def test_a_fault_of_one_position_fails_and_says_where(
    decoder: TensorRtDecoder,
    plan: Plan,
    golden: Golden,
    fault: Callable[[str, npt.NDArray[Any]], npt.NDArray[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = Feed.write

    def write(self: Feed, name: str, values: npt.NDArray[Any]) -> None:
        honest(self, name, fault(name, values))

    monkeypatch.setattr(Feed, "write", write)
    report = tried(decoder, plan, golden)
    assert not report.passed
    assert not next(part for part in report.parts if part.name == "a batch with an idle slot between").passed
    assert next(part for part in report.parts if part.name == "a prompt in one chunk").passed
    with pytest.raises(SelfTestError, match=r"idle slot between is off by .*update the NVIDIA driver"):
        require(report)


def test_a_clone_that_copies_too_little_fails(
    decoder: TensorRtDecoder, plan: Plan, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clone(*_: Any) -> None:
        """Copies nothing."""

    monkeypatch.setattr(Caches, "clone", clone)
    wrong = [part.name for part in tried(decoder, plan, golden).parts if not part.passed]
    assert wrong == ["a prefix that was cloned"]


def test_what_is_no_number_fails(decoder: TensorRtDecoder, plan: Plan, golden: Golden) -> None:
    class Nothing:
        slots, context = 1, 96

        def prefill(self, slot: int, states: Any) -> Any:
            return np.full(VOCABULARY, np.nan, np.float32)

        def decode(self, slots: Any, states: Any) -> Any:
            return np.full((1, VOCABULARY), np.nan, np.float32)

        def keep(self, slot: int, count: int) -> None: ...

    report = run_self_test(Nothing(), plan.table.states, golden, NARROW, HERE)  # type: ignore[arg-type]
    assert not report.passed
    assert "off by inf" in report.in_words()


def test_a_packed_cache_passes_and_clones_its_scales_too(tmp_path: Path, golden: Golden) -> None:
    plan = make_plan(tmp_path, variant=PLAN_VARIANTS["int6"], positions=128)
    decoder = Setup(plan).decoder()
    assert [group.names[:1] for group in decoder.caches.groups] == [["k0"], ["ks0"]]
    report = run_self_test(decoder, plan.table.states, golden, TOLERANCES["int6"], HERE)
    assert report.passed, report.in_words()
    assert max(part.difference for part in report.parts) < NARROW.difference
    decoder.close()


def test_a_sliding_window_is_tried_beyond_its_end(tmp_path: Path) -> None:
    model = write_tiny(tmp_path / "gemma.gguf", GEMMA)
    plan = make_plan(tmp_path, model, "float16", positions=136)
    config = read_config(plan.file)
    window = max(config.windows)
    assert 0 < window < 90
    exact = golden_on_cpu("model", plan.file, config, lambda _: range(4, 104), cache=tmp_path, threads=1)
    part = "more than the sliding window holds"
    assert exact.window == window
    assert [answer.part for answer in exact.scenes[-1]].count(part) >= 3
    decoder = Setup(plan, context=130).decoder()
    report = tried(decoder, plan, exact)
    assert report.passed, report.in_words()
    assert part in {each.name for each in report.parts}
    decoder.close()


def test_with_one_slot_only_what_goes_in_one_is_tried(plan: Plan, golden: Golden) -> None:
    setup = Setup(plan, slots=1, shelves=0)
    decoder = setup.decoder()
    report = tried(decoder, plan, golden)
    assert report.passed
    assert {part.name for part in report.parts} == {
        "a prompt in one chunk",
        "single steps",
        "a cache that is cut back and used again",
    }
    decoder.close()


def test_the_passage_is_long_enough_however_a_model_cuts_it() -> None:
    assert len(passage_of(lambda text: range(len(text.split())))) >= 96
    assert len(passage_of(lambda _: range(40))) == 120


def test_a_model_with_a_window_is_asked_for_more_than_it_holds() -> None:
    scene = course(window=200)[-1]
    assert scene.positions > 200
    assert len(course(window=0)) + 1 == len(course(window=200))


def test_a_test_that_was_passed_holds_for_these_surroundings_alone(tmp_path: Path, golden: Golden) -> None:
    passed = SelfTestReport(True, (), NARROW, "engine", HERE, 1.0)
    failed = msgspec.structs.replace(passed, passed=False)
    remember(tmp_path, failed, golden)
    assert not passed_before(tmp_path, HERE, golden)
    remember(tmp_path, passed, golden)
    assert passed_before(tmp_path, HERE, golden)
    for change in ({"driver": "13.3"}, {"card": "RTX 4090"}, {"plan_hash": "p"}, {"library": "1.8"}):
        assert not passed_before(tmp_path, msgspec.structs.replace(HERE, **change), golden)
    assert not passed_before(tmp_path, HERE, msgspec.structs.replace(golden, model_hash="another"))


def test_golden_logits_are_read_back_and_those_of_another_model_are_not(
    tmp_path: Path, golden: Golden
) -> None:
    file = tmp_path / GOLDEN
    assert read_golden(file, "model") is None
    write_golden(file, golden)
    assert read_golden(file, "model") == golden
    assert read_golden(file, "another") is None
    file.write_bytes(file.read_bytes()[:-9])
    assert read_golden(file, "model") is None


def test_every_kind_of_cache_has_its_tolerance() -> None:
    assert set(TOLERANCES) == {"fp32", "fp16", "bf16", "fp8", "int8", "int6"}
