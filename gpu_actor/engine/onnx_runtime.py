"""OnnxRuntimeDecoder: the door to `onnxruntime`. Runs the decoder graph on the CPU over slots of one cache.

The caches of all layers lie in one buffer [2·layers, rows, Hkv, T, D]; a run is bound to the
addresses of the rows it works on, so the graph reads and writes them in place and nothing is
copied. Row r belongs to slot r. T has one position more than the context: there idle rows of a
batch may write.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnxruntime

from gpu_actor.engine.model_config import ModelConfig
from gpu_actor.engine.rope import Table

Floats = npt.NDArray[np.float32]
Numerics = Literal["fast", "exact"]

CPU = "CPUExecutionProvider"


class OnnxRuntimeDecoder:
    """One decoder graph and the caches of its slots. Not thread-safe: one thread owns it."""

    def __init__(
        self,
        graph: Path,
        config: ModelConfig,
        tables: tuple[Table, Table],
        *,
        slots: int,
        context: int,
        longest_chunk: int,
        threads: int,
        numerics: Numerics,
    ) -> None:
        self.config = config
        self.slots = slots
        self.context = context
        # At exact numerics a batch of one row is rounded otherwise than a larger one.
        self.least_rows = 2 if numerics == "exact" else 1
        rows = max(slots, self.least_rows)
        self.session = onnxruntime.InferenceSession(str(graph), session_options(threads), providers=[CPU])
        self.cosines, self.sines = tables
        cache = (2 * config.layers, rows, config.kv_heads, context + 1, config.head_size)
        self.cache = np.zeros(cache, np.float32)
        self.filled = np.zeros(rows, np.int64)  # positions of each row that hold its sequence
        self.states = np.zeros((max(rows, longest_chunk), config.embedding), np.float32)
        self.seqlens = np.zeros(rows, np.int32)
        self.total = np.zeros((), np.int32)
        self.last = np.zeros((rows, 1), np.int64)
        self.logits = np.zeros((rows, config.vocabulary), np.float32)
        self.decode_bindings: dict[tuple[int, int], Any] = {}
        self.prefill_bindings: dict[int, Any] = {}

    def clear(self, slot: int) -> None:
        """Forget the slot's sequence."""
        self.filled[slot] = 0

    def prefill(self, slot: int, states: Floats) -> Floats:
        """Append states [S, E] to the slot's cache in one go; the logits [V] of the last of them,
        valid until the next call."""
        count, start = len(states), int(self.filled[slot])
        if start + count > self.context:
            raise ValueError(f"slot {slot} holds {start} positions; {count} more exceed {self.context}")
        binding = self.prefill_bindings.get(slot)
        if binding is None:
            binding = self.prefill_bindings[slot] = self.bind(slot, 1)
        self.states[:count] = states
        self.bind_input(binding, "states", self.states, (1, count, self.config.embedding))
        self.seqlens[0] = start + count - 1
        self.total[()] = start + count
        self.last[0] = count - 1
        self.session.run_with_iobinding(binding)
        self.filled[slot] = start + count
        return self.logits[0]

    def decode(self, slots: list[int], states: Floats) -> Floats:
        """Append one state to each slot, states [len(slots), E]; logits [len(slots), V] in that order,
        valid until the next call.

        The rows of a batch lie next to one another. One that is not asked for computes too, on a
        zero state, and writes at the position after its own last one, which the next real
        token of that row overwrites.
        """
        first, last = min(slots), max(slots)
        while last - first + 1 < self.least_rows:
            first, last = (first, last + 1) if last + 1 < len(self.filled) else (first - 1, last)
        count = last - first + 1
        rows = np.array(slots) - first
        if self.filled[slots].max() >= self.context:
            raise ValueError(f"a slot of {slots} is full: {self.context} positions")
        binding = self.decode_bindings.get((first, count))
        if binding is None:
            binding = self.decode_bindings[first, count] = self.bind(first, count)
            self.bind_input(binding, "states", self.states, (count, 1, self.config.embedding))
        self.states[:count] = 0
        self.states[rows] = states
        self.seqlens[:count] = self.filled[first : last + 1]
        self.total[()] = self.seqlens[:count].max() + 1
        self.last[:count] = 0
        self.session.run_with_iobinding(binding)
        self.filled[slots] += 1
        return self.logits[rows]

    # -- binding ------------------------------------------------------------------------------

    def bind(self, first: int, count: int) -> Any:
        """Everything but the states, for the rows [first, first + count)."""
        binding = self.session.io_binding()
        self.bind_input(binding, "seqlens", self.seqlens, (count,))
        self.bind_input(binding, "total", self.total, ())
        self.bind_input(binding, "last", self.last, (count, 1))
        self.bind_input(binding, "cosines", self.cosines, self.cosines.shape)
        self.bind_input(binding, "sines", self.sines, self.sines.shape)
        for index in range(2 * self.config.layers):
            layer, kind = index // 2, "kv"[index % 2]
            cache = self.cache[index, first : first + count]
            self.bind_input(binding, f"{kind}{layer}", cache, cache.shape)
            self.bind_output(binding, f"{kind}o{layer}", cache, cache.shape)
        self.bind_output(binding, "logits", self.logits, (count, self.config.vocabulary))
        return binding

    @staticmethod
    def bind_input(binding: Any, name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
        binding.bind_input(name, "cpu", 0, array.dtype.type, shape, array.ctypes.data)

    @staticmethod
    def bind_output(binding: Any, name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
        binding.bind_output(name, "cpu", 0, array.dtype.type, shape, array.ctypes.data)


def session_options(threads: int) -> onnxruntime.SessionOptions:
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
