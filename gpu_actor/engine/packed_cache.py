"""PackedCache: keys and values as whole numbers of six bits, two in each float16 of the cache.

TensorRT (1.7.1) writes new keys in place into caches of float16, bfloat16 and float32 only, and a write by
any other operator is no update in place. So a cache of half the size is still one of float16: an element
holds 64 · high + low, both from −31 to 31, which float16 represents exactly (to ±2048). The first half
of a head's numbers are the high ones. With a scale for each position and head the cache takes 8 bits
a number, and 16 a head more.

Before they are rounded, keys, queries and values are turned by a Hadamard matrix, which spreads the few
large numbers that keys are known for (QuaRot, Ashkboos et al. 2024, arXiv 2404.00456) and leaves
scores as they were: queries are turned alike, and what is attended to is turned back.
"""

import numpy as np
import numpy.typing as npt

from gpu_actor.engine.graph_parts import GraphParts

MOST = 31  # of either number in a pair
SHIFT = 64
LEAST_SCALE = 2.0**-20  # of a head whose numbers are all next to zero


class PackedCache:
    """Adds the packing, writing and unpacking of caches to a graph."""

    def __init__(self, parts: GraphParts) -> None:
        self.parts = parts
        self.writer = parts.writer
        size = parts.config.head_size
        # The product of both factors is 1 / order, so that turning there and back changes nothing.
        self.order = size & -size
        there = 2.0 ** -(self.order.bit_length() // 2)
        back = 1 / (self.order * there)
        self.factors = {"q": back, "k": there, "v": there, "back": back}

    def declare(self, layer: int) -> None:
        """The caches of a layer as inputs and outputs."""
        c = self.parts.config
        for kind in "kv":
            for name, size in ((kind, c.head_size // 2), (f"{kind}s", 1)):
                shape = ("B", c.kv_heads, "T", size)
                self.writer.input(f"{name}{layer}", "float16", shape)
                self.writer.output(f"{name}o{layer}", "float16", shape)

    def turned(self, x: str, name: str, which: str) -> str:
        """x [..., D] times the matrix. `which`: q, k, v, or back."""
        factor = self.factors[which]
        matrix = hadamard(self.parts.config.head_size, self.order) * factor
        constant = self.writer.constant(f"hadamard_{factor}", matrix.astype(np.float16))
        return self.writer.node("MatMul", [x, constant], f"{name}.spread")

    def update(self, x: str, name: str, kind: str, layer: int) -> str:
        """Write x [B, Hkv, S, D] behind what is cached; all that is cached then, [B, Hkv, T, D]."""
        w = self.writer
        x = self.turned(x, name, kind)
        largest = w.node("ReduceMax", [w.node("Abs", [x], f"{name}.size"), self.axis()], f"{name}.largest")
        most = self.number("packed_most", MOST)
        least = self.number("packed_least", LEAST_SCALE)
        scale = w.node("Max", [w.node("Div", [largest, most], f"{name}.step"), least], f"{name}.scale")
        whole = w.node("Round", [w.node("Div", [x, scale], f"{name}.steps")], f"{name}.whole")
        half = self.parts.config.head_size // 2
        sizes = w.constant(f"halves_{half}", np.array([half, half]))
        high, low = w.node_of_many("Split", [whole, sizes], [f"{name}.high", f"{name}.low"], axis=-1)
        shift = self.number("packed_shift", SHIFT)
        pairs = w.node("Add", [w.node("Mul", [high, shift], f"{name}.shifted"), low], f"{name}.pairs")
        written = self.write(pairs, f"{kind}{layer}", f"{kind}o{layer}")
        scales = self.write(scale, f"{kind}s{layer}", f"{kind}so{layer}")
        # |low / 64| < ½: rounding gives the high number back, whatever the low one is.
        upper = w.node("Round", [w.node("Div", [written, shift], f"{name}.quotient")], f"{name}.upper")
        lower = w.node("Sub", [written, w.node("Mul", [upper, shift], f"{name}.uppers")], f"{name}.lower")
        together = w.node("Concat", [upper, lower], f"{name}.unpacked", axis=-1)
        return w.node("Mul", [together, scales], f"{name}.cached")

    def write(self, x: str, cache: str, output: str) -> str:
        return self.writer.node("TensorScatter", [cache, x, "write_index"], output, axis=2, mode="linear")

    def axis(self) -> str:
        return self.writer.constant("last_axis", np.array([-1]))

    def number(self, name: str, value: float) -> str:
        return self.writer.constant(name, np.array(value, np.float16))


def hadamard(size: int, order: int) -> npt.NDArray[np.float32]:
    """Sylvester's matrix of that order, a power of two, along the diagonal of [size, size]."""
    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < order:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return np.kron(np.eye(size // order, dtype=np.float32), matrix)
