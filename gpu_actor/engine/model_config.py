"""ModelConfig: the sizes of a Llama-family decoder, from a GGUF file; refuses what the graph does not cover.

Key names: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (the `llama` section).
"""

import re
from typing import Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.engine.model_file import ModelFile
from gpu_actor.troubles import ModelFileError, UnsupportedModelError

TOKEN_TABLE = "token_embd.weight"  # noqa: S105 - a tensor's name
HEAD = "output.weight"
ROPE_FACTORS = "rope_freqs.weight"
LAYER_TENSORS = re.compile(
    r"blk\.\d+\.(?:(?:attn_norm|ffn_norm)\.weight"
    r"|(?:attn_q|attn_k|attn_v|attn_output|ffn_gate|ffn_up|ffn_down)\.(?:weight|bias))"
)
OTHER_TENSORS = frozenset({TOKEN_TABLE, HEAD, ROPE_FACTORS, "output_norm.weight"})


class RopeConfig(Struct, frozen=True):
    """Rotary position embedding: base frequency and how it is stretched for long contexts."""

    base: float
    scaling: Literal["none", "linear", "yarn"] = "none"
    factor: float = 1.0
    original_context: int = 0  # yarn: the context of the first training
    attention_factor: float = 1.0  # yarn: multiplies the magnitude


class ModelConfig(Struct, frozen=True):
    """Sizes of the decoder. Head count and head size need not multiply to `embedding`."""

    layers: int
    embedding: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int  # what the model was made for
    norm_epsilon: float
    rope: RopeConfig

    @property
    def cache_bytes_a_token(self) -> int:
        """Keys and values of one position in all layers, as float32."""
        return 2 * self.layers * self.kv_heads * self.head_size * 4


def read_config(file: ModelFile) -> ModelConfig:
    """The config, after all refusals; UnsupportedModelError names what is not covered."""
    architecture = file.get("general.architecture", str)
    if architecture != "llama":
        raise UnsupportedModelError(
            f"the model's architecture is {architecture!r}; this engine runs 'llama' files "
            "(Llama, Mistral, SmolLM2 and their finetunes)"
        )
    if experts := file.get("llama.expert_count", int, 0):
        raise UnsupportedModelError(f"the model is a mixture of {experts} experts; this engine runs none")
    unknown = [
        name for name in file.tensors if name not in OTHER_TENSORS and not LAYER_TENSORS.fullmatch(name)
    ]
    if unknown:
        raise UnsupportedModelError(f"the model has the tensor {unknown[0]}, which this engine does not know")
    if TOKEN_TABLE not in file.tensors:
        raise ModelFileError(f"the file has no {TOKEN_TABLE}: it is no whole model (one part of several?)")
    heads = whole_number(file, "llama.attention.head_count")
    embedding = whole_number(file, "llama.embedding_length")
    head_size = file.get("llama.attention.key_length", int, embedding // heads)
    if file.get("llama.attention.value_length", int, head_size) != head_size:
        raise UnsupportedModelError("the model's keys and values differ in size: this engine cannot run it")
    if file.get("llama.rope.dimension_count", int, head_size) != head_size:
        raise UnsupportedModelError("the model rotates only a part of each head: this engine cannot run it")
    table = file.tensors[TOKEN_TABLE]
    return ModelConfig(
        layers=whole_number(file, "llama.block_count"),
        embedding=embedding,
        feed_forward=whole_number(file, "llama.feed_forward_length"),
        heads=heads,
        kv_heads=file.get("llama.attention.head_count_kv", int, heads),
        head_size=head_size,
        vocabulary=table.shape[0],
        context=whole_number(file, "llama.context_length"),
        norm_epsilon=file.get("llama.attention.layer_norm_rms_epsilon", float),
        rope=read_rope(file),
    )


def whole_number(file: ModelFile, key: str) -> int:
    value = file.get(key, int)
    if value < 1:
        raise ModelFileError(f"the GGUF file says {key} = {value}: it is damaged")
    return value


def read_rope(file: ModelFile) -> RopeConfig:
    base = file.get("llama.rope.freq_base", float, 10_000.0)
    scaling = file.get("llama.rope.scaling.type", str, "none")
    factor = file.get("llama.rope.scaling.factor", float, 1.0)
    match scaling:
        case "none":
            return RopeConfig(base)
        case "linear":
            return RopeConfig(base, "linear", factor)
        case "yarn":
            original = whole_number(file, "llama.rope.scaling.original_context_length")
            attention = file.get("llama.rope.scaling.attn_factor", float, 1.0)
            return RopeConfig(base, "yarn", factor, original, attention)
        case _:
            raise UnsupportedModelError(f"the model stretches its context by {scaling!r}: this engine cannot")


def read_rope_factors(file: ModelFile) -> npt.NDArray[np.float32] | None:
    """What divides each frequency [head size / 2] (Llama 3); None where nothing does."""
    place = file.tensors.get(ROPE_FACTORS)
    return None if place is None else place.format.values(file.raw(ROPE_FACTORS)).reshape(-1)
