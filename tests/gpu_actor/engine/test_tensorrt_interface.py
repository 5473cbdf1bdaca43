"""What the engine calls of TensorRT, held against the real package: names, parameters, enums, refusals."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tensorrt_rtx as untyped  # pyright: ignore[reportMissingTypeStubs]

from gpu_actor.engine.cuda_bindings import runtime
from gpu_actor.engine.tensorrt_engine import ELEMENTS, REASONS, PlanEngine
from gpu_actor.engine.tensorrt_library import has_jit, make_log, tensorrt_library
from gpu_actor.troubles import PlanError, TensorRtMissingError
from tests.fakes import cpu_tensorrt

trt: Any = untyped
NO_DRIVER = runtime().cudaDriverGetVersion()[1] == 0

STANDS_FOR: dict[type, Any] = {
    cpu_tensorrt.ClassicRuntime: trt.Runtime,
    cpu_tensorrt.Runtime: trt.Runtime,
    cpu_tensorrt.Engine: trt.ICudaEngine,
    cpu_tensorrt.ClassicEngine: trt.ICudaEngine,
    cpu_tensorrt.ICudaEngine: trt.ICudaEngine,
    cpu_tensorrt.IRuntimeConfig: trt.IRuntimeConfig,
    cpu_tensorrt.IRuntimeCache: trt.IRuntimeCache,
    cpu_tensorrt.ClassicContext: trt.IExecutionContext,
    cpu_tensorrt.IExecutionContext: trt.IExecutionContext,
}


def parameters(method: Any) -> Iterator[list[str]]:
    """The parameter names of each overload, as pybind11 writes them at the head of the docstring."""
    for line in re.findall(r"^(?:\d+\. )?\w+\((self: .*)\) -> ", method.__doc__, re.MULTILINE):
        # Types hold commas only inside brackets.
        flat = re.sub(r"\[[^\[\]]*\]|<[^<>]*>", "", re.sub(r"\[[^\[\]]*\]", "", line))
        yield [part.split(":")[0].strip() for part in flat.split(",")]


def public(kind: type) -> list[str]:
    return [name for name in vars(kind) if not name.startswith("_")]


def methods() -> list[tuple[type, str]]:
    return [(kind, name) for kind in STANDS_FOR for name in public(kind)]


@pytest.mark.parametrize(("kind", "name"), methods(), ids=lambda each: getattr(each, "__name__", each))
def test_the_double_has_only_what_the_real_one_has_with_the_same_parameters(kind: type, name: str) -> None:
    real = getattr(STANDS_FOR[kind], name)
    double = getattr(kind, name)
    if isinstance(double, property):
        assert isinstance(real, property)
        return
    assert list(inspect.signature(double).parameters) in list(parameters(real))


def test_what_is_assigned_to_a_configuration_is_a_property_of_the_real_one() -> None:
    config = cpu_tensorrt.IRuntimeConfig("card")
    assigned = [name for name in vars(config) if not name.startswith("_")]
    assert sorted(assigned) == ["cuda_graph_strategy", "dynamic_shapes_kernel_specialization_strategy"]
    for name in assigned:
        assert getattr(trt.IRuntimeConfig, name).fset is not None


def test_every_name_of_the_module_is_in_the_real_one_and_the_enums_have_their_members() -> None:
    module: SimpleNamespace = cpu_tensorrt.cpu_tensorrt(cpu_tensorrt.CpuCuda())
    assert [name for name in module.__dict__ if not hasattr(trt, name)] == []
    for kind in ELEMENTS:
        assert hasattr(trt.DataType, kind)
    for reason in REASONS:
        assert hasattr(trt.EngineInvalidityDiagnostics, reason)
    assert len(REASONS) == len(trt.EngineInvalidityDiagnostics.__members__)
    for kernels in ("EAGER", "LAZY", "NONE"):
        assert hasattr(trt.DynamicShapesKernelSpecializationStrategy, kernels)
    assert trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
    assert trt.ExecutionContextAllocationStrategy.USER_MANAGED
    assert trt.IAttentionInputLayer  # the real package, not a thing that has every name
    assert not hasattr(trt, "NoSuchName")


def test_the_real_package_is_found_and_compiles_on_the_card() -> None:
    library = tensorrt_library("tensorrt_rtx")
    assert has_jit(library)
    log = make_log(library)
    log.log(library.ILogger.WARNING, "harmless")
    log.log(library.ILogger.ERROR, " bad ")
    log.log(library.ILogger.INTERNAL_ERROR, "worse")
    assert log.problems() == "bad; worse"
    assert log.problems() == "TensorRT says nothing about it"
    for number in range(1000):
        log.log(library.ILogger.INFO, str(number))
    assert len(log.lines) <= 200


def test_a_package_that_is_not_installed_is_told_with_its_name() -> None:
    with pytest.raises(TensorRtMissingError, match="install tensorrt-cu13"):
        tensorrt_library("tensorrt")


def test_a_damaged_plan_is_refused_by_the_real_runtime(tmp_path: Path) -> None:
    plan = tmp_path / "model.plan"
    plan.write_bytes(b"no plan at all " * 100)
    with pytest.raises(PlanError, match="the file is damaged: build it with `samovar engine build`"):
        PlanEngine(tensorrt_library("tensorrt_rtx"), plan)


@pytest.mark.skipif(not NO_DRIVER, reason="this machine has an NVIDIA driver")
def test_without_a_driver_a_real_plan_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    plan = tmp_path / "model.plan"
    plan.write_bytes(real_plan())
    with pytest.raises(PlanError, match=r"cudaError 35.*newest NVIDIA driver$") as caught:
        PlanEngine(tensorrt_library("tensorrt_rtx"), plan)
    assert "\n" not in str(caught.value)


def real_plan() -> bytes:
    """The smallest that the builder makes for an Ada card."""
    log = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(log)
    network = builder.create_network(0)
    tensor = network.add_input("x", trt.float32, (4,))
    network.mark_output(network.add_unary(tensor, trt.UnaryOperation.NEG).get_output(0))
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(trt.ComputeCapability.SM89, 0)
    return bytes(memoryview(builder.build_serialized_network(network, config)))
