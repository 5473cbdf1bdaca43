"""Families: what the decoders of an architecture have in common, and the tensors that they are made of.

An architecture is what GGUF's `general.architecture` names. Structure of each: its file in
src/models of llama.cpp; names of tensors: gguf-py's constants.
"""

import re
from collections.abc import Iterator
from typing import Literal, Protocol

from msgspec import Struct

TOKEN_TABLE = "token_embd.weight"  # noqa: S105 - a tensor's name
HEAD = "output.weight"
HEAD_BIAS = "output.bias"
LAST_NORM = "output_norm.weight"
ROPE_FACTORS = "rope_freqs.weight"

OTHER_TENSORS = frozenset({TOKEN_TABLE, HEAD, HEAD_BIAS, LAST_NORM, ROPE_FACTORS})
"""Every tensor outside the layers."""

LAYER_NAME = re.compile(r"blk\.(?:0|[1-9]\d{0,3})\.")

MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
NORMS = frozenset({"attn_norm.weight", "ffn_norm.weight"})
HEAD_NORMS = frozenset({"attn_q_norm.weight", "attn_k_norm.weight"})
AFTER_NORMS = frozenset({"post_attention_norm.weight", "post_ffw_norm.weight"})


class Family(Struct, frozen=True):
    """One architecture."""

    architecture: str
    interleaved: bool = False  # rows of queries and keys: the halves that are turned together alternate
    head_norms: bool = False  # each head of queries and keys is normed before it is turned
    after_norms: bool = False  # what attention and feed forward give is normed before it is added
    gate: Literal["silu", "gelu"] = "silu"  # gelu: its approximation by tanh
    scaled_embedding: bool = False  # by the root of its size
    window_period: int = 0  # of so many layers all but the last see a window, if any; 0: all of them
    local_rope_base: float = 0.0  # of layers with a window; 0: as all layers

    @property
    def layer_tensors(self) -> frozenset[str]:
        """Every tensor that a layer may have."""
        names = {f"{matrix}.{kind}" for matrix in MATRICES for kind in ("weight", "bias")}
        norms = NORMS
        if self.head_norms:
            norms |= HEAD_NORMS
        if self.after_norms:
            norms |= AFTER_NORMS
        return norms.union(names)


FAMILIES = {
    each.architecture: each
    for each in (
        Family("llama", interleaved=True),
        Family("qwen2"),
        Family("qwen3", head_norms=True),
        Family(
            "gemma3",
            head_norms=True,
            after_norms=True,
            gate="gelu",
            scaled_embedding=True,
            window_period=6,
            local_rope_base=10_000.0,
        ),
    )
}
"""Architecture → family. `llama`: also Mistral, Mistral-Nemo, SmolLM2 and all their finetunes."""


class Sizes(Protocol):
    @property
    def layers(self) -> int: ...
    @property
    def embedding(self) -> int: ...
    @property
    def feed_forward(self) -> int: ...
    @property
    def heads(self) -> int: ...
    @property
    def kv_heads(self) -> int: ...
    @property
    def head_size(self) -> int: ...
    @property
    def vocabulary(self) -> int: ...


def layer_tensor(name: str) -> str:
    """blk.7.attn_q.weight → attn_q.weight"""
    return LAYER_NAME.sub("", name, count=1)


def required_tensors(family: Family, sizes: Sizes) -> Iterator[tuple[str, tuple[int, ...]]]:
    """(name, shape) of what the graph cannot do without."""
    yield TOKEN_TABLE, (sizes.vocabulary, sizes.embedding)
    yield LAST_NORM, (sizes.embedding,)
    norms = dict.fromkeys(NORMS, sizes.embedding)
    if family.head_norms:
        norms |= dict.fromkeys(HEAD_NORMS, sizes.head_size)
    if family.after_norms:
        norms |= dict.fromkeys(AFTER_NORMS, sizes.embedding)
    for layer in range(sizes.layers):
        for name, size in norms.items():
            yield f"blk.{layer}.{name}", (size,)
        for name, shape in matrices(sizes).items():
            yield f"blk.{layer}.{name}.weight", shape


def optional_tensors(sizes: Sizes) -> Iterator[tuple[str, tuple[int, ...]]]:
    """(name, shape) of what the graph uses where it is there."""
    yield HEAD, (sizes.vocabulary, sizes.embedding)
    yield HEAD_BIAS, (sizes.vocabulary,)
    yield ROPE_FACTORS, (sizes.head_size // 2,)
    for layer in range(sizes.layers):
        for name, (rows, _) in matrices(sizes).items():
            yield f"blk.{layer}.{name}.bias", (rows,)


def matrices(sizes: Sizes) -> dict[str, tuple[int, int]]:
    """Name → shape of the matrices of a layer."""
    queries, keys = sizes.heads * sizes.head_size, sizes.kv_heads * sizes.head_size
    e, f = sizes.embedding, sizes.feed_forward
    shapes = ((queries, e), (keys, e), (keys, e), (e, queries), (f, e), (f, e), (e, f))
    return dict(zip(MATRICES, shapes, strict=True))
