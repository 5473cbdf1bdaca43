"""GgufFile: metadata and tensors of a GGUF file, without loading it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
A model file comes from strangers: every length is checked against the file before it is used.
The `gguf` package needs seconds for the tokenizer's arrays; this reader a tenth of one.
"""

import mmap
import re
import struct
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from gpu_actor.engine.model_file import Metadata, TensorPlace, Value
from gpu_actor.troubles import ModelFileError, UnsupportedModelError

STRING, ARRAY = 8, 9
SCALARS: dict[int, str] = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
"""Value type of the format → struct code."""

PART_NAME = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<count>\d{5})\.gguf")
SPLIT_COUNT, SPLIT_NUMBER, SPLIT_TENSORS = "split.count", "split.no", "split.tensors.count"
"""Keys of a file that llama.cpp's gguf-split cut; the parts after the first hold no other metadata."""

MOST_PARTS = 1000
MOST_ENTRIES = 1 << 16  # metadata keys, and tensors; real files have below a thousand
MOST_DIMENSIONS = 4
MOST_NESTING = 4


class Cursor:
    """Reads the header from front to back, never beyond the end of the file."""

    def __init__(self, buffer: mmap.mmap) -> None:
        self.buffer = buffer
        self.at = 0

    def bytes(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.buffer):
            raise ModelFileError("the GGUF file ends in the middle of its header: it is damaged")
        taken = self.buffer[self.at : end]
        self.at = end
        return taken

    def scalar(self, code: str) -> bool | int | float:
        return struct.unpack("<" + code, self.bytes(struct.calcsize("<" + code)))[0]

    def count(self, limit: int, what: str) -> int:
        number = int(self.scalar("Q"))
        if number > limit:
            raise ModelFileError(f"the GGUF file claims {number} {what}: it is damaged")
        return number

    def string(self) -> str:
        try:
            return self.bytes(self.count(len(self.buffer), "bytes in a name or text")).decode()
        except UnicodeDecodeError as error:
            raise ModelFileError("a text in the GGUF file is not UTF-8: it is damaged") from error

    def value(self, kind: int, nesting: int = 0) -> Value:
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            if nesting == MOST_NESTING:
                raise ModelFileError("arrays in the GGUF file are nested too deeply: it is damaged")
            element = int(self.scalar("I"))
            count = self.count(len(self.buffer), "array elements")
            if element in SCALARS:
                code = f"{count}{SCALARS[element]}"
                return list(struct.unpack("<" + code, self.bytes(struct.calcsize("<" + code))))
            return [self.value(element, nesting + 1) for _ in range(count)]
        if kind not in SCALARS:
            raise ModelFileError(f"the GGUF file has a value of the unknown type {kind}: it is damaged")
        return self.scalar(SCALARS[kind])


class GgufFile(Metadata):
    """An open GGUF file, or all parts of one that was split: a ModelFile. Tensor data stays on disk and
    is mapped. `path` may be any of the parts.
    """

    kind = "GGUF file"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.paths = part_paths(path)
        self.buffers = [mapped(each) for each in self.paths]
        self.tensors: dict[str, TensorPlace] = {}
        for part, each in enumerate(self.paths):
            self.read_part(each, part)
        claimed = self.get(SPLIT_TENSORS, int, len(self.tensors))
        for key in (SPLIT_COUNT, SPLIT_NUMBER, SPLIT_TENSORS):
            self.metadata.pop(key, None)  # together the parts are a whole model
        if claimed != len(self.tensors):
            raise ModelFileError(
                f"the parts of {path} hold {len(self.tensors)} tensors of {claimed}: damaged"
            )

    def read_part(self, path: Path, part: int) -> None:
        cursor = Cursor(self.buffers[part])
        if cursor.bytes(4) != b"GGUF":
            raise ModelFileError(f"{path} is not a GGUF file")
        version = int(cursor.scalar("I"))
        if version and not version & 0xFFFF:
            raise UnsupportedModelError(f"{path} is a big-endian GGUF file; take a little-endian one")
        if version not in {2, 3}:
            raise UnsupportedModelError(f"{path} is a GGUF file of version {version}; 2 and 3 are read")
        tensors = cursor.count(MOST_ENTRIES, "tensors")
        keys = cursor.count(MOST_ENTRIES, "metadata keys")
        metadata: dict[str, Value] = {}
        for _ in range(keys):
            key = cursor.string()
            metadata[key] = cursor.value(int(cursor.scalar("I")))
        count, number = metadata.get(SPLIT_COUNT, 1), metadata.get(SPLIT_NUMBER, 0)
        if (count or 1, number) != (len(self.paths), part):
            raise ModelFileError(
                f"{path} says that it is part {number} (from 0) of {count}, and its name another thing: "
                "give the parts the names under which they were published"
            )
        if part == 0:
            self.metadata = metadata
        places = [self.read_place(cursor) for _ in range(tensors)]
        alignment = max(1, self.get("general.alignment", int, 32))
        start = -(-cursor.at // alignment) * alignment
        for place in places:
            if place.name in self.tensors:
                raise ModelFileError(f"{path} has the tensor {place.name} twice: it is damaged")
            moved = msgspec.structs.replace(place, offset=start + place.offset, part=part)
            self.tensors[place.name] = moved

    @staticmethod
    def read_place(cursor: Cursor) -> TensorPlace:
        name = cursor.string()
        dimensions = int(cursor.scalar("I"))
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            raise ModelFileError(f"tensor {name} has {dimensions} dimensions: the file is damaged")
        shape = tuple(cursor.count(1 << 40, "elements") for _ in range(dimensions))[::-1]
        return TensorPlace(name, shape, int(cursor.scalar("I")), int(cursor.scalar("Q")))

    def raw(self, name: str) -> npt.NDArray[np.uint8]:
        """The tensor's bytes as they stand in the file: [rows, bytes of a row], read-only, not copied."""
        place = self.tensors[name]
        return raw_rows(self.buffers[place.part], place)

    def close(self) -> None:
        """Give the mappings up; arrays taken from `raw` must be gone."""
        for buffer in self.buffers:
            buffer.close()


def mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error


def part_paths(path: Path) -> list[Path]:
    """All parts of the file, in order: itself alone where its name is not that of a part."""
    named = PART_NAME.fullmatch(path.name)
    if named is None:
        return [path]
    count = int(named["count"])
    if not 1 <= count <= MOST_PARTS:
        raise ModelFileError(f"{path} is named as one of {count} parts: at most {MOST_PARTS} are read")
    paths = [path.with_name(f"{named['stem']}-{part:05}-of-{count:05}.gguf") for part in range(1, count + 1)]
    missing = [each.name for each in paths if not each.is_file()]
    if missing and path.is_file():
        raise ModelFileError(f"{path} is one of {count} parts, and {missing[0]} is not beside it: fetch it")
    return paths


def raw_rows(buffer: mmap.mmap, place: TensorPlace) -> npt.NDArray[np.uint8]:
    """The bytes of a tensor, [rows, bytes of a row], as a view of the mapped file."""
    size = place.rows * place.row_bytes
    if place.offset + size > len(buffer):
        raise ModelFileError(f"the file ends in the middle of tensor {place.name}: it was cut off")
    flat = np.frombuffer(buffer, np.uint8, size, place.offset)
    return flat.reshape(place.rows, place.row_bytes)
