"""The pieces of memory that a TensorRT decoder owns on the card, and which tensor of the plan lies where."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gpu_actor.engine.cuda import ALIGNMENT, Device, Stream, StridedCopy, aligned
from gpu_actor.engine.tensorrt_engine import PlanTensor
from gpu_actor.troubles import PlanError

Tensors = Mapping[str, PlanTensor]
CACHE = re.compile(r"([a-z]+)(\d+)")

FEED = ("positions", "write_index", "kv_length", "last", "states")
"""What changes with every run; see decoder_graph.py. The states come last: of them only the beginning may be
needed.
"""


def cache_inputs(tensors: Tensors) -> list[PlanTensor]:
    """Inputs that an output of the plan continues: k0 and ko0, v0 and vo0, and so on."""
    found: list[PlanTensor] = []
    for tensor in tensors.values():
        output = tensors.get(output_of(tensor.name))
        if not tensor.is_input or output is None:
            continue
        if output.shares not in {"", tensor.name}:
            raise PlanError(f"the plan writes {output.name} over {output.shares}, not over {tensor.name}")
        found.append(tensor)
    return found


def output_of(name: str) -> str:
    """What the graph calls the updated cache."""
    parts = CACHE.fullmatch(name)
    return f"{parts[1]}o{parts[2]}" if parts else ""


def bytes_of_a_row(tensors: Tensors) -> int:
    """What the caches of one slot or shelf take."""
    return sum(math.prod(each.shape[1:]) * np.dtype(each.elements).itemsize for each in cache_inputs(tensors))


class Group:
    """Caches of one shape and element type, in one piece: [caches, rows, Hkv, T, D]."""

    def __init__(self, device: Device, members: list[PlanTensor], rows: int) -> None:
        self.names = [member.name for member in members]
        self.rows = rows
        self.shape = members[0].shape[1:]
        itemsize = np.dtype(members[0].elements).itemsize
        self.position = self.shape[-1] * itemsize  # bytes of one position of one head
        self.head = self.shape[-2] * self.position
        self.row = math.prod(self.shape) * itemsize
        self.size = len(members) * rows * self.row
        if self.row % ALIGNMENT:
            raise PlanError(
                f"a slot of the plan's cache {self.names[0]} takes {self.row} bytes, which is no multiple of "
                f"{ALIGNMENT}; build the plan anew with `samovar engine build`"
            )
        self.address = device.allocate(self.size)

    def start(self, index: int, row: int) -> int:
        return self.address + (index * self.rows + row) * self.row


class Caches:
    """The caches of all rows (slots and shelves). Filled with zeros first: kernels multiply what they mask
    with zero, and zero times an accidental NaN is NaN.
    """

    def __init__(self, device: Device, tensors: Tensors, rows: int, stream: Stream) -> None:
        self.device = device
        kinds: dict[tuple[Any, ...], list[PlanTensor]] = {}
        for tensor in cache_inputs(tensors):
            kinds.setdefault((np.dtype(tensor.elements), *tensor.shape[1:]), []).append(tensor)
        if not kinds:
            raise PlanError("the plan has no key/value cache: it is no decoder of this engine")
        positions = {shape[-2] for shape in kinds}
        if len(positions) > 1:
            raise PlanError("the plan's caches differ in how many positions they hold")
        self.positions: int = positions.pop()
        self.groups = [Group(device, members, rows) for members in kinds.values()]
        for group in self.groups:
            device.fill(group.address, 0, group.size, stream)
        self.size = sum(group.size for group in self.groups)

    def shapes(self, rows: int) -> dict[str, tuple[int, ...]]:
        return {name: (rows, *group.shape) for group in self.groups for name in group.names}

    def addresses(self, first: int) -> dict[str, int]:
        """Input and output of each cache at one address, from row `first` on."""
        found: dict[str, int] = {}
        for group in self.groups:
            for index, name in enumerate(group.names):
                found[name] = found[output_of(name)] = group.start(index, first)
        return found

    def clone(self, source: int, target: int, count: int, stream: Stream) -> None:
        """The first `count` positions of a row into another: in each cache and head one stretch of memory."""
        for group in self.groups:
            copy = StridedCopy(
                source=group.start(0, source),
                target=group.start(0, target),
                width=count * group.position,
                rows=group.shape[0],
                row=group.head,
                planes=len(group.names),
                plane=group.rows * group.row,
            )
            self.device.copy_strided(copy, stream)

    def close(self) -> None:
        for group in self.groups:
            self.device.free(group.address)


class Feed:
    """The small inputs of runs of up to `rows` rows and `tokens` tokens: side by side in one piece of pinned
    memory, so that one copy brings them all to its twin on the card.
    """

    def __init__(self, device: Device, tensors: Tensors, *, rows: int, tokens: int) -> None:
        self.device = device
        missing = [name for name in FEED if name not in tensors]
        if missing:
            raise PlanError(f"the plan has no input {missing[0]}: it is no decoder of this engine")
        self.embedding = tensors["states"].shape[-1]
        whole = self.shapes(rows, tokens)
        places: dict[str, tuple[int, int]] = {}
        end = 0
        for name in FEED:
            size = math.prod(whole[name]) * np.dtype(tensors[name].elements).itemsize
            places[name] = end, end + size
            end = aligned(end + size)
        self.pinned = device.allocate_pinned(end)
        self.pinned[:] = 0
        self.address = device.allocate(end)
        self.addresses = {name: self.address + begin for name, (begin, _) in places.items()}
        self.views: dict[str, npt.NDArray[Any]] = {}
        for name, (begin, stop) in places.items():
            width = self.embedding if name == "states" else 1
            self.views[name] = self.pinned[begin:stop].view(tensors[name].elements).reshape(-1, width)
        self.states_begin = places["states"][0]
        self.used = end

    def shapes(self, rows: int, tokens: int) -> dict[str, tuple[int, ...]]:
        return {
            "positions": (rows, tokens),
            "write_index": (rows,),
            "kv_length": (rows,),
            "last": (rows, 1),
            "states": (rows, tokens, self.embedding),
        }

    def write(self, name: str, values: npt.NDArray[Any]) -> None:
        """Values [n] or, of the states, [n, E], from the beginning; no run may be under way."""
        view = self.views[name]
        view[: len(values)] = values.reshape(len(values), -1)

    def upload(self, stream: Stream, rows: int) -> None:
        """Everything, and of the states the first `rows`."""
        view = self.views["states"]
        size = self.states_begin + rows * view.shape[1] * view.itemsize
        self.device.upload(self.address, self.pinned[:size], stream)

    def close(self) -> None:
        self.device.free(self.address)
        self.device.free_pinned(self.pinned)


class Tables:
    """Constant inputs, such as the cosines and sines of positions."""

    def __init__(
        self, device: Device, tensors: Tensors, tables: Mapping[str, npt.NDArray[Any]], stream: Stream
    ) -> None:
        self.device = device
        self.addresses: dict[str, int] = {}
        caches = {tensor.name for tensor in cache_inputs(tensors)}
        wanted = [each for each in tensors.values() if each.is_input and each.name not in {*FEED, *caches}]
        self.pinned: list[npt.NDArray[np.uint8]] = []
        for tensor in wanted:
            table = tables.get(tensor.name)
            if table is None or not fits(table.shape, tensor.shape):
                raise PlanError(
                    f"the plan wants an input {tensor.name} of {list(tensor.shape)}: not to be had"
                )
            content = np.ascontiguousarray(table.astype(tensor.elements)).reshape(-1).view(np.uint8)
            memory = device.allocate_pinned(content.nbytes)
            memory[:] = content
            self.pinned.append(memory)
            self.addresses[tensor.name] = device.allocate(content.nbytes)
            device.upload(self.addresses[tensor.name], memory, stream)
        self.shapes = {tensor.name: tables[tensor.name].shape for tensor in wanted}

    def uploaded(self) -> None:
        """The copies are done: the host's memory can go."""
        for memory in self.pinned:
            self.device.free_pinned(memory)
        self.pinned = []

    def close(self) -> None:
        self.uploaded()
        for address in self.addresses.values():
            self.device.free(address)


def fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        want in {-1, size} for size, want in zip(shape, wanted, strict=True)
    )


class Scratch:
    """The memory for what lies between layers, shared by all contexts: their runs follow one another."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.address = 0
        self.size = 0

    def reserve(self, size: int) -> None:
        """At least `size` bytes. It may move: a run takes its address when it starts."""
        size = max(size, ALIGNMENT)
        if size > self.size:
            self.close()
            self.address, self.size = self.device.allocate(size), size

    def close(self) -> None:
        if self.size:
            self.device.free(self.address)
        self.address = self.size = 0
