"""The CPU device forgives nothing: each of these faults of a decoder or of its door makes it fail loudly.

A test here breaks one thing and then runs a course of work whose answers are known from the CPU engine.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gpu_actor.engine.cuda import Bytes, Stream, StridedCopy
from gpu_actor.engine.graph_cache import cached_graph
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.tensorrt_decoder import TensorRtDecoder
from gpu_actor.engine.tensorrt_engine import PlanContext
from gpu_actor.engine.tensorrt_memory import Caches, Feed, Group, output_of
from gpu_actor.engine.tensorrt_runs import DecodeRun, DecodeRuns, Run
from gpu_actor.troubles import CudaError, EngineTrouble, TensorRtError
from tests.fakes.cpu_cuda import CpuCuda
from tests.gpu_actor.engine.plans import CHUNK, CONTEXT, SLOTS, Plan, Setup, make_plan

Floats = npt.NDArray[np.float32]
Break = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_plan(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="module")
def expected(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> list[Floats]:
    """What the CPU engine answers at exact numerics."""
    config = read_config(plan.file)
    cache = tmp_path_factory.mktemp("cache")
    engine = OnnxRuntimeDecoder(
        cached_graph(cache, "small", "exact", plan.file, config),
        config,
        model_tables(plan.file, config, CONTEXT + 1),
        slots=SLOTS,
        context=CONTEXT,
        longest_chunk=CHUNK,
        threads=2,
        numerics="exact",
    )
    return course(engine, plan)


def course(decoder: Any, plan: Plan, after_a_step: Callable[[], None] = lambda: None) -> list[Floats]:
    """Prompts in one and two chunks, batches with idle slots between, a clone; the logits of each call."""
    ids = [int(each) for each in np.random.default_rng(11).integers(4, 260, 90)]
    states = plan.table.states
    answers = [
        decoder.prefill(0, states(ids[:50])).copy(),
        decoder.prefill(1, states(ids[:21])).copy(),
        decoder.prefill(3, states(ids[20:60])).copy(),
        decoder.prefill(1, states(ids[21:50])).copy(),
        decoder.decode([0, 3], states(ids[60:62])).copy(),
    ]
    after_a_step()
    answers += [decoder.decode([3, 0, 1], states(ids[62:65])).copy() for _ in range(3)]
    decoder.clone(0, 2, 50)
    answers += [
        decoder.decode([2], states(ids[60:61])).copy(),
        decoder.prefill(2, states(ids[70:80])).copy(),
        decoder.decode([0, 1, 2, 3], states(ids[65:69])).copy(),
    ]
    return answers


def check(answers: list[Floats], expected: list[Floats]) -> None:
    for ours, theirs in zip(answers, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def run(setup: Setup, expected: list[Floats], *, move_scratch: bool = False) -> None:
    decoder = setup.decoder()

    def after_a_step() -> None:
        if move_scratch:
            decoder.scratch.reserve(decoder.scratch.size + 1)

    check(course(decoder, setup.plan, after_a_step), expected)


@pytest.mark.parametrize("classic", [False, True])
@pytest.mark.parametrize("move_scratch", [False, True])
def test_the_unbroken_decoder_answers_as_the_cpu_engine_does(
    plan: Plan, expected: list[Floats], classic: bool, move_scratch: bool
) -> None:
    setup = Setup(plan, classic=classic)
    run(setup, expected, move_scratch=move_scratch)
    assert (setup.cuda.launched > 0) is classic


# -- faults ---------------------------------------------------------------------------------------


def nothing(*_: Any) -> None:
    """Does it."""


def slots_overlap(patch: pytest.MonkeyPatch) -> None:
    def start(self: Group, index: int, row: int) -> int:
        return self.address + index * self.rows * self.row + row * self.row // 2

    patch.setattr(Group, "start", start)


def layers_and_slots_are_swapped(patch: pytest.MonkeyPatch) -> None:
    def start(self: Group, index: int, row: int) -> int:
        return self.address + (row * len(self.names) + index) * self.row

    patch.setattr(Group, "start", start)


def a_cache_lies_past_the_end(patch: pytest.MonkeyPatch) -> None:
    def start(self: Group, index: int, row: int) -> int:
        return self.address + ((index + 1) * self.rows + row) * self.row

    patch.setattr(Group, "start", start)


def keys_and_values_share_memory(patch: pytest.MonkeyPatch) -> None:
    def start(self: Group, index: int, row: int) -> int:
        return self.address + (index // 2 * 2 * self.rows + row) * self.row

    patch.setattr(Group, "start", start)


def caches_are_not_updated_in_place(patch: pytest.MonkeyPatch) -> None:
    honest = Caches.addresses

    def addresses(self: Caches, first: int) -> dict[str, int]:
        found = honest(self, first)
        names = self.groups[0].names
        return {**found, output_of(names[0]): found[names[1]], output_of(names[1]): found[names[0]]}

    patch.setattr(Caches, "addresses", addresses)


def a_cache_is_not_bound(patch: pytest.MonkeyPatch) -> None:
    honest = Caches.addresses

    def addresses(self: Caches, first: int) -> dict[str, int]:
        return {name: each for name, each in honest(self, first).items() if name != "v1"}

    patch.setattr(Caches, "addresses", addresses)


def the_clone_has_the_stride_of_one_slot(patch: pytest.MonkeyPatch) -> None:
    honest = CpuCuda.copy_strided

    def copy_strided(self: CpuCuda, copy: StridedCopy, stream: Stream) -> None:
        wrong = StridedCopy(
            copy.source, copy.target, copy.width, copy.rows, copy.row, copy.planes, copy.rows * copy.row
        )
        honest(self, wrong, stream)

    patch.setattr(CpuCuda, "copy_strided", copy_strided)


def the_clone_is_one_position_short(patch: pytest.MonkeyPatch) -> None:
    honest = Caches.clone

    def clone(self: Caches, source: int, target: int, count: int, stream: Stream) -> None:
        honest(self, source, target, count - 1, stream)

    patch.setattr(Caches, "clone", clone)


def nobody_waits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TensorRtDecoder, "wait", nothing)


def the_mark_is_set_before_the_download(patch: pytest.MonkeyPatch) -> None:
    honest = TensorRtDecoder.wait

    def wait(self: TensorRtDecoder) -> None:
        self.device.record = lambda event, stream: None  # type: ignore[method-assign]
        honest(self)

    patch.setattr(TensorRtDecoder, "wait", wait)


def caches_are_not_cleared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CpuCuda, "fill", nothing)


def lengths_are_one_short(patch: pytest.MonkeyPatch) -> None:
    honest = Feed.write

    def write(self: Feed, name: str, values: npt.NDArray[Any]) -> None:
        honest(self, name, np.maximum(values - 1, 1) if name == "kv_length" else values)

    patch.setattr(Feed, "write", write)


def idle_rows_write_at_the_beginning(patch: pytest.MonkeyPatch) -> None:
    honest = Feed.write

    def write(self: Feed, name: str, values: npt.NDArray[Any]) -> None:
        honest(self, name, np.zeros_like(values) if name == "write_index" and len(values) > 1 else values)

    patch.setattr(Feed, "write", write)


def states_are_not_uploaded(patch: pytest.MonkeyPatch) -> None:
    honest = Feed.upload

    def upload(self: Feed, stream: Stream, rows: int) -> None:
        honest(self, stream, 0)

    patch.setattr(Feed, "upload", upload)


def inputs_come_from_pageable_memory(patch: pytest.MonkeyPatch) -> None:
    honest = CpuCuda.upload

    def upload(self: CpuCuda, target: int, source: Bytes, stream: Stream) -> None:
        honest(self, target, source.copy(), stream)

    patch.setattr(CpuCuda, "upload", upload)


FAULTS: list[Break] = [
    slots_overlap,
    layers_and_slots_are_swapped,
    a_cache_lies_past_the_end,
    keys_and_values_share_memory,
    caches_are_not_updated_in_place,
    a_cache_is_not_bound,
    the_clone_has_the_stride_of_one_slot,
    the_clone_is_one_position_short,
    nobody_waits,
    the_mark_is_set_before_the_download,
    caches_are_not_cleared,
    lengths_are_one_short,
    idle_rows_write_at_the_beginning,
    states_are_not_uploaded,
    inputs_come_from_pageable_memory,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_fails_loudly(
    plan: Plan, expected: list[Floats], fault: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    with pytest.raises((AssertionError, EngineTrouble)):
        run(Setup(plan), expected)


def test_the_inputs_of_a_run_must_not_be_overwritten_before_they_are_read(
    plan: Plan, expected: list[Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = Setup(plan).decoder()
    decoder.widths.prompts = [16]  # a prompt takes several runs, with the same pinned memory
    check(course(decoder, plan), expected)
    monkeypatch.setattr(decoder, "wait", lambda: None)
    decoder.keep(0, 0)
    decoder.prefill(0, plan.table.states(list(range(4, 54))))
    with pytest.raises(EngineTrouble, match="changed before the copy had read it"):
        decoder.device.synchronise(decoder.stream)


def test_a_context_that_keeps_an_old_address_of_the_memory_between_layers_fails(
    plan: Plan, expected: list[Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    def enqueue(self: Run, stream: Stream) -> None:
        if not self.scratch_at[1]:
            self.scratch_at = self.scratch.address, self.scratch.size
            self.context.set_scratch(*self.scratch_at)
        self.context.enqueue(stream)

    monkeypatch.setattr(Run, "enqueue", enqueue)
    run(Setup(plan), expected)  # as long as nothing moves all is well
    with pytest.raises(EngineTrouble, match="was freed"):
        run(Setup(plan), expected, move_scratch=True)


def test_a_graph_that_works_in_memory_that_moved_fails(
    plan: Plan, expected: list[Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = Setup(plan, classic=True)
    decoder = setup.decoder()
    honest = DecodeRuns.start

    def start(self: DecodeRuns, decode_run: DecodeRun, stream: Stream) -> None:
        decode_run.graph_scratch = decode_run.run.scratch.address, decode_run.run.scratch.size
        honest(self, decode_run, stream)

    monkeypatch.setattr(DecodeRuns, "start", start)
    steps = iter(range(3))

    def move() -> None:
        # A first step was plain; two more make and use a graph; then the memory moves.
        for _ in steps:
            decoder.decode([1], plan.table.states([5]))
        decoder.scratch.reserve(decoder.scratch.size + 1)

    with pytest.raises(EngineTrouble, match="was freed"):
        course(decoder, plan, move)


def test_memory_is_given_back_whatever_moved(plan: Plan, expected: list[Floats]) -> None:
    setup = Setup(plan, classic=True)
    decoder = setup.decoder()
    check(course(decoder, plan, lambda: decoder.scratch.reserve(decoder.scratch.size + 1)), expected)
    decoder.close()
    assert setup.cuda.left_over() == {}


def test_too_little_memory_is_told_with_the_way_out(plan: Plan) -> None:
    with pytest.raises(EngineTrouble, match=r"cudaMalloc failed.*lower engine\.context"):
        Setup(plan, cuda=CpuCuda(capacity=100_000)).decoder()


# -- what is no fault -----------------------------------------------------------------------------


def never(*_: Any) -> bool:
    return False


def refuse_to_record(*_: Any) -> None:
    raise CudaError("cudaStreamBeginCapture failed: not here")


def refuse_in_the_middle(self: PlanContext, stream: Stream) -> None:
    if not honest_enqueue(self, stream):
        raise TensorRtError("not while capturing")


def honest_enqueue(context: PlanContext, stream: Stream) -> bool:
    inner = context.context
    capturing = inner._engine._cuda.queue(stream, "test").capture is not None
    return not capturing and inner.execute_async_v3(stream)


@pytest.mark.parametrize(
    ("kind", "name", "value", "words"),
    [
        (CpuCuda, "begin_capture", refuse_to_record, "not here"),
        (PlanContext, "enqueue", refuse_in_the_middle, "not while capturing"),
        (PlanContext, "can_be_captured", never, "cannot be recorded"),
    ],
)
def test_where_no_graph_can_be_recorded_the_work_goes_on_without(
    plan: Plan,
    expected: list[Floats],
    kind: type,
    name: str,
    value: Any,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(kind, name, value)
    setup = Setup(plan, classic=True)
    run(setup, expected)
    assert setup.cuda.launched == 0
    (line,) = [record.getMessage() for record in caplog.records]
    assert words in line
