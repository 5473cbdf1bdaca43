"""What is read from a model file, and what is refused by name before anything is loaded."""

from pathlib import Path

import pytest

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.model_config import ModelConfig, RopeConfig, read_config
from gpu_actor.troubles import ModelFileError, UnsupportedModelError
from tests.gpu_actor.tiny_models import TinyModel, write_tiny


def config_of(tmp_path: Path, model: TinyModel) -> ModelConfig:
    return read_config(GgufFile(write_tiny(tmp_path / "model.gguf", model)))


def test_the_demonstration_model_is_read(model_file: Path) -> None:
    config = read_config(GgufFile(model_file))
    assert (config.layers, config.embedding, config.feed_forward) == (30, 576, 1536)
    assert (config.heads, config.kv_heads, config.head_size) == (9, 3, 64)
    assert (config.vocabulary, config.context) == (49152, 8192)
    assert config.rope == RopeConfig(100_000.0)
    assert config.cache_bytes_a_token == 2 * 30 * 3 * 64 * 4


def test_head_size_need_not_be_embedding_by_heads(tmp_path: Path) -> None:
    config = config_of(tmp_path, TinyModel(embedding=256, heads=2, kv_heads=1, head_size=64))
    assert (config.embedding, config.heads, config.head_size) == (256, 2, 64)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (TinyModel(architecture="qwen9"), "architecture is 'qwen9'"),
        (TinyModel(metadata={"llama.expert_count": 8}), "mixture of 8 experts"),
        (TinyModel(extra_tensor="blk.0.attn_q_norm.weight"), "tensor blk.0.attn_q_norm.weight"),
        (TinyModel(metadata={"llama.rope.scaling.type": "longrope"}), "'longrope'"),
    ],
    ids=["architecture", "experts", "tensor", "rope"],
)
def test_what_is_not_covered_is_refused_by_name(tmp_path: Path, model: TinyModel, words: str) -> None:
    with pytest.raises(UnsupportedModelError, match=words) as caught:
        config_of(tmp_path, model)
    assert "\n" not in str(caught.value)


def test_a_size_of_nothing_is_damage(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="block_count"):
        config_of(tmp_path, TinyModel(layers=0))


def test_the_kinds_of_stretched_positions_are_read(tmp_path: Path) -> None:
    linear = {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    assert config_of(tmp_path, TinyModel(metadata=linear)).rope == RopeConfig(10_000.0, "linear", 4.0)
    yarn = {
        "llama.rope.scaling.type": "yarn",
        "llama.rope.scaling.factor": 8.0,
        "llama.rope.scaling.original_context_length": 64,
    }
    assert config_of(tmp_path, TinyModel(metadata=yarn)).rope == RopeConfig(10_000.0, "yarn", 8.0, 64, 1.0)
