"""QuantisedModel: a model whose full-precision matrices are presented in a block format of GGML.

For models that are published in 16 bits only: a 3B has 6 GB of weights as they are stored, 3.4 GB in
blocks of eight bits and 2 GB in blocks of four. Everything behind this sees a model that was
quantised when it was published; the model's hash says otherwise (gpu_actor/models.py), so that
replies, graphs and plans of both are never mixed up.

Eight bits is Q8_0: the largest of 32 weights becomes 127. Four bits is Q4_1, codes and an offset; after the
first rounding scale and offset are fitted to the codes by least squares, and the codes rounded
again. The head is given eight bits in both: it decides between tokens. Tables and vectors stay
as they are; a tied head becomes a matrix of its own, because the table is looked up on the host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from gpu_actor.engine.families import HEAD, TOKEN_TABLE
from gpu_actor.engine.model_file import ModelFile, TensorPlace, Value

WeightForm = Literal["stored", "int8", "int4"]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
T = TypeVar("T")

PLAIN = frozenset({"F32", "F16", "BF16"})
Q8_0, Q4_1 = 8, 3  # GGML's type ids
SIZE = 32  # weights a block
REFITS = 2
ROWS_AT_A_TIME = 512  # bounds the memory of a large matrix


@dataclass
class Loss:
    """What quantising cost so far: sums of squares of the differences and of the weights."""

    matrices: int = 0
    difference: float = 0.0
    total: float = 0.0

    @property
    def relative(self) -> float:
        """Root mean square of the differences, as a share of that of the weights."""
        return float(np.sqrt(self.difference / self.total)) if self.total else 0.0


class QuantisedModel:
    """Another ModelFile, with its plain matrices quantised when they are read."""

    def __init__(self, inner: ModelFile, form: Literal["int8", "int4"]) -> None:
        self.inner = inner
        self.form = form
        self.tensors: dict[str, TensorPlace] = dict(inner.tensors)
        if HEAD not in self.tensors and TOKEN_TABLE in self.tensors:
            self.tensors[HEAD] = msgspec.structs.replace(self.tensors[TOKEN_TABLE], name=HEAD)
        self.sources = {name: TOKEN_TABLE if name not in inner.tensors else name for name in self.tensors}
        self.chosen = {name for name, place in self.tensors.items() if is_plain_matrix(place)} - {TOKEN_TABLE}
        for name in self.chosen:
            type_id = Q8_0 if form == "int8" or name == HEAD else Q4_1
            self.tensors[name] = msgspec.structs.replace(self.tensors[name], type_id=type_id)
        if HEAD not in self.chosen and HEAD not in inner.tensors:
            del self.tensors[HEAD]  # a tied head that is quantised already, or cannot be
        self.losses: dict[str, Loss] = {}
        self.measured: set[str] = set()

    @property
    def metadata(self) -> Mapping[str, Value]:
        return self.inner.metadata

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        return self.inner.get(key, kind, default)

    def items(self, key: str, kinds: tuple[type, ...], default: Sequence[Value] | None = None) -> list[Any]:
        return self.inner.items(key, kinds, default)

    def close(self) -> None:
        self.inner.close()

    def raw(self, name: str) -> Bytes:
        """The tensor's bytes in the block format it is presented in: [rows, bytes of a row]."""
        if name not in self.chosen:
            return self.inner.raw(name)
        source = self.inner.tensors[self.sources[name]].format
        place = self.tensors[name]
        given = self.inner.raw(self.sources[name])
        packed = np.empty((place.rows, place.row_bytes), np.uint8)
        loss = Loss(1)
        pack = pack_q8_0 if place.type_id == Q8_0 else pack_q4_1
        for at in range(0, place.rows, ROWS_AT_A_TIME):
            rows = slice(at, at + ROWS_AT_A_TIME)
            values = source.values(given[rows])
            packed[rows] = pack(values)
            difference = place.format.values(packed[rows]) - values
            loss.difference += float(np.square(difference, dtype=np.float64).sum())
            loss.total += float(np.square(values, dtype=np.float64).sum())
        if name not in self.measured:
            self.measured.add(name)
            kind = f"{source.name} as {place.format.name}"
            known = self.losses.setdefault(kind, Loss())
            known.matrices += 1
            known.difference += loss.difference
            known.total += loss.total
        return packed

    def changes(self) -> str:
        """In one line what was quantised so far, and the error that was measured doing it."""
        return "; ".join(
            f"{kind}: {loss.matrices} matrices, relative RMS error {100 * loss.relative:.2f} %"
            for kind, loss in sorted(self.losses.items())
        )


