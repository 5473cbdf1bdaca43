"""Graphs on disk: made once for each model and version of the generator, then only loaded.

A folder holds the weights in the runtime's own form and one small graph file for each kind of
numerics, all of which refer to them. It appears under its name in one move, whole.
"""

import shutil
import tempfile
from pathlib import Path

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.model_config import ModelConfig

GRAPH_VERSION = 1
"""Goes up with every change of the generator or of the weights' form."""

WEIGHTS = "weights.bin"


def cached_graph(cache: Path, model_hash: str, numerics: str, file: GgufFile, config: ModelConfig) -> Path:
    """The graph file for the CPU; written first where it is not there yet."""
    folder = cache / "graphs" / f"{model_hash[:32]}-cpu-{GRAPH_VERSION}"
    if not folder.is_dir():
        write_folder(folder, file, config)
    return folder / f"{numerics}.onnx"


def write_folder(folder: Path, file: GgufFile, config: ModelConfig) -> None:
    # Heavy imports, of no use once the graph is there.
    from gpu_actor.engine.decoder_graph import ACCURACY_LEVELS, CPU, OPSET, DecoderGraph  # noqa: PLC0415
    from gpu_actor.engine.graph_writer import GraphWriter  # noqa: PLC0415
    from gpu_actor.engine.weights import Weights  # noqa: PLC0415

    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
    try:
        writer = GraphWriter(unfinished, WEIGHTS, OPSET)
        try:
            DecoderGraph(writer, config, Weights(file, config), CPU).write()
            for numerics, level in ACCURACY_LEVELS.items():
                writer.set_attribute("MatMulNBits", "accuracy_level", level)
                writer.save(f"{numerics}.onnx")
        finally:
            writer.close()
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was first, with the same content
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
