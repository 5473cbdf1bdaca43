"""Weights: the matrices of a GGUF file in the order and form that the decoder graph wants."""

from collections import Counter
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gpu_actor.engine.block_formats import Blocks
from gpu_actor.engine.model_config import HEAD, TOKEN_TABLE, ModelConfig
from gpu_actor.engine.model_file import ModelFile, TensorPlace
from gpu_actor.troubles import ModelFileError

Floats = npt.NDArray[np.float32]
Rows = TypeVar("Rows", bound=np.generic)


Matrix = Blocks | Floats
"""A weight matrix [rows, columns]: exact scaled integers, or plain numbers where there are none."""


class Weights:
    def __init__(self, file: ModelFile, config: ModelConfig) -> None:
        self.file = file
        self.config = config
        self.used: Counter[str] = Counter()  # name of a block format → matrices in it

    def vector(self, name: str) -> Floats:
        place = self.place(name)
        return place.format.values(self.file.raw(name)).reshape(-1).astype(np.float32)

    def has(self, name: str) -> bool:
        return name in self.file.tensors

    def matrices(self, names: list[str]) -> list[Matrix]:
        """The matrices below one another as one, where they are packed alike; otherwise one by one."""
        formats = {self.place(name).format for name in names}
        self.used.update(self.place(name).format.name for name in names)
        raws = [self.rows_in_order(name) for name in names]
        if len(formats) == 1:
            raws = [np.concatenate(raws)] if len(raws) > 1 else raws
            names = names[:1]
        return [self.matrix(name, raw) for name, raw in zip(names, raws, strict=True)]

    def matrix(self, name: str, raw: npt.NDArray[np.uint8]) -> Matrix:
        form = self.place(name).format
        return form.blocks(raw) or form.values(raw)

    def report(self) -> str:
        """In one line the formats of the matrices so far, and what was lost in reading them."""
        used = ", ".join(f"{count} {name}" for name, count in self.used.most_common())
        changes = self.file.changes()
        return f"matrices {used}; {changes or 'all as they are stored'}"

    def head(self) -> str:
        """The tensor that turns states into logits: the model's own, or its token table."""
        return HEAD if self.has(HEAD) else TOKEN_TABLE

    def bias(self, names: list[str]) -> Floats | None:
        """The biases of matrices that lie below one another; absent ones are zero."""
        if not any(self.has(bias_name(name)) for name in names):
            return None
        parts = [
            self.in_order(name, self.vector(bias_name(name)))
            if self.has(bias_name(name))
            else np.zeros(self.place(name).rows, np.float32)
            for name in names
        ]
        return np.concatenate(parts)

    def rows_in_order(self, name: str) -> npt.NDArray[np.uint8]:
        return self.in_order(name, self.file.raw(name))

    def in_order(self, name: str, rows: npt.NDArray[Rows]) -> npt.NDArray[Rows]:
        """Where the two halves of each head's queries and keys alternate: first the one, then the other."""
        if not self.config.family.interleaved:
            return rows
        if ".attn_q." in name:
            heads = self.config.heads
        elif ".attn_k." in name:
            heads = self.config.kv_heads
        else:
            return rows
        order = np.arange(len(rows)).reshape(heads, -1, 2).swapaxes(1, 2).reshape(-1)
        return rows[order]

    def place(self, name: str) -> TensorPlace:
        place = self.file.tensors.get(name)
        if place is None:
            raise ModelFileError(f"the model lacks the tensor {name}: it is damaged, or one part of several")
        return place


def bias_name(weight: str) -> str:
    return weight.removesuffix("weight") + "bias"
