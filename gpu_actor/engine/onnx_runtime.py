"""OnnxRuntimeDecoder: the door to `onnxruntime`. Runs the decoder graph on the CPU over slots of one cache.

The caches of all layers lie in one buffer [2·layers, slots, Hkv, T, D]; a run is bound to the
addresses of the slots it works on, so the graph reads and writes them in place and nothing is
copied. T has one position more than the context: there an idle slot of a batch may write.
"""

import math
import mmap
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as untyped  # pyright: ignore[reportMissingTypeStubs]

from gpu_actor.engine.graph_cache import Numerics
from gpu_actor.engine.huge_pages import move_into_huge_pages
from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.rope import Table
from gpu_actor.engine.slots import SlotLengths

Floats = npt.NDArray[np.float32]
onnxruntime: Any = untyped
"""The package has no usable types: behind this door nothing of it is visible."""

CPU = "CPUExecutionProvider"

MEMORY_ON_DEMAND = sys.platform == "linux"
"""Whether the system counts only what is used of a large piece of memory, and takes parts of it back."""

WIDEST_GAP = 1
"""Idle slots between two that decode in one run. More of them cost more than reading the weights twice."""

WHOLE_SCORES = "ORT_GQA_DISABLE_FLASH_ATTENTION"
"""Environment variable of the runtime, read when a session is made: "1" for the kernel of attention that
writes down all scores of a run, and is about a twentieth of a step faster than the one in tiles.
"""

MOST_SCORES = 96 << 20
"""Bytes that those scores may take. A long context, or a model of many heads, gets the kernel in tiles."""


class Feed:
    """The small inputs of a run of up to `rows` rows and `tokens` tokens, at addresses that stay."""

    def __init__(self, rows: int, tokens: int, embedding: int) -> None:
        self.states = np.zeros((rows * tokens, embedding), np.float32)
        self.seqlens = np.zeros(rows, np.int32)
        self.total = np.zeros((), np.int32)
        self.last = np.zeros((rows, 1), np.int64)


