"""GraphParts: what all parts of the decoder graph are made with: element types and norms."""

import numpy as np

from gpu_actor.engine.graph_writer import MICROSOFT, GraphWriter
from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.variant import Variant
from gpu_actor.engine.weights import Floats, Weights


class GraphParts:
    """A writer, and the model and the variant that are written."""

    def __init__(self, writer: GraphWriter, config: ModelConfig, weights: Weights, variant: Variant) -> None:
        self.writer = writer
        self.config = config
        self.weights = weights
        self.variant = variant
        self.shapes: dict[int, str] = {}

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

    def rows(self, x: str, name: str, width: int) -> str:
        """[B, S, width] → [B · S, width], where the variant computes in rows."""
        if not self.variant.fused:
            return x
        shape = self.writer.constant(f"rows_{width}", np.array([-1, width]))
        return self.writer.node("Reshape", [x, shape], name)

    def by_token(self, x: str, name: str, width: int) -> str:
        """[B · S, width] → [B, S, width], where the variant computes in rows."""
        if not self.variant.fused:
            return x
        if width not in self.shapes:
            last = self.writer.constant(f"width_{width}", np.array([width]))
            shape = self.writer.node("Concat", ["rows_and_tokens", last], f"by_token_{width}", axis=0)
            self.shapes[width] = shape
        return self.writer.node("Reshape", [x, self.shapes[width]], name)

    def gain(self, name: str) -> str:
        return self.writer.constant(name, self.weights.vector(f"{name}.weight"))

    def norm(self, x: str, name: str) -> str:
        """RMS norm of float32 x over its last axis, in float32."""
        operator = "SimplifiedLayerNormalization" if self.variant.fused else "RMSNormalization"
        epsilon = self.config.norm_epsilon
        return self.writer.node(operator, [x, self.gain(name)], f"{name}.out", axis=-1, epsilon=epsilon)

    def add_and_norm(self, residual: str, x: str, name: str) -> tuple[str, str]:
        """The sum of both, and the norm of the sum; all in float32."""
        total = f"{name}.in"
        if self.variant.fused:
            outputs = [f"{name}.out", "", "", total]
            inputs = [residual, x, self.gain(name)]
            operator = "SkipSimplifiedLayerNormalization"
            self.writer.node_of_many(operator, inputs, outputs, MICROSOFT, epsilon=self.config.norm_epsilon)
            return total, f"{name}.out"
        self.writer.node("Add", [residual, x], total)
        return total, self.norm(total, name)
