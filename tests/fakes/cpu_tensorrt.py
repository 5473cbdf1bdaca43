# pyright: reportPrivateUsage=false
# What is not the real interface begins with an underscore; the classes here know each other.
"""TensorRT on a CpuCuda: the part of the real interface that the engine uses, with the real names.

A plan is a small file that names an ONNX graph; a run executes that graph with ONNX Runtime on the memory
that was bound, at the addresses that were bound. Stricter than the real one: whatever the real one leaves
undefined (a cache that is not updated in place, memory that two tensors share, shapes that changed after
the memory for them was divided) is refused here. Enums are those of the real package.
"""

import math
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import onnxruntime as untyped_runtime  # pyright: ignore[reportMissingTypeStubs]
import tensorrt_rtx as untyped_tensorrt  # pyright: ignore[reportMissingTypeStubs]
from msgspec import Struct

from gpu_actor.engine.cuda import ALIGNMENT
from tests.fakes.cpu_cuda import POISON, CpuCuda, Thunk, illegal

onnxruntime: Any = untyped_runtime
trt: Any = untyped_tensorrt

TYPES = {
    "tensor(float)": (trt.DataType.FLOAT, np.float32),
    "tensor(float16)": (trt.DataType.HALF, np.float16),
    "tensor(int64)": (trt.DataType.INT64, np.int64),
    "tensor(int32)": (trt.DataType.INT32, np.int32),
}
UPDATED = re.compile(r"([a-z]+)o(\d+)")
"""What the graph calls the updated cache: ko0 for k0."""
Shape = tuple[int, ...]


class CpuPlan(Struct, frozen=True):
    """What a plan file holds here: the graph, T, and the largest rows and tokens of its profile."""

    graph: str
    positions: int
    rows: int
    tokens: int
    version: str = str(trt.__version__)


def write_plan(file: Path, graph: Path, *, positions: int, rows: int, tokens: int) -> Path:
    file.write_bytes(msgspec.json.encode(CpuPlan(str(graph), positions, rows, tokens)))
    return file


def cpu_tensorrt(cuda: CpuCuda, *, classic: bool = False) -> Any:
    """The module. `classic`: without what only TensorRT for RTX has."""

    def runtime(logger: Any) -> Any:
        return (ClassicRuntime if classic else Runtime)(logger, cuda)

    names = (
        "DataType",
        "EngineInvalidityDiagnostics",
        "EngineValidity",
        "ExecutionContextAllocationStrategy",
        "ILogger",
        "TensorIOMode",
        "TensorLocation",
    )
    module = SimpleNamespace(
        Runtime=runtime, __version__=trt.__version__, **{name: getattr(trt, name) for name in names}
    )
    if not classic:
        module.IRuntimeCache = IRuntimeCache
        module.CudaGraphStrategy = trt.CudaGraphStrategy
        module.DynamicShapesKernelSpecializationStrategy = trt.DynamicShapesKernelSpecializationStrategy
    return module


class ClassicRuntime:
    def __init__(self, logger: Any, cuda: CpuCuda) -> None:
        self._logger = logger
        self._cuda = cuda
        self._rtx = False

    def deserialize_cuda_engine(self, serialized_engine: Any) -> Any:
        try:
            plan = msgspec.json.decode(bytes(serialized_engine), type=CpuPlan)
        except msgspec.MsgspecError as error:
            why = f"Serialization assertion failed: {error}"
            self._logger.log(trt.ILogger.ERROR, why)
            return None
        return (ICudaEngine if self._rtx else ClassicEngine)(plan, self._cuda, self._logger)


class Runtime(ClassicRuntime):
    def __init__(self, logger: Any, cuda: CpuCuda) -> None:
        super().__init__(logger, cuda)
        self._rtx = True

    def get_engine_validity(self, buffer: Any) -> tuple[Any, int]:
        causes = trt.EngineInvalidityDiagnostics
        try:
            plan = msgspec.json.decode(bytes(buffer), type=CpuPlan)
        except msgspec.MsgspecError:
            return trt.EngineValidity.INVALID, int(causes.MALFORMED_ENGINE)
        found = 0
        if plan.version != trt.__version__:
            found |= int(causes.VERSION_MISMATCH)
        if self._cuda.facts.capability != (8, 9):
            found |= int(causes.UNSUPPORTED_CC)
        return (trt.EngineValidity.INVALID if found else trt.EngineValidity.VALID), found


