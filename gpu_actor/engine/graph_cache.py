"""Graphs on disk: made once for each model, numerics and version of the generator, then only loaded.

A folder holds the graph, and the weights in the runtime's own form. It appears under its name
in one move, whole.
"""

import logging
from pathlib import Path
from typing import Literal

from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.new_folder import new_folder
from gpu_actor.engine.variant import CPU_EXACT, CPU_FAST, Variant
from gpu_actor.troubles import CacheFolderError

GRAPH_VERSION = 6
"""Goes up with every change of the generator or of the weights' form."""

GRAPH, WEIGHTS, REPORT = "decoder.onnx", "weights.bin", "weights.txt"

Numerics = Literal["fast", "exact"]

log = logging.getLogger(__name__)


def cached_graph(
    cache: Path, model_hash: str, numerics: Numerics, file: ModelFile, config: ModelConfig
) -> Path:
    """The graph file for the CPU; written first where it is not there yet."""
    variant = CPU_EXACT if numerics == "exact" else CPU_FAST
    return written_graph(graph_folder(cache, model_hash, numerics), variant, file, config)


def graph_folder(cache: Path, model_hash: str, form: str) -> Path:
    """Where the graph of a model lies in one form."""
    return cache / "graphs" / f"{model_hash[:32]}-{form}-{GRAPH_VERSION}"


def written_graph(folder: Path, variant: Variant, file: ModelFile, config: ModelConfig) -> Path:
    """The graph file in `folder`, written first where it is not there yet."""
    if not folder.is_dir():
        try:
            write_folder(folder, variant, file, config)
        except OSError as error:
            raise CacheFolderError(
                f"the decoder graph cannot be written to {folder.parent}: {error.strerror or error}; "
                "make room there, or choose another folder with SAMOVAR_CACHE"
            ) from error
    return folder / GRAPH


def weights_report(graph: Path) -> str:
    """In one line what the graph's weights are, and the error measured when they were written."""
    return (graph.parent / REPORT).read_text(encoding="utf-8").strip()


def write_folder(folder: Path, variant: Variant, file: ModelFile, config: ModelConfig) -> None:
    # Heavy imports, of no use once the graph is there.
    from gpu_actor.engine.decoder_graph import OPSET, DecoderGraph  # noqa: PLC0415
    from gpu_actor.engine.graph_writer import GraphWriter  # noqa: PLC0415
    from gpu_actor.engine.weights import Weights  # noqa: PLC0415

    with new_folder(folder, replace=False) as unfinished, GraphWriter(unfinished, WEIGHTS, OPSET) as writer:
        weights = Weights(file, config)
        DecoderGraph(writer, config, weights, variant).write()
        writer.save(GRAPH)
        (unfinished / REPORT).write_text(weights.report() + "\n", encoding="utf-8")
        log.info("decoder graph written: %s", weights.report())
