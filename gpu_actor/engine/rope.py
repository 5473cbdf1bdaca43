"""Rotary position embedding: the tables of cosines and sines.

Plain and linear: Su et al. 2021 (arXiv 2104.09864) and Chen et al. 2023 (2306.15595). Yarn: Peng et al.
2023 (2309.00071) with the constants of llama.cpp. Llama 3's stretching is
stored in the file as one factor a frequency (`rope_freqs.weight`).
"""

import math

import numpy as np
import numpy.typing as npt

from gpu_actor.engine.model_config import ModelConfig, RopeConfig, read_rope_factors
from gpu_actor.engine.model_file import ModelFile

Table = npt.NDArray[np.float32]

BETA_FAST, BETA_SLOW = 32.0, 1.0
"""Frequencies that turn more often in the original context stay, those that turn less often are stretched
in full. A file may name others; for the families here llama.cpp does not read them (tried).
"""


def table_names(config: ModelConfig) -> list[str]:
    """Those inputs of the graph that are tables, in the order of its inputs."""
    names = ["cosines", "sines"]
    return names if config.local_rope is None else [*names, "local_cosines", "local_sines"]


def model_tables(file: ModelFile, config: ModelConfig, positions: int) -> dict[str, Table]:
    """Input of the graph → table [positions, head_size / 2]. The layers with a window may have their own."""
    tables: dict[str, Table] = {}
    factors = read_rope_factors(file)
    tables["cosines"], tables["sines"] = rope_tables(config.rope, config.head_size, positions, factors)
    if config.local_rope is not None:
        local = rope_tables(config.local_rope, config.head_size, positions, factors)
        tables["local_cosines"], tables["local_sines"] = local
    return tables


def rope_tables(
    config: RopeConfig, head_size: int, positions: int, factors: npt.NDArray[np.float32] | None
) -> tuple[Table, Table]:
    """Cosines and sines, each [positions, head_size / 2]. `factors` divide the frequencies, one for each."""
    frequencies = config.base ** (-np.arange(0, head_size, 2, dtype=np.float64) / head_size)
    magnitude = 1.0
    if factors is not None:
        frequencies /= factors
    if config.scaling == "linear":
        frequencies /= config.factor
    elif config.scaling == "yarn":
        kept = yarn_kept(config, head_size)
        frequencies = frequencies * kept + frequencies / config.factor * (1 - kept)
        magnitude = config.attention_factor * (1 + 0.1 * math.log(config.factor))
    angles = np.arange(positions, dtype=np.float64)[:, None] * frequencies
    return (np.cos(angles) * magnitude).astype(np.float32), (np.sin(angles) * magnitude).astype(np.float32)


def yarn_kept(config: RopeConfig, head_size: int) -> npt.NDArray[np.float64]:
    """How much of each frequency stays as it was: 1 for fast ones, 0 for slow ones, a ramp between."""

    def dimension(turns: float) -> float:
        wavelengths = config.original_context / (turns * 2 * math.pi)
        return head_size * math.log(wavelengths) / (2 * math.log(config.base))

    low = max(0.0, math.floor(dimension(BETA_FAST)))
    high = min(head_size - 1.0, math.ceil(dimension(BETA_SLOW)))
    ramp = (np.arange(head_size // 2) - low) / max(0.001, high - low)
    return (1 - np.clip(ramp, 0.0, 1.0)).astype(np.float64)