class Engine:
    def __init__(self, plan: CpuPlan, cuda: CpuCuda, logger: Any) -> None:
        self._plan = plan
        self._cuda = cuda
        self._logger = logger
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        options.log_severity_level = 3
        options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "0")
        self._session: Any = onnxruntime.InferenceSession(
            plan.graph, options, providers=["CPUExecutionProvider"]
        )
        sizes = {"B": -1, "S": -1, "T": plan.positions}
        self._types: dict[str, Any] = {}
        self._shapes: dict[str, Shape] = {}
        self._symbols: dict[str, list[int | str]] = {}
        self._inputs = [each.name for each in self._session.get_inputs()]
        for each in [*self._session.get_inputs(), *self._session.get_outputs()]:
            self._types[each.name] = TYPES[each.type]
            self._symbols[each.name] = each.shape
            self._shapes[each.name] = sized(each.shape, sizes)

    @property
    def num_io_tensors(self) -> int:
        return len(self._types)

    def get_tensor_name(self, index: int) -> str:
        return list(self._types)[index]

    def get_tensor_dtype(self, name: str) -> Any:
        return self._types[name][0]

    def get_tensor_location(self, name: str) -> Any:
        return trt.TensorLocation.DEVICE

    def get_tensor_mode(self, name: str) -> Any:
        return trt.TensorIOMode.INPUT if name in self._inputs else trt.TensorIOMode.OUTPUT

    def get_tensor_shape(self, name: str) -> Any:
        return trt.Dims(self._shapes[name])

    def get_aliased_input_tensor(self, name: str) -> str | None:
        parts = UPDATED.fullmatch(name)
        source = f"{parts[1]}{parts[2]}" if parts else ""
        return source if source in self._inputs else None

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[Any]:
        """Least, best and largest."""
        one = {"B": 1, "S": 1, "T": self._plan.positions}
        most = {"B": self._plan.rows, "S": self._plan.tokens, "T": self._plan.positions}
        return [trt.Dims(sized(self._symbols[name], sizes)) for sizes in (one, one, most)]


def sized(symbols: list[int | str], sizes: dict[str, int]) -> Shape:
    return tuple(sizes[each] if isinstance(each, str) else each for each in symbols)


class ClassicEngine(Engine):
    def create_execution_context(self, strategy: Any) -> Any:
        assert strategy == trt.ExecutionContextAllocationStrategy.USER_MANAGED
        return ClassicContext(self, None)


class ICudaEngine(Engine):
    def create_runtime_config(self) -> Any:
        return IRuntimeConfig(self._cuda.facts.name)

    def create_execution_context(self, runtime_config: Any) -> Any:
        assert isinstance(runtime_config, IRuntimeConfig)
        assert runtime_config._strategy == trt.ExecutionContextAllocationStrategy.USER_MANAGED
        return IExecutionContext(self, runtime_config)


class IRuntimeConfig:
    def __init__(self, card: str) -> None:
        self._card = card
        self._strategy: Any = trt.ExecutionContextAllocationStrategy.STATIC
        self._cache: IRuntimeCache | None = None
        self.cuda_graph_strategy: Any = trt.CudaGraphStrategy.DISABLED
        self.dynamic_shapes_kernel_specialization_strategy: Any = (
            trt.DynamicShapesKernelSpecializationStrategy.LAZY
        )

    def set_execution_context_allocation_strategy(self, strategy: Any) -> None:
        self._strategy = strategy

    def create_runtime_cache(self) -> Any:
        return IRuntimeCache(self._card)

    def set_runtime_cache(self, cache: Any) -> bool:
        self._cache = cache
        return True


class IRuntimeCache:
    """What was compiled: the shapes that were run."""

    def __init__(self, card: str) -> None:
        self._card = card
        self._shapes: list[str] = []

    def serialize(self) -> Any:
        return memoryview(msgspec.json.encode({"card": self._card, "shapes": self._shapes}))

    def deserialize(self, blob: Any) -> bool:
        try:
            content = msgspec.json.decode(bytes(blob), type=dict[str, Any])
        except msgspec.MsgspecError:
            return False
        if content["card"] != self._card:
            return False
        self._shapes = content["shapes"]
        return True


