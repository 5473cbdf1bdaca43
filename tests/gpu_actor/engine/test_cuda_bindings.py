"""The door to cuda.bindings, held against the real package, which refuses wrong names, counts and kinds of
arguments even where there is no card.
"""

import inspect
from typing import Any

import numpy as np
import pytest

from gpu_actor.engine.cuda import Device, StridedCopy
from gpu_actor.engine.cuda_bindings import CudaBindings, runtime
from gpu_actor.troubles import CudaError, CudaMemoryError, CudaMissingError, DeviceLostError, OldDriverError

real = runtime()
NO_DRIVER = real.cudaDriverGetVersion()[1] == 0
A_SIZE = 64

ANSWERS: dict[str, tuple[Any, ...]] = {
    "cudaDriverGetVersion": (13020,),
    "cudaMalloc": (0x7000,),
    "cudaMemGetInfo": (5_000, 12_000),
    "cudaStreamCreateWithFlags": (real.cudaStream_t(3),),
    "cudaEventCreateWithFlags": (real.cudaEvent_t(4),),
    "cudaStreamEndCapture": (real.cudaGraph_t(5),),
    "cudaGraphInstantiate": (real.cudaGraphExec_t(6),),
}


def properties() -> Any:
    made = real.cudaDeviceProp()
    made.name, made.major, made.minor, made.totalGlobalMem = b"RTX 4070".ljust(256, b"\0"), 8, 9, 12_000
    return made


class Recorder:
    """cuda.bindings.runtime as if there were a card: hands each call to the real function, which checks its
    arguments and finds no driver, and then answers for it.
    """

    def __init__(self, failures: dict[str, int] | None = None) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.failures = failures or {}
        self.host = np.zeros(A_SIZE, np.uint8)

    def __getattr__(self, name: str) -> Any:
        wanted = getattr(real, name)
        if not inspect.isroutine(wanted) or name == "cudaGetErrorString":
            return wanted  # structures and enums are the real ones

        def call(*arguments: Any) -> tuple[Any, ...]:
            inspect.signature(wanted).bind(*arguments)
            if NO_DRIVER and name != "cudaDriverGetVersion":
                assert wanted(*arguments)[0] == real.cudaError_t.cudaErrorInsufficientDriver
            self.calls.append((name, arguments))
            if name in self.failures:
                return (real.cudaError_t(self.failures[name]), None)
            if name == "cudaGetDeviceProperties":
                return (real.cudaError_t.cudaSuccess, properties())
            if name == "cudaHostAlloc":
                return (real.cudaError_t.cudaSuccess, self.host.ctypes.data)
            return (real.cudaError_t.cudaSuccess, *ANSWERS.get(name, ()))

        return call


@pytest.fixture
def library() -> Recorder:
    return Recorder()


@pytest.fixture
def device(library: Recorder) -> CudaBindings:
    return CudaBindings(0, library)


def test_the_card_and_its_driver_are_told(device: CudaBindings) -> None:
    assert (device.facts.name, device.facts.capability) == ("RTX 4070", (8, 9))
    assert (device.facts.driver, device.facts.memory_bytes) == ("13.2", 12_000)
    assert device.free_memory() == 5_000


def test_every_call_has_the_arguments_that_the_package_takes(device: CudaBindings, library: Recorder) -> None:
    def everything(card: Device) -> None:
        address, pinned = card.allocate(A_SIZE), card.allocate_pinned(A_SIZE)
        stream, event = card.create_stream(), card.create_event()
        assert (address, stream, event) == (0x7000, 3, 4)
        card.upload(address, pinned, stream)
        card.download(pinned[8:24], address, stream)
        card.fill(address, 0, A_SIZE, stream)
        card.copy_strided(StridedCopy(1, 2, 3, 4, 10, 6, 100), stream)
        card.record(event, stream)
        card.wait(event)
        card.begin_capture(stream)
        graph = card.end_capture(stream)
        card.launch(graph, stream)
        card.synchronise(stream)
        card.destroy_graph(graph)
        card.destroy_event(event)
        card.destroy_stream(stream)
        card.free_pinned(pinned)
        card.free(address)

    everything(device)
    public = [name for name in vars(Device) if not name.startswith("_")]
    assert len(public) == 21  # whoever adds one adds it above
    names = [name for name, _ in library.calls]
    assert names[-4:] == ["cudaEventDestroy", "cudaStreamDestroy", "cudaFreeHost", "cudaFree"]
    assert library.calls[-2][1] == (library.host.ctypes.data,)


