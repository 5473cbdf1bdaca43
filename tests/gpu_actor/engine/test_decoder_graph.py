"""The decoder graph against llama.cpp, and its two forms against each other."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx as untyped_onnx
import pytest

from gpu_actor.engine.decoder_graph import CANONICAL, CANONICAL_HALF
from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.graph_cache import cached_graph
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.token_table import TokenTable
from gpu_actor.executor import ModelExecutor
from tests.gpu_actor.engine.canonical import CanonicalRun, write_graph
from tests.gpu_actor.expanded_model import expand_model
from tests.gpu_actor.llama_cpp import LlamaCpp
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

Floats = npt.NDArray[np.float32]
onnx: Any = untyped_onnx

PROMPT = [int(token) for token in np.random.default_rng(3).integers(4, 260, 40)]

YARN = {
    "llama.rope.scaling.type": "yarn",
    "llama.rope.scaling.factor": 8.0,
    "llama.rope.scaling.original_context_length": 64,
}
MODELS = {
    "plain numbers": TinyModel("F32"),
    "half numbers, head apart": TinyModel("F16", tied=False),
    "bfloat16, one head for keys": TinyModel("BF16", kv_heads=1),
    "Q4_0": TinyModel("Q4_0"),
    "Q4_1, heads wider than the embedding": TinyModel("Q4_1", heads=8, kv_heads=2, head_size=64),
    "Q5_0": TinyModel("Q5_0"),
    "Q5_1": TinyModel("Q5_1"),
    "Q8_0, biases": TinyModel("Q8_0", biases=True),
    "Q2_K": TinyModel("Q2_K"),
    "Q3_K": TinyModel("Q3_K"),
    "Q4_K with Q6_K values": TinyModel("Q4_K", value_format="Q6_K", tied=False),
    "Q5_K": TinyModel("Q5_K"),
    "Q6_K": TinyModel("Q6_K"),
    "IQ4_NL": TinyModel("IQ4_NL"),
    "IQ4_XS": TinyModel("IQ4_XS"),
    "IQ3_S": TinyModel("IQ3_S"),
    "IQ1_S": TinyModel("IQ1_S"),
    "IQ2_S": TinyModel("IQ2_S"),
    "TQ2_0": TinyModel("TQ2_0"),
    "MXFP4": TinyModel("MXFP4"),
    "factors of Llama 3": TinyModel("F32", rope_factors=True),
    "positions stretched linearly": TinyModel(
        metadata={"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    ),
    "positions stretched by yarn": TinyModel(metadata=YARN),
}


def log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    wide = logits.astype(np.float64)
    return wide - wide.max() - np.log(np.exp(wide - wide.max()).sum())


def decoder_of(path: Path, cache: Path, key: str) -> tuple[OnnxRuntimeDecoder, TokenTable]:
    file = GgufFile(path)
    config = read_config(file)
    tables = model_tables(file, config, 129)
    graph = cached_graph(cache, key, "exact", file, config)
    decoder = OnnxRuntimeDecoder(
        graph, config, tables, slots=2, context=128, longest_chunk=64, threads=2, numerics="exact"
    )
    return decoder, TokenTable(file)


@pytest.mark.parametrize("name", MODELS)
def test_every_form_of_weights_gives_the_log_probabilities_of_llama_cpp(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    decoder, table = decoder_of(write_tiny(tmp_path / "model.gguf", model), tmp_path, "key")
    # The oracle gets the same weights as plain numbers: its own integer kernels round activations.
    oracle = LlamaCpp(write_tiny(tmp_path / "plain.gguf", model, plain=True))
    steps = oracle.greedy(PROMPT, 6, top=20)
    logits = decoder.prefill(0, table.states(PROMPT))
    for step in steps:
        ours = log_softmax(logits)
        assert int(ours.argmax()) == next(iter(step))
        assert max(abs(ours[token] - value) for token, value in step.items()) < 2e-4
        logits = decoder.decode([0], table.states([next(iter(step))]))[0]


def test_the_demonstration_model_speaks_as_llama_cpp_does_on_plain_numbers(
    exact: ModelExecutor, model_file: Path, tmp_path: Path
) -> None:
    plain = expand_model(model_file, tmp_path / "plain.gguf")
    ids = exact.tokenizer.encode(
        "<|im_start|>user\nName three fruits.<|im_end|>\n<|im_start|>assistant\n", special=True
    )
    steps = LlamaCpp(plain).greedy(ids, 12, top=50)
    plain.unlink()
    exact.decoder.keep(0, 0)
    logits = exact.decoder.prefill(0, exact.table.states(ids))
    for step in steps:
        ours = log_softmax(logits)
        assert int(ours.argmax()) == next(iter(step))
        assert max(abs(ours[token] - value) for token, value in step.items()) < 0.05
        logits = exact.decoder.decode([0], exact.table.states([next(iter(step))]))[0]
    exact.decoder.keep(0, 0)


def test_the_canonical_form_is_valid_onnx_and_agrees_with_the_cpu_form(
    exact: ModelExecutor, model_file: Path, tmp_path: Path
) -> None:
    file = GgufFile(model_file)
    graph = write_graph(file, CANONICAL, tmp_path / "canonical")
    onnx.checker.check_model(str(graph))
    operators = {node.domain or "ai.onnx" for node in onnx.load(graph, load_external_data=False).graph.node}
    assert operators == {"ai.onnx"}

    ids = [int(token) for token in np.random.default_rng(5).integers(100, 40_000, 9)]
    canonical = CanonicalRun(graph, file, "float32", context=32)
    exact.decoder.keep(0, 0)
    prompt = exact.table.states(ids[:8])
    ours = exact.decoder.prefill(0, prompt)
    np.testing.assert_allclose(log_softmax(canonical.append(prompt)), log_softmax(ours), atol=2e-3)
    token = exact.table.states(ids[8:])
    ours = exact.decoder.decode([0], token)[0]
    np.testing.assert_allclose(log_softmax(canonical.append(token)), log_softmax(ours), atol=2e-3)
    exact.decoder.keep(0, 0)


def test_half_numbers_choose_the_same_tokens_as_whole_ones(
    exact: ModelExecutor, model_file: Path, tmp_path: Path
) -> None:
    file = GgufFile(model_file)
    graph = write_graph(file, CANONICAL_HALF, tmp_path / "half")
    onnx.checker.check_model(str(graph))
    half = CanonicalRun(graph, file, "float16", context=96)
    ids = exact.tokenizer.encode(
        "<|im_start|>user\nName three fruits.<|im_end|>\n<|im_start|>assistant\n", special=True
    )
    exact.decoder.keep(0, 0)
    states = exact.table.states(ids)
    logits, halves = exact.decoder.prefill(0, states), half.append(states)
    for _ in range(4):
        token = int(logits.argmax())
        assert int(halves.argmax()) == token
        best = np.argsort(-logits)[:200]
        assert np.abs(log_softmax(halves) - log_softmax(logits))[best].max() < 0.1
        states = exact.table.states([token])
        logits, halves = exact.decoder.decode([0], states)[0], half.append(states)
    exact.decoder.keep(0, 0)