def is_plain_matrix(place: TensorPlace) -> bool:
    return len(place.shape) == 2 and place.format.name in PLAIN and place.shape[1] % SIZE == 0


def pack_q8_0(values: Floats) -> Bytes:
    """[N, K] → [N, K/32 · 34]: float16 scale, 32 signed codes."""
    blocks = values.reshape(len(values), -1, SIZE)
    scale = halves(np.abs(blocks).max(axis=-1) / np.float32(127))
    codes = np.clip(np.rint(divided(blocks, scale)), -127, 127).astype(np.int8)
    packed = np.concatenate([as_bytes(scale), codes.view(np.uint8)], axis=-1)
    return packed.reshape(len(values), -1)


def pack_q4_1(values: Floats) -> Bytes:
    """[N, K] → [N, K/32 · 20]: float16 scale and least value, 32 codes of four bits, the first half low."""
    blocks = values.reshape(len(values), -1, SIZE)
    least = blocks.min(axis=-1)
    scale, least = halves((blocks.max(axis=-1) - least) / np.float32(15)), halves(least)
    codes = rounded(blocks, scale, least)
    for _ in range(REFITS):
        better_scale, better_least = fitted(blocks, codes)
        better = rounded(blocks, better_scale, better_least)
        gained = squares(blocks, better, better_scale, better_least) < squares(blocks, codes, scale, least)
        scale = np.where(gained, better_scale, scale)
        least = np.where(gained, better_least, least)
        codes = np.where(gained[..., None], better, codes)
    low, high = codes[..., : SIZE // 2], codes[..., SIZE // 2 :]
    packed = np.concatenate([as_bytes(scale), as_bytes(least), low | high << np.uint8(4)], axis=-1)
    return packed.reshape(len(values), -1)


def rounded(blocks: Floats, scale: Floats, least: Floats) -> Bytes:
    """The codes, 0 to 15."""
    return np.clip(np.rint(divided(blocks - least[..., None], scale)), 0, 15).astype(np.uint8)


def fitted(blocks: Floats, codes: Bytes) -> tuple[Floats, Floats]:
    """Scale and least value with the smallest sum of squares for these codes, in float16."""
    wide = codes.astype(np.float32)
    code_mean, mean = wide.mean(axis=-1, keepdims=True), blocks.mean(axis=-1, keepdims=True)
    spread = np.square(wide - code_mean).sum(axis=-1)
    joint = ((wide - code_mean) * (blocks - mean)).sum(axis=-1)
    scale = halves(np.divide(joint, spread, out=np.zeros_like(joint), where=spread > 0))
    return scale, halves(mean[..., 0] - scale * code_mean[..., 0])


def squares(blocks: Floats, codes: Bytes, scale: Floats, least: Floats) -> Floats:
    return np.square(codes * scale[..., None] + least[..., None] - blocks).sum(axis=-1)


def halves(values: Floats) -> Floats:
    """Rounded to float16; beyond its range the largest of it."""
    return np.clip(values, -65504, 65504).astype(np.float16).astype(np.float32)


def as_bytes(values: Floats) -> Bytes:
    """[…] → […, 2]: little-endian float16"""
    return values.astype("<f2")[..., None].view(np.uint8)


def divided(blocks: Floats, scale: Floats) -> Floats:
    wide = np.broadcast_to(scale[..., None], blocks.shape)
    return np.divide(blocks, wide, out=np.zeros_like(blocks), where=wide != 0)
