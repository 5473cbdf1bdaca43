"""PlanEngine and PlanContext: a TensorRT plan on the card, and the contexts that run it.

Written for what `tensorrt_rtx` and classic `tensorrt` have in common. What only TensorRT for RTX has (it
compiles kernels on the card, keeps them in a cache and captures CUDA graphs by itself) is used where it
is there. Source: https://docs.nvidia.com/deeplearning/tensorrt-rtx/latest/ (Python API of the package).
"""

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import ml_dtypes
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.engine.cuda import ALIGNMENT, Stream
from gpu_actor.engine.tensorrt_library import has_jit, make_log
from gpu_actor.troubles import PlanError, TensorRtError

Kernels = Literal["eager", "lazy", "none"]
"""When TensorRT for RTX compiles kernels made for the very shapes at hand. eager: before the first use of a
shape; lazy: beside the work, which begins with general kernels and changes over, last bits included;
none: never.
"""

ELEMENTS: dict[str, Any] = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "FP8": ml_dtypes.float8_e4m3fn,
    "INT8": np.int8,
    "INT32": np.int32,
    "INT64": np.int64,
}

REASONS = {
    "VERSION_MISMATCH": "it was built with another version of TensorRT: build it with `samovar engine build`",
    "UNSUPPORTED_CC": "it was built for another kind of card: build it with `samovar engine build`",
    "OLD_CUDA_DRIVER": "the NVIDIA driver is too old: install the newest one",
    "OLD_CUDA_RUNTIME": "the CUDA libraries are too old: reinstall the packages of Samovar",
    "INSUFFICIENT_GPU_MEMORY": "the card has too little free memory: close what else uses it",
    "MALFORMED_ENGINE": "the file is damaged: build it with `samovar engine build`",
    "CUDA_ERROR": "there is no NVIDIA driver on this machine, or it does not answer: install the newest one",
}
"""Why a plan is not valid here (EngineInvalidityDiagnostics), and what to do."""


class PlanTensor(Struct, frozen=True):
    """One input or output of the plan. A −1 in `shape` is chosen with each run."""

    name: str
    elements: npt.DTypeLike
    shape: tuple[int, ...]
    is_input: bool
    shares: str = ""  # the input whose memory this output is to share, where the plan says so


class PlanEngine:
    """The plan's weights, on the card. `library`: see tensorrt_library.py."""

    def __init__(self, library: Any, plan: Path) -> None:
        self.library = library
        self.log: Any = make_log(library)
        self.runtime: Any = library.Runtime(self.log)
        if self.runtime is None:
            raise TensorRtError(f"TensorRT cannot start: {self.log.problems()}")
        with plan.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            self.check_validity(content, plan)
            self.engine: Any = self.runtime.deserialize_cuda_engine(content)
        if self.engine is None:
            raise PlanError(
                f"the TensorRT plan {plan} cannot be loaded ({self.log.problems()}); see that the newest "
                "NVIDIA driver is installed, then build the plan with `samovar engine build`"
            )
        self.tensors = {tensor.name: tensor for tensor in map(self.tensor, range(self.engine.num_io_tensors))}

    def check_validity(self, content: mmap.mmap, plan: Path) -> None:
        """Why the plan cannot run here, before gigabytes of it are loaded; classic TensorRT cannot tell."""
        if not hasattr(self.runtime, "get_engine_validity"):
            return
        validity, diagnostics = self.runtime.get_engine_validity(content)
        if validity != self.library.EngineValidity.INVALID:
            return
        causes = self.library.EngineInvalidityDiagnostics
        told = [text for name, text in REASONS.items() if int(diagnostics) & int(getattr(causes, name))]
        logged = f"{self.log.problems()}; see that there is a card, and the newest NVIDIA driver"
        reason = "; ".join(told) or logged
        raise PlanError(f"the TensorRT plan {plan} cannot run here: {reason}")

    def tensor(self, index: int) -> PlanTensor:
        name = self.engine.get_tensor_name(index)
        kind = self.engine.get_tensor_dtype(name).name
        if kind not in ELEMENTS:
            raise PlanError(
                f"the plan's tensor {name} has elements of {kind}, which this engine does not know"
            )
        if self.engine.get_tensor_location(name) != self.library.TensorLocation.DEVICE:
            raise PlanError(f"the plan wants its tensor {name} in host memory, which this engine does not do")
        mode = self.engine.get_tensor_mode(name)
        return PlanTensor(
            name=name,
            elements=ELEMENTS[kind],
            shape=tuple(self.engine.get_tensor_shape(name)),
            is_input=mode == self.library.TensorIOMode.INPUT,
            shares=self.engine.get_aliased_input_tensor(name) or "",
        )

    def largest(self, name: str) -> tuple[int, ...]:
        """The largest shape of an input in the plan's only profile."""
        return tuple(self.engine.get_tensor_profile_shape(name, 0)[2])

    def context(self, jit: "Jit | None" = None, *, graphs: bool = False) -> "PlanContext":
        """A context without memory of its own. `graphs`: TensorRT for RTX captures CUDA graphs itself."""
        strategy = self.library.ExecutionContextAllocationStrategy.USER_MANAGED
        if jit is None:
            made = self.engine.create_execution_context(strategy)
        else:
            config = jit.configuration()
            config.set_execution_context_allocation_strategy(strategy)
            capture = self.library.CudaGraphStrategy
            config.cuda_graph_strategy = capture.WHOLE_GRAPH_CAPTURE if graphs else capture.DISABLED
            made = self.engine.create_execution_context(config)
        if made is None:
            raise TensorRtError(f"TensorRT makes no execution context: {self.log.problems()}")
        return PlanContext(made, self.tensors, self.log.problems)


