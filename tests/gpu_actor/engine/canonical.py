"""Runs the canonical graph with ONNX Runtime on the CPU: one row, plain calls, nothing clever."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as untyped  # pyright: ignore[reportMissingTypeStubs]

from gpu_actor.engine.decoder_graph import OPSET, DecoderGraph, Variant
from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.graph_writer import GraphWriter
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.tensorrt_memory import output_of
from gpu_actor.engine.weights import Weights

Floats = npt.NDArray[np.float32]
onnxruntime: Any = untyped


def write_graph(file: GgufFile, variant: Variant, folder: Path) -> Path:
    """The graph of the model in a folder of its own."""
    folder.mkdir()
    config = read_config(file)
    with GraphWriter(folder, "weights.bin", OPSET) as writer:
        DecoderGraph(writer, config, Weights(file, config), variant).write()
        writer.save("decoder.onnx")
    return folder / "decoder.onnx"


class CanonicalRun:
    """One sequence in the canonical graph."""

    def __init__(self, graph: Path, file: GgufFile, elements: str, context: int) -> None:
        config = read_config(file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "0")
        self.session: Any = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        )
        tables = model_tables(file, config, context)
        self.tables = {name: table.astype(elements) for name, table in tables.items()}
        outputs = {output.name for output in self.session.get_outputs()}
        self.caches: dict[str, npt.NDArray[Any]] = {
            each.name: np.zeros((1, each.shape[1], context, each.shape[3]), elements)
            for each in self.session.get_inputs()
            if output_of(each.name) in outputs
        }
        self.filled = 0

    def append(self, states: Floats) -> Floats:
        """Append states [S, E] in one go; the logits [V] of the last."""
        count = len(states)
        feeds: dict[str, npt.NDArray[Any]] = {
            "states": states[None],
            "positions": np.arange(self.filled, self.filled + count)[None],
            "write_index": np.array([self.filled]),
            "kv_length": np.array([self.filled + count]),
            "last": np.array([[count - 1]]),
            **self.tables,
            **self.caches,
        }
        names = ["logits", *map(output_of, self.caches)]
        logits, *written = self.session.run(names, feeds)
        self.caches = dict(zip(self.caches, written, strict=True))
        self.filled += count
        return logits[0]
