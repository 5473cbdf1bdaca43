"""ModelFile: what the engine needs of a model on disk, whatever its format.

The names of metadata and tensors are GGUF's (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
and gguf-py's constants), because that is the format most models come in: any other one is presented
under the same names and in the same order of rows, so that nothing behind this needs a case for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.engine.block_formats import FORMATS, OTHER_NAMES, BlockFormat
from gpu_actor.troubles import ModelFileError, UnsupportedModelError

Value = bool | int | float | str | list["Value"]
T = TypeVar("T")


class TensorPlace(Struct, frozen=True):
    """A tensor of a model. `shape` is (rows, columns) or (columns,), as NumPy counts: last is fastest."""

    name: str
    shape: tuple[int, ...]
    type_id: int  # GGML's number of its block format
    offset: int  # from the beginning of the file
    part: int = 0  # which file of the model it lies in

    @property
    def format(self) -> BlockFormat:
        known = FORMATS.get(self.type_id)
        if known is None:
            name = OTHER_NAMES.get(self.type_id, f"of the unknown number {self.type_id}")
            raise UnsupportedModelError(
                f"tensor {self.name} is in the block format {name}, which this engine does not read; "
                "choose another quantisation of the model"
            )
        return known

    @property
    def rows(self) -> int:
        return int(np.prod(self.shape[:-1], dtype=np.int64))

    @property
    def row_bytes(self) -> int:
        blocks, rest = divmod(self.shape[-1], self.format.elements)
        if rest:
            raise ModelFileError(f"tensor {self.name}: {self.shape[-1]} columns do not fill whole blocks")
        return blocks * self.format.bytes


class ModelFile(Protocol):
    """An open model. Its tensors stay on disk until they are asked for."""

    @property
    def metadata(self) -> Mapping[str, Value]: ...

    @property
    def tensors(self) -> Mapping[str, TensorPlace]: ...

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The metadata value, checked for its type; ModelFileError where it is absent without a default."""
        ...

    def items(self, key: str, kinds: tuple[type, ...], default: Sequence[Value] | None = None) -> list[Any]:
        """The metadata array, checked for the types of its elements; the default where it is absent."""
        ...

    def raw(self, name: str) -> npt.NDArray[np.uint8]:
        """The tensor's bytes in its block format: [rows, bytes of a row], read-only."""
        ...

    def changes(self) -> str:
        """In one line what `raw` changed of the weights so far, and by how much; empty where nothing."""
        ...

    def close(self) -> None:
        """Give the files up; arrays taken from `raw` must be gone."""
        ...


class Metadata:
    """The metadata of a model, read with a check of types. `kind`: what a complaint calls the model."""

    kind = "model"

    def __init__(self) -> None:
        self.metadata: dict[str, Value] = {}

    def changes(self) -> str:
        """Nothing: every format is read exactly."""
        return ""

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The metadata value, checked for its type; ModelFileError where it is absent without a default."""
        value: Any = self.metadata.get(key, default)
        if kind is float and isinstance(value, int):
            value = float(value)
        if not isinstance(value, kind):
            raise ModelFileError(f"the {self.kind} has no usable {key}: it is damaged or of an unknown kind")
        return value

    def items(self, key: str, kinds: tuple[type, ...], default: Sequence[Value] | None = None) -> list[Any]:
        """The metadata array, checked for the types of its elements; the default where it is absent."""
        values: Any = self.metadata.get(key, None if default is None else list(default))
        found = cast("list[Any]", values) if isinstance(values, list) else [None]
        if not all(isinstance(each, kinds) for each in found):
            raise ModelFileError(f"the {self.kind} has no usable {key}: it is damaged or of an unknown kind")
        return found
