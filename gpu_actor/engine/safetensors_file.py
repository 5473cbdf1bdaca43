"""SafetensorsFile: tensors of a safetensors file, mapped, never loaded.

Format: https://github.com/huggingface/safetensors (eight bytes of length, a JSON header, then the
data). The header comes from strangers: its size and every place are checked against the file.
"""

import math
import mmap
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.troubles import ModelFileError, UnsupportedModelError

MOST_HEADER = 100 << 20  # bytes, as the reference implementation allows
MOST_TENSORS = 1 << 16
MOST_DIMENSIONS = 8

ELEMENTS: dict[str, tuple[int, int]] = {"F32": (0, 4), "F16": (1, 2), "BF16": (30, 2)}
"""Type of the format → GGML's type id and bytes of an element."""


class Entry(Struct, frozen=True):
    """A tensor in the header. `data_offsets`: begin and end, from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]

    @property
    def type_id(self) -> int:
        return ELEMENTS[self.dtype][0]


class SafetensorsFile:
    """An open file; `entries` has each tensor, its offsets from the beginning of the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                self.buffer = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{path} cannot be read: {error}") from error
        length = int.from_bytes(self.buffer[:8], "little")
        if len(self.buffer) < 8 or length > min(MOST_HEADER, len(self.buffer) - 8):
            raise ModelFileError(f"{path} is no safetensors file, or it was cut off")
        self.start = 8 + length
        try:
            found = msgspec.json.decode(self.buffer[8 : self.start], type=dict[str, msgspec.Raw])
            found.pop("__metadata__", None)
            self.entries = {name: msgspec.json.decode(raw, type=Entry) for name, raw in found.items()}
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ModelFileError(f"the header of {path} is damaged: {error}") from error
        if len(self.entries) > MOST_TENSORS:
            raise ModelFileError(f"{path} claims {len(self.entries)} tensors: it is damaged")
        for name, entry in self.entries.items():
            self.check(name, entry)

    def check(self, name: str, entry: Entry) -> None:
        """The tensor lies in the file and is as large as its shape says."""
        if entry.dtype not in ELEMENTS:
            raise UnsupportedModelError(
                f"tensor {name} in {self.path.name} is in {entry.dtype}; "
                "this engine reads F32, F16 and BF16: take the model's unquantised version, or a GGUF of it"
            )
        if len(entry.shape) > MOST_DIMENSIONS or min(entry.shape, default=1) < 1:
            raise ModelFileError(f"tensor {name} in {self.path.name} has no usable shape: it is damaged")
        begin, end = entry.data_offsets
        if begin < 0 or end - begin != math.prod(entry.shape) * ELEMENTS[entry.dtype][1]:
            raise ModelFileError(f"tensor {name} in {self.path.name} is not as large as its shape: damaged")
        if self.start + end > len(self.buffer):
            raise ModelFileError(f"{self.path.name} ends in the middle of tensor {name}: it was cut off")

    def raw(self, name: str) -> npt.NDArray[np.uint8]:
        """The tensor's bytes [rows, bytes of a row] as a view of the mapped file."""
        entry = self.entries[name]
        begin, end = entry.data_offsets
        flat = np.frombuffer(self.buffer, np.uint8, end - begin, self.start + begin)
        return flat.reshape(math.prod(entry.shape[:-1]), -1)

    def close(self) -> None:
        self.buffer.close()
