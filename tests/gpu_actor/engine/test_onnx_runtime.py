"""The CPU runtime: the contract at both numerics, and that nothing past a sequence's end is read."""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.engine import onnx_runtime
from gpu_actor.engine.graph_cache import Numerics
from gpu_actor.engine.onnx_runtime import MEMORY_ON_DEMAND, OnnxRuntimeDecoder
from gpu_actor.engine.slots import SlotLengths
from gpu_actor.executor import ModelExecutor, load_executor
from gpu_actor.models import choose_model
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.engine.decoder_contract import DecoderContract, Subject, same
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

FORMS: dict[str, tuple[Numerics, TinyModel]] = {
    "Q4_1 fast": ("fast", TinyModel("Q4_1", context=96)),
    "Q4_1 exact": ("exact", TinyModel("Q4_1", context=96)),
    "Q4_K and Q6_K fast": ("fast", TinyModel("Q4_K", value_format="Q6_K", context=96)),
    "Q4_K and Q6_K exact": ("exact", TinyModel("Q4_K", value_format="Q6_K", context=96)),
    "F32": ("fast", TinyModel("F32", kv_heads=4, context=96)),
    "Q4_1 fast, scores in tiles": ("fast", TinyModel("Q4_1", context=96)),
    "Q4_1 exact, scores in tiles": ("exact", TinyModel("Q4_1", context=96)),
}


def subject_of(executor: ModelExecutor, vocabulary: int) -> Iterator[Subject]:
    decoder = executor.decoder
    yield Subject(decoder, executor.table.states, vocabulary)
    for slot in range(decoder.slots + decoder.shelves):
        decoder.keep(slot, 0)


@pytest.fixture(scope="module", params=FORMS)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelExecutor:
    numerics, form = FORMS[request.param]
    folder = tmp_path_factory.mktemp("tiny")
    path = write_tiny(folder / "tiny.gguf", form)
    settings = EngineSettings(slots=5, kept=2, context=96, threads=1, numerics=numerics)
    with pytest.MonkeyPatch.context() as patch:
        if request.param.endswith("in tiles"):
            patch.setattr(onnx_runtime, "MOST_SCORES", 0)
        return load_executor(settings, choose_model(str(path), folder), folder)


class TestTinyModels(DecoderContract):
    @pytest.fixture
    def subject(self, tiny: ModelExecutor) -> Iterator[Subject]:
        yield from subject_of(tiny, 260)


@pytest.fixture(params=["fast", "exact"])
def demonstration(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """The demonstration model at both numerics."""
    yield from subject_of(request.getfixturevalue(request.param), 40_000)


def test_the_demonstration_model_computes_alike_in_any_chunks_and_from_a_clone(
    demonstration: Subject,
) -> None:
    prompt, reply = demonstration.ids(7, 40), demonstration.ids(8, 3)
    expected = demonstration.alone(0, prompt, reply)
    demonstration.prefill(2, [*prompt[:2], *prompt[2:9], *prompt[9:27]], 7)
    demonstration.decoder.clone(2, 1, 21)
    demonstration.prefill(1, prompt[21:24])
    assert same([demonstration.prefill(1, prompt[24:])], expected[:1])
    demonstration.decoder.clone(1, 0, 38)
    assert same([demonstration.prefill(0, prompt[38:])], expected[:1])
    for index, token in enumerate(reply, 1):
        rows = demonstration.decode([1, 0], [token, token])
        assert np.array_equal(rows[0], expected[index])
        assert np.array_equal(rows[1], expected[index])


def test_attention_with_all_scores_and_in_tiles_compute_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tiny(tmp_path / "tiny.gguf", TinyModel("Q4_1", context=96))
    settings = EngineSettings(slots=2, kept=0, context=96, threads=1, numerics="exact")
    seen: list[onnx_runtime.Floats] = []
    for most in (onnx_runtime.MOST_SCORES, 0):
        monkeypatch.setattr(onnx_runtime, "MOST_SCORES", most)
        executor = load_executor(settings, choose_model(str(path), tmp_path), tmp_path)
        executor.decoder.prefill(0, executor.table.states(range(40)))
        seen.append(executor.decoder.decode([0], executor.table.states([40])).copy())
    whole, tiles = seen
    assert not np.array_equal(whole, tiles)  # two kernels indeed
    np.testing.assert_allclose(whole, tiles, rtol=1e-3, atol=1e-4)


def test_nothing_past_the_end_of_a_sequence_is_read(demonstration: Subject) -> None:
    decoder = cast("OnnxRuntimeDecoder", demonstration.decoder)
    prompt, reply = demonstration.ids(7, 30), demonstration.ids(8, 2)
    expected = demonstration.alone(0, prompt, reply)
    decoder.cache[:] = np.nan  # not a number: whatever touches it becomes the same
    demonstration.prefill(1, prompt)
    decoder.cache[:, 2] = np.nan
    decoder.clone(1, 2, 25)
    assert np.isnan(decoder.cache[:, 2, :, 25:]).all()
    decoder.cache[:, 1] = np.nan
    decoder.keep(1, 0)
    steps = [demonstration.prefill(2, prompt[25:])]
    demonstration.prefill(4 % decoder.slots, prompt[:20])
    steps += [demonstration.decode([2], [token])[0] for token in reply]
    decoder.cache[:] = 0
    assert same(steps, expected)


@pytest.mark.skipif(not MEMORY_ON_DEMAND, reason="the system gives memory back to nobody")
def test_what_is_forgotten_gives_its_memory_back_and_nothing_else_loses_any(tiny: ModelExecutor) -> None:
    decoder = cast("OnnxRuntimeDecoder", tiny.decoder)
    decoder.cache[:] = 1
    decoder.lengths.counts[:] = 96
    decoder.keep(2, 40)
    positions = mmap.PAGESIZE // decoder.cache.strides[3] + 1
    assert (np.delete(decoder.cache, 2, axis=1) == 1).all()
    assert (decoder.cache[:, 2, :, :40] == 1).all()
    assert (decoder.cache[:, 2, :, 40 + positions : 97 - positions] == 0).all()
    for slot in range(decoder.slots + decoder.shelves):
        decoder.keep(slot, 0)


@given(slots=st.sets(st.integers(0, 11), min_size=1), least=st.integers(1, 2))
def test_runs_cover_what_is_asked_for_and_never_overlap_it_twice(slots: set[int], least: int) -> None:
    decoder = OnnxRuntimeDecoder.__new__(OnnxRuntimeDecoder)
    decoder.least_rows = least
    decoder.lengths = SlotLengths(12, 0, 64, 64)
    runs = list(decoder.runs(sorted(slots)))
    for slot in slots:
        assert sum(first <= slot < first + rows for first, rows in runs) == 1
    assert all(rows >= least and first >= 0 and first + rows <= 12 for first, rows in runs)
