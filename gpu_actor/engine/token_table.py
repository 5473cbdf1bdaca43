"""TokenTable: looks tokens up in the model's embedding, on the host, straight from the mapped GGUF file."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gpu_actor.engine.model_config import TOKEN_TABLE, embedding_scale
from gpu_actor.engine.model_file import ModelFile


class TokenTable:
    def __init__(self, file: ModelFile) -> None:
        self.format = file.tensors[TOKEN_TABLE].format
        self.rows = file.raw(TOKEN_TABLE)
        self.scale = np.float32(embedding_scale(file))

    def states(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """[len(ids), E]"""
        return self.format.values(self.rows[np.array(ids, np.int64)]) * self.scale
