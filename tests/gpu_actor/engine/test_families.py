"""Every family of the decoder graph against llama.cpp, and the forms of the graph against each other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx as untyped
import pytest

from gpu_actor.engine.decoder_graph import CANONICAL, CANONICAL_HALF
from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.graph_cache import Numerics, cached_graph
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.token_table import TokenTable
from tests.gpu_actor.engine.canonical import CanonicalRun, write_graph
from tests.gpu_actor.llama_cpp import LlamaCpp
from tests.gpu_actor.tiny_models import GEMMA, TinyModel, gemma, write_tiny

onnx: Any = untyped
Floats = npt.NDArray[np.float32]

PROMPT = [int(token) for token in np.random.default_rng(3).integers(4, 260, 50)]


def yarn(architecture: str, **more: float) -> dict[str, str | int | float]:
    scaling = {"type": "yarn", "factor": 8.0, "original_context_length": 32, **more}
    return {f"{architecture}.rope.scaling.{key}": value for key, value in scaling.items()}


FAMILIES = {
    "Llama 3, factors, Q4_K": TinyModel("Q4_K", value_format="Q6_K", rope_factors=True),
    "Mistral-Nemo, heads narrower than the embedding": TinyModel("Q4_K", embedding=512),
    "Llama, yarn with a factor of its own": TinyModel(metadata=yarn("llama", attn_factor=0.7)),
    "Qwen 2.5": TinyModel("Q4_K", value_format="Q6_K", architecture="qwen2", biases=True, tied=False),
    "Qwen 2.5, yarn": TinyModel("Q8_0", architecture="qwen2", biases=True, metadata=yarn("qwen2")),
    "Qwen 3": TinyModel(
        "Q4_K", value_format="Q6_K", architecture="qwen3", head_norms=True, tied=False, heads=8, kv_heads=2
    ),
    "Qwen 3, yarn with a factor of its own, and ramps that llama.cpp does not read": TinyModel(
        architecture="qwen3",
        head_norms=True,
        metadata=yarn("qwen3", yarn_beta_fast=16.0, yarn_beta_slow=2.0, attn_factor=1.5),
    ),
    "Gemma 3": replace(GEMMA, format="Q4_K", value_format="Q6_K"),
    "Gemma 3, stretched linearly": gemma(
        {"gemma3.rope.scaling.type": "linear", "gemma3.rope.scaling.factor": 8.0}, "Q8_0"
    ),
    "Gemma 3, stretched by yarn": gemma(yarn("gemma3")),
    "Gemma 3, windows at a base of their own": gemma({"gemma3.rope.freq_base_swa": 500.0}),
    "Gemma 3, no windows": gemma({"gemma3.attention.sliding_window": 0}, layers=2),
    "Gemma 3 as large as they get": replace(
        GEMMA, layers=62, embedding=64, feed_forward=64, heads=4, kv_heads=1, head_size=32
    ),
}

# llama.cpp looks the gate of Gemma up in a table of float16: it is off by some 1e-4 a layer.
CLOSE = {name: 2e-2 if name.startswith("Gemma") else 5e-4 for name in FAMILIES}


def log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    wide = logits.astype(np.float64)
    return wide - wide.max() - np.log(np.exp(wide - wide.max()).sum())


class Ours:
    """The CPU form of a model, and its token table."""

    def __init__(self, path: Path, cache: Path, numerics: Numerics = "exact") -> None:
        self.file = GgufFile(path)
        config = read_config(self.file)
        self.table = TokenTable(self.file)
        self.decoder = OnnxRuntimeDecoder(
            cached_graph(cache, path.stem, numerics, self.file, config),
            config,
            model_tables(self.file, config, 97),
            slots=3,
            context=96,
            longest_chunk=64,
            threads=2,
            numerics=numerics,
        )

    def prefill(self, ids: list[int], slot: int = 0) -> Floats:
        return self.decoder.prefill(slot, self.table.states(ids)).copy()

    def decode(self, token: int, slot: int = 0) -> Floats:
        return self.decoder.decode([slot], self.table.states([token]))[0]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_gives_the_log_probabilities_of_llama_cpp(name: str, tmp_path: Path) -> None:
    model = FAMILIES[name]
    ours = Ours(write_tiny(tmp_path / "model.gguf", model), tmp_path)
    # The oracle gets the same weights as plain numbers: its own integer kernels round activations.
    steps = LlamaCpp(write_tiny(tmp_path / "plain.gguf", model, plain=True)).greedy(PROMPT, 8, top=20)
    ours.prefill(PROMPT[:30])
    logits = ours.prefill(PROMPT[30:])
    for step in steps:
        log_probabilities = log_softmax(logits)
        assert int(logits.argmax()) == next(iter(step))
        assert max(abs(log_probabilities[token] - value) for token, value in step.items()) < CLOSE[name]
        logits = ours.decode(next(iter(step)))


@pytest.mark.parametrize("name", ["Llama 3, factors, Q4_K", "Qwen 2.5", "Qwen 3", "Gemma 3"])
def test_all_forms_of_the_graph_agree(name: str, tmp_path: Path) -> None:
    ours = Ours(write_tiny(tmp_path / "model.gguf", FAMILIES[name]), tmp_path)
    forms = {
        variant.elements: CanonicalRun(
            write_graph(ours.file, variant, tmp_path / variant.name), ours.file, variant.elements, 96
        )
        for variant in (CANONICAL, CANONICAL_HALF)
    }
    onnx.checker.check_model(str(tmp_path / "canonical" / "decoder.onnx"))
    fast = Ours(tmp_path / "model.gguf", tmp_path, "fast")
    for ids in (PROMPT[:30], PROMPT[30:48], PROMPT[48:49], PROMPT[49:]):
        expected = log_softmax(ours.prefill(ids) if len(ids) > 1 else ours.decode(ids[0]))
        quick = log_softmax(fast.prefill(ids) if len(ids) > 1 else fast.decode(ids[0]))
        np.testing.assert_allclose(quick, expected, atol=0.1, err_msg="fast")
        states = ours.table.states(ids)
        for elements, atol in (("float32", 1e-4), ("float16", 0.1)):
            found = log_softmax(forms[elements].append(states))
            np.testing.assert_allclose(found, expected, atol=atol, err_msg=elements)


@pytest.mark.parametrize("name", ["Qwen 3", "Gemma 3"])
def test_batch_slot_and_chunks_change_no_bit(name: str, tmp_path: Path) -> None:
    ours = Ours(write_tiny(tmp_path / "model.gguf", FAMILIES[name]), tmp_path)
    expected = [ours.prefill(PROMPT[:40])]
    expected += [ours.decode(token).copy() for token in PROMPT[40:]]
    ours.prefill(PROMPT[10:40], slot=1)
    ours.prefill(PROMPT[:13], slot=2)
    assert np.array_equal(ours.prefill(PROMPT[13:40], slot=2), expected[0])
    for token, one in zip(PROMPT[40:], expected[1:], strict=True):
        both = ours.decoder.decode([2, 1], ours.table.states([token, 7]))
        assert np.array_equal(both[0], one)
