"""TensorRtDecoder: runs a TensorRT plan over slots of one cache. The device may be a card or the tests' CPU.

The caches of all layers lie in one piece of device memory [2·layers, slots + shelves, Hkv, T, D] (one
piece for each shape and element type, where layers differ); a run is bound to the addresses of the slots it
works on and writes them in place. T has at least one position more than the context: there an idle row of
a batch may write.

Everything goes over one stream, in order; the host waits once a call, for the logits.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from gpu_actor.engine.cuda import Device, Stream
from gpu_actor.engine.slots import SlotLengths
from gpu_actor.engine.tensorrt_engine import Jit, PlanEngine, PlanTensor
from gpu_actor.engine.tensorrt_memory import Caches, Feed, Scratch, Tables
from gpu_actor.engine.tensorrt_runs import DecodeRuns, Run
from gpu_actor.troubles import PlanError

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]


class Widths:
    """In which sizes a plan is run. Kernels, and with them the last bits, depend on the size of a run.

    steady: all slots take part in each decode, and prompts are computed `unit` tokens at a time: what a
    sequence computes is the same whoever speaks beside it. Else only what is needed is computed.
    """

    def __init__(self, *, steady: bool, slots: int, longest_chunk: int, unit: int) -> None:
        self.steady = steady
        self.slots = slots
        unit = min(unit, longest_chunk)
        sizes = [unit] if steady else [16 << power for power in range(16)]
        self.prompts = [size for size in sizes if size < longest_chunk] or [longest_chunk]
        if not steady:
            self.prompts.append(longest_chunk)

    def decode(self, slots: Sequence[int]) -> tuple[int, int]:
        """(first, count) of the slots that take part. One run always: two would read the weights twice."""
        return (0, self.slots) if self.steady else (min(slots), max(slots) - min(slots) + 1)

    def prefill(self, count: int, room: int) -> Iterator[tuple[int, int]]:
        """`count` tokens cut into runs, each (tokens, size ≥ tokens). The rest of a size is filled up with
        zeros behind the tokens, where `room`, the positions left in the cache, allows it.
        """
        while count:
            size = next((each for each in self.prompts if each >= count), self.prompts[-1])
            tokens = min(size, count)
            if count - tokens == 1 and tokens > 2:
                tokens -= 1  # a prompt's token is never computed alone
            yield tokens, (size if size <= room else tokens)
            count -= tokens
            room -= tokens


class TensorRtDecoder:
    """See gpu_actor.engine.decoder.Decoder. `tables`: the plan's constant inputs by name, each [T, …].

    `graphs`: how many CUDA graphs to keep; 0 for none. TensorRT for RTX (`jit`) keeps its own.
    """

    def __init__(
        self,
        engine: PlanEngine,
        device: Device,
        tables: Mapping[str, npt.NDArray[Any]],
        *,
        slots: int,
        shelves: int,
        context: int,
        longest_chunk: int,
        widths: Widths,
        jit: Jit | None,
        graphs: int,
    ) -> None:
        self.device = device
        self.slots = slots
        self.shelves = shelves
        self.context = context
        self.longest_chunk = longest_chunk
        self.widths = widths
        self.jit = jit
        self.lengths = SlotLengths(slots, shelves, context, longest_chunk)
        self.sizes: set[tuple[int, int]] = set()  # of runs, for each of which kernels may be compiled
        self.unsaved = False
        with ExitStack() as stack:
            self.set_up(stack, engine, tables, graphs)
            self.parts = stack.pop_all()

    def set_up(
        self, stack: ExitStack, engine: PlanEngine, tables: Mapping[str, npt.NDArray[Any]], graphs: int
    ) -> None:
        """All memory and the runs. Whatever is made goes on the stack, to be given back in reverse order."""
        device, jit, slots = self.device, self.jit, self.slots
        self.stream = device.create_stream()
        stack.callback(device.destroy_stream, self.stream)
        self.done = device.create_event()
        stack.callback(device.destroy_event, self.done)
        self.caches = Caches(device, engine.tensors, slots + self.shelves, self.stream)
        stack.callback(self.caches.close)
        if self.caches.positions <= self.context:
            raise PlanError(
                f"the plan's cache holds {self.caches.positions} positions: too few for a context of "
                f"{self.context}; lower engine.context, or build the plan anew with `samovar engine build`"
            )
        self.tables = Tables(device, engine.tensors, tables, self.stream)
        stack.callback(self.tables.close)
        self.scratch = Scratch(device)
        stack.callback(self.scratch.close)
        self.chunk = Feed(device, engine.tensors, rows=1, tokens=self.widths.prompts[-1])
        stack.callback(self.chunk.close)
        self.tokens = Feed(device, engine.tensors, rows=slots, tokens=1)
        stack.callback(self.tokens.close)
        self.logits = Logits(device, engine.tensors["logits"], slots)
        stack.callback(self.logits.close)
        self.prompt_run = Run(engine.context(jit), self.scratch)
        self.decode_runs = DecodeRuns(
            device,
            lambda: Run(engine.context(jit, graphs=graphs > 0), self.scratch),
            lambda run, first, count: self.bind(run, self.tokens, first, rows=count, tokens=1),
            self.tokens.upload,
            graphs=0 if jit else graphs,
        )
        stack.callback(self.decode_runs.close)
        # The largest shapes first: memory for them is there, or lacking, before anything is served.
        self.bind(self.prompt_run, self.chunk, 0, rows=1, tokens=self.widths.prompts[-1])
        self.decode_runs.at(0, slots)
        device.synchronise(self.stream)
        self.tables.uploaded()

    def filled(self, slot: int) -> int:
        return self.lengths.filled(slot)

    # -- computing ----------------------------------------------------------------------------

    def prefill(self, slot: int, states: Floats) -> Floats:
        start = self.lengths.check_prefill(slot, len(states))
        if self.unsaved:
            self.save_kernels()  # here nobody notices the time it takes
        at = 0
        for tokens, size in self.widths.prefill(len(states), self.caches.positions - start):
            if at:
                self.wait()  # the inputs are to be written anew
            begin = start + at
            padded = np.zeros((size, states.shape[1]), np.float32)
            padded[:tokens] = states[at : at + tokens]
            feed = self.chunk
            feed.write("positions", np.arange(begin, begin + size))
            feed.write("write_index", np.array([begin]))
            # What fills the run up lies behind the tokens: none of them looks at it, the next overwrite it.
            feed.write("kv_length", np.array([begin + size]))
            feed.write("last", np.array([tokens - 1]))
            feed.write("states", padded)
            self.bind(self.prompt_run, feed, slot, rows=1, tokens=size)
            feed.upload(self.stream, size)
            self.prompt_run.enqueue(self.stream)
            self.ran(1, size)
            at += tokens
        self.logits.download(0, 1, self.stream)
        self.wait()
        self.lengths.append(slot, len(states))
        return self.logits.rows([0])[0]

    def decode(self, slots: Sequence[int], states: Floats) -> Floats:
        """A slot of the run that is not asked for computes too, and writes at the position after its own last
        one, which the next real token of that slot overwrites. It does so on a zero state at position 0
        that sees one position: that costs nothing however long its sequence is, and lies inside every
        sliding window (a row that may see nothing would become NaN, and so would what it writes).
        """
        self.lengths.check_decode(slots)
        first, count = self.widths.decode(slots)
        rows = [slot - first for slot in slots]
        filled = self.lengths.counts[first : first + count]
        positions, lengths = np.zeros(count, np.int64), np.ones(count, np.int64)
        positions[rows] = filled[rows]
        lengths[rows] = filled[rows] + 1
        padded = np.zeros((count, states.shape[1]), np.float32)
        padded[rows] = states
        feed = self.tokens
        feed.write("positions", positions)
        feed.write("write_index", filled)
        feed.write("kv_length", lengths)
        feed.write("states", padded)
        self.decode_runs.start(self.decode_runs.at(first, count), self.stream)
        self.ran(count, 1)
        for begin, end in neighbours(rows):
            self.logits.download(begin, end, self.stream)
        self.wait()
        self.lengths.append(slots, 1)
        return self.logits.rows(rows)

    def ran(self, rows: int, tokens: int) -> None:
        """The first run of a size may have compiled kernels."""
        if (rows, tokens) not in self.sizes:
            self.sizes.add((rows, tokens))
            self.unsaved = True

    def wait(self) -> None:
        """Until all that was put on the stream is done."""
        self.device.record(self.done, self.stream)
        self.device.wait(self.done)

    def bind(self, run: Run, feed: Feed, first: int, *, rows: int, tokens: int) -> None:
        """Shapes and addresses of everything, for slots [first, first + rows)."""
        shapes = {**feed.shapes(rows, tokens), **self.caches.shapes(rows), **self.tables.shapes}
        addresses = {**feed.addresses, **self.caches.addresses(first), **self.tables.addresses}
        run.bind(shapes, {**addresses, "logits": self.logits.address})

    # -- sequences ----------------------------------------------------------------------------

    def keep(self, slot: int, count: int) -> None:
        self.lengths.keep(slot, count)

    def clone(self, source: int, target: int, count: int) -> None:
        self.lengths.check_clone(source, target, count)
        if count:
            self.caches.clone(source, target, count, self.stream)
        self.lengths.counts[target] = count

    # -- the end ------------------------------------------------------------------------------

    def save_kernels(self) -> None:
        """Keep what was compiled on the card for the next start; a full disk only makes that one slower."""
        self.unsaved = False
        if self.jit is None:
            return
        try:
            self.jit.save()
        except OSError as error:
            log.warning(
                "the kernels compiled on the card cannot be kept, and are made at each start: %s", error
            )

    def close(self) -> None:
        """Give everything back. The decoder is of no use afterwards."""
        self.device.synchronise(self.stream)
        self.parts.close()


class Logits:
    """The logits [slots, V] on the card, and their twin in pinned memory."""

    def __init__(self, device: Device, tensor: PlanTensor, slots: int) -> None:
        self.device = device
        elements = np.dtype(tensor.elements)
        self.row_bytes = tensor.shape[-1] * elements.itemsize
        self.address = device.allocate(slots * self.row_bytes)
        self.pinned = device.allocate_pinned(slots * self.row_bytes)
        self.values: npt.NDArray[Any] = self.pinned.view(elements).reshape(slots, tensor.shape[-1])

    def download(self, begin: int, end: int, stream: Stream) -> None:
        """Rows [begin, end) and no more: with 262,144 tokens a row is a megabyte."""
        first, last = begin * self.row_bytes, end * self.row_bytes
        self.device.download(self.pinned[first:last], self.address + first, stream)

    def rows(self, rows: Sequence[int]) -> Floats:
        """These rows, in this order; without a copy where they lie like that. Valid until the next run."""
        first = rows[0]
        in_order = list(rows) == list(range(first, first + len(rows)))
        wanted = self.values[first : first + len(rows)] if in_order else self.values[list(rows)]
        return wanted.astype(np.float32, copy=False)

    def close(self) -> None:
        self.device.free(self.address)
        self.device.free_pinned(self.pinned)


def neighbours(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rows as few ranges [begin, end) that hold them and nothing else."""
    begin = end = -1
    for row in sorted(rows):
        if row != end:
            if end > begin:
                yield begin, end
            begin = row
        end = row + 1
    yield begin, end