class OnnxRuntimeDecoder:
    """See gpu_actor.engine.decoder.Decoder."""

    def __init__(
        self,
        graph: Path,
        config: ModelConfig,
        tables: Mapping[str, Table],
        *,
        slots: int,
        context: int,
        longest_chunk: int,
        threads: int,
        numerics: Numerics,
        shelves: int = 0,
    ) -> None:
        self.config = config
        self.slots = slots
        self.shelves = shelves
        self.context = context
        self.longest_chunk = longest_chunk
        rows = max(slots + shelves, 2)
        scores = 4 * config.heads * longest_chunk * (context + 1)
        os.environ[WHOLE_SCORES] = str(int(scores <= MOST_SCORES))
        self.session = onnxruntime.InferenceSession(str(graph), session_options(threads), providers=[CPU])
        move_into_huge_pages()
        self.tables = dict(tables)
        cache = (2 * config.layers, rows, config.kv_heads, context + 1, config.head_size)
        self.memory, self.cache = zeros_on_demand(cache)
        self.lengths = SlotLengths(slots, shelves, context, longest_chunk, rows)
        self.chunk = Feed(1, longest_chunk, config.embedding)
        self.tokens = Feed(rows, 1, config.embedding)
        self.logits = np.zeros((rows, config.vocabulary), np.float32)
        self.chunk_bindings: dict[int, Any] = {}
        self.token_bindings: dict[tuple[int, int], Any] = {}
        self.least_rows = 1 if numerics == "fast" and self.one_row_is_like_two() else 2

    def one_row_is_like_two(self) -> bool:
        """Whether a run of one row gives the bits of a larger one. At exact numerics it never does; at fast
        ones it depends on the processor's kernels, whose order of summing differs by up to 0.6 in a
        logit where there is no AVX-512, so it is tried.
        """
        states = np.random.default_rng(0).standard_normal((6, self.config.embedding), np.float32)
        states *= np.float32(self.config.embedding**-0.5)
        tried: list[Floats] = []
        for self.least_rows in (1, 2):
            self.prefill(0, states[:4])
            tried += [self.decode([0], states[place : place + 1]).copy() for place in (4, 5)]
            self.keep(0, 0)
        return np.array_equal(tried[:2], tried[2:])

    def filled(self, slot: int) -> int:
        return self.lengths.filled(slot)

    def prefill(self, slot: int, states: Floats) -> Floats:
        count = len(states)
        start = self.lengths.check_prefill(slot, count)
        feed = self.chunk
        binding = self.chunk_bindings.get(slot)
        if binding is None:
            binding = self.chunk_bindings[slot] = self.bind(feed, slot, 1, 0)
        bind_input(binding, "states", feed.states, (1, count, self.config.embedding))
        feed.states[:count] = states
        feed.seqlens[0] = start + count - 1
        feed.total[()] = start + count
        feed.last[0] = count - 1
        self.session.run_with_iobinding(binding)
        self.lengths.append(slot, count)
        return self.logits[slot]

    def decode(self, slots: Sequence[int], states: Floats) -> Floats:
        """The slots of a run lie next to one another. One that is not asked for computes too, on a
        zero state, and writes at the position after its own last one, which the next real
        token of that slot overwrites.
        """
        self.lengths.check_decode(slots)
        feed, filled = self.tokens, self.lengths.counts
        feed.states[:] = 0
        feed.states[list(slots)] = states
        feed.seqlens[:] = filled
        for first, count in self.runs(slots):
            binding = self.token_bindings.get((first, count))
            if binding is None:
                binding = self.token_bindings[first, count] = self.bind(feed, first, count, first)
                bind_input(binding, "states", feed.states[first:], (count, 1, self.config.embedding))
            feed.total[()] = filled[first : first + count].max() + 1
            self.session.run_with_iobinding(binding)
        self.lengths.append(slots, 1)
        return self.logits[list(slots)]

    def keep(self, slot: int, count: int) -> None:
        before = self.lengths.filled(slot)
        self.lengths.keep(slot, count)
        if MEMORY_ON_DEMAND and before > count:
            self.give_back(slot, count)

    def give_back(self, slot: int, count: int) -> None:
        """To the system, the memory of the slot's positions from `count` on: whole pages of it."""
        page, whole = mmap.PAGESIZE, self.cache.strides
        length = (self.context + 1) * whole[3]
        for plane in range(len(self.cache)):
            for head in range(self.config.kv_heads):
                start = plane * whole[0] + slot * whole[1] + head * whole[2]
                first = -(-(start + count * whole[3]) // page) * page
                past = (start + length) // page * page
                if past > first:
                    self.memory.madvise(mmap.MADV_DONTNEED, first, past - first)

    def clone(self, source: int, target: int, count: int) -> None:
        self.lengths.check_clone(source, target, count)
        self.cache[:, target, :, :count] = self.cache[:, source, :, :count]
        self.lengths.counts[target] = count

    def runs(self, slots: Sequence[int]) -> Iterator[tuple[int, int]]:
        """(first, count) of neighbouring slots that together hold all that are asked for."""
        ordered = sorted(slots)
        first = last = ordered[0]
        for slot in [*ordered[1:], None]:
            if slot is not None and slot - last - 1 <= WIDEST_GAP:
                last = slot
                continue
            count = max(last - first + 1, self.least_rows)
            yield min(first, len(self.lengths.counts) - count), count
            if slot is not None:
                first = last = slot

    def bind(self, feed: Feed, first: int, count: int, row: int) -> Any:
        """Everything but the states: slots [first, first + count), their inputs from `row` of the feed on."""
        binding = self.session.io_binding()
        bind_input(binding, "seqlens", feed.seqlens[row:], (count,))
        bind_input(binding, "total", feed.total, ())
        bind_input(binding, "last", feed.last[row:], (count, 1))
        for name, table in self.tables.items():
            bind_input(binding, name, table, table.shape)
        for index in range(2 * self.config.layers):
            layer, kind = index // 2, "kv"[index % 2]
            cache = self.cache[index, first : first + count]
            bind_input(binding, f"{kind}{layer}", cache, cache.shape)
            bind_output(binding, f"{kind}o{layer}", cache, cache.shape)
        bind_output(binding, "logits", self.logits[first:], (count, self.config.vocabulary))
        return binding


def bind_input(binding: Any, name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    binding.bind_input(name, "cpu", 0, array.dtype.type, shape, array.ctypes.data)


def bind_output(binding: Any, name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    binding.bind_output(name, "cpu", 0, array.dtype.type, shape, array.ctypes.data)


def zeros_on_demand(shape: tuple[int, ...]) -> tuple[mmap.mmap, Floats]:
    """Zeros that take memory only where they are written to, and that memory."""
    size = math.prod(shape) * 4
    if sys.platform == "linux":
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        # One huge page would span the caches of many positions that are never used.
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    else:
        memory = mmap.mmap(-1, size)
    return memory, np.frombuffer(memory, np.float32).reshape(shape)


def session_options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The graph is written in its final form; looking for fusions would only cost time at every start.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Threads spin inside a run (a step has hundreds of small operators) and sleep between runs.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def runtime_version() -> str:
    return str(onnxruntime.__version__)
