"""Builder and runtime agree: the inputs and outputs of the network that TensorRT really makes are those that
the runtime feeds, and those that the CPU device shows.
"""

from pathlib import Path
from typing import Any

import pytest

from gpu_actor.engine.graph_cache import written_graph
from gpu_actor.engine.graph_writer import with_sizes
from gpu_actor.engine.model_config import read_config
from gpu_actor.engine.open_model import open_model
from gpu_actor.engine.plan_build import cache_positions
from gpu_actor.engine.rope import model_tables
from gpu_actor.engine.tensorrt_engine import ELEMENTS, PlanEngine, PlanTensor
from gpu_actor.engine.tensorrt_library import make_log, tensorrt_library
from gpu_actor.engine.tensorrt_memory import Caches, Feed, Tables, bytes_of_a_row
from gpu_actor.engine.tensorrt_network import mend, parse
from gpu_actor.engine.variant import PLAN_VARIANTS
from tests.fakes.cpu_cuda import CpuCuda
from tests.fakes.cpu_tensorrt import cpu_tensorrt, write_plan
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

MODELS = {
    "llama": TinyModel("Q4_1", layers=2),
    "heads of an odd size in bytes": TinyModel("Q4_1", layers=1, heads=3, kv_heads=3, head_size=32),
}


def tensors_of(network: Any) -> dict[str, PlanTensor]:
    """What a plan of this network will show."""
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    outputs = [network.get_output(index) for index in range(network.num_outputs)]
    return {
        each.name: PlanTensor(each.name, ELEMENTS[each.dtype.name], tuple(each.shape), each in inputs)
        for each in [*inputs, *outputs]
    }


@pytest.mark.parametrize("name", MODELS)
def test_the_runtime_feeds_what_the_built_network_wants(name: str, tmp_path: Path) -> None:
    file = open_model(write_tiny(tmp_path / "tiny.gguf", MODELS[name]))
    config = read_config(file)
    positions = cache_positions(config, 64, "fp16")
    graph = written_graph(tmp_path / "graph", PLAN_VARIANTS["fp16"], file, config)
    sized = with_sizes(graph, {"T": positions}, "sized.onnx")
    library = tensorrt_library("tensorrt_rtx")
    _builder, network, _parser = parse(library, make_log(library), sized)
    mend(library, network)
    built = tensors_of(network)

    cuda = CpuCuda()
    stream = cuda.create_stream()
    caches = Caches(cuda, built, 3, stream)
    assert caches.positions == positions > 64
    assert caches.size == 3 * bytes_of_a_row(built)
    assert len(caches.groups) == 1  # one strided copy clones a prefix
    feed = Feed(cuda, built, rows=3, tokens=1)
    tables = Tables(cuda, built, model_tables(file, config, positions), stream)
    given = {**feed.addresses, **caches.addresses(0), **tables.addresses}
    assert set(built) == {*given, "logits"}
    shapes = {**feed.shapes(2, 1), **caches.shapes(2), **tables.shapes}
    for tensor in built.values():
        if tensor.is_input:
            assert len(shapes[tensor.name]) == len(tensor.shape)
            assert all(
                want in {-1, size} for size, want in zip(shapes[tensor.name], tensor.shape, strict=True)
            )

    plan = write_plan(tmp_path / "plan", graph, positions=positions, rows=3, tokens=8)
    shown = PlanEngine(cpu_tensorrt(cuda), plan).tensors
    for tensor in built.values():
        double = shown[tensor.name]
        assert (double.elements, double.is_input) == (tensor.elements, tensor.is_input)
        assert len(double.shape) == len(tensor.shape)
        if tensor.is_input:
            assert double.shape == tensor.shape
    assert set(shown) == set(built)
