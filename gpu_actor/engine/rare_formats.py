"""The door to the `gguf` package: expands the formats that are built on lookup grids."""

import gguf
import gguf.quants
import numpy as np
import numpy.typing as npt


def expand(raw: npt.NDArray[np.uint8], type_id: int) -> npt.NDArray[np.float32]:
    """Rows of packed bytes [N, row bytes] as numbers [N, K]."""
    return gguf.quants.dequantize(raw, gguf.GGMLQuantizationType(type_id)).astype(np.float32)
