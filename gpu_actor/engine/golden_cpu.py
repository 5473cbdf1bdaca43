"""Makes golden logits with our exact engine on the CPU, for any model that the graph covers.

What it costs. A model of 12 billion parameters needs its exact graph on disk (about as large as the model's
file, deleted again afterwards unless it was there), as much memory, and the time for some 250 tokens in
exact arithmetic: minutes, once. So it is done where the plan is built, which takes more of all of them, and
the file travels beside the plan. llama.cpp on the same file would be quicker and no good: its own rounding
of activations to 8 bits moves log-probabilities by up to 1, which hides the faults that are looked for.
"""

import gc
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from gpu_actor.engine.golden import GOLDEN, Golden, course, make_golden, passage_of, read_golden, write_golden
from gpu_actor.engine.graph_cache import cached_graph
from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.engine.onnx_runtime import OnnxRuntimeDecoder, runtime_version
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.token_table import TokenTable

LARGEST_KEPT_GRAPH = 1_000_000_000
"""Bytes. A larger exact graph is deleted after use: nothing but golden logits and comparisons wants it."""

MOST_WINDOW = 2048
"""Positions. A longer sliding window is not tried: its prompt would take the CPU too long."""


def golden_for(
    folder: Path,
    model_hash: str,
    file: ModelFile,
    config: ModelConfig,
    encode: Callable[[str], Sequence[int]],
    *,
    cache: Path,
    threads: int,
) -> Golden:
    """The golden logits in the plan's folder; made, and put there, where they are missing. OSError where the
    disk does not take them.
    """
    golden = read_golden(folder / GOLDEN, model_hash)
    if golden is None:
        golden = golden_on_cpu(model_hash, file, config, encode, cache=cache, threads=threads)
        write_golden(folder / GOLDEN, golden)
    return golden


def golden_on_cpu(
    model_hash: str,
    file: ModelFile,
    config: ModelConfig,
    encode: Callable[[str], Sequence[int]],
    *,
    cache: Path,
    threads: int,
) -> Golden:
    """`cache`: the folder of deploy.cache."""
    there = set((cache / "graphs").glob("*"))
    graph = cached_graph(cache, model_hash, "exact", file, config)
    try:
        return ask(graph, model_hash, file, config, encode, threads)
    finally:
        if graph.parent not in there and weights_size(file) > LARGEST_KEPT_GRAPH:
            gc.collect()  # the session has the weights mapped, and Windows deletes nothing that is mapped
            shutil.rmtree(graph.parent, ignore_errors=True)


def ask(
    graph: Path,
    model_hash: str,
    file: ModelFile,
    config: ModelConfig,
    encode: Callable[[str], Sequence[int]],
    threads: int,
) -> Golden:
    window = max(config.windows, default=0)
    window = window if window <= MOST_WINDOW else 0
    scenes = course(window)
    context = max(scene.positions for scene in scenes)
    decoder = OnnxRuntimeDecoder(
        graph,
        config,
        model_tables(file, config, context + 1),
        slots=max(scene.slots for scene in scenes),
        context=context,
        longest_chunk=context,
        threads=threads,
        numerics="exact",
    )
    return make_golden(
        decoder,
        TokenTable(file).states,
        passage_of(encode),
        model_hash=model_hash,
        made_by=f"ONNX Runtime {runtime_version()}, exact",
        window=window,
    )


def weights_size(file: ModelFile) -> int:
    return sum(place.rows * place.row_bytes for place in file.tensors.values())
