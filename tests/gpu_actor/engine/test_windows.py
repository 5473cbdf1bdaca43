"""Layers with a sliding window keep the contract of every runtime, in both forms of the graph."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.graph_cache import cached_graph
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.token_table import TokenTable
from tests.gpu_actor.engine.decoder_contract import DecoderContract, Subject
from tests.gpu_actor.engine.plans import Setup, make_plan
from tests.gpu_actor.tiny_models import gemma, write_tiny

SMALL = replace(
    gemma({"gemma3.attention.sliding_window_pattern": 2}, layers=2),
    embedding=64,
    feed_forward=96,
    heads=4,
    kv_heads=2,
    head_size=16,
)
"""One layer with a window of 16 positions, one without; the contract fills up to 100."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("model") / "gemma.gguf", SMALL)


@pytest.fixture(scope="module")
def on_the_cpu(model: Path) -> OnnxRuntimeDecoder:
    file = GgufFile(model)
    config = read_config(file)
    return OnnxRuntimeDecoder(
        cached_graph(model.parent, "gemma", "exact", file, config),
        config,
        model_tables(file, config, 101),
        slots=4,
        shelves=1,
        context=100,
        longest_chunk=64,
        threads=1,
        numerics="exact",
    )


@pytest.fixture(scope="module")
def on_a_card(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(make_plan(tmp_path_factory.mktemp("plan"), model, elements="float16"))


class TestOnnxRuntime(DecoderContract):
    @pytest.fixture
    def subject(self, on_the_cpu: OnnxRuntimeDecoder, model: Path) -> Subject:
        for slot in range(5):
            on_the_cpu.keep(slot, 0)
        return Subject(on_the_cpu, TokenTable(GgufFile(model)).states, 260)


class TestTensorRt:
    """On the device that computes on the CPU, which runs the form with masks: what a mask could spoil."""

    @pytest.fixture
    def subject(self, on_a_card: Setup) -> Iterator[Subject]:
        decoder = on_a_card.decoder()
        yield Subject(decoder, on_a_card.plan.table.states, 260)
        decoder.close()

    @pytest.mark.parametrize("chunk", [3, 17, 31])
    def test_logits_depend_on_no_slot_and_no_chunks(self, subject: Subject, chunk: int) -> None:
        DecoderContract().test_logits_depend_neither_on_the_slot_nor_on_where_chunks_are_cut(subject, chunk)

    def test_a_clone_goes_on_like_its_source(self, subject: Subject) -> None:
        DecoderContract().test_a_clone_goes_on_like_its_source_and_neither_shows_in_the_other(subject)
