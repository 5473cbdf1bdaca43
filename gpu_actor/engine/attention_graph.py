"""AttentionGraph: queries, keys and values of a layer, its cache, and what it attends to."""

import numpy as np

from gpu_actor.engine.graph_parts import GraphParts
from gpu_actor.engine.graph_writer import MICROSOFT
from gpu_actor.engine.linear_graph import LinearGraph


class AttentionGraph:
    """Adds the attention of each layer to a graph."""

    def __init__(self, parts: GraphParts, linear: LinearGraph) -> None:
        self.parts = parts
        self.linear = linear
        self.writer = parts.writer
        self.config = parts.config
        self.variant = parts.variant

    def write(self, p: str, layer: int, x: str) -> str:
        names = [f"{p}.attn_{part}.weight" for part in "qkv"]
        widths = [self.config.heads, self.config.kv_heads, self.config.kv_heads]
        q, k, v = self.linear.split(x, f"{p}.qkv", names, [width * self.config.head_size for width in widths])
        fused = self.variant.attention == "GroupQueryAttention"
        attended = (self.group_query_attention if fused else self.standard_attention)(p, layer, q, k, v)
        (out,) = self.linear.write(attended, f"{p}.attn_output", [f"{p}.attn_output.weight"])
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
