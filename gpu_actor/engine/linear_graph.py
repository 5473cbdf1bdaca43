"""LinearGraph: the matrices of the decoder graph, in the form that the variant asks for."""

import numpy as np

from gpu_actor.engine.block_formats import Blocks
from gpu_actor.engine.graph_parts import GraphParts
from gpu_actor.engine.graph_writer import MICROSOFT
from gpu_actor.engine.weights import Matrix


class LinearGraph:
    """Adds products of states and weights to a graph."""

    def __init__(self, parts: GraphParts) -> None:
        self.parts = parts
        self.writer = parts.writer
        self.weights = parts.weights
        self.variant = parts.variant
        self.block_sums: dict[tuple[str, int], str] = {}

    def split(self, x: str, name: str, tensors: list[str], widths: list[int]) -> list[str]:
        """x times each of the matrices: in one go where they are packed alike."""
        made = self.write(x, name, tensors)
        if len(made) > 1:
            return made
        parts = [f"{name}.{index}" for index in range(len(widths))]
        sizes = self.writer.constant(f"split_{'_'.join(map(str, widths))}", np.array(widths))
        return self.writer.node_of_many("Split", [*made, sizes], parts, axis=-1)

    def write(self, x: str, name: str, tensors: list[str]) -> list[str]:
        """x [B, S, K] or rows [B · S, K] times matrices [N, K]: one output for all, or one for each
        (see Weights.matrices).
        """
        matrices = self.weights.matrices(tensors)
        groups = [tensors] if len(matrices) == 1 else [[tensor] for tensor in tensors]
        outputs: list[str] = []
        for index, (matrix, group) in enumerate(zip(matrices, groups, strict=True)):
            own = name if len(matrices) == 1 else f"{name}.{index}"
            product = self.multiply(x, own, matrix)
            bias = self.weights.bias(group)
            if bias is not None:
                inputs = [product, self.parts.constant(f"{own}.bias", bias)]
                product = self.writer.node("Add", inputs, f"{own}.biased")
            outputs.append(product)
        return outputs

    def multiply(self, x: str, name: str, matrix: Matrix) -> str:
        w = self.writer
        if not isinstance(matrix, Blocks):
            return w.node("MatMul", [x, self.parts.constant(f"{name}.weights", matrix.T)], f"{name}.out")
        if self.variant.halves and matrix.bits == 8:
            high, low = matrix.halves()
            products = [self.multiply(x, f"{name}.high", high), self.multiply(x, f"{name}.low", low)]
            return w.node("Add", products, f"{name}.out")
        if self.variant.matmul == "DequantizeLinear" and matrix.bits == 8:
            matrix = matrix.with_positive_scales(self.variant.elements)
        matmul = self.matmul_nbits if self.variant.matmul == "MatMulNBits" else self.matmul_dequantized
        product = matmul(x, name, matrix)
        if matrix.offset is None:
            return product
        # x · (s·(q − middle) + o) = x · s·(q − middle) + (sum of x over each block) · o
        inputs = [self.sums_of_blocks(x, matrix), self.parts.constant(f"{name}.offsets", matrix.offset.T)]
        if self.variant.fused:
            return w.node("Gemm", [*inputs, product], f"{name}.out")
        correction = w.node("MatMul", inputs, f"{name}.correction")
        return w.node("Add", [product, correction], f"{name}.out")

    def matmul_nbits(self, x: str, name: str, blocks: Blocks) -> str:
        codes = blocks.codes
        if blocks.bits == 4:
            codes = codes[..., 0::2] | codes[..., 1::2] << 4
        rows, count, _ = blocks.codes.shape
        w = self.writer
        inputs = [x, w.constant(f"{name}.codes", codes), self.parts.constant(f"{name}.scales", blocks.scale)]
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
        # In eight bits, where the difference wraps around to what it is as a number with a sign.
        centred = (blocks.codes - np.uint8(1 << (blocks.bits - 1))).view(np.int8)
        columns = centred.reshape(len(centred), -1).T
        write = w.constant_int4 if blocks.bits == 4 else w.constant
        inputs = [write(f"{name}.codes", columns), self.parts.constant(f"{name}.scales", blocks.scale.T)]
        weights = w.node("DequantizeLinear", inputs, f"{name}.weights", axis=0, block_size=blocks.size)
        return w.node("MatMul", [x, weights], f"{name}.product")

    def sums_of_blocks(self, x: str, blocks: Blocks) -> str:
        """[…, K] → […, K/size]; made once for all matrices that x meets."""
        key = (x, blocks.size)
        if key not in self.block_sums:
            w = self.writer
            lead = [0] if self.variant.fused or x.startswith("wanted") else [0, 0]
            shape = [*lead, blocks.codes.shape[1], blocks.size]
            inputs = [x, w.constant("shape_" + "_".join(map(str, shape)), np.array(shape))]
            by_block = w.node("Reshape", inputs, f"{x}.blocks_{blocks.size}")
            inputs = [by_block, w.constant("last_axis", np.array([-1]))]
            self.block_sums[key] = w.node("ReduceSum", inputs, f"{x}.sums_{blocks.size}", keepdims=0)
        return self.block_sums[key]
