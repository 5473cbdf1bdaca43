"""Small models of every family with random weights, written as GGUF files in every block format."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import gguf
import gguf.quants
import numpy as np
import numpy.typing as npt

from gpu_actor.engine.block_formats import FORMATS
from gpu_actor.vocabulary import Vocabulary

SCALE_PLACES = {
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "Q4_K": (0, 2),
    "Q5_K": (0, 2),
    "Q6_K": (208,),
    "IQ4_NL": (0,),
    "IQ4_XS": (0,),
    "IQ1_S": (0,),
    "IQ2_S": (0,),
    "IQ2_XS": (0,),
    "IQ2_XXS": (0,),
    "IQ3_S": (0,),
    "IQ3_XXS": (0,),
}
"""Where a block keeps its float16 scales, for the formats that the gguf package cannot write."""

LETTERS = [chr(byte) for byte in range(0x21, 0x7F)]
PAIRS = [left + right for left in "aeiourst" for right in string.ascii_lowercase][:162]


@dataclass(frozen=True)
class TinyModel:
    """Shape and form of a small model."""

    format: str = "F32"
    value_format: str = ""  # of attn_v, where it differs, as in the mixed quantisations in the wild
    embedding: int = 256
    feed_forward: int = 512
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 64
    layers: int = 2
    context: int = 512
    tied: bool = True
    biases: bool = False
    rope_factors: bool = False
    head_norms: bool = False
    after_norms: bool = False
    metadata: dict[str, str | int | float] = field(default_factory=dict)
    specials: Sequence[str] = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
    architecture: str = "llama"
    extra_tensor: str = ""
    vocabulary: Vocabulary | None = None  # instead of the one of `tokens`

    @property
    def tokens(self) -> list[str]:
        """Whole characters only, 260 with the four special ones."""
        if self.vocabulary is not None:
            return list(self.vocabulary.tokens)
        return [*self.specials, *LETTERS, *PAIRS]


GEMMA = TinyModel(
    architecture="gemma3",
    feed_forward=256,
    layers=7,
    head_norms=True,
    after_norms=True,
    metadata={"gemma3.attention.sliding_window": 16, "gemma3.rope.freq_base": 1e6},
)
"""Layers of both kinds, and a window shorter than the prompt."""


def gemma(metadata: dict[str, str | int | float], form: str = "F32", layers: int = 7) -> TinyModel:
    return replace(GEMMA, metadata={**GEMMA.metadata, **metadata}, format=form, layers=layers)


def packed(name: str, rows: int, columns: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Random weights of about unit gain in a block format: [rows, row bytes]."""
    kind = gguf.GGMLQuantizationType[name]
    if name not in SCALE_PLACES:
        values = rng.standard_normal((rows, columns), np.float32) * np.float32(columns**-0.5)
        return gguf.quants.quantize(values, kind).view(np.uint8)
    form = FORMATS[int(kind)]
    raw = rng.integers(0, 256, (rows, columns // form.elements, form.bytes), np.uint8)
    scales = rng.uniform(0.5, 1.5, raw.shape[:2])

    def scaled(size: float) -> npt.NDArray[np.uint8]:
        for place in SCALE_PLACES[name]:
            raw[..., place : place + 2] = (scales * size).astype(np.float16)[..., None].view(np.uint8)
        return raw.reshape(rows, -1)

    spread = gguf.quants.dequantize(scaled(1e-3), kind).std()
    return scaled(1e-3 * columns**-0.5 / float(spread))


def write_vocabulary(writer: gguf.GGUFWriter, model: TinyModel) -> None:
    own = model.vocabulary
    writer.add_tokenizer_model("llama" if own and own.kind == "spm" else "gpt2")
    writer.add_tokenizer_pre(own.pre if own else "smollm")
    writer.add_token_list(model.tokens)
    if own is None:
        writer.add_token_types([3] * len(model.specials) + [1] * len(LETTERS + PAIRS))
        writer.add_token_merges([f"{pair[0]} {pair[1]}" for pair in PAIRS])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(1)
        return
    writer.add_token_types(own.types)
    if own.kind == "spm":
        writer.add_token_scores(own.scores)
        writer.add_add_space_prefix(own.add_space_prefix)
    else:
        writer.add_token_merges(own.merges)
    writer.add_bos_token_id(own.bos or 0)
    writer.add_eos_token_id(own.eos or 0)


def write_tiny(path: Path, model: TinyModel, *, plain: bool = False, seed: int = 0) -> Path:
    """Write it; `plain`: the same weights, expanded to float32."""
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, model.architecture)
    writer.add_block_count(model.layers)
    writer.add_context_length(model.context)
    writer.add_embedding_length(model.embedding)
    writer.add_feed_forward_length(model.feed_forward)
    writer.add_head_count(model.heads)
    writer.add_head_count_kv(model.kv_heads)
    writer.add_key_length(model.head_size)
    writer.add_value_length(model.head_size)
    writer.add_rope_dimension_count(model.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    write_vocabulary(writer, model)
    for key, value in model.metadata.items():
        writer.kv_data[0].pop(key, None)
        if isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        else:
            writer.add_float32(key, value)

    def matrix(name: str, rows: int, columns: int, form: str) -> None:
        raw = packed(form, rows, columns, rng)
        kind = gguf.GGMLQuantizationType[form]
        if plain:
            raw, kind = gguf.quants.dequantize(raw, kind).astype(np.float32), gguf.GGMLQuantizationType.F32
        writer.add_tensor(f"{name}.weight", raw, raw_dtype=kind)

    def vector(name: str, size: int, centre: float) -> None:
        writer.add_tensor(name, (centre + rng.standard_normal(size) * 0.1).astype(np.float32))

    queries, keys = model.heads * model.head_size, model.kv_heads * model.head_size
    matrix("token_embd", len(model.tokens), model.embedding, model.format)
    for layer in range(model.layers):
        p = f"blk.{layer}"
        vector(f"{p}.attn_norm.weight", model.embedding, 1)
        matrix(f"{p}.attn_q", queries, model.embedding, model.format)
        matrix(f"{p}.attn_k", keys, model.embedding, model.format)
        matrix(f"{p}.attn_v", keys, model.embedding, model.value_format or model.format)
        matrix(f"{p}.attn_output", model.embedding, queries, model.format)
        if model.biases:
            parts = [("q", queries), ("k", keys), ("v", keys), ("output", model.embedding)]
            for part, size in parts[: 3 if model.architecture == "qwen2" else 4]:
                vector(f"{p}.attn_{part}.bias", size, 0)
        if model.head_norms:
            vector(f"{p}.attn_q_norm.weight", model.head_size, 1)
            vector(f"{p}.attn_k_norm.weight", model.head_size, 1)
        if model.after_norms:
            vector(f"{p}.post_attention_norm.weight", model.embedding, 1)
            vector(f"{p}.post_ffw_norm.weight", model.embedding, 1)
        vector(f"{p}.ffn_norm.weight", model.embedding, 1)
        matrix(f"{p}.ffn_gate", model.feed_forward, model.embedding, model.format)
        matrix(f"{p}.ffn_up", model.feed_forward, model.embedding, model.format)
        matrix(f"{p}.ffn_down", model.embedding, model.feed_forward, model.format)
    vector("output_norm.weight", model.embedding, 1)
    if not model.tied:
        matrix("output", len(model.tokens), model.embedding, model.format)
    if model.rope_factors:
        factors = np.linspace(1, 8, model.head_size // 2, dtype=np.float32)
        writer.add_tensor("rope_freqs.weight", factors)
    if model.extra_tensor:
        vector(model.extra_tensor, 8, 0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
