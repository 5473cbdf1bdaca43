"""Reads config.json of a Hugging Face folder into GGUF's metadata keys.

Fields: https://huggingface.co/docs/transformers (LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config,
Gemma3TextConfig) with their defaults, for a config.json may leave out what is as by default.
The keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and gguf-py's constants.
"""

import math
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.engine.model_file import Value
from gpu_actor.troubles import ModelFileError, UnsupportedModelError

ARCHITECTURES = {
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "llama",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
    "Gemma3ForCausalLM": "gemma3",
    "Gemma3ForConditionalGeneration": "gemma3",
}
"""Class of transformers → GGUF's architecture."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "llama": {"rms_norm_eps": 1e-6, "max_position_embeddings": 2048},
    "qwen2": {"rms_norm_eps": 1e-6, "max_position_embeddings": 32_768},
    "qwen3": {"rms_norm_eps": 1e-6, "max_position_embeddings": 32_768, "head_dim": 128},
    "gemma3": {
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "max_position_embeddings": 131_072,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1_000_000.0,
        "rope_local_base_freq": 10_000.0,
        "sliding_window": 4096,
        "query_pre_attn_scalar": 256.0,
    },
}
WINDOW_PATTERN = 6  # Gemma 3: of so many layers the last one sees everything, the others a window
BETA_FAST, BETA_SLOW = 32.0, 1.0  # of yarn; no other values are known to the engine
GEMMA_27B_LAYERS = 62

PLAIN_ACTIVATIONS = frozenset({"silu", "swish"})
GEMMA_ACTIVATIONS = frozenset({"gelu_pytorch_tanh"})


class RopeScaling(Struct, frozen=True):
    rope_type: str = ""
    type: str = ""  # the older name
    rope_theta: float | None = None
    factor: float = 1.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_max_position_embeddings: int = 0
    attention_factor: float | None = None
    beta_fast: float | None = None
    beta_slow: float | None = None

    @property
    def kind(self) -> str:
        return self.rope_type or self.type or "default"


class TextConfig(Struct, frozen=True):
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    rms_norm_eps: float
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    rope_theta: float | None = None
    rope_scaling: RopeScaling | None = None
    rope_parameters: dict[str, Any] | None = None  # the newer place of both, maybe by kind of layer
    rope_local_base_freq: float | None = None
    sliding_window: int | None = None
    use_sliding_window: bool | None = None
    sliding_window_pattern: int | None = None
    layer_types: list[str] | None = None
    query_pre_attn_scalar: float | None = None
    tie_word_embeddings: bool | None = None
    hidden_act: str | None = None
    hidden_activation: str | None = None
    attn_logit_softcapping: float | None = None
    final_logit_softcapping: float | None = None
    partial_rotary_factor: float | None = None

    @property
    def head_size(self) -> int:
        return self.head_dim or self.hidden_size // self.num_attention_heads


class Outer(Struct, frozen=True):
    architectures: list[str] = []
    text_config: dict[str, Any] | None = None
    quantization_config: dict[str, Any] | None = None


class FolderConfig(Struct, frozen=True):
    """`rope_factors`: what divides each frequency (Llama 3), [head size / 2]."""

    architecture: str
    text: TextConfig
    metadata: dict[str, Value]
    rope_factors: npt.NDArray[np.float32] | None


def read_folder_config(content: bytes) -> FolderConfig:
    """From the bytes of config.json; EngineTrouble names what is not covered."""
    try:
        outer = msgspec.json.decode(content, type=Outer)
        whole = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ModelFileError(f"config.json of the model is damaged: {error}") from error
    architecture = architecture_of(outer)
    fields = whole if outer.text_config is None else outer.text_config
    try:
        text = msgspec.convert(DEFAULTS[architecture] | fields, TextConfig)
    except msgspec.ValidationError as error:
        raise ModelFileError(f"config.json of the model is damaged: {error}") from error
    sizes = {
        "hidden_size": text.hidden_size,
        "intermediate_size": text.intermediate_size,
        "num_hidden_layers": text.num_hidden_layers,
        "num_attention_heads": text.num_attention_heads,
        "max_position_embeddings": text.max_position_embeddings,
        "head_dim": text.head_size if text.num_attention_heads > 0 else 0,
    }
    for name, size in sizes.items():
        if not 1 <= size < 1 << 31:
            raise ModelFileError(f"config.json of the model says {name} = {size}: it is damaged")
    refuse_what_is_not_covered(architecture, text)
    scaling, local_base = rope_of(text)
    return FolderConfig(
        architecture,
        text,
        metadata_of(architecture, text, scaling, local_base),
        llama3_factors(text, scaling) if scaling.kind == "llama3" else None,
    )


def architecture_of(outer: Outer) -> str:
    named = outer.architectures[0] if outer.architectures else "none"
    if named not in ARCHITECTURES:
        raise UnsupportedModelError(
            f"the folder's model is a {named}; this engine reads folders of {', '.join(ARCHITECTURES)}: "
            "take a GGUF of the model, which llama.cpp may run"
        )
    if outer.quantization_config is not None:
        method = outer.quantization_config.get("quant_method", "an unknown method")
        raise UnsupportedModelError(
            f"the folder's weights are quantised by {method}; take the unquantised model, or a GGUF of it"
        )
    return ARCHITECTURES[named]


def refuse_what_is_not_covered(architecture: str, text: TextConfig) -> None:
    gemma = architecture == "gemma3"
    activation = text.hidden_activation or text.hidden_act if gemma else text.hidden_act
    wanted = GEMMA_ACTIVATIONS if gemma else PLAIN_ACTIVATIONS
    if activation is not None and activation not in wanted:
        raise UnsupportedModelError(f"the model's activation is {activation!r}: this engine cannot run it")
    if text.attn_logit_softcapping or text.final_logit_softcapping:
        raise UnsupportedModelError("the model caps its logits softly: this engine cannot run it")
    if (text.partial_rotary_factor or 1.0) != 1.0:
        raise UnsupportedModelError("the model rotates only a part of each head: this engine cannot run it")
    if not gemma and text.use_sliding_window and text.sliding_window:
        raise UnsupportedModelError("the model has layers with a sliding window: this engine cannot run it")
    if gemma:
        pattern = text.sliding_window_pattern or WINDOW_PATTERN
        usual = [
            "full_attention" if (layer + 1) % WINDOW_PATTERN == 0 else "sliding_attention"
            for layer in range(text.num_hidden_layers)
        ]
        if pattern != WINDOW_PATTERN or (text.layer_types or usual) != usual:
            raise UnsupportedModelError("the model's layers alternate in an unknown way: cannot run it")
        if text.query_pre_attn_scalar not in {None, score_width(text)}:
            raise UnsupportedModelError("the model scales its queries in an unknown way: cannot run it")


def score_width(text: TextConfig) -> float:
    """What Gemma 3 divides its scores by the root of: the head's size, but at 27B the embedding by heads.
    A GGUF file does not say it; llama.cpp and this engine tell the 27B by its layers.
    """
    if text.num_hidden_layers == GEMMA_27B_LAYERS:
        return text.hidden_size / text.num_attention_heads
    return float(text.head_size)


def rope_of(text: TextConfig) -> tuple[RopeScaling, float | None]:
    """The scaling with its base, and the base of layers with a window."""
    given, local = text.rope_parameters, text.rope_local_base_freq
    if given and isinstance(given.get("full_attention"), dict):
        local = as_scaling(given.get("sliding_attention") or {}).rope_theta or local
        given = given["full_attention"]
    scaling = as_scaling(given) if given else text.rope_scaling or RopeScaling()
    base = scaling.rope_theta or text.rope_theta or 10_000.0
    return msgspec.structs.replace(scaling, rope_theta=base), local


def as_scaling(given: Any) -> RopeScaling:
    try:
        return msgspec.convert(given, RopeScaling)
    except msgspec.ValidationError as error:
        raise ModelFileError(f"rope_parameters in config.json are damaged: {error}") from error


def metadata_of(
    architecture: str, text: TextConfig, scaling: RopeScaling, local_base: float | None
) -> dict[str, Value]:
    context = text.max_position_embeddings
    if architecture == "llama" and text.sliding_window:
        # The early Mistral: all layers with one window. Within it there is no difference.
        context = min(context, text.sliding_window)
    own: dict[str, Value] = {
        "block_count": text.num_hidden_layers,
        "context_length": context,
        "embedding_length": text.hidden_size,
        "feed_forward_length": text.intermediate_size,
        "attention.head_count": text.num_attention_heads,
        "attention.head_count_kv": text.num_key_value_heads or text.num_attention_heads,
        "attention.key_length": text.head_size,
        "attention.value_length": text.head_size,
        "attention.layer_norm_rms_epsilon": text.rms_norm_eps,
        "rope.dimension_count": text.head_size,
        "rope.freq_base": float(scaling.rope_theta or 10_000.0),
    }
    own |= scaling_metadata(scaling)
    if architecture == "gemma3":
        own["attention.sliding_window"] = text.sliding_window or 0
        own["rope.freq_base_swa"] = float(local_base or 10_000.0)
    metadata: dict[str, Value] = {f"{architecture}.{key}": value for key, value in own.items()}
    metadata["general.architecture"] = architecture
    return metadata


def scaling_metadata(scaling: RopeScaling) -> dict[str, Value]:
    match scaling.kind:
        case "default" | "llama3":
            return {}
        case "linear":
            return {"rope.scaling.type": "linear", "rope.scaling.factor": scaling.factor}
        case "yarn":
            betas = (scaling.beta_fast or BETA_FAST, scaling.beta_slow or BETA_SLOW)
            if betas != (BETA_FAST, BETA_SLOW):
                raise UnsupportedModelError(
                    f"the model stretches its context by yarn with {betas}: not known"
                )
            # The engine multiplies by yarn's own factor itself (engine/rope.py).
            usual = 1 + 0.1 * math.log(max(scaling.factor, 1.0))
            attention = usual if scaling.attention_factor is None else scaling.attention_factor
            return {
                "rope.scaling.type": "yarn",
                "rope.scaling.factor": scaling.factor,
                "rope.scaling.original_context_length": scaling.original_max_position_embeddings,
                "rope.scaling.attn_factor": attention / usual,
            }
        case other:
            return {"rope.scaling.type": other}  # refused by name where the config is read


def llama3_factors(text: TextConfig, scaling: RopeScaling) -> npt.NDArray[np.float32]:
    """What divides each frequency: 1 for short waves, `factor` for long ones, a ramp between (the
    function of Llama 3.1's reference code).
    """
    size = text.head_size
    base = float(scaling.rope_theta or 10_000.0)
    waves = 2 * math.pi * base ** (np.arange(0, size, 2, dtype=np.float64) / size)
    original = scaling.original_max_position_embeddings
    spread = scaling.high_freq_factor - scaling.low_freq_factor
    if original < 1 or spread <= 0 or scaling.factor <= 0:
        raise ModelFileError("rope_scaling in config.json is damaged: its factors make no ramp")
    kept = np.clip((original / waves - scaling.low_freq_factor) / spread, 0.0, 1.0)
    return (1 / ((1 - kept) / scaling.factor + kept)).astype(np.float32)
