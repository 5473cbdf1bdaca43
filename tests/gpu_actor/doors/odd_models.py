"""Small models with random weights of kinds that only llama.cpp runs."""

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np

from tests.gpu_actor.tiny_models import LETTERS, PAIRS

SPECIALS = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
TOKENS = [*SPECIALS, *LETTERS, *PAIRS]
EMBEDDING, HEADS, LAYERS, WIDE, EXPERTS = 64, 4, 2, 96, 4

Add = Callable[..., None]


def begun(path: Path, architecture: str, pre: str) -> tuple[gguf.GGUFWriter, Add]:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(EMBEDDING)
    writer.add_feed_forward_length(WIDE)
    writer.add_head_count(HEADS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(TOKENS)
    writer.add_token_types([3] * len(SPECIALS) + [1] * len(LETTERS + PAIRS))
    writer.add_token_merges([f"{pair[0]} {pair[1]}" for pair in PAIRS])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(3)
    rng = np.random.default_rng(7)

    def add(name: str, *shape: int, centre: float = 0.0) -> None:
        scale = 0.1 if len(shape) == 1 else shape[-1] ** -0.5
        writer.add_tensor(name, (centre + rng.standard_normal(shape) * scale).astype(np.float32))

    return writer, add


def finished(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_mixture(path: Path, pre: str = "smollm") -> Path:
    """A Llama with four experts, two of them used for each token."""
    writer, add = begun(path, "llama", pre)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(2)
    add("token_embd.weight", len(TOKENS), EMBEDDING)
    for layer in range(LAYERS):
        p = f"blk.{layer}"
        add(f"{p}.attn_norm.weight", EMBEDDING, centre=1)
        for part, rows in (
            ("q", EMBEDDING),
            ("k", EMBEDDING // 2),
            ("v", EMBEDDING // 2),
            ("output", EMBEDDING),
        ):
            add(f"{p}.attn_{part}.weight", rows, EMBEDDING)
        add(f"{p}.ffn_norm.weight", EMBEDDING, centre=1)
        add(f"{p}.ffn_gate_inp.weight", EXPERTS, EMBEDDING)
        add(f"{p}.ffn_gate_exps.weight", EXPERTS, WIDE, EMBEDDING)
        add(f"{p}.ffn_up_exps.weight", EXPERTS, WIDE, EMBEDDING)
        add(f"{p}.ffn_down_exps.weight", EXPERTS, EMBEDDING, WIDE)
    add("output_norm.weight", EMBEDDING, centre=1)
    return finished(writer, path)


def write_gpt2(path: Path) -> Path:
    """Learnt positions, biases everywhere, one matrix for queries, keys and values."""
    writer, add = begun(path, "gpt2", "gpt-2")
    writer.add_layer_norm_eps(1e-5)
    add("token_embd.weight", len(TOKENS), EMBEDDING)
    add("position_embd.weight", 512, EMBEDDING)
    for layer in range(LAYERS):
        p = f"blk.{layer}"
        for norm in ("attn_norm", "ffn_norm"):
            add(f"{p}.{norm}.weight", EMBEDDING, centre=1)
            add(f"{p}.{norm}.bias", EMBEDDING)
        for name, rows, columns in (
            ("attn_qkv", 3 * EMBEDDING, EMBEDDING),
            ("attn_output", EMBEDDING, EMBEDDING),
            ("ffn_up", WIDE, EMBEDDING),
            ("ffn_down", EMBEDDING, WIDE),
        ):
            add(f"{p}.{name}.weight", rows, columns)
            add(f"{p}.{name}.bias", rows)
    add("output_norm.weight", EMBEDDING, centre=1)
    add("output_norm.bias", EMBEDDING)
    return finished(writer, path)
