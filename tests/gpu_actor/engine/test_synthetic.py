"""Plans of real layer shapes in small: how they grow with depth, and that no weight lies in them twice."""

from pathlib import Path
from typing import Any

import onnx as untyped_onnx
import pytest

from gpu_actor.engine.graph_cache import WEIGHTS, graph_folder
from gpu_actor.engine.plan_build import PlanOrder, build_plan
from gpu_actor.models import ChosenModel, file_hash
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.engine.synthetic import SHAPES, bits_a_weight, measure, write_synthetic

onnx: Any = untyped_onnx
KERNELS = 1_300_000  # bytes of compiled kernels a layer brings, whatever its sizes (measured: 1.2 MB)


def test_a_plan_grows_by_no_more_than_its_blocks_and_the_kernels_of_a_layer(tmp_path: Path) -> None:
    fewer, more = (measure("wide", layers, tmp_path, "fp16") for layers in (1, 2))
    kernels = 8 * KERNELS / (more.q4_k - fewer.q4_k)
    assert 5.0 <= bits_a_weight(fewer, more) <= 5.2 + kernels
    assert kernels < 3  # a second copy of the weights, in five bits, would be seen
    for build in (fewer, more):
        assert build.peak < 1.25 * build.predicted


def test_what_tensorrt_leaves_as_it_is_lies_in_the_plan_once(tmp_path: Path) -> None:
    path = write_synthetic(tmp_path / "model.gguf", SHAPES["tiny"], 2)
    model = ChosenModel(path, file_hash(path, tmp_path), demonstration=False)
    order = PlanOrder(model, "sm89", slots=4, context=128, chunk=32, kv="fp16")
    report = build_plan(order, EngineSettings(keep_build_graph=True), tmp_path, lambda phase, seconds: None)
    plan = Path(report.plan).read_bytes()
    folder = graph_folder(tmp_path, model.sha256, "plan-fp16")
    weights = (folder / WEIGHTS).read_bytes()
    counts: dict[str, int] = {}
    for tensor in onnx.load(str(folder / "decoder.onnx"), load_external_data=False).graph.initializer:
        place = {entry.key: int(entry.value) for entry in tensor.external_data if entry.key != "location"}
        # Codes of eight bits and the offsets of blocks; those of four bits are put in another order.
        if place and (tensor.data_type == onnx.TensorProto.INT8 or tensor.name.endswith(".offsets")):
            middle = place["offset"] + place["length"] // 2
            counts[tensor.name] = plan.count(weights[middle : middle + 64])
    assert len(counts) >= 8
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("name", ["mistral-nemo-12b", "qwen3-14b", "gemma-3-12b"])
def test_the_shapes_have_the_numbers_of_weights_that_their_names_tell(name: str) -> None:
    shape = SHAPES[name]
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    layer = shape.embedding * (2 * queries + 2 * keys + 3 * shape.feed_forward)
    table = shape.vocabulary * shape.embedding * (1 if shape.tied else 2)
    told = {"mistral-nemo-12b": 12.2e9, "qwen3-14b": 14.8e9, "gemma-3-12b": 11.8e9}[name]
    assert shape.layers * layer + table == pytest.approx(told, rel=0.01)