def test_copies_go_the_right_way_and_as_far_as_they_should(device: CudaBindings, library: Recorder) -> None:
    pinned = device.allocate_pinned(A_SIZE)
    device.upload(0x7000, pinned[:16], 3)
    device.download(pinned[16:], 0x8000, 3)
    (_, up), (_, down) = library.calls[-2:]
    host = library.host.ctypes.data
    assert up == (0x7000, host, 16, real.cudaMemcpyKind.cudaMemcpyHostToDevice, 3)
    assert down == (host + 16, 0x8000, A_SIZE - 16, real.cudaMemcpyKind.cudaMemcpyDeviceToHost, 3)


def test_a_strided_copy_counts_its_planes_in_rows(device: CudaBindings, library: Recorder) -> None:
    device.copy_strided(StridedCopy(0x100, 0x200, width=24, rows=2, row=32, planes=5, plane=320), 3)
    name, (parameters, stream) = library.calls[-1]
    assert (name, stream) == ("cudaMemcpy3DAsync", 3)
    assert (parameters.srcPtr.ptr, parameters.dstPtr.ptr) == (0x100, 0x200)
    assert (parameters.srcPtr.pitch, parameters.srcPtr.ysize) == (32, 10)
    assert (parameters.dstPtr.pitch, parameters.dstPtr.ysize) == (32, 10)
    extent = parameters.extent
    assert (extent.width, extent.height, extent.depth) == (24, 2, 5)
    assert parameters.kind == real.cudaMemcpyKind.cudaMemcpyDeviceToDevice


def test_another_thread_chooses_the_card_anew(device: CudaBindings, library: Recorder) -> None:
    device.free_memory()
    device.thread = -1
    device.free_memory()
    assert [name for name, _ in library.calls[-3:]] == ["cudaMemGetInfo", "cudaSetDevice", "cudaMemGetInfo"]


@pytest.mark.parametrize(
    ("number", "kind", "remedy"),
    [
        (2, CudaMemoryError, "lower engine.context"),
        (35, OldDriverError, "newest NVIDIA driver"),
        (100, CudaMissingError, "nvidia-smi"),
        (700, DeviceLostError, "starts anew"),
        (702, DeviceLostError, "starts anew"),
        (1, CudaError, "report this line"),
    ],
)
def test_a_failure_names_its_call_and_the_way_out(number: int, kind: type[CudaError], remedy: str) -> None:
    device = CudaBindings(0, Recorder({"cudaStreamSynchronize": number}))
    with pytest.raises(kind, match=r"^cudaStreamSynchronize failed: cudaError") as caught:
        device.synchronise(3)
    assert type(caught.value) is kind
    assert remedy in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_graph_that_cannot_be_made_leaves_its_recording_behind_nowhere() -> None:
    library = Recorder({"cudaGraphInstantiate": 2})
    device = CudaBindings(0, library)
    with pytest.raises(CudaMemoryError):
        device.end_capture(3)
    assert library.calls[-1][0] == "cudaGraphDestroy"


@pytest.mark.skipif(not NO_DRIVER, reason="this machine has an NVIDIA driver")
def test_without_a_driver_one_line_says_so() -> None:
    with pytest.raises(CudaMissingError, match="no NVIDIA driver on this machine"):
        CudaBindings()


def test_a_driver_library_that_cannot_be_loaded_is_no_driver() -> None:
    class Broken:
        @staticmethod
        def cudaDriverGetVersion() -> Any:  # noqa: N802
            raise RuntimeError("Failed to dlopen libcuda.so.1")

    with pytest.raises(CudaMissingError, match=r"dlopen libcuda\.so\.1.*install it"):
        CudaBindings(0, Broken())
