"""The decoder graph: one generator for every runtime; what differs between them is data.

Inputs    states [B, S, E] (embedded tokens: the table is looked up on the host), last [B, 1]
          (index of the position whose logits are wanted), cosines and sines [T, D/2], and per
          layer the caches k and v [B, Hkv, T, D], whose outputs share their memory
          canonical: positions [B, S], write_index [B], kv_length [B]
          cpu: seqlens [B] int32 (filled positions − 1), total [] int32 (largest of them + 1)
Outputs   logits [B, V], and per layer ko and vo: the caches with the new keys and values

With elements of float16 the matrices, tables, caches and what flows between them are float16. The
residual stream, the norms and the logits stay float32: sums over many layers and squares would
overflow or lose their last bits.

B rows, S new tokens a row, T positions of cache, E embedding, D head size, V vocabulary.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gpu_actor.engine.block_formats import Blocks
from gpu_actor.engine.graph_writer import MICROSOFT, GraphWriter
from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.weights import Floats, Matrix, Weights

OPSET = 24


@dataclass(frozen=True)
class Variant:
    """How the same decoder is written down."""

    name: str
    matmul: Literal["DequantizeLinear", "MatMulNBits"]
    attention: Literal["Attention", "GroupQueryAttention"]
    fused: bool  # ONNX Runtime's own operators for residual + norm and for the gate
    accuracy_level: int = 0  # of MatMulNBits; 0: in float32, 4: activations rounded to 8 bits a block
    elements: Literal["float32", "float16"] = "float32"  # of activations, scales, tables and caches
    halves: bool = False  # codes of 8 bits as two of 4, for which alone level 0 has fast kernels


CANONICAL = Variant("canonical", "DequantizeLinear", "Attention", fused=False)
CANONICAL_HALF = replace(CANONICAL, name="canonical-half", elements="float16")
CPU_FAST = Variant("cpu-fast", "MatMulNBits", "GroupQueryAttention", fused=True, accuracy_level=4)
CPU_EXACT = Variant("cpu-exact", "MatMulNBits", "GroupQueryAttention", fused=True, halves=True)


class DecoderGraph:
    """Adds the whole decoder to a writer, layer by layer."""

    def __init__(self, writer: GraphWriter, config: ModelConfig, weights: Weights, variant: Variant) -> None:
        self.writer = writer
        self.config = config
        self.weights = weights
        self.variant = variant
        self.block_sums: dict[tuple[str, int], str] = {}

    def write(self) -> None:
        """Inputs, nodes, constants and outputs."""
        w, c = self.writer, self.config
        states = w.input("states", "float32", ("B", "S", c.embedding))
        self.write_inputs()
        residual, normed = states, self.norm(states, "blk.0.attn_norm")
        for layer in range(c.layers):
            p = f"blk.{layer}"
            attended = self.attention(p, layer, normed)
            residual, normed = self.add_and_norm(residual, attended, f"{p}.ffn_norm")
            forwarded = self.feed_forward(p, normed)
            following = "output_norm" if layer + 1 == c.layers else f"blk.{layer + 1}.attn_norm"
            residual, normed = self.add_and_norm(residual, forwarded, following)
        wanted = w.node("GatherND", [normed, "last"], "wanted", batch_dims=1)
        (logits,) = self.linear(wanted, "head", [self.weights.head()])
        w.node("Cast", [logits], "logits", to=w.type_number("float32"))
        w.output("logits", "float32", ("B", c.vocabulary))

    def write_inputs(self) -> None:
        w, c = self.writer, self.config
        if self.variant.attention == "GroupQueryAttention":
            w.input("seqlens", "int32", ("B",))
            w.input("total", "int32", ())
        else:
            w.input("positions", "int64", ("B", "S"))
            w.input("write_index", "int64", ("B",))
            w.input("kv_length", "int64", ("B",))
        w.input("last", "int64", ("B", 1))
        for table in ("cosines", "sines"):
            w.input(table, self.variant.elements, ("T", c.head_size // 2))
        cache = ("B", c.kv_heads, "T", c.head_size)
        for layer in range(c.layers):
            for kind in "kv":
                w.input(f"{kind}{layer}", self.variant.elements, cache)
                w.output(f"{kind}o{layer}", self.variant.elements, cache)

    # -- elements -----------------------------------------------------------------------------

    def constant(self, name: str, values: Floats) -> str:
        """Numbers in the variant's element type."""
        return self.writer.constant(name, values.astype(self.variant.elements))

    def narrowed(self, x: str) -> str:
        """float32 x in the variant's element type."""
        if self.variant.elements == "float32":
            return x
        return self.writer.node("Cast", [x], f"{x}.narrow", to=self.writer.type_number(self.variant.elements))

    def widened(self, x: str) -> str:
        """x as float32."""
        if self.variant.elements == "float32":
            return x
        return self.writer.node("Cast", [x], f"{x}.wide", to=self.writer.type_number("float32"))

    # -- norms --------------------------------------------------------------------------------

    def gain(self, name: str) -> str:
        return self.writer.constant(name, self.weights.vector(f"{name}.weight"))

    def norm(self, x: str, name: str) -> str:
        operator = "SimplifiedLayerNormalization" if self.variant.fused else "RMSNormalization"
        inputs = [x, self.gain(name)]
        epsilon = self.config.norm_epsilon
        return self.narrowed(self.writer.node(operator, inputs, f"{name}.out", axis=-1, epsilon=epsilon))

    def add_and_norm(self, residual: str, x: str, name: str) -> tuple[str, str]:
        """The sum of both, and the norm of the sum."""
        total = f"{name}.in"
        if self.variant.fused:
            outputs = [f"{name}.out", "", "", total]
            inputs = [residual, x, self.gain(name)]
            operator = "SkipSimplifiedLayerNormalization"
            self.writer.node_of_many(operator, inputs, outputs, MICROSOFT, epsilon=self.config.norm_epsilon)
            return total, f"{name}.out"
        self.writer.node("Add", [residual, self.widened(x)], total)
        return total, self.norm(total, name)

    # -- layers -------------------------------------------------------------------------------

    def attention(self, p: str, layer: int, x: str) -> str:
        names = [f"{p}.attn_{part}.weight" for part in "qkv"]
        widths = [self.config.heads, self.config.kv_heads, self.config.kv_heads]
        q, k, v = self.split_linear(x, f"{p}.qkv", names, [width * self.config.head_size for width in widths])
        fused = self.variant.attention == "GroupQueryAttention"
        attended = (self.group_query_attention if fused else self.standard_attention)(p, layer, q, k, v)
        (out,) = self.linear(attended, f"{p}.attn_output", [f"{p}.attn_output.weight"])
        return out

    def group_query_attention(self, p: str, layer: int, q: str, k: str, v: str) -> str:
        inputs = [q, k, v, f"k{layer}", f"v{layer}", "seqlens", "total", "cosines", "sines"]
        outputs = [f"{p}.attended", f"ko{layer}", f"vo{layer}"]
        c = self.config
        return self.writer.node_of_many(
            "GroupQueryAttention",
            inputs,
            outputs,
            MICROSOFT,
            num_heads=c.heads,
            kv_num_heads=c.kv_heads,
            do_rotary=1,
            rotary_interleaved=0,
            scale=c.head_size**-0.5,
        )[0]

    def standard_attention(self, p: str, layer: int, q: str, k: str, v: str) -> str:
        w, c = self.writer, self.config
        heads = {"q": c.heads, "k": c.kv_heads, "v": c.kv_heads}
        split: dict[str, str] = {}
        for part, x in zip("qkv", (q, k, v), strict=True):
            shape = w.constant(f"shape_{heads[part]}", np.array([0, 0, heads[part], c.head_size]))
            by_head = w.node("Reshape", [x, shape], f"{p}.{part}.by_head")
            split[part] = w.node("Transpose", [by_head], f"{p}.{part}.heads", perm=[0, 2, 1, 3])
        for part in "qk":
            inputs = [split[part], "cosines", "sines", "positions"]
            split[part] = w.node("RotaryEmbedding", inputs, f"{p}.{part}.turned", interleaved=0)
        for part in "kv":
            inputs = [f"{part}{layer}", split[part], "write_index"]
            w.node("TensorScatter", inputs, f"{part}o{layer}", axis=2, mode="linear")
        inputs = [split["q"], f"ko{layer}", f"vo{layer}", "", "", "", "kv_length"]
        by_head = w.node("Attention", inputs, f"{p}.by_head", is_causal=1, scale=c.head_size**-0.5)
        together = w.node("Transpose", [by_head], f"{p}.together", perm=[0, 2, 1, 3])
        shape = w.constant("shape_flat", np.array([0, 0, c.heads * c.head_size]))
        return w.node("Reshape", [together, shape], f"{p}.attended")

    def feed_forward(self, p: str, x: str) -> str:
        w, width = self.writer, self.config.feed_forward
        names = [f"{p}.ffn_gate.weight", f"{p}.ffn_up.weight"]
        gate, up = self.split_linear(x, f"{p}.gate_up", names, [width, width])
        if self.variant.fused:  # x · sigmoid(x), in one operator
            opened = w.node("QuickGelu", [gate], f"{p}.opened", MICROSOFT, alpha=1.0)
        else:
            opened = w.node("Mul", [gate, w.node("Sigmoid", [gate], f"{p}.sigmoid")], f"{p}.opened")
        hidden = w.node("Mul", [opened, up], f"{p}.hidden")
        (down,) = self.linear(hidden, f"{p}.ffn_down", [f"{p}.ffn_down.weight"])
        return down

    # -- matrices -----------------------------------------------------------------------------

    def split_linear(self, x: str, name: str, tensors: list[str], widths: list[int]) -> list[str]:
        """x times each of the matrices: in one go where they are packed alike."""
        made = self.linear(x, name, tensors)
        if len(made) > 1:
            return made
        parts = [f"{name}.{index}" for index in range(len(widths))]
        sizes = self.writer.constant(f"split_{'_'.join(map(str, widths))}", np.array(widths))
        return self.writer.node_of_many("Split", [*made, sizes], parts, axis=-1)

    def linear(self, x: str, name: str, tensors: list[str]) -> list[str]:
        """x [B, S, K] times matrices [N, K]: one output for all, or one for each (see Weights.matrices)."""
        matrices = self.weights.matrices(tensors)
        groups = [tensors] if len(matrices) == 1 else [[tensor] for tensor in tensors]
        outputs: list[str] = []
        for index, (matrix, group) in enumerate(zip(matrices, groups, strict=True)):
            own = name if len(matrices) == 1 else f"{name}.{index}"
            product = self.multiply(x, own, matrix)
            bias = self.weights.bias(group)
            if bias is not None:
                inputs = [product, self.constant(f"{own}.bias", bias)]
                product = self.writer.node("Add", inputs, f"{own}.biased")
            outputs.append(product)
        return outputs

    def multiply(self, x: str, name: str, matrix: Matrix) -> str:
        w = self.writer
        if not isinstance(matrix, Blocks):
            return w.node("MatMul", [x, self.constant(f"{name}.weights", matrix.T)], f"{name}.out")
        if self.variant.halves and matrix.bits == 8:
            high, low = matrix.halves()
            products = [self.multiply(x, f"{name}.high", high), self.multiply(x, f"{name}.low", low)]
            return w.node("Add", products, f"{name}.out")
        matmul = self.matmul_nbits if self.variant.matmul == "MatMulNBits" else self.matmul_dequantized
        product = matmul(x, name, matrix)
        if matrix.offset is None:
            return product
        # x · (s·(q − middle) + o) = x · s·(q − middle) + (sum of x over each block) · o
        inputs = [self.sums_of_blocks(x, matrix), self.constant(f"{name}.offsets", matrix.offset.T)]
        correction = w.node("MatMul", inputs, f"{name}.correction")
        return w.node("Add", [product, correction], f"{name}.out")

    def matmul_nbits(self, x: str, name: str, blocks: Blocks) -> str:
        codes = blocks.codes
        if blocks.bits == 4:
            codes = codes[..., 0::2] | codes[..., 1::2] << 4
        rows, count, _ = blocks.codes.shape
        w = self.writer
        inputs = [x, w.constant(f"{name}.codes", codes), self.constant(f"{name}.scales", blocks.scale)]
        return w.node(
            "MatMulNBits",
            inputs,
            f"{name}.product",
            MICROSOFT,
            K=count * blocks.size,
            N=rows,
            bits=blocks.bits,
            block_size=blocks.size,
            accuracy_level=self.variant.accuracy_level,
        )

    def matmul_dequantized(self, x: str, name: str, blocks: Blocks) -> str:
        w = self.writer
        centred = (blocks.codes.astype(np.int16) - (1 << (blocks.bits - 1))).astype(np.int8)
        columns = centred.reshape(len(centred), -1).T
        write = w.constant_int4 if blocks.bits == 4 else w.constant
        inputs = [write(f"{name}.codes", columns), self.constant(f"{name}.scales", blocks.scale.T)]
        weights = w.node("DequantizeLinear", inputs, f"{name}.weights", axis=0, block_size=blocks.size)
        return w.node("MatMul", [x, weights], f"{name}.product")

    def sums_of_blocks(self, x: str, blocks: Blocks) -> str:
        """[…, K] → […, K/size]; made once for all matrices that x meets."""
        key = (x, blocks.size)
        if key not in self.block_sums:
            w = self.writer
            lead = [0] if x == "wanted" else [0, 0]
            shape = [*lead, blocks.codes.shape[1], blocks.size]
            inputs = [x, w.constant("shape_" + "_".join(map(str, shape)), np.array(shape))]
            by_block = w.node("Reshape", inputs, f"{x}.blocks_{blocks.size}")
            inputs = [by_block, w.constant("last_axis", np.array([-1]))]
            self.block_sums[key] = w.node("ReduceSum", inputs, f"{x}.sums_{blocks.size}", keepdims=0)
        return self.block_sums[key]