class ClassicContext:
    def __init__(self, engine: Engine, config: IRuntimeConfig | None) -> None:
        self._engine = engine
        self._config = config
        self._shapes: dict[str, Shape] = {}
        self._addresses: dict[str, int] = {}
        self._scratch = (0, 0)
        self._divided: dict[str, Shape] = {}
        self._warm: dict[str, Shape] = {}

    def _refuse(self, why: str) -> bool:
        self._engine._logger.log(trt.ILogger.ERROR, why)
        return False

    def set_input_shape(self, name: str, shape: Shape) -> bool:
        if name not in self._engine._inputs:
            return self._refuse(f"{name} is no input")
        least, _, most = (tuple(each) for each in self._engine.get_tensor_profile_shape(name, 0))
        if len(shape) != len(least) or any(
            not low <= size <= high for low, size, high in zip(least, shape, most, strict=True)
        ):
            return self._refuse(
                f"{name}: {shape} does not satisfy the optimization profile {least} to {most}"
            )
        self._shapes[name] = tuple(shape)
        return True

    def set_tensor_address(self, name: str, memory: int) -> bool:
        if name not in self._engine._types:
            return self._refuse(f"there is no tensor {name}")
        if memory % ALIGNMENT:
            return self._refuse(f"{name} is not aligned")
        self._addresses[name] = memory
        return True

    def infer_shapes(self) -> list[str]:
        engine = self._engine
        return [name for name in engine._inputs if name not in self._shapes and -1 in engine._shapes[name]]

    def update_device_memory_size_for_shapes(self) -> int:
        self._divided = dict(self._shapes)
        return self._needed()

    def _needed(self) -> int:
        rows, tokens, embedding = self._shapes["states"]
        return rows * tokens * embedding * 16

    def set_device_memory(self, memory: int, size: int) -> None:
        self._scratch = (memory, size)

    def execute_async_v3(self, stream_handle: int) -> bool:
        engine, cuda = self._engine, self._engine._cuda
        if missing := [name for name in engine._types if not self._addresses.get(name)]:
            return self._refuse(f"the address of {missing[0]} was not set")
        if missing := self.infer_shapes():
            return self._refuse(f"the shape of {missing[0]} was not set")
        if self._divided != self._shapes:
            return self._refuse("the shapes changed after the memory for them was divided")
        if self._scratch[1] < self._needed():
            return self._refuse(f"{self._scratch[1]} bytes of device memory are too few")
        capturing = cuda.queue(stream_handle, "execute_async_v3").capture is not None
        if capturing and self._warm != self._shapes:
            return self._refuse("shapes that were never run cannot be captured")
        self._warm = dict(self._shapes)
        if self._config is not None and self._config._cache is not None:
            key = str(self._shapes["states"])
            cache = self._config._cache
            cache._shapes = sorted({*cache._shapes, key})
        bound = self._bound()
        scratch, needed = self._scratch, self._needed()

        def work() -> Thunk:
            if capturing and bound != self._bound():
                raise illegal(
                    "cudaGraphLaunch", "the context of the captured run was bound to something else"
                )
            return lambda: run(engine, bound, scratch, needed)

        cuda.compute(work, stream_handle)
        return True

    def _bound(self) -> dict[str, tuple[int, Shape]]:
        """Address and shape of every tensor."""
        engine = self._engine
        sizes: dict[str, int] = {"T": engine._plan.positions}
        for name in engine._inputs:
            actual = self._shapes.get(name, engine._shapes[name])
            for symbol, size in zip(engine._symbols[name], actual, strict=True):
                if isinstance(symbol, int):
                    continue
                if sizes.setdefault(symbol, size) != size:
                    raise illegal(
                        "execute_async_v3", f"{name} is {actual}, others have {symbol} = {sizes[symbol]}"
                    )
        return {name: (self._addresses[name], sized(engine._symbols[name], sizes)) for name in engine._types}


class IExecutionContext(ClassicContext):
    def is_stream_capturable(self, stream: int) -> bool:
        return True


def run(engine: Engine, bound: dict[str, tuple[int, Shape]], scratch: tuple[int, int], needed: int) -> None:
    """The kernels: check where everything lies, then let ONNX Runtime work on it."""
    cuda = engine._cuda
    ranges: dict[int, tuple[int, str]] = {scratch[0]: (needed, "device memory")}
    sizes: dict[str, int] = {}
    for name, (address, shape) in bound.items():
        size = sizes[name] = math.prod(shape) * np.dtype(engine._types[name][1]).itemsize
        cuda.at(address, size, "device", "kernel")
        shared = engine.get_aliased_input_tensor(name)
        if shared is not None:
            if bound[shared][0] != address:
                raise illegal("kernel", f"{name} does not lie where {shared} lies")
        elif address in ranges:
            raise illegal("kernel", f"{name} lies where {ranges[address][1]} lies")
        else:
            ranges[address] = size, name
    edges = sorted((address, address + size, name) for address, (size, name) in ranges.items())
    for (_, end, one), (begin, _, other) in pairwise(edges):
        if begin < end:
            raise illegal("kernel", f"{one} and {other} overlap")
    cuda.at(*scratch, "device", "kernel")[:] = POISON
    binding = engine._session.io_binding()
    for name, (address, shape) in bound.items():
        bind: Callable[..., None] = binding.bind_input if name in engine._inputs else binding.bind_output
        bind(name, "cpu", 0, engine._types[name][1], shape, address)
    engine._session.run_with_iobinding(binding)
