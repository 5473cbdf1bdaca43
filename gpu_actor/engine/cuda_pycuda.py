"""PyCuda: the door to `pycuda`, the second real device, for Linux machines that have it already.

Written from its documentation (https://documen.tician.de/pycuda/driver.html) and tried against no card:
pycuda has no wheels, and building it takes a compiler and the CUDA toolkit. It records no graphs here;
decoding then starts its kernels one by one, unless TensorRT for RTX records them itself.
"""

import importlib
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gpu_actor.engine.cuda import Bytes, DeviceFacts, Event, Stream, StridedCopy, cuda_error
from gpu_actor.troubles import CudaError, CudaMissingError

OUT_OF_MEMORY, LAUNCH_FAILED, OTHER = 2, 719, 1
"""Numbers of the CUDA runtime that stand for the classes of pycuda's errors, which carry none."""


def driver() -> Any:
    try:
        return importlib.import_module("pycuda.driver")
    except (ImportError, OSError) as error:
        raise CudaMissingError(
            f'pycuda cannot be loaded ({error}); install it, or set engine.cuda = "cuda-bindings"'
        ) from error


class PyCuda:
    """The card with number `index`. `library` is pycuda.driver, or what the tests put in its place."""

    def __init__(self, index: int = 0, library: Any = None) -> None:
        self.library: Any = library or driver()
        self.context: Any = None
        with self.named("cuInit"):
            self.library.init()
            card = self.library.Device(index)
            # The primary context is the one that TensorRT's own calls use.
            self.context = card.retain_primary_context()
            self.context.push()
            version = int(self.library.get_driver_version())
            self.facts = DeviceFacts(
                name=str(card.name()),
                capability=tuple(card.compute_capability()),
                driver=f"{version // 1000}.{version % 1000 // 10}",
                memory_bytes=int(card.total_memory()),
            )
        self.thread = threading.get_ident()
        self.allocations: dict[int, Any] = {}
        self.pinned: dict[int, Any] = {}
        self.streams: dict[Stream, Any] = {}
        self.events: dict[Event, Any] = {}

    @contextmanager
    def named(self, call: str) -> Generator[None]:
        """Our context is this thread's; pycuda's errors become ours."""
        library = self.library
        try:
            if self.context is not None and threading.get_ident() != self.thread:
                self.context.push()
                self.thread = threading.get_ident()
            yield
        except library.MemoryError as error:
            raise cuda_error(call, OUT_OF_MEMORY, "MemoryError", str(error)) from error
        except library.LaunchError as error:
            raise cuda_error(call, LAUNCH_FAILED, "LaunchError", str(error)) from error
        except library.Error as error:
            raise cuda_error(call, OTHER, type(error).__name__, str(error)) from error

    def free_memory(self) -> int:
        with self.named("mem_get_info"):
            free, _ = self.library.mem_get_info()
        return int(free)

    # -- memory -------------------------------------------------------------------------------

    def allocate(self, size: int) -> int:
        with self.named("mem_alloc"):
            made = self.library.mem_alloc(size)
        self.allocations[int(made)] = made
        return int(made)

    def free(self, address: int) -> None:
        with self.named("DeviceAllocation.free"):
            self.allocations.pop(address).free()

    def allocate_pinned(self, size: int) -> Bytes:
        with self.named("pagelocked_empty"):
            made: Bytes = self.library.pagelocked_empty(size, np.uint8)
        self.pinned[made.ctypes.data] = made
        return made

    def free_pinned(self, memory: Bytes) -> None:
        with self.named("HostAllocation.free"):
            self.pinned.pop(memory.ctypes.data).base.free()

    # -- streams and what is put on them ------------------------------------------------------

    def create_stream(self) -> Stream:
        with self.named("Stream"):
            made = self.library.Stream()
        self.streams[int(made.handle)] = made
        return int(made.handle)

    def destroy_stream(self, stream: Stream) -> None:
        self.synchronise(stream)
        del self.streams[stream]  # pycuda destroys it with its last reference

    def synchronise(self, stream: Stream) -> None:
        with self.named("Stream.synchronize"):
            self.streams[stream].synchronize()

    def upload(self, target: int, source: Bytes, stream: Stream) -> None:
        with self.named("memcpy_htod_async"):
            self.library.memcpy_htod_async(target, source, self.streams[stream])

    def download(self, target: Bytes, source: int, stream: Stream) -> None:
        with self.named("memcpy_dtoh_async"):
            self.library.memcpy_dtoh_async(target, source, self.streams[stream])

    def fill(self, address: int, value: int, size: int, stream: Stream) -> None:
        with self.named("memset_d8_async"):
            self.library.memset_d8_async(address, value, size, self.streams[stream])

    def copy_strided(self, copy: StridedCopy, stream: Stream) -> None:
        with self.named("Memcpy3D"):
            order = self.library.Memcpy3D()
            order.set_src_device(copy.source)
            order.set_dst_device(copy.target)
            order.src_pitch = order.dst_pitch = copy.row
            order.src_height = order.dst_height = copy.plane // copy.row
            order.width_in_bytes = copy.width
            order.height = copy.rows
            order.depth = copy.planes
            order(self.streams[stream])

    # -- events -------------------------------------------------------------------------------

    def create_event(self) -> Event:
        flags = self.library.event_flags
        with self.named("Event"):
            made = self.library.Event(flags.BLOCKING_SYNC | flags.DISABLE_TIMING)
        self.events[id(made)] = made
        return id(made)

    def destroy_event(self, event: Event) -> None:
        del self.events[event]

    def record(self, event: Event, stream: Stream) -> None:
        with self.named("Event.record"):
            self.events[event].record(self.streams[stream])

    def wait(self, event: Event) -> None:
        with self.named("Event.synchronize"):
            self.events[event].synchronize()

    # -- graphs -------------------------------------------------------------------------------

    def begin_capture(self, stream: Stream) -> None:
        raise CudaError('pycuda records no CUDA graphs here; set engine.cuda = "cuda-bindings" to have them')

    def end_capture(self, stream: Stream) -> Any:
        raise CudaError("pycuda records no CUDA graphs here")

    def launch(self, graph: Any, stream: Stream) -> None:
        raise CudaError("pycuda records no CUDA graphs here")

    def destroy_graph(self, graph: Any) -> None:
        raise CudaError("pycuda records no CUDA graphs here")
