"""Variant: how the decoder graph is written down for a runtime."""

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Variant:
    """How the same decoder is written down."""

    name: str
    matmul: Literal["DequantizeLinear", "MatMulNBits"]
    attention: Literal["Attention", "GroupQueryAttention"]
    # ONNX Runtime's own operators for residual + norm and for the gate, and between them rows [B · S, …],
    # for which a product and what is added to it are one operator
    fused: bool
    accuracy_level: int = 0  # of MatMulNBits; 0: in float32, 4: activations rounded to 8 bits a block
    elements: Literal["float32", "float16"] = "float32"  # of activations, scales, tables and caches
    halves: bool = False  # codes of 8 bits as two of 4, for which alone level 0 has fast kernels
    cache: Literal["elements", "int6"] = "elements"  # int6: packed, see packed_cache.py


CANONICAL = Variant("canonical", "DequantizeLinear", "Attention", fused=False)
CANONICAL_HALF = replace(CANONICAL, name="canonical-half", elements="float16")
CPU_FAST = Variant("cpu-fast", "MatMulNBits", "GroupQueryAttention", fused=True, accuracy_level=4)
CPU_EXACT = Variant("cpu-exact", "MatMulNBits", "GroupQueryAttention", fused=True, halves=True)
CANONICAL_PACKED = replace(CANONICAL_HALF, name="canonical-packed", cache="int6")
PLAN_VARIANTS: dict[Literal["fp16", "int6"], Variant] = {"fp16": CANONICAL_HALF, "int6": CANONICAL_PACKED}
"""What a TensorRT plan is built of, by the elements of its key/value cache."""