class Jit:
    """What TensorRT for RTX compiles on the card, and its cache on disk. None of it holds for another plan,
    card, driver or version: TensorRT checks, and what does not fit is made again.
    """

    def __init__(self, engine: PlanEngine, file: Path, kernels: Kernels) -> None:
        self.engine = engine
        self.file = file
        strategies = engine.library.DynamicShapesKernelSpecializationStrategy
        self.strategy: Any = getattr(strategies, kernels.upper())
        self.cache: Any = engine.engine.create_runtime_config().create_runtime_cache()
        self.saved = file.read_bytes() if file.is_file() else b""
        self.loaded = bool(self.saved) and bool(self.cache.deserialize(self.saved))

    def configuration(self) -> Any:
        """For one context: with the cache that all share."""
        made = self.engine.engine.create_runtime_config()
        made.dynamic_shapes_kernel_specialization_strategy = self.strategy
        if not made.set_runtime_cache(self.cache):
            raise TensorRtError(f"TensorRT takes no cache for its kernels: {self.engine.log.problems()}")
        return made

    def save(self) -> None:
        """Write what has been compiled so far, if it is more than what lies there. Raises OSError."""
        content = bytes(memoryview(self.cache.serialize()))
        if content == self.saved:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.file.with_name(f"{self.file.name}.part")
        unfinished.write_bytes(content)
        unfinished.replace(self.file)
        self.saved = content


def make_jit(engine: PlanEngine, file: Path, kernels: Kernels) -> Jit | None:
    """None with classic TensorRT, whose plans are compiled to the end."""
    return Jit(engine, file, kernels) if has_jit(engine.library) else None


class PlanContext:
    """One execution context. Whatever it refuses is a TensorRtError that says what TensorRT logged."""

    def __init__(self, context: Any, tensors: dict[str, PlanTensor], problems: Callable[[], str]) -> None:
        self.context = context
        self.tensors = tensors
        self.problems = problems

    def set_shape(self, name: str, shape: tuple[int, ...]) -> None:
        if not self.context.set_input_shape(name, shape):
            raise TensorRtError(f"the plan does not take {name} as {list(shape)}: {self.problems()}")

    def set_address(self, name: str, address: int) -> None:
        if address % ALIGNMENT:
            raise TensorRtError(f"the memory of {name} does not begin at a multiple of {ALIGNMENT} bytes")
        if not self.context.set_tensor_address(name, address):
            raise TensorRtError(f"the plan does not take the memory of {name}: {self.problems()}")

    def scratch_bytes(self) -> int:
        """Memory that a run with the shapes set last needs beside its tensors. To be asked after every change
        of shapes: it divides that memory anew.
        """
        if missing := self.context.infer_shapes():
            raise TensorRtError(f"no shape was set for {', '.join(missing)}")
        return int(self.context.update_device_memory_size_for_shapes())

    def set_scratch(self, address: int, size: int) -> None:
        self.context.set_device_memory(address, size)

    def enqueue(self, stream: Stream) -> None:
        if not self.context.execute_async_v3(stream):
            raise TensorRtError(f"TensorRT does not start a run: {self.problems()}")

    def can_be_captured(self, stream: Stream) -> bool:
        ask = getattr(self.context, "is_stream_capturable", None)
        return ask is None or bool(ask(stream))
