"""What is read from a model file, and what is refused by name before anything is loaded."""

from pathlib import Path

import pytest

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.model_config import ModelConfig, RopeConfig, covered, read_config
from gpu_actor.troubles import ModelFileError, UnsupportedModelError
from tests.gpu_actor.tiny_models import TinyModel, gemma, write_tiny


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


REFUSED = {
    "architecture": (TinyModel(architecture="qwen9"), "architecture is 'qwen9'"),
    "experts": (TinyModel(metadata={"llama.expert_count": 8}), "mixture of experts .*expert_count = 8"),
    "scores capped": (
        TinyModel(metadata={"llama.attn_logit_softcapping": 50.0}),
        "caps its attention scores",
    ),
    "logits capped": (gemma({"gemma3.final_logit_softcapping": 30.0}), "caps its logits"),
    "partial rotation": (TinyModel(metadata={"llama.rope.dimension_count": 32}), "only a part of each head"),
    "values of another size": (TinyModel(metadata={"llama.attention.value_length": 32}), "differ in size"),
    "scaled logits": (TinyModel(metadata={"llama.logit_scale": 0.25}), "scales its logits"),
    "embeddings": (
        TinyModel(architecture="qwen3", metadata={"qwen3.pooling_type": 3}),
        "embeddings, no text",
    ),
    "looks ahead": (TinyModel(metadata={"llama.attention.causal": False}), "no language model"),
    "adapter": (TinyModel(metadata={"general.type": "adapter"}), "of the kind 'adapter'"),
    "pictures": (TinyModel(extra_tensor="v.patch_embd.weight"), "pictures or sound .*v.patch_embd.weight"),
    "tensor of another family": (TinyModel(extra_tensor="blk.0.attn_q_norm.weight"), "attn_q_norm.weight"),
    "longrope": (TinyModel(metadata={"llama.rope.scaling.type": "longrope"}), "'longrope'"),
    "a head of another size": (
        TinyModel(extra_tensor="output.weight"),
        r"output.weight has the shape \(8,\)",
    ),
    "layers that differ": (
        TinyModel(metadata={"llama.feed_forward_length": 640}),
        r"ffn_gate.weight has the shape",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_covered_is_refused_by_name(tmp_path: Path, name: str) -> None:
    model, words = REFUSED[name]
    file = GgufFile(write_tiny(tmp_path / "model.gguf", model))
    with pytest.raises(UnsupportedModelError, match=words) as caught:
        read_config(file)
    assert "\n" not in str(caught.value)
    assert covered(file) == str(caught.value)


def test_what_makes_tokens_in_an_unknown_way_is_not_covered(tmp_path: Path) -> None:
    model = TinyModel(metadata={"tokenizer.ggml.pre": "klingon"})
    assert "'klingon'" in (covered(GgufFile(write_tiny(tmp_path / "model.gguf", model))) or "")


def test_every_family_is_covered(tmp_path: Path) -> None:
    models = [TinyModel(), TinyModel(architecture="qwen2", biases=True), gemma({})]
    models.append(TinyModel(architecture="qwen3", head_norms=True))
    for index, model in enumerate(models):
        assert covered(GgufFile(write_tiny(tmp_path / f"{index}.gguf", model))) is None


def test_a_tensor_that_is_missing_is_damage(tmp_path: Path) -> None:
    model = TinyModel(architecture="qwen3")
    with pytest.raises(ModelFileError, match=r"lacks the tensor blk\.0\.attn_[qk]_norm"):
        config_of(tmp_path, model)


def test_windows_are_those_of_five_layers_in_six_or_as_the_file_lists_them(tmp_path: Path) -> None:
    config = config_of(tmp_path, gemma({"gemma3.attention.sliding_window": 32}))
    assert config.windows == (32, 32, 32, 32, 32, 0, 32)
    assert config.local_rope == RopeConfig(10_000.0)
    config = config_of(tmp_path, gemma({"gemma3.attention.sliding_window_pattern": 2}))
    assert config.windows == (16, 0, 16, 0, 16, 0, 16)
    assert config_of(tmp_path, TinyModel()).window(0) == 0


def test_a_size_of_nothing_is_damage(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="block_count"):
        config_of(tmp_path, TinyModel(layers=0))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("llama.block_count", 2**31),
        ("llama.attention.head_count_kv", 3),
        ("llama.attention.key_length", 63),
        ("llama.attention.layer_norm_rms_epsilon", float("nan")),
        ("llama.rope.freq_base", float("inf")),
        ("llama.rope.scaling.factor", -1.0),
    ],
)
def test_sizes_that_cannot_be_are_damage(tmp_path: Path, key: str, value: float) -> None:
    with pytest.raises(ModelFileError, match="damaged"):
        config_of(tmp_path, TinyModel(metadata={key: value}))


def test_the_kinds_of_stretched_positions_are_read(tmp_path: Path) -> None:
    linear = {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    assert config_of(tmp_path, TinyModel(metadata=linear)).rope == RopeConfig(10_000.0, "linear", 4.0)
    yarn = {
        "llama.rope.scaling.type": "yarn",
        "llama.rope.scaling.factor": 8.0,
        "llama.rope.scaling.original_context_length": 64,
    }
    assert config_of(tmp_path, TinyModel(metadata=yarn)).rope == RopeConfig(10_000.0, "yarn", 8.0, 64, 1.0)
