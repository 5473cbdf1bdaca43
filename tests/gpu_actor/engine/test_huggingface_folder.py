"""Folders as models: their logits against a plain decoder in NumPy, and what is refused by name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpu_actor.engine.graph_cache import cached_graph
from gpu_actor.engine.huggingface_folder import HuggingFaceFolder, folder_files, is_model_folder
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.token_table import TokenTable
from gpu_actor.troubles import EngineTrouble, ModelFileError, UnsupportedModelError
from tests.gpu_actor.huggingface_reference import Reference
from tests.gpu_actor.tiny_folders import TinyFolder, safetensors, save_json, write_folder

IDS = [int(token) for token in np.random.default_rng(3).integers(4, 450, 30)]

LINEAR_ROPE = {"rope_type": "linear", "factor": 8.0}
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
FOLDERS = {
    "Llama": TinyFolder(),
    "Llama in bfloat16, in three files": TinyFolder(dtype="bfloat16", shards=3),
    "Llama in float16, head tied": TinyFolder(dtype="float16", tied=True),
    "Llama 3's rope": TinyFolder(config={"rope_scaling": LLAMA3_ROPE, "rope_theta": 500.0}),
    "Mistral, rope stretched": TinyFolder(
        "MistralForCausalLM", config={"rope_scaling": {"rope_type": "linear", "factor": 4.0}}
    ),
    "Qwen 2.5": TinyFolder("Qwen2ForCausalLM", tokenizer="qwen2", tied=True),
    "Qwen 3": TinyFolder("Qwen3ForCausalLM", tokenizer="qwen2"),
    "Gemma 3": TinyFolder("Gemma3ForCausalLM", tokenizer="gemma", tied=True, layers=7),
    "Gemma 3, long": TinyFolder(
        "Gemma3ForCausalLM",
        dtype="bfloat16",
        tied=True,
        layers=6,
        config={"rope_theta": 1e6, "rope_local_base_freq": 1e4, "rope_scaling": LINEAR_ROPE},
    ),
}


def logits_of(folder: Path, cache: Path) -> Any:
    file = open_model(folder)
    config = read_config(file)
    tables = model_tables(file, config, 65)
    graph = cached_graph(cache, folder.name, "exact", file, config)
    decoder = OnnxRuntimeDecoder(
        graph, config, tables, slots=1, context=64, longest_chunk=64, threads=2, numerics="exact"
    )
    return decoder.prefill(0, TokenTable(file).states(IDS))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_has_the_logits_of_its_models_definition(name: str, tmp_path: Path) -> None:
    model = FOLDERS[name]
    weights = write_folder(tmp_path / "model", model)
    wanted = Reference(model, weights).logits(IDS)
    np.testing.assert_allclose(logits_of(tmp_path / "model", tmp_path), wanted, atol=2e-4)


@pytest.mark.parametrize(
    ("architecture", "name", "extra"),
    [
        ("Qwen2ForCausalLM", "qwen2", {"blk.1.attn_q.bias"}),
        ("Qwen3ForCausalLM", "qwen3", {"blk.1.attn_q_norm.weight", "blk.1.attn_k_norm.weight"}),
        ("Gemma3ForCausalLM", "gemma3", {"blk.1.post_attention_norm.weight", "blk.1.post_ffw_norm.weight"}),
    ],
)
def test_other_families_have_ggufs_names_and_their_rows_as_they_are(
    architecture: str, name: str, extra: set[str], tmp_path: Path
) -> None:
    weights = write_folder(tmp_path / "model", TinyFolder(architecture))
    file = HuggingFaceFolder(tmp_path / "model")
    assert file.get("general.architecture", str) == name
    assert extra <= file.tensors.keys()
    queries = file.raw("blk.1.attn_q.weight").view(np.float32)
    assert np.array_equal(queries, weights["model.layers.1.self_attn.q_proj.weight"])
    gain = file.raw("output_norm.weight").view(np.float32)[0]
    wanted = weights["model.norm.weight"]
    np.testing.assert_array_equal(gain, wanted + 1 if name == "gemma3" else wanted)
    assert file.get(f"{name}.attention.key_length", int) == 32


def test_gemma_says_its_window_and_the_base_of_the_layers_that_have_one(tmp_path: Path) -> None:
    extra = {
        "rope_theta": 1e6,
        "rope_local_base_freq": 1e4,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    }
    write_folder(tmp_path / "old", TinyFolder("Gemma3ForCausalLM", config=extra))
    by_layer = {
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    }
    write_folder(tmp_path / "new", TinyFolder("Gemma3ForCausalLM", config={"rope_parameters": by_layer}))
    for name in ("old", "new"):
        file = HuggingFaceFolder(tmp_path / name)
        assert file.get("gemma3.attention.sliding_window", int) == 8
        assert file.get("gemma3.rope.freq_base", float) == 1e6
        assert file.get("gemma3.rope.freq_base_swa", float) == 1e4
        assert file.get("gemma3.rope.scaling.type", str) == "linear"
        assert file.get("gemma3.rope.scaling.factor", float) == 8.0


def test_a_model_that_also_sees_is_read_without_its_eyes(tmp_path: Path) -> None:
    model = TinyFolder("Gemma3ForCausalLM")
    folder = tmp_path / "model"
    weights = write_folder(folder, model)
    renamed = {name.replace("model.", "language_model.model.", 1): array for name, array in weights.items()}
    renamed["language_model.lm_head.weight"] = renamed.pop("lm_head.weight")
    renamed["vision_tower.patch.weight"] = np.zeros((4, 4, 4), np.float32)
    safetensors.save_file(renamed, folder / "model.safetensors")
    inner = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    outer = {"architectures": ["Gemma3ForConditionalGeneration"], "text_config": inner}
    save_json(folder / "config.json", outer)
    file = HuggingFaceFolder(folder)
    assert len(file.tensors) == len(weights)
    assert np.array_equal(file.raw("output.weight").view(np.float32), weights["lm_head.weight"])


def test_the_template_is_that_of_the_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", TinyFolder())
    assert HuggingFaceFolder(tmp_path / "model").get("tokenizer.chat_template", str).startswith("{{ messages")
    (tmp_path / "model" / "chat_template.jinja").unlink()
    save_json(tmp_path / "model" / "tokenizer_config.json", {"chat_template": "in the config"})
    assert HuggingFaceFolder(tmp_path / "model").get("tokenizer.chat_template", str) == "in the config"


def test_the_files_that_matter_are_named_in_order_and_no_others(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", TinyFolder(shards=2))
    (tmp_path / "model" / "README.md").write_text("words", encoding="utf-8")
    names = [path.name for path in folder_files(tmp_path / "model")]
    assert names == sorted(names)
    assert "README.md" not in names
    assert len([name for name in names if name.endswith(".safetensors")]) == 2
    assert is_model_folder(tmp_path / "model")
    assert not is_model_folder(tmp_path)


# -- refusals and damage --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders") / "small"
    write_folder(folder, TinyFolder(layers=1, hidden=32, inner=32, head_size=8))
    return folder


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for each in small.iterdir():
        (folder / each.name).write_bytes(each.read_bytes())
    return folder


def test_pickle_files_are_never_opened(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(UnsupportedModelError, match=r"pytorch_model\.bin, a pickle file.*never opened"):
        HuggingFaceFolder(copy)


def test_a_folder_with_another_kind_of_tokenizer_is_refused(copy: Path) -> None:
    (copy / "tokenizer.json").rename(copy / "tokenizer.model")
    with pytest.raises(UnsupportedModelError, match=r"has no tokenizer\.json"):
        HuggingFaceFolder(copy)


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", TinyFolder(shards=2))
    (tmp_path / "model" / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"lacks model-00002-of-00002\.safetensors"):
        HuggingFaceFolder(tmp_path / "model")


@pytest.mark.parametrize("name", ["../other.safetensors", "/etc/x.safetensors", "a\\b.safetensors", "x.bin"])
def test_an_index_cannot_lead_out_of_the_folder(name: str, copy: Path) -> None:
    save_json(copy / "model.safetensors.index.json", {"weight_map": {"model.norm.weight": name}})
    with pytest.raises(ModelFileError, match="not in the folder"):
        HuggingFaceFolder(copy)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architectures": ["MixtralForCausalLM"]}, "is a MixtralForCausalLM; .* take a GGUF"),
        ({"quantization_config": {"quant_method": "awq"}}, "quantised by awq"),
        ({"hidden_act": "relu2"}, "'relu2'"),
        ({"use_sliding_window": True, "sliding_window": 16}, "sliding window"),
        ({"partial_rotary_factor": 0.5}, "part of each head"),
    ],
    ids=["architecture", "quantised", "activation", "window", "rotary"],
)
def test_what_is_not_covered_is_refused_by_name(change: dict[str, Any], words: str, copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    save_json(copy / "config.json", config | change)
    with pytest.raises(UnsupportedModelError, match=words) as caught:
        HuggingFaceFolder(copy)
    assert "\n" not in str(caught.value)


def test_weights_in_another_type_are_refused_by_name(copy: Path) -> None:
    raw = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(raw.replace(b'"dtype":"F32"', b'"dtype":"I32"'))
    with pytest.raises(UnsupportedModelError, match="is in I32"):
        HuggingFaceFolder(copy)


def test_a_download_that_was_cut_off_is_named(copy: Path) -> None:
    raw = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(raw[:-10])
    with pytest.raises(ModelFileError, match="cut off"):
        HuggingFaceFolder(copy)


@given(place=st.integers(0, 900), value=st.binary(min_size=1, max_size=8))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_in_the_header_leads_to_a_clear_error_or_to_nothing(
    copy: Path, small: Path, place: int, value: bytes
) -> None:
    damaged = bytearray((small / "model.safetensors").read_bytes())
    damaged[place : place + len(value)] = value
    (copy / "model.safetensors").unlink()
    (copy / "model.safetensors").write_bytes(damaged)
    try:
        file = HuggingFaceFolder(copy)
        for name in file.tensors:
            file.raw(name)
    except EngineTrouble:
        pass  # the only kind of error there may be


@pytest.mark.parametrize("field", ["hidden_size", "num_attention_heads", "num_hidden_layers", "head_dim"])
@pytest.mark.parametrize("value", [-1, 1 << 40, "many", None, [1]])
def test_a_size_that_is_none_is_damage(field: str, value: Any, copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    save_json(copy / "config.json", config | {field: value})
    if field == "head_dim" and value is None:
        return
    with pytest.raises(ModelFileError, match="damaged"):
        HuggingFaceFolder(copy)
