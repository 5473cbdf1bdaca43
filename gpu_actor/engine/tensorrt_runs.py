"""Runs of a TensorRT context: bound once, started often, recorded as CUDA graphs where that is possible."""

import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from gpu_actor.engine.cuda import Device, Stream
from gpu_actor.engine.tensorrt_engine import PlanContext
from gpu_actor.engine.tensorrt_memory import Scratch
from gpu_actor.troubles import CudaError, DeviceLostError, TensorRtError

log = logging.getLogger(__name__)


class Run:
    """One context, and what it was last told."""

    def __init__(self, context: PlanContext, scratch: Scratch) -> None:
        self.context = context
        self.scratch = scratch
        self.scratch_at: tuple[int, int] = (0, 0)
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.addresses: dict[str, int] = {}

    def bind(self, shapes: Mapping[str, tuple[int, ...]], addresses: Mapping[str, int]) -> None:
        """Tell what has changed. The memory for the shapes is there afterwards."""
        changed = [name for name, shape in shapes.items() if self.shapes.get(name) != shape]
        for name in changed:
            self.context.set_shape(name, shapes[name])
            self.shapes[name] = shapes[name]
        for name, address in addresses.items():
            if self.addresses.get(name) != address:
                self.context.set_address(name, address)
                self.addresses[name] = address
        if changed:
            self.scratch.reserve(self.context.scratch_bytes())

    def enqueue(self, stream: Stream) -> None:
        place = self.scratch.address, self.scratch.size
        if self.scratch_at != place:
            self.context.set_scratch(*place)
            self.scratch_at = place
        self.context.enqueue(stream)


class DecodeRun:
    """A run for one (first, count) of slots, with its graph once there is one."""

    def __init__(self, run: Run, key: tuple[int, int]) -> None:
        self.run = run
        self.key = key
        self.warm = False
        self.graph: Any = None
        self.graph_scratch: tuple[int, int] = (0, 0)


class DecodeRuns:
    """The runs of decoding. With graphs that we capture ourselves, each (first, count) has a context of its
    own, for a graph holds only as long as the context's shapes and addresses do; at most `graphs` of them.
    Otherwise there is one, which is bound anew when other slots take part.
    """

    def __init__(
        self,
        device: Device,
        make: Callable[[], Run],
        bind: Callable[[Run, int, int], None],
        upload: Callable[[Stream, int], None],
        *,
        graphs: int,
    ) -> None:
        """`make`: a run without bindings; `bind` binds it to (first, count); `upload` puts the copy of the
        inputs of `count` rows on a stream.
        """
        self.device = device
        self.make = make
        self.bind = bind
        self.upload = upload
        self.most = max(graphs, 1)
        self.capturing = graphs > 0
        self.runs: OrderedDict[tuple[int, int], DecodeRun] = OrderedDict()

    def at(self, first: int, count: int) -> DecodeRun:
        """The run for these slots, bound."""
        key = (first, count)
        decode_run = self.runs.pop(key, None)
        if decode_run is None:
            run = self.forget_oldest() if len(self.runs) >= self.most else self.make()
            self.bind(run, first, count)
            decode_run = DecodeRun(run, key)
        self.runs[key] = decode_run
        return decode_run

    def forget_oldest(self) -> Run:
        """Its context is free for other slots."""
        _, oldest = self.runs.popitem(last=False)
        self.drop_graph(oldest)
        return oldest.run

    def start(self, decode_run: DecodeRun, stream: Stream) -> None:
        """Upload the inputs and compute. The first time plainly, for a context prepares things then that
        cannot be recorded.
        """
        if self.capturing and decode_run.warm:
            if decode_run.graph_scratch != (decode_run.run.scratch.address, decode_run.run.scratch.size):
                self.drop_graph(decode_run)  # it works in memory that has moved
            if decode_run.graph is None:
                self.capture(decode_run, stream)
            if decode_run.graph is not None:
                self.device.launch(decode_run.graph, stream)
                return
        self.plainly(decode_run, stream)
        decode_run.warm = True

    def plainly(self, decode_run: DecodeRun, stream: Stream) -> None:
        self.upload(stream, decode_run.key[1])
        decode_run.run.enqueue(stream)

    def capture(self, decode_run: DecodeRun, stream: Stream) -> None:
        """Record the run. Where that does not go, nothing is recorded any more; all else stays as it is."""
        if not decode_run.run.context.can_be_captured(stream):
            self.capturing = False
            log.warning(
                "this plan cannot be recorded as a CUDA graph; each step starts its kernels one by one"
            )
            return
        try:
            decode_run.graph = self.recorded(decode_run, stream)
        except DeviceLostError:
            raise
        except (CudaError, TensorRtError) as error:
            self.capturing = False
            log.warning("no CUDA graph can be recorded; each step starts its kernels one by one: %s", error)
            return
        decode_run.graph_scratch = decode_run.run.scratch_at

    def recorded(self, decode_run: DecodeRun, stream: Stream) -> Any:
        self.device.begin_capture(stream)
        try:
            self.plainly(decode_run, stream)
        except (CudaError, TensorRtError):
            with contextlib.suppress(CudaError):  # the first failure is the one to tell
                self.device.destroy_graph(self.device.end_capture(stream))
            raise
        return self.device.end_capture(stream)

    def drop_graph(self, decode_run: DecodeRun) -> None:
        if decode_run.graph is not None:
            self.device.destroy_graph(decode_run.graph)
            decode_run.graph = None

    def close(self) -> None:
        for decode_run in self.runs.values():
            self.drop_graph(decode_run)
        self.runs.clear()
