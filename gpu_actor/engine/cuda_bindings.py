"""CudaBindings: the door to NVIDIA's `cuda.bindings` (the CUDA runtime API). One of the two real devices.

Source: https://nvidia.github.io/cuda-python/cuda-bindings/latest/module/runtime.html. Each function
gives a tuple whose first item is the error number, and raises nothing.
"""

import ctypes
import importlib
import threading
from typing import Any

import numpy as np

from gpu_actor.engine.cuda import Bytes, DeviceFacts, Event, Stream, StridedCopy, cuda_error, no_driver
from gpu_actor.troubles import CudaMissingError

NON_BLOCKING = 1
"""cudaStreamNonBlocking: the stream does not wait for the default stream, which nobody here uses."""
BLOCKING_SYNC, NO_TIMING = 1, 2
"""cudaEventBlockingSync (the waiting thread sleeps) and cudaEventDisableTiming."""


def runtime() -> Any:
    """The package; imported only by who wants a card, for others need not have it."""
    try:
        return importlib.import_module("cuda.bindings.runtime")
    except (ImportError, OSError) as error:
        raise CudaMissingError(
            f"cuda.bindings cannot be loaded ({error}); install the package cuda-bindings, or choose "
            'engine.runtime = "onnxruntime"'
        ) from error


class CudaBindings:
    """The card with number `index`. `library` is cuda.bindings.runtime, or what tests put in its place."""

    def __init__(self, index: int = 0, library: Any = None) -> None:
        self.library: Any = library or runtime()
        version = self.checked("cudaDriverGetVersion")
        if version == 0:
            raise no_driver("cudaDriverGetVersion", "it knows no version")
        self.index = index
        self.thread = 0  # CUDA keeps the chosen card for each thread
        properties = self.call("cudaGetDeviceProperties", index)
        self.facts = DeviceFacts(
            name=properties.name.split(b"\0")[0].decode(errors="replace"),
            capability=(int(properties.major), int(properties.minor)),
            driver=f"{version // 1000}.{version % 1000 // 10}",
            memory_bytes=int(properties.totalGlobalMem),
        )

    def call(self, name: str, *arguments: Any) -> Any:
        """The function, on our card whatever thread this is."""
        if threading.get_ident() != self.thread:
            self.checked("cudaSetDevice", self.index)
            self.thread = threading.get_ident()
        return self.checked(name, *arguments)

    def checked(self, name: str, *arguments: Any) -> Any:
        """What the function gives beside its error number: nothing, one thing, or a tuple."""
        try:
            error, *given = getattr(self.library, name)(*arguments)
        except RuntimeError as failure:  # the driver's own library cannot be loaded
            raise no_driver(name, str(failure)) from failure
        if int(error) != 0:
            raise cuda_error(name, int(error), error.name, self.says(error))
        return given[0] if len(given) == 1 else tuple(given)

    def says(self, error: Any) -> str:
        _, text = self.library.cudaGetErrorString(error)
        return text.decode(errors="replace") if isinstance(text, bytes) else str(text)

    def free_memory(self) -> int:
        free, _ = self.call("cudaMemGetInfo")
        return int(free)

    # -- memory -------------------------------------------------------------------------------

    def allocate(self, size: int) -> int:
        return int(self.call("cudaMalloc", size))

    def free(self, address: int) -> None:
        self.call("cudaFree", address)

    def allocate_pinned(self, size: int) -> Bytes:
        address = int(self.call("cudaHostAlloc", size, 0))
        return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))

    def free_pinned(self, memory: Bytes) -> None:
        self.call("cudaFreeHost", memory.ctypes.data)

    # -- streams and what is put on them ------------------------------------------------------

    def create_stream(self) -> Stream:
        return int(self.call("cudaStreamCreateWithFlags", NON_BLOCKING))

    def destroy_stream(self, stream: Stream) -> None:
        self.call("cudaStreamDestroy", stream)

    def synchronise(self, stream: Stream) -> None:
        self.call("cudaStreamSynchronize", stream)

    def upload(self, target: int, source: Bytes, stream: Stream) -> None:
        kind = self.library.cudaMemcpyKind.cudaMemcpyHostToDevice
        self.call("cudaMemcpyAsync", target, source.ctypes.data, source.nbytes, kind, stream)

    def download(self, target: Bytes, source: int, stream: Stream) -> None:
        kind = self.library.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self.call("cudaMemcpyAsync", target.ctypes.data, source, target.nbytes, kind, stream)

    def fill(self, address: int, value: int, size: int, stream: Stream) -> None:
        self.call("cudaMemsetAsync", address, value, size, stream)

    def copy_strided(self, copy: StridedCopy, stream: Stream) -> None:
        parameters = self.library.cudaMemcpy3DParms()
        for pointer, address in ((parameters.srcPtr, copy.source), (parameters.dstPtr, copy.target)):
            pointer.ptr = address
            pointer.pitch = copy.row
            pointer.xsize = copy.width
            pointer.ysize = copy.plane // copy.row  # a plane's stride, counted in rows
        parameters.extent.width = copy.width
        parameters.extent.height = copy.rows
        parameters.extent.depth = copy.planes
        parameters.kind = self.library.cudaMemcpyKind.cudaMemcpyDeviceToDevice
        self.call("cudaMemcpy3DAsync", parameters, stream)

    # -- events -------------------------------------------------------------------------------

    def create_event(self) -> Event:
        return int(self.call("cudaEventCreateWithFlags", BLOCKING_SYNC | NO_TIMING))

    def destroy_event(self, event: Event) -> None:
        self.call("cudaEventDestroy", event)

    def record(self, event: Event, stream: Stream) -> None:
        self.call("cudaEventRecord", event, stream)

    def wait(self, event: Event) -> None:
        self.call("cudaEventSynchronize", event)

    # -- graphs -------------------------------------------------------------------------------

    def begin_capture(self, stream: Stream) -> None:
        self.call(
            "cudaStreamBeginCapture",
            stream,
            self.library.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal,
        )

    def end_capture(self, stream: Stream) -> Any:
        recorded = self.call("cudaStreamEndCapture", stream)
        try:
            return self.call("cudaGraphInstantiate", recorded, 0)
        finally:
            self.call("cudaGraphDestroy", recorded)

    def launch(self, graph: Any, stream: Stream) -> None:
        self.call("cudaGraphLaunch", graph, stream)

    def destroy_graph(self, graph: Any) -> None:
        self.call("cudaGraphExecDestroy", graph)
