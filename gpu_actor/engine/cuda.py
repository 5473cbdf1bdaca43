"""Device: the one door to CUDA. What the engine asks of a card, whoever carries it out.

Two real implementations (cuda_bindings.py, cuda_pycuda.py); the tests have one that computes on the CPU.
Addresses, streams, events and graphs are plain integers or objects that only their device understands.

Work on a stream is done in order and later: until the stream or an event on it has been waited for,
pinned memory that takes part must be neither read nor written. Only pinned host memory takes part.
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.troubles import CudaError, CudaMemoryError, CudaMissingError, DeviceLostError, OldDriverError

Bytes = npt.NDArray[np.uint8]
Stream = int
Event = int

ALIGNMENT = 256
"""Bytes. What cudaMalloc keeps to, and what TensorRT may count on at every address it is given."""


class DeviceFacts(Struct, frozen=True):
    """Which card, and which driver."""

    name: str
    capability: tuple[int, int]  # compute capability: (8, 9) is Ada
    driver: str  # of the driver: the newest CUDA it knows, "13.0"
    memory_bytes: int


class StridedCopy(Struct, frozen=True):
    """`planes` times `rows` pieces of `width` bytes; piece (p, r) begins p·plane + r·row after the start.

    `plane` is a whole number of `row`. Source and target have the same strides and may lie in one
    another's gaps; their pieces must not overlap.
    """

    source: int
    target: int
    width: int
    rows: int
    row: int
    planes: int
    plane: int


class Device(Protocol):
    """One card. Not thread-safe: one thread owns it. All sizes are bytes.

    Every failure is a CudaError, or a more exact class of it, that names the call.
    """

    @property
    def facts(self) -> DeviceFacts: ...

    def free_memory(self) -> int:
        """What the card has left, for all processes together."""
        ...

    # -- memory -------------------------------------------------------------------------------

    def allocate(self, size: int) -> int:
        """Device memory of any content, aligned to ALIGNMENT; its address."""
        ...

    def free(self, address: int) -> None: ...

    def allocate_pinned(self, size: int) -> Bytes:
        """Host memory that the card reads and writes by itself. Lives until free_pinned."""
        ...

    def free_pinned(self, memory: Bytes) -> None: ...

    # -- streams and what is put on them ------------------------------------------------------

    def create_stream(self) -> Stream: ...

    def destroy_stream(self, stream: Stream) -> None: ...

    def synchronise(self, stream: Stream) -> None:
        """Wait until all work on the stream is done; failures of that work come out here."""
        ...

    def upload(self, target: int, source: Bytes, stream: Stream) -> None:
        """Pinned memory into device memory."""
        ...

    def download(self, target: Bytes, source: int, stream: Stream) -> None:
        """Device memory into pinned memory."""
        ...

    def fill(self, address: int, value: int, size: int, stream: Stream) -> None:
        """Every byte becomes `value`."""
        ...

    def copy_strided(self, copy: StridedCopy, stream: Stream) -> None:
        """Device memory to device memory, in one call."""
        ...

    # -- events -------------------------------------------------------------------------------

    def create_event(self) -> Event:
        """A mark for streams. Who waits for it sleeps."""
        ...

    def destroy_event(self, event: Event) -> None: ...

    def record(self, event: Event, stream: Stream) -> None:
        """Put the mark on the stream, after all that is there."""
        ...

    def wait(self, event: Event) -> None:
        """Wait until all work before the mark is done."""
        ...

    # -- graphs -------------------------------------------------------------------------------

    def begin_capture(self, stream: Stream) -> None:
        """From now on work put on the stream is recorded instead of done."""
        ...

    def end_capture(self, stream: Stream) -> Any:
        """What was recorded, as a graph ready for launching."""
        ...

    def launch(self, graph: Any, stream: Stream) -> None:
        """Do what was recorded, with the contents that memory has by then."""
        ...

    def destroy_graph(self, graph: Any) -> None: ...


# -- errors ---------------------------------------------------------------------------------------

MEMORY = {2}  # cudaErrorMemoryAllocation
DRIVER_TOO_OLD = {
    34,
    35,
    803,
    804,
    222,
}  # stub library, insufficient driver, mismatch, no forward compatibility, PTX
NO_DEVICE = {100, 101, 46}  # no device, invalid device, all devices in use by others
LOST = {700, 702, 710, 714, 715, 716, 717, 718, 719, 214, 226}
"""Numbers after which the context is of no use: illegal address, time-out (Windows resets a driver whose
kernel runs longer than two seconds), asserts, hardware faults, launch failure, uncorrectable memory errors.
"""


def cuda_error(call: str, number: int, name: str, says: str) -> CudaError:
    """The exception for an error number of the CUDA runtime (cudaError_t), with what to do about it."""
    what = f"{call} failed: {name} ({number}), {says}"
    if number in MEMORY:
        return CudaMemoryError(
            f"{what}; close what else uses the card, or lower engine.context, engine.slots or engine.cache_mb"
        )
    if number in DRIVER_TOO_OLD:
        return OldDriverError(f"{what}; install the newest NVIDIA driver and restart the machine")
    if number in NO_DEVICE:
        return CudaMissingError(f"{what}; look with nvidia-smi whether the card is there and free")
    if number in LOST:
        return DeviceLostError(
            f"{what}; the engine starts anew. If it comes again: undo overclocking, update the driver, "
            'or choose engine.runtime = "onnxruntime"'
        )
    return CudaError(f'{what}; if it comes again choose engine.runtime = "onnxruntime" and report this line')


def no_driver(call: str, says: str) -> CudaMissingError:
    return CudaMissingError(
        f"{call} failed: {says}; there is no NVIDIA driver on this machine, or it is not loaded: install it, "
        'or choose engine.runtime = "onnxruntime"'
    )


def aligned(size: int) -> int:
    """The size rounded up so that what follows begins where a tensor may begin."""
    return -(-size // ALIGNMENT) * ALIGNMENT
