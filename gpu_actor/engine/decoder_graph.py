"""The decoder graph: one generator for every runtime; what differs between them is data.

Inputs    states [B, S, E] (embedded tokens: the table is looked up on the host), last [B, 1]
          (index of the position whose logits are wanted), cosines and sines [T, D/2], where layers
          with a window have their own also local_cosines and local_sines, and per layer the
          caches k and v [B, Hkv, T, D], whose outputs share their memory
          canonical: positions [B, S], write_index [B], kv_length [B]
          cpu: seqlens [B] int32 (filled positions − 1), total [] int32 (largest of them + 1)
Outputs   logits [B, V], and per layer ko and vo: the caches with the new keys and values

With elements of float16 the matrices, tables, caches and what flows between them are float16. The
residual stream, the norms and the logits stay float32: sums over many layers and squares would
overflow or lose their last bits.

B rows, S new tokens a row, T positions of cache, E embedding, D head size, V vocabulary.
"""

from gpu_actor.engine.attention_graph import AttentionGraph
from gpu_actor.engine.graph_parts import GraphParts
from gpu_actor.engine.graph_writer import MICROSOFT, GraphWriter
from gpu_actor.engine.linear_graph import LinearGraph
from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.rope import table_names
from gpu_actor.engine.variant import CANONICAL, CANONICAL_HALF, CPU_EXACT, CPU_FAST, Variant
from gpu_actor.engine.weights import Weights

__all__ = ["CANONICAL", "CANONICAL_HALF", "CPU_EXACT", "CPU_FAST", "OPSET", "DecoderGraph", "Variant"]

OPSET = 24


class DecoderGraph:
    """Adds the whole decoder to a writer, layer by layer."""

    def __init__(self, writer: GraphWriter, config: ModelConfig, weights: Weights, variant: Variant) -> None:
        self.writer = writer
        self.config = config
        self.weights = weights
        self.variant = variant
        self.parts = GraphParts(writer, config, weights, variant)
        self.linear = LinearGraph(self.parts)
        self.attention = AttentionGraph(self.parts, self.linear)

    def write(self) -> None:
        """Inputs, nodes, constants and outputs."""
        w, c = self.writer, self.config
        residual = w.input("states", "float32", ("B", "S", c.embedding))
        self.write_inputs()
        if self.variant.fused:
            w.node("Shape", [residual], "rows_and_tokens", start=0, end=2)
        residual = self.parts.rows(residual, "states.rows", c.embedding)
        normed = self.parts.norm(residual, "blk.0.attn_norm")
        for layer in range(c.layers):
            p = f"blk.{layer}"
            attended = self.attention.write(p, layer, self.parts.narrowed(normed))
            attended = self.normed_after(attended, f"{p}.post_attention_norm")
            residual, normed = self.parts.add_and_norm(residual, attended, f"{p}.ffn_norm")
            forwarded = self.feed_forward(p, self.parts.narrowed(normed))
            forwarded = self.normed_after(forwarded, f"{p}.post_ffw_norm")
            following = "output_norm" if layer + 1 == c.layers else f"blk.{layer + 1}.attn_norm"
            residual, normed = self.parts.add_and_norm(residual, forwarded, following)
        normed = self.parts.by_token(normed, "normed.by_token", c.embedding)
        wanted = self.parts.narrowed(w.node("GatherND", [normed, "last"], "wanted", batch_dims=1))
        (logits,) = self.linear.write(wanted, "head", [self.weights.head()])
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
        for table in table_names(c):
            w.input(table, self.variant.elements, ("T", c.head_size // 2))
        cache = ("B", c.kv_heads, "T", c.head_size)
        for layer in range(c.layers):
            if self.attention.packed:
                self.attention.packed.declare(layer)
                continue
            for kind in "kv":
                w.input(f"{kind}{layer}", self.variant.elements, cache)
                w.output(f"{kind}o{layer}", self.variant.elements, cache)

    def normed_after(self, x: str, name: str) -> str:
        """What a layer's part gives, ready to be added: normed where the family does that."""
        wide = self.parts.widened(x)
        return self.parts.norm(wide, name) if self.config.family.after_norms else wide

    def feed_forward(self, p: str, x: str) -> str:
        w, width = self.writer, self.config.feed_forward
        names = [f"{p}.ffn_gate.weight", f"{p}.ffn_up.weight"]
        gate, up = self.linear.split(x, f"{p}.gate_up", names, [width, width])
        hidden = w.node("Mul", [self.opened(p, gate), up], f"{p}.hidden")
        (down,) = self.linear.write(hidden, f"{p}.ffn_down", [f"{p}.ffn_down.weight"])
        return down

    def opened(self, p: str, gate: str) -> str:
        """How far each gate is open."""
        w = self.writer
        if self.config.family.gate == "gelu":
            return w.node("Gelu", [gate], f"{p}.opened", approximate="tanh")
        if self.variant.fused:  # x · sigmoid(x), in one operator
            return w.node("QuickGelu", [gate], f"{p}.opened", MICROSOFT, alpha=1.0)
        return w.node("Mul", [gate, w.node("Sigmoid", [gate], f"{p}.sigmoid")], f"{p}.opened")
