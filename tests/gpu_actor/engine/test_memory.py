"""The arithmetic of a card's memory, against the figures that docs and design give."""

from pathlib import Path

import gguf
import numpy as np
import pytest

from gpu_actor.engine import memory
from gpu_actor.engine.block_formats import FORMATS
from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.model_config import ModelConfig, RopeConfig, read_config
from gpu_actor.engine.model_file import TensorPlace
from gpu_actor.troubles import UnknownCardError
from tests.gpu_actor.engine.synthetic import SHAPES, tensors
from tests.gpu_actor.tiny_models import TinyModel, write_tiny


def config(layers: int, kv_heads: int, head_size: int) -> ModelConfig:
    return ModelConfig(layers, 4096, 12288, 32, kv_heads, head_size, 151_936, 40_960, 1e-6, RopeConfig(1e6))


@pytest.mark.parametrize(
    ("layers", "kv_heads", "head_size", "kib"),
    [(30, 3, 64, 22.5), (28, 8, 128, 112), (36, 8, 128, 144)],
    ids=["SmolLM2-135M", "Llama-3.2-3B", "Qwen3-8B"],
)
def test_a_position_of_cache_takes_what_the_published_shape_says(
    layers: int, kv_heads: int, head_size: int, kib: float
) -> None:
    shape = config(layers, kv_heads, head_size)
    assert memory.cache_bytes_a_position(shape, "fp16") == kib * 1024
    scales = 2 * 2 * layers * kv_heads
    assert (memory.cache_bytes_a_position(shape, "int6") - scales) * 2 == kib * 1024
    assert memory.cache_bytes_a_position(shape, "fp32") == kib * 2048


def test_the_demonstration_model_reads_the_bytes_and_has_the_ceiling_of_the_design(model_file: Path) -> None:
    file = GgufFile(model_file)
    weights = memory.weight_bytes(file)
    assert weights == pytest.approx(0.0983 * memory.GB, rel=0.05)  # its file, whose table is the head as well
    assert memory.ceiling(504, weights, 0) == pytest.approx(504 * memory.GB / weights)
    assert memory.cache_bytes_a_position(read_config(file), "fp16") == 22.5 * 1024


@pytest.mark.parametrize(
    ("name", "bits"),
    [("Q4_K", 5.0), ("Q4_1", 5.0), ("Q4_0", 4.5), ("Q8_0", 8.5), ("F16", 16), ("F32", 16), ("BF16", 16)],
)
def test_bits_a_weight_are_those_measured_on_plans(name: str, bits: float) -> None:
    assert memory.plan_bits(FORMATS[int(gguf.GGMLQuantizationType[name])]) == bits


def test_a_matrix_counts_by_its_form_and_a_vector_as_halves() -> None:
    matrix = TensorPlace("m", (64, 256), int(gguf.GGMLQuantizationType.Q4_K), 0)
    assert memory.tensor_bytes(matrix) == 64 * 256 * 5 // 8
    assert memory.tensor_bytes(TensorPlace("v", (256,), 0, 0)) == 512


def test_the_token_table_is_on_the_card_only_where_it_is_the_head(tmp_path: Path) -> None:
    tied = GgufFile(write_tiny(tmp_path / "tied.gguf", TinyModel("F16")))
    apart = GgufFile(write_tiny(tmp_path / "apart.gguf", TinyModel("F16", tied=False)))
    assert memory.weight_bytes(tied) == memory.weight_bytes(apart)
    assert memory.host_bytes(tied) == 260 * 256 * 2
    held = sum(int(np.prod(place.shape)) for place in memory.on_the_card(apart)) * 2
    assert memory.weight_bytes(apart) == held


def test_slots_fill_the_free_memory_and_never_more() -> None:
    shape = config(28, 8, 128)
    free = 10.8e9 - 2.24e9
    wanted: list[tuple[memory.CacheType, int]] = [("fp16", 4096), ("fp16", 8192), ("int6", 16_384)]
    for kind, context in wanted:
        slots = memory.slots_that_fit(free, shape, kind, context)
        each = memory.cache_bytes_a_position(shape, kind) * (context + 1) + memory.scratch_bytes(shape, 1, 0)
        assert slots * each <= free < (slots + 1) * each
    assert memory.slots_that_fit(free, shape, "fp16", 4096) >= 16  # the design's table
    assert memory.slots_that_fit(free, shape, "fp16", 8192) >= 8
    assert memory.slots_that_fit(-1, shape, "fp16", 1024) == 0
    assert memory.longest_context(free, shape, "fp16") == 40_960
    assert memory.longest_context(1.7e6, shape, "fp16") == 8
    wide = memory.slots_that_fit(free, shape, "fp16", 4096, 256)
    assert wide <= memory.slots_that_fit(free, shape, "fp16", 4096)
    assert wide * memory.scratch_bytes(shape, 1, 256) == memory.scratch_bytes(shape, wide, 256)


@pytest.mark.parametrize(
    ("name", "weights_gb", "kib", "context"),
    [
        ("mistral-nemo-12b", 8.36, 160, 14_000),
        ("qwen3-14b", 10.08, 160, 3_800),
        ("gemma-3-12b", 8.66, 384, 5_000),
    ],
)
def test_models_that_people_run_on_twelve_gb_take_what_their_shapes_say(
    name: str, weights_gb: float, kib: float, context: int
) -> None:
    shape = SHAPES[name]
    places = [
        TensorPlace(t.name, (t.rows, t.columns), int(gguf.GGMLQuantizationType[t.form]), 0)
        for t in tensors(shape, shape.layers)
        if t.rows
    ]
    if not shape.tied:
        places = [place for place in places if place.name != "token_embd.weight"]
    weights = sum(map(memory.tensor_bytes, places))
    assert weights / memory.GB == pytest.approx(weights_gb, abs=0.01)
    sizes = ModelConfig(
        shape.layers,
        shape.embedding,
        shape.feed_forward,
        shape.heads,
        shape.kv_heads,
        shape.head_size,
        shape.vocabulary,
        131_072,
        1e-6,
        RopeConfig(1e6),
    )
    assert memory.cache_bytes_a_position(sizes, "fp16") == kib * 1024
    fits = memory.longest_context(10.8 * memory.GB - weights, sizes, "fp16", 256)
    assert fits == pytest.approx(context, rel=0.1)


def test_ceilings_are_those_of_the_design() -> None:
    assert round(memory.ceiling(504, 2_240_000_000, 0)) == 225
    assert round(memory.ceiling(504, 4_830_000_000, 0)) == 104
    assert memory.ceiling(504, 4_830_000_000, 10**9) < 90


def test_a_card_is_found_however_its_name_is_written() -> None:
    for name in ("RTX 4070", "rtx4070", "4070", "NVIDIA GeForce RTX 4070"):
        assert memory.find_card(name) == memory.Card("RTX 4070", 12, 504, 10.8)
    with pytest.raises(UnknownCardError, match="known are RTX 2060"):
        memory.find_card("Voodoo 2")
