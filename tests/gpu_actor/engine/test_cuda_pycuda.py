"""The door to pycuda, against a double made after its documentation: the package has no wheels."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gpu_actor.engine.cuda import StridedCopy
from gpu_actor.engine.cuda_pycuda import PyCuda, driver
from gpu_actor.troubles import CudaError, CudaMemoryError, CudaMissingError, DeviceLostError


class Error(Exception):
    pass


class MemoryFullError(Error):
    pass


class LaunchFailedError(Error):
    pass


class Allocation:
    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def __int__(self) -> int:
        return 0x7000

    def free(self) -> None:
        self.log.append("free")


class Order:
    """Memcpy3D: attributes and setters, then a call with the stream."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def set_src_device(self, devptr: int) -> None:
        self.source = devptr

    def set_dst_device(self, devptr: int) -> None:
        self.target = devptr

    def __call__(self, stream: Any) -> None:
        self.log.append(("Memcpy3D", vars(self), stream.handle))


class Double:
    """pycuda.driver, as documented."""

    Error, MemoryError, LaunchError = Error, MemoryFullError, LaunchFailedError
    event_flags = SimpleNamespace(BLOCKING_SYNC=1, DISABLE_TIMING=2)

    def __init__(self) -> None:
        self.log: list[Any] = []
        context = SimpleNamespace(push=lambda: self.log.append("push"))
        self.card = SimpleNamespace(
            retain_primary_context=lambda: context,
            name=lambda: "RTX 4070",
            compute_capability=lambda: (8, 9),
            total_memory=lambda: 12_000,
        )
        self.fails: Exception | None = None

    def init(self) -> None:
        self.log.append("init")

    def Device(self, number: int) -> Any:  # noqa: N802
        return self.card

    def get_driver_version(self) -> int:
        return 13020

    def mem_get_info(self) -> tuple[int, int]:
        return 5_000, 12_000

    def mem_alloc(self, size: int) -> Allocation:
        if self.fails:
            raise self.fails
        return Allocation(self.log)

    def pagelocked_empty(self, shape: int, dtype: Any) -> Any:
        memory = np.empty(shape, dtype)
        return memory[:]  # its base is what holds the memory

    def Stream(self) -> Any:  # noqa: N802
        return SimpleNamespace(handle=3, synchronize=self.synchronize)

    def synchronize(self) -> None:
        if self.fails:
            raise self.fails
        self.log.append("synchronize")

    def Event(self, flags: int) -> Any:  # noqa: N802
        return SimpleNamespace(
            record=partial(self.record, flags), synchronize=lambda: self.log.append("waited")
        )

    def record(self, flags: int, stream: Any) -> None:
        self.log.append(("record", flags, stream.handle))

    def memcpy_htod_async(self, dest: int, src: Any, stream: Any) -> None:
        self.log.append(("up", dest, src.nbytes, stream.handle))

    def memcpy_dtoh_async(self, dest: Any, src: int, stream: Any) -> None:
        self.log.append(("down", dest.nbytes, src, stream.handle))

    def memset_d8_async(self, dest: int, data: int, count: int, stream: Any) -> None:
        self.log.append(("fill", dest, data, count, stream.handle))

    def Memcpy3D(self) -> Order:  # noqa: N802
        return Order(self.log)


@pytest.fixture
def library() -> Double:
    return Double()


@pytest.fixture
def device(library: Double) -> PyCuda:
    return PyCuda(0, library)


def test_the_card_is_told_and_the_primary_context_is_used(device: PyCuda, library: Double) -> None:
    assert (device.facts.name, device.facts.capability, device.facts.driver) == ("RTX 4070", (8, 9), "13.2")
    assert library.log == ["init", "push"]
    assert device.free_memory() == 5_000
    device.thread = -1  # another thread has no context yet
    device.free_memory()
    assert library.log == ["init", "push", "push"]


def test_work_goes_to_the_documented_calls(device: PyCuda, library: Double) -> None:
    address, pinned = device.allocate(64), device.allocate_pinned(64)
    stream, event = device.create_stream(), device.create_event()
    device.upload(address, pinned[:16], stream)
    device.download(pinned[16:], address, stream)
    device.fill(address, 0, 64, stream)
    device.record(event, stream)
    device.wait(event)
    device.copy_strided(StridedCopy(0x100, 0x200, width=24, rows=2, row=32, planes=5, plane=320), stream)
    device.destroy_event(event)
    device.destroy_stream(stream)
    device.free(address)
    up, down, fill, record, waited, (_, order, handle), *rest = library.log[2:]
    assert (up, down, fill) == (("up", 0x7000, 16, 3), ("down", 48, 0x7000, 3), ("fill", 0x7000, 0, 64, 3))
    assert (record, waited, handle) == (("record", 3, 3), "waited", 3)
    assert (order["source"], order["target"]) == (0x100, 0x200)
    assert (order["src_pitch"], order["dst_pitch"]) == (32, 32)
    assert (order["src_height"], order["dst_height"]) == (10, 10)
    assert (order["width_in_bytes"], order["height"], order["depth"]) == (24, 2, 5)
    assert rest == ["synchronize", "free"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryFullError("out of memory"), CudaMemoryError),
        (LaunchFailedError("gone"), DeviceLostError),
        (Error("x"), CudaError),
    ],
)
def test_its_errors_become_ours(device: PyCuda, library: Double, error: Error, kind: type[CudaError]) -> None:
    stream = device.create_stream()
    library.fails = error
    with pytest.raises(kind, match=r"^Stream\.synchronize failed"):
        device.synchronise(stream)
    with pytest.raises(kind, match="mem_alloc failed"):
        device.allocate(5)


def test_graphs_are_refused_in_words(device: PyCuda) -> None:
    with pytest.raises(CudaError, match="cuda-bindings"):
        device.begin_capture(device.create_stream())


def test_where_it_is_not_installed_the_other_package_is_named() -> None:
    with pytest.raises(CudaMissingError, match=r'engine\.cuda = "cuda-bindings"'):
        driver()
