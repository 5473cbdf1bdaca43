"""ModelConfig: what a decoder is made of, read from a model file; refuses what the graph does not cover.

Key names: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Defaults, and which keys of a
stretched context count, follow llama.cpp (src/llama-model.cpp, src/llama-context.cpp), because that
is what files in the wild are tried with.
"""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.engine.families import (
    FAMILIES,
    HEAD,
    LAYER_NAME,
    OTHER_TENSORS,
    ROPE_FACTORS,
    TOKEN_TABLE,
    Family,
    layer_tensor,
    optional_tensors,
    required_tensors,
)
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.troubles import ModelFileError, UnsupportedModelError
from gpu_actor.vocabulary import check_tokenizer

__all__ = ["HEAD", "TOKEN_TABLE", "ModelConfig", "RopeConfig", "covered", "embedding_scale", "read_config"]

NEUTRAL: dict[str, tuple[str, tuple[object, ...]]] = {
    "expert_count": ("is a mixture of experts", (0,)),
    "attn_logit_softcapping": ("caps its attention scores", (0.0,)),
    "final_logit_softcapping": ("caps its logits", (0.0,)),
    "logit_scale": ("scales its logits", (0.0, 1.0)),
    "residual_scale": ("scales what its layers add", (0.0, 1.0)),
    "embedding_scale": ("scales its embedding", (0.0, 1.0)),
    "attention.scale": ("scales its attention in its own way", (0.0,)),
    "attention.clamp_kqv": ("clamps its queries, keys and values", (0.0,)),
    "attention.max_alibi_bias": ("knows positions by ALiBi", (0.0,)),
    "attention.temperature_scale": ("scales its attention by position", (0.0,)),
    "attention.causal": ("looks at later tokens too: it is no language model", (True,)),
    "pooling_type": ("makes embeddings, no text", (0,)),
    "nextn_predict_layers": ("has layers that predict several tokens", (0,)),
}
"""Metadata key of an architecture → what a model does that has it, and the values with which it does not."""

MODALITIES = ("v.", "mm.", "a.", "vision_", "audio_")
"""How names of tensors begin that belong to pictures or sound."""


class RopeConfig(Struct, frozen=True):
    """Rotary position embedding: base frequency and how it is stretched for long contexts."""

    base: float
    scaling: Literal["none", "linear", "yarn"] = "none"
    factor: float = 1.0
    original_context: int = 0  # yarn: the context of the first training
    attention_factor: float = 1.0  # yarn: multiplies the magnitude


class ModelConfig(Struct, frozen=True):
    """Sizes and kind of the decoder. Head count and head size need not multiply to `embedding`."""

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
    family: Family = FAMILIES["llama"]
    attention_scale: float = 0.0  # of the scores; 0: one through the root of the head size
    windows: tuple[int, ...] = ()  # of each layer: positions it sees, itself included; 0 or absent: all
    local_rope: RopeConfig | None = None  # of the layers with a window, where it differs

    @property
    def cache_bytes_a_token(self) -> int:
        """Keys and values of one position in all layers, as float32."""
        return 2 * self.layers * self.kv_heads * self.head_size * 4

    @property
    def score_scale(self) -> float:
        """What products of queries and keys are multiplied by."""
        return self.attention_scale or self.head_size**-0.5

    def window(self, layer: int) -> int:
        """Positions that the layer sees, its own included; 0: all."""
        return self.windows[layer] if self.windows else 0


def covered(file: ModelFile) -> str | None:
    """None where this engine's graph and tokenizer cover the model; otherwise why not, for people.
    ModelFileError where the file is damaged.
    """
    try:
        read_config(file)
        check_tokenizer(file)
    except UnsupportedModelError as error:
        return str(error)
    return None


