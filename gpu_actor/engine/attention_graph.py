"""AttentionGraph: queries, keys and values of a layer, its cache, and what it attends to.

A layer with a window of W sees W positions, its own included. GroupQueryAttention knows windows
(local_window_size). Attention does not, so there the layer gets a mask in place of the causal rule.
"""

import numpy as np

from gpu_actor.engine.graph_parts import GraphParts
from gpu_actor.engine.graph_writer import MICROSOFT
from gpu_actor.engine.linear_graph import LinearGraph
from gpu_actor.engine.packed_cache import PackedCache


class AttentionGraph:
    """Adds the attention of each layer to a graph."""

    def __init__(self, parts: GraphParts, linear: LinearGraph) -> None:
        self.parts = parts
        self.linear = linear
        self.writer = parts.writer
        self.config = parts.config
        self.variant = parts.variant
        self.packed = PackedCache(parts) if parts.variant.cache == "int6" else None
        self.masks: dict[int, str] = {}

    def write(self, p: str, layer: int, x: str) -> str:
        names = [f"{p}.attn_{part}.weight" for part in "qkv"]
        heads = [self.config.heads, self.config.kv_heads, self.config.kv_heads]
        widths = [count * self.config.head_size for count in heads]
        if self.variant.attention == "GroupQueryAttention":
            if self.config.family.head_norms:
                parts = self.linear.split(x, f"{p}.qkv", names, widths)
            else:
                parts = self.linear.write(x, f"{p}.qkv", names)
            attended = self.group_query_attention(p, layer, self.by_token(p, parts, widths))
        else:
            attended = self.standard_attention(p, layer, *self.linear.split(x, f"{p}.qkv", names, widths))
        (out,) = self.linear.write(attended, f"{p}.attn_output", [f"{p}.attn_output.weight"])
        return out

    def tables(self, layer: int) -> list[str]:
        """The cosines and sines that the layer turns its heads by."""
        if self.config.local_rope is not None and self.config.window(layer):
            return ["local_cosines", "local_sines"]
        return ["cosines", "sines"]

    # -- heads --------------------------------------------------------------------------------

    def by_head(self, x: str, name: str, heads: int) -> str:
        """[B, S, heads · D] → [B, S, heads, D]"""
        shape = self.writer.constant(f"shape_{heads}", np.array([0, 0, heads, self.config.head_size]))
        return self.writer.node("Reshape", [x, shape], f"{name}.by_head")

    def together(self, x: str, name: str, heads: int) -> str:
        """[B, S, heads, D] → [B, S, heads · D]"""
        shape = self.writer.constant(f"flat_{heads}", np.array([0, 0, heads * self.config.head_size]))
        return self.writer.node("Reshape", [x, shape], name)

    def normed(self, x: str, p: str, part: str) -> str:
        """Queries or keys by head, each head normed where the family does that."""
        if part == "v" or not self.config.family.head_norms:
            return x
        wide = self.parts.widened(x)
        return self.parts.narrowed(self.parts.norm(wide, f"{p}.attn_{part}_norm"))

    # -- ONNX Runtime's own operator ----------------------------------------------------------

    def by_token(self, p: str, parts: list[str], widths: list[int]) -> list[str]:
        """What the operator takes: queries, keys and values, or one product that holds all three."""
        if len(parts) == 1:
            return [self.parts.by_token(parts[0], f"{p}.qkv.by_token", sum(widths))]
        named = zip("qkv", parts, widths, strict=True)
        q, k, v = (self.parts.by_token(x, f"{p}.{part}.by_token", width) for part, x, width in named)
        return self.normed_parts(p, q, k, v) if self.config.family.head_norms else [q, k, v]

    def normed_parts(self, p: str, q: str, k: str, v: str) -> list[str]:
        c = self.config
        normed = self.normed(self.by_head(q, f"{p}.q", c.heads), p, "q")
        q = self.together(normed, f"{p}.q.normed", c.heads)
        normed = self.normed(self.by_head(k, f"{p}.k", c.kv_heads), p, "k")
        return [q, self.together(normed, f"{p}.k.normed", c.kv_heads), v]

    def group_query_attention(self, p: str, layer: int, parts: list[str]) -> str:
        """`parts`: queries, keys and values, or one product that holds all three."""
        c = self.config
        packed = parts if len(parts) == 3 else [*parts, "", ""]
        inputs = [*packed, f"k{layer}", f"v{layer}", "seqlens", "total", *self.tables(layer)]
        outputs = [f"{p}.attended.by_token", f"ko{layer}", f"vo{layer}"]
        attended = self.writer.node_of_many(
            "GroupQueryAttention",
            inputs,
            outputs,
            MICROSOFT,
            num_heads=c.heads,
            kv_num_heads=c.kv_heads,
            do_rotary=1,
            rotary_interleaved=0,
            scale=c.score_scale,
            local_window_size=c.window(layer) or -1,
        )[0]
        return self.parts.rows(attended, f"{p}.attended", c.heads * c.head_size)

    # -- the operators of the standard --------------------------------------------------------

    def standard_attention(self, p: str, layer: int, q: str, k: str, v: str) -> str:
        w, c = self.writer, self.config
        heads = {"q": c.heads, "k": c.kv_heads, "v": c.kv_heads}
        split: dict[str, str] = {}
        for part, x in zip("qkv", (q, k, v), strict=True):
            by_head = self.normed(self.by_head(x, f"{p}.{part}", heads[part]), p, part)
            split[part] = w.node("Transpose", [by_head], f"{p}.{part}.heads", perm=[0, 2, 1, 3])
        for part in "qk":
            inputs = [split[part], *self.tables(layer), "positions"]
            split[part] = w.node("RotaryEmbedding", inputs, f"{p}.{part}.turned", interleaved=0)
        if self.packed:
            q = self.packed.turned(split["q"], f"{p}.q", "q")
            inputs = [q, *(self.packed.update(split[part], f"{p}.{part}", part, layer) for part in "kv")]
        else:
            for part in "kv":
                inputs = [f"{part}{layer}", split[part], "write_index"]
                w.node("TensorScatter", inputs, f"{part}o{layer}", axis=2, mode="linear")
            inputs = [split["q"], f"ko{layer}", f"vo{layer}"]
        window = c.window(layer)
        inputs += [self.mask(window)] if window else ["", "", "", "kv_length"]
        by_head = w.node("Attention", inputs, f"{p}.by_head", is_causal=int(not window), scale=c.score_scale)
        if self.packed:
            by_head = self.packed.turned(by_head, f"{p}.by_head", "back")
        in_order = w.node("Transpose", [by_head], f"{p}.in_order", perm=[0, 2, 1, 3])
        return self.together(in_order, f"{p}.attended", c.heads)

    def mask(self, window: int) -> str:
        """[B, 1, S, T]: whether a new position sees one of the cache; made once for all layers alike."""
        if window not in self.masks:
            w, name = self.writer, f"window_{window}"
            axes = w.constant("axes_1_3", np.array([1, 3]))
            own = w.node("Unsqueeze", ["positions", axes], f"{name}.own")
            every = self.every_position()
            until = w.node("LessOrEqual", [every, own], f"{name}.until")
            before = w.node("Sub", [own, w.constant(f"{name}.size", np.array(window))], f"{name}.before")
            after = w.node("Greater", [every, before], f"{name}.after")
            self.masks[window] = w.node("And", [until, after], name)
        return self.masks[window]

    def every_position(self) -> str:
        """0 … T − 1"""
        w = self.writer
        if not self.masks:
            rows = w.node("Shape", ["cosines"], "table_rows", start=0, end=1)
            count = w.node("Squeeze", [rows], "table_count")
            bounds = [w.constant("zero", np.array(0)), count, w.constant("one", np.array(1))]
            w.node("Range", bounds, "every_position")
        return "every_position"
