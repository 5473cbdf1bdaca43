"""CpuCuda: a device of gpu_actor.engine.cuda that computes on the CPU, and forgives less than a card does.

Memory and addresses are real. Work put on a stream is done when somebody waits for it and not before, so
what is read too early is still poison: 0xFF in every byte, NaN in each float format. Each address must lie in
living memory of the right kind, with all its bytes. Pinned memory that a copy has yet to read must not
change.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from gpu_actor.engine.cuda import (
    ALIGNMENT,
    Bytes,
    DeviceFacts,
    Event,
    Stream,
    StridedCopy,
    aligned,
    cuda_error,
)

POISON = 0xFF
Thunk = Callable[[], None]
Work = Callable[[], Thunk]
"""Called when the work is put on a stream; what it gives is called when it is done."""


def invalid(call: str, why: str) -> Exception:
    return cuda_error(call, 1, "cudaErrorInvalidValue", why)


def illegal(call: str, why: str) -> Exception:
    return cuda_error(call, 700, "cudaErrorIllegalAddress", why)


@dataclass
class Block:
    """A piece of memory. It is never given back to the system, so that who still uses it reads poison."""

    kind: str
    memory: Bytes
    alive: bool = True

    @property
    def address(self) -> int:
        return self.memory.ctypes.data


@dataclass
class Queue:
    waiting: deque[Thunk] = field(default_factory=deque[Thunk])
    done: int = 0
    put: int = 0
    capture: list[Work] | None = None


class CpuCuda:
    """`capacity`: bytes of device memory."""

    def __init__(self, capacity: int = 1 << 32, capability: tuple[int, int] = (8, 9)) -> None:
        self.facts = DeviceFacts("CPU that passes for a card", capability, "13.2", capacity)
        self.blocks: list[Block] = []  # by address
        self.streams: dict[Stream, Queue] = {}
        self.events: dict[Event, tuple[Stream, int] | None] = {}
        self.graphs: dict[int, list[Work]] = {}
        self.next_handle = 1
        self.launched = 0
        self.failure: Exception | None = None

    # -- memory -------------------------------------------------------------------------------

    def free_memory(self) -> int:
        return self.facts.memory_bytes - self.in_use("device")

    def in_use(self, kind: str) -> int:
        return sum(block.memory.nbytes for block in self.blocks if block.alive and block.kind == kind)

    def new_block(self, kind: str, size: int) -> Block:
        if size <= 0:
            raise invalid("cudaMalloc", "no size")
        raw = np.empty(size + 2 * ALIGNMENT, np.uint8)  # a gap behind, so that neighbours are not one
        begin = -raw.ctypes.data % ALIGNMENT
        block = Block(kind, raw[begin : begin + size])
        block.memory[:] = POISON
        at = bisect_right([each.address for each in self.blocks], block.address)
        self.blocks.insert(at, block)
        return block

    def allocate(self, size: int) -> int:
        if aligned(size) > self.free_memory():
            raise cuda_error("cudaMalloc", 2, "cudaErrorMemoryAllocation", "out of memory")
        return self.new_block("device", size).address

    def free(self, address: int) -> None:
        self.do_everything()  # cudaFree waits for the card
        self.bury("device", address, "cudaFree")

    def allocate_pinned(self, size: int) -> Bytes:
        return self.new_block("pinned", size).memory

    def free_pinned(self, memory: Bytes) -> None:
        self.do_everything()
        self.bury("pinned", memory.ctypes.data, "cudaFreeHost")

    def bury(self, kind: str, address: int, call: str) -> None:
        for block in self.blocks:
            if block.address == address and block.kind == kind and block.alive:
                block.alive = False
                block.memory[:] = POISON
                return
        raise invalid(call, f"{address:#x} is not what was allocated")

    def at(self, address: int, size: int, kind: str, call: str) -> Bytes:
        """The living memory [address, address + size)."""
        place = bisect_right([each.address for each in self.blocks], address) - 1
        block = self.blocks[place] if place >= 0 else None
        if block is None or address + size > block.address + block.memory.nbytes:
            raise illegal(call, f"{size} bytes at {address:#x} lie in no memory of ours, or past its end")
        if not block.alive:
            raise illegal(call, f"the memory at {address:#x} was freed")
        if block.kind != kind:
            raise invalid(call, f"the memory at {address:#x} is {block.kind}, not {kind}")
        begin = address - block.address
        return block.memory[begin : begin + size]

    # -- streams ------------------------------------------------------------------------------

    def handle(self) -> int:
        self.next_handle += 1
        return self.next_handle

    def create_stream(self) -> Stream:
        stream = self.handle()
        self.streams[stream] = Queue()
        return stream

    def destroy_stream(self, stream: Stream) -> None:
        self.synchronise(stream)
        del self.streams[stream]

    def queue(self, stream: Stream, call: str) -> Queue:
        if stream not in self.streams:
            raise cuda_error(call, 400, "cudaErrorInvalidResourceHandle", "no such stream")
        return self.streams[stream]

    def put(self, stream: Stream, work: Work, call: str) -> None:
        queue = self.queue(stream, call)
        if queue.capture is not None:
            queue.capture.append(work)
            return
        queue.waiting.append(work())
        queue.put += 1

    def do(self, queue: Queue, until: int) -> None:
        if self.failure is not None:
            raise self.failure  # a context that failed is of no use any more, as on a card
        while queue.done < until:
            try:
                queue.waiting.popleft()()
            except Exception as error:
                self.failure = error
                raise
            queue.done += 1

    def do_everything(self) -> None:
        for queue in self.streams.values():
            self.do(queue, queue.put)

    def synchronise(self, stream: Stream) -> None:
        queue = self.queue(stream, "cudaStreamSynchronize")
        if queue.capture is not None:
            raise cuda_error("cudaStreamSynchronize", 900, "cudaErrorStreamCaptureUnsupported", "capturing")
        self.do(queue, queue.put)

    # -- work ---------------------------------------------------------------------------------

    def upload(self, target: int, source: Bytes, stream: Stream) -> None:
        call, size = "cudaMemcpyAsync", source.nbytes

        def work() -> Thunk:
            before = self.at(source.ctypes.data, size, "pinned", call).copy()
            self.at(target, size, "device", call)

            def thunk() -> None:
                now = self.at(source.ctypes.data, size, "pinned", call)
                if not np.array_equal(now, before):
                    raise illegal(call, "pinned memory was changed before the copy had read it")
                self.at(target, size, "device", call)[:] = before

            return thunk

        self.put(stream, work, call)

    def download(self, target: Bytes, source: int, stream: Stream) -> None:
        call, size = "cudaMemcpyAsync", target.nbytes

        def work() -> Thunk:
            # What stands there until the copy is done is nobody's business.
            self.at(target.ctypes.data, size, "pinned", call)[:] = POISON
            self.at(source, size, "device", call)

            def thunk() -> None:
                host = self.at(target.ctypes.data, size, "pinned", call)
                host[:] = self.at(source, size, "device", call)

            return thunk

        self.put(stream, work, call)

    def fill(self, address: int, value: int, size: int, stream: Stream) -> None:
        call = "cudaMemsetAsync"

        def work() -> Thunk:
            self.at(address, size, "device", call)

            def thunk() -> None:
                self.at(address, size, "device", call)[:] = value

            return thunk

        self.put(stream, work, call)

    def copy_strided(self, copy: StridedCopy, stream: Stream) -> None:
        call = "cudaMemcpy3DAsync"
        if not 0 < copy.width <= copy.row or copy.plane % copy.row or copy.rows * copy.row > copy.plane:
            raise cuda_error(
                call, 12, "cudaErrorInvalidPitchValue", "pieces overlap, or planes are no whole rows"
            )

        def pieces(start: int) -> list[int]:
            return [
                start + plane * copy.plane + row * copy.row
                for plane in range(copy.planes)
                for row in range(copy.rows)
            ]

        def work() -> Thunk:
            pairs = list(zip(pieces(copy.source), pieces(copy.target), strict=True))
            edges = sorted(address for pair in pairs for address in pair)
            if any(later - earlier < copy.width for earlier, later in pairwise(edges)):
                raise invalid(call, "source and target overlap")

            def thunk() -> None:
                for source, target in pairs:
                    wanted = self.at(source, copy.width, "device", call)
                    self.at(target, copy.width, "device", call)[:] = wanted

            return thunk

        self.put(stream, work, call)

    def compute(self, work: Work, stream: Stream) -> None:
        """For the runtime that stands on this device: its kernels."""
        self.put(stream, work, "cudaLaunchKernel")

    # -- events -------------------------------------------------------------------------------

    def create_event(self) -> Event:
        event = self.handle()
        self.events[event] = None
        return event

    def destroy_event(self, event: Event) -> None:
        del self.events[event]

    def record(self, event: Event, stream: Stream) -> None:
        self.events[event] = stream, self.queue(stream, "cudaEventRecord").put

    def wait(self, event: Event) -> None:
        mark = self.events[event]
        if mark is not None:
            self.do(self.streams[mark[0]], mark[1])

    # -- graphs -------------------------------------------------------------------------------

    def begin_capture(self, stream: Stream) -> None:
        queue = self.queue(stream, "cudaStreamBeginCapture")
        if queue.capture is not None:
            raise cuda_error("cudaStreamBeginCapture", 401, "cudaErrorIllegalState", "capturing already")
        queue.capture = []

    def end_capture(self, stream: Stream) -> Any:
        queue = self.queue(stream, "cudaStreamEndCapture")
        if queue.capture is None:
            raise cuda_error("cudaStreamEndCapture", 401, "cudaErrorIllegalState", "not capturing")
        graph = self.handle()
        self.graphs[graph], queue.capture = queue.capture, None
        return graph

    def launch(self, graph: Any, stream: Stream) -> None:
        for work in self.graphs[graph]:
            self.put(stream, work, "cudaGraphLaunch")
        self.launched += 1

    def destroy_graph(self, graph: Any) -> None:
        del self.graphs[graph]

    # -- for tests ----------------------------------------------------------------------------

    def left_over(self) -> dict[str, int]:
        """What has not been given back."""
        counts = {
            "device": self.in_use("device"),
            "pinned": self.in_use("pinned"),
            "streams": len(self.streams),
            "events": len(self.events),
            "graphs": len(self.graphs),
        }
        return {name: count for name, count in counts.items() if count}
