"""A decoder in NumPy, straight from the published definitions, on weights under the names of transformers.

The oracle for folders: slow, no cache, float64. Llama, Qwen2, Qwen3: pre-norm blocks, rotation of a head's
two halves, grouped keys. Gemma 3: gains plus one, states times the root of the width, norms
after the blocks as well, GELU by tanh, five of six layers see a window.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.gpu_actor.tiny_folders import TinyFolder

Floats = npt.NDArray[np.float64]


class Reference:
    def __init__(self, model: TinyFolder, weights: dict[str, npt.NDArray[np.float32]]) -> None:
        self.model = model
        self.weights = {name: array.astype(np.float64) for name, array in weights.items()}

    def norm(self, x: Floats, name: str) -> Floats:
        gain = self.weights[f"{name}.weight"] + (1 if self.model.gemma else 0)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * gain

    def linear(self, x: Floats, name: str) -> Floats:
        return x @ self.weights[f"{name}.weight"].T + self.weights.get(f"{name}.bias", 0)

    def turn(self, x: Floats, layer: int) -> Floats:
        """x [heads, positions, size], rotated by its position."""
        size = x.shape[-1]
        config = self.model.config
        base: float = config.get("rope_theta", 10_000.0)
        exponents: Floats = np.arange(0, -size, -2, dtype=np.float64) / size
        frequencies: Floats = np.exp(exponents * float(np.log(base)))
        scaling: dict[str, Any] = config.get("rope_scaling", {})
        if self.model.gemma and self.sees_a_window(layer):
            local: float = config.get("rope_local_base_freq", 10_000.0)
            frequencies = np.exp(exponents * float(np.log(local)))
        elif scaling.get("rope_type") == "linear":
            factor: float = scaling["factor"]
            frequencies = frequencies / factor
        elif scaling.get("rope_type") == "llama3":
            frequencies = np.array([self.llama3(float(each), scaling) for each in frequencies])
        angles: Floats = np.outer(np.arange(len(x[0]), dtype=np.float64), frequencies)
        cosines, sines = np.cos(angles), np.sin(angles)
        left, right = x[..., : size // 2], x[..., size // 2 :]
        return np.concatenate([left * cosines - right * sines, right * cosines + left * sines], axis=-1)

    @staticmethod
    def llama3(frequency: float, scaling: dict[str, float]) -> float:
        """As Llama 3.1's apply_scaling tells it, case by case."""
        wave = 2 * np.pi / frequency
        original = scaling["original_max_position_embeddings"]
        if wave < original / scaling["high_freq_factor"]:
            return frequency
        if wave > original / scaling["low_freq_factor"]:
            return frequency / scaling["factor"]
        spread = scaling["high_freq_factor"] - scaling["low_freq_factor"]
        smooth = (original / wave - scaling["low_freq_factor"]) / spread
        return (1 - smooth) * frequency / scaling["factor"] + smooth * frequency

    def sees_a_window(self, layer: int) -> bool:
        return self.model.gemma and (layer + 1) % 6 != 0

    def attention(self, x: Floats, p: str, layer: int) -> Floats:
        m, count = self.model, len(x)

        def heads(part: str, number: int) -> Floats:
            split = self.linear(x, f"{p}.self_attn.{part}_proj").reshape(count, number, -1)
            if f"{p}.self_attn.{part}_norm.weight" in self.weights:
                split = self.norm(split, f"{p}.self_attn.{part}_norm")
            return split.swapaxes(0, 1)

        q = self.turn(heads("q", m.heads), layer)
        k = self.turn(heads("k", m.kv_heads), layer).repeat(m.heads // m.kv_heads, axis=0)
        v = heads("v", m.kv_heads).repeat(m.heads // m.kv_heads, axis=0)
        scores = q @ k.swapaxes(1, 2) * m.head_size**-0.5
        distance = np.arange(count)[:, None] - np.arange(count)
        hidden = distance < 0
        if self.sees_a_window(layer):
            hidden |= distance >= 8
        scores = np.where(hidden, -np.inf, scores)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        attended = shares / shares.sum(-1, keepdims=True) @ v
        return self.linear(attended.swapaxes(0, 1).reshape(count, -1), f"{p}.self_attn.o_proj")

    def forward(self, x: Floats, p: str) -> Floats:
        gate = self.linear(x, f"{p}.mlp.gate_proj")
        if self.model.gemma:
            opened = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
        else:
            opened = gate / (1 + np.exp(-gate))
        return self.linear(opened * self.linear(x, f"{p}.mlp.up_proj"), f"{p}.mlp.down_proj")

    def logits(self, ids: list[int]) -> Floats:
        """Logits after the last id."""
        table = self.weights["model.embed_tokens.weight"]
        x = table[ids]
        if self.model.gemma:
            x = x * np.sqrt(self.model.hidden)
        for layer in range(self.model.layers):
            p = f"model.layers.{layer}"
            attended = self.attention(self.norm(x, f"{p}.input_layernorm"), p, layer)
            if self.model.gemma:
                x = x + self.norm(attended, f"{p}.post_attention_layernorm")
                forwarded = self.forward(self.norm(x, f"{p}.pre_feedforward_layernorm"), p)
                x = x + self.norm(forwarded, f"{p}.post_feedforward_layernorm")
            else:
                x = x + attended
                x = x + self.forward(self.norm(x, f"{p}.post_attention_layernorm"), p)
        last = self.norm(x[-1], "model.norm")
        return last @ (table if self.model.tied else self.weights["lm_head.weight"]).T