def read_config(file: ModelFile) -> ModelConfig:
    """The config, after all refusals; UnsupportedModelError names what is not covered."""
    family = read_family(file)
    a = family.architecture
    refuse_the_unknown(file, family)
    heads = one_number(file, f"{a}.attention.head_count")
    embedding = one_number(file, f"{a}.embedding_length")
    layers = one_number(file, f"{a}.block_count")
    context = one_number(file, f"{a}.context_length")
    kv_heads = one_number(file, f"{a}.attention.head_count_kv", heads)
    epsilon = file.get(f"{a}.attention.layer_norm_rms_epsilon", float)
    if not 0 <= epsilon < 1:
        raise ModelFileError(f"the model's norms add {epsilon}: the file is damaged")
    if layers > len(file.tensors):
        raise ModelFileError(
            f"the file says {layers} layers and has {len(file.tensors)} tensors: it is damaged"
        )
    head_size = file.get(f"{a}.attention.key_length", int, embedding // heads)
    if head_size < 2 or head_size % 2 or heads % kv_heads:
        raise ModelFileError(f"{heads} heads of {head_size} over {kv_heads} cannot be: the file is damaged")
    if file.get(f"{a}.attention.value_length", int, head_size) != head_size:
        raise UnsupportedModelError("the model's keys and values differ in size: this engine cannot run it")
    if file.get(f"{a}.rope.dimension_count", int, head_size) != head_size:
        raise UnsupportedModelError("the model rotates only a part of each head: this engine cannot run it")
    config = ModelConfig(
        layers=layers,
        embedding=embedding,
        feed_forward=one_number(file, f"{a}.feed_forward_length"),
        heads=heads,
        kv_heads=kv_heads,
        head_size=head_size,
        vocabulary=file.tensors[TOKEN_TABLE].shape[0],
        context=context,
        norm_epsilon=epsilon,
        rope=read_rope(file, a, context),
        family=family,
        # Gemma 3's largest model, which llama.cpp knows by its number of layers, is the exception.
        attention_scale=(embedding / heads) ** -0.5 if family.scaled_embedding and layers == 62 else 0.0,
        windows=read_windows(file, family, layers, context),
        local_rope=RopeConfig(file.get(f"{a}.rope.freq_base_swa", float, family.local_rope_base))
        if family.local_rope_base
        else None,
    )
    check_tensors(file, config)
    return config


def read_family(file: ModelFile) -> Family:
    kind = file.get("general.type", str, "model")
    if kind != "model":
        raise UnsupportedModelError(f"the file is no model but of the kind {kind!r}")
    architecture = file.get("general.architecture", str)
    family = FAMILIES.get(architecture)
    if family is None:
        raise UnsupportedModelError(
            f"the model's architecture is {architecture!r}; this engine's own graph covers "
            f"{', '.join(sorted(FAMILIES))}"
        )
    return family


def refuse_the_unknown(file: ModelFile, family: Family) -> None:
    """Whatever would change what the model computes and is not in the graph."""
    for key, (does, neutral) in NEUTRAL.items():
        value = file.metadata.get(f"{family.architecture}.{key}", neutral[0])
        if value not in neutral:
            raise UnsupportedModelError(f"the model {does} ({family.architecture}.{key} = {value})")
    for name, place in file.tensors.items():
        if name.startswith(MODALITIES):
            raise UnsupportedModelError(f"the model has a part for pictures or sound (tensor {name})")
        layer = LAYER_NAME.match(name)
        known = name in OTHER_TENSORS or (layer and layer_tensor(name) in family.layer_tensors)
        if not known:
            raise UnsupportedModelError(f"the model has the tensor {name}, which this engine does not know")
        _ = place.format  # refuses what is packed in an unknown way
    if TOKEN_TABLE not in file.tensors:
        raise ModelFileError(f"the file has no {TOKEN_TABLE}: it is no whole model (one part of several?)")


def check_tensors(file: ModelFile, config: ModelConfig) -> None:
    """That every tensor the graph needs is there, and that all have their shapes."""
    for name, shape in required_tensors(config.family, config):
        if name not in file.tensors:
            raise ModelFileError(f"the model lacks the tensor {name}: it is damaged, or one part of several")
        check_shape(file, name, shape)
    for name, shape in optional_tensors(config):
        if name in file.tensors:
            check_shape(file, name, shape)


def check_shape(file: ModelFile, name: str, shape: tuple[int, ...]) -> None:
    found = file.tensors[name].shape
    if found != shape:
        raise UnsupportedModelError(
            f"the tensor {name} has the shape {found} and not {shape}: "
            "the model's parts differ in a way that this engine does not know"
        )


def one_number(file: ModelFile, key: str, default: int | None = None) -> int:
    """A positive number; where the file has one for each layer, they must be equal."""
    if isinstance(file.metadata.get(key), list):
        numbers = set(file.items(key, (int,)))
        if len(numbers) != 1:
            raise UnsupportedModelError(f"the model's layers differ in {key}: this engine cannot run it")
        value = int(numbers.pop())
    else:
        value = file.get(key, int, default)
    if value < 1:
        raise ModelFileError(f"the model file says {key} = {value}: it is damaged")
    return value


def read_rope(file: ModelFile, a: str, context: int) -> RopeConfig:
    base = file.get(f"{a}.rope.freq_base", float, 10_000.0)
    scaling = file.get(f"{a}.rope.scaling.type", str, "linear")
    factor = file.get(f"{a}.rope.scaling.factor", float, file.get(f"{a}.rope.scale_linear", float, 0.0))
    factor = factor or 1.0
    if not (0 < factor < math.inf and 0 < base < math.inf):
        raise ModelFileError("the model's rotary frequencies are no frequencies: the file is damaged")
    match scaling:
        case "none":
            return RopeConfig(base)
        case "linear":
            return RopeConfig(base, "linear", factor) if factor != 1 else RopeConfig(base)
        case "yarn":
            return RopeConfig(
                base,
                "yarn",
                factor,
                one_number(file, f"{a}.rope.scaling.original_context_length", context),
                file.get(f"{a}.rope.scaling.attn_factor", float, 1.0),
            )
        case _:
            raise UnsupportedModelError(f"the model stretches its context by {scaling!r}: this engine cannot")


def read_windows(file: ModelFile, family: Family, layers: int, context: int) -> tuple[int, ...]:
    """Of each layer: positions it sees; 0 for all of them."""
    key = f"{family.architecture}.attention.sliding_window"
    window = file.get(key, int, 0)
    if not 0 < window < context:
        return ()
    if not family.window_period:
        return (window,) * layers
    pattern = file.metadata.get(f"{key}_pattern", family.window_period)
    if isinstance(pattern, list):
        local = [bool(each) for each in file.items(f"{key}_pattern", (bool, int))]
        if len(local) != layers:
            raise ModelFileError(f"{key}_pattern does not fit the number of layers: the file is damaged")
    else:
        period = one_number(file, f"{key}_pattern", family.window_period)
        local = [layer % period < period - 1 for layer in range(layers)]
    return tuple(window if each else 0 for each in local)


def read_rope_factors(file: ModelFile) -> npt.NDArray[np.float32] | None:
    """What divides each frequency [head size / 2] (Llama 3); None where nothing does."""
    place = file.tensors.get(ROPE_FACTORS)
    return None if place is None else place.format.values(file.raw(ROPE_FACTORS)).reshape(-1)


def embedding_scale(file: ModelFile) -> float:
    """What rows of the token table are multiplied by before the first layer."""
    return math.sqrt(file.tensors[TOKEN_TABLE].shape[1]) if read_family(file).scaled_embedding else 1.0
