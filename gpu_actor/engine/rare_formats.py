"""The door to the `gguf` package, and the exact integer form of the formats that are built on lookup grids.

Layouts: ggml-common.h of llama.cpp. IQ1 to IQ3 pick groups of four or eight small integers from
fixed grids, which the package knows. A block is expanded by the package with its float16 scale
replaced by one; divided by the scale of its group what remains are the integers themselves:

    IQ2: ±8, ±25, ±43    IQ3_XXS: ±4 … ±62    IQ3_S: ±1 … ±15    IQ1_S: −1, 0, 1 and an offset
    IQ1_M: eighths, −9 … 9    TQ: −1, 0, 1    MXFP4 and NVFP4: 0, ±1, ±2, ±3, ±4, ±6, ±8, ±12
"""

from collections.abc import Callable
from typing import Any

import gguf
import gguf.quants
import numpy as np
import numpy.typing as npt

from gpu_actor.engine.block_formats import Blocks, Bytes, Floats, half, nibbles, super_blocks

ONE = np.frombuffer(np.float16(1).tobytes(), np.uint8)
ROWS_AT_A_TIME = 256  # bounds the numbers that are in memory beside the codes

Scales = npt.NDArray[Any]
FLOAT4_CODES = (np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], np.int16) + 128).astype(
    np.uint8
)
"""The sixteen values of FP4 (E2M1), doubled, as codes of eight bits."""


def unpack(raw: Bytes, name: str, block_bytes: int) -> Blocks:
    """Rows of packed bytes [N, row bytes] of a rare format in the exact integer form."""
    whole = raw.reshape(len(raw), -1, block_bytes)
    return joined([UNPACK[name](piece) for piece in pieces(whole)])


def pieces(raw: Bytes) -> list[Bytes]:
    return [raw[at : at + ROWS_AT_A_TIME] for at in range(0, max(1, len(raw)), ROWS_AT_A_TIME)]


def joined(parts: list[Blocks]) -> Blocks:
    offsets = [part.offset for part in parts if part.offset is not None]
    return Blocks(
        parts[0].bits,
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.scale for part in parts]),
        np.concatenate(offsets) if offsets else None,
    )


def with_scale_one(raw: Bytes, name: str, place: int) -> Floats:
    """Values [N, blocks, elements] of blocks whose float16 at `place` is taken to be one."""
    ones = raw.copy()
    ones[..., place : place + 2] = ONE
    return reference_values(ones, name)


def reference_values(raw: Bytes, name: str) -> Floats:
    kind = gguf.GGMLQuantizationType[name]
    values = gguf.quants.dequantize(raw.reshape(len(raw), -1), kind)
    return values.reshape(*raw.shape[:2], -1).astype(np.float32, copy=False)


def eight_bits(values: Floats, group: Scales, d: Floats) -> Blocks:
    """Codes of eight bits from values at scale one. group: [N, blocks, groups], d: [N, blocks, 1]"""
    by_group = values.reshape(*group.shape, -1)
    codes = np.rint(by_group / group[..., None]).astype(np.int16) + 128
    return super_blocks(8, codes, d * group)


def quarters(nibbles_of_scales: Scales) -> Floats:
    return (nibbles_of_scales.astype(np.float32) + np.float32(0.5)) * np.float32(0.25)


def halves_in_turn(raw: Bytes) -> Bytes:
    """[…, n] bytes → […, 2n]: low half and high half of each in turn"""
    return np.stack([raw & np.uint8(0xF), raw >> np.uint8(4)], axis=-1).reshape(*raw.shape[:-1], -1)


def words(raw: Bytes, kind: str) -> Scales:
    return np.ascontiguousarray(raw).view(kind)


def unpack_iq2_xxs(raw: Bytes) -> Blocks:
    group = quarters(words(raw[..., 2:], "<u4")[..., 1::2] >> 28)
    return eight_bits(with_scale_one(raw, "IQ2_XXS", 0), group, half(raw[..., 0:2]))


def unpack_iq2_xs(raw: Bytes) -> Blocks:
    group = quarters(halves_in_turn(raw[..., 66:74]))
    return eight_bits(with_scale_one(raw, "IQ2_XS", 0), group, half(raw[..., 0:2]))


def unpack_iq2_s(raw: Bytes) -> Blocks:
    group = quarters(halves_in_turn(raw[..., 74:82]))
    return eight_bits(with_scale_one(raw, "IQ2_S", 0), group, half(raw[..., 0:2]))


def unpack_iq3_xxs(raw: Bytes) -> Blocks:
    group = 2 * quarters(words(raw[..., 66:98], "<u4") >> 28)
    return eight_bits(with_scale_one(raw, "IQ3_XXS", 0), group, half(raw[..., 0:2]))


def unpack_iq3_s(raw: Bytes) -> Blocks:
    group = (1 + 2 * halves_in_turn(raw[..., 106:110])).astype(np.float32)
    return eight_bits(with_scale_one(raw, "IQ3_S", 0), group, half(raw[..., 0:2]))


def unpack_iq1_s(raw: Bytes) -> Blocks:
    """−1, 0 or 1 plus an eighth, or less an eighth, the same for 32 weights: an offset."""
    high = words(raw[..., 34:50], "<u2")
    group = (2 * (high >> 12 & 7) + 1).astype(np.float32)
    delta = np.where(high & 0x8000, np.float32(-0.125), np.float32(0.125))
    values = with_scale_one(raw, "IQ1_S", 0).reshape(*group.shape, 32)
    codes = np.rint(values / group[..., None] - delta[..., None]).astype(np.int16) + 8
    scale = half(raw[..., 0:2]) * group
    return super_blocks(4, codes, scale, scale * delta)


def unpack_iq1_m(raw: Bytes) -> Blocks:
    """Here the float16 scale lies in the highest four bits of the four words of scales."""
    packed = words(raw[..., 48:56], "<u2")
    tops = packed >> 12 << np.array([0, 4, 8, 12], np.uint16)
    d = half(np.bitwise_or.reduce(tops, axis=-1, keepdims=True).astype("<u2").view(np.uint8))
    group = packed[..., None] >> np.array([0, 3, 6, 9], np.uint16) & 7
    group = (2 * group.reshape(*raw.shape[:2], 16) + 1).astype(np.float32) / 8
    one = np.array([int(np.float16(1).view(np.uint16)) >> shift & 0xF for shift in (0, 4, 8, 12)], np.uint16)
    ones = raw.copy()
    ones[..., 48:56] = (packed & 0x0FFF | one << 12).astype("<u2").view(np.uint8)
    return eight_bits(reference_values(ones, "IQ1_M"), group, d)


def ternary(values: Floats, d: Floats) -> Blocks:
    """One scale for 256 weights, repeated for each 32 of them. d: [N, blocks, 1]"""
    codes = np.rint(values).astype(np.int16).reshape(*values.shape[:2], 8, 32) + 8
    return super_blocks(4, codes, np.repeat(d, 8, axis=-1))


def unpack_tq1_0(raw: Bytes) -> Blocks:
    return ternary(with_scale_one(raw, "TQ1_0", 52), half(raw[..., 52:54]))


def unpack_tq2_0(raw: Bytes) -> Blocks:
    return ternary(with_scale_one(raw, "TQ2_0", 64), half(raw[..., 64:66]))


def unpack_mxfp4(raw: Bytes) -> Blocks:
    """The scale is a power of two, 2^(e − 127), halved because the values are doubled."""
    scale = np.exp2(raw[..., 0].astype(np.float64) - 128).astype(np.float32)
    return Blocks(8, FLOAT4_CODES[nibbles(raw[..., 1:])], scale)


def unpack_nvfp4(raw: Bytes) -> Blocks:
    """Four groups of sixteen, each with a scale in E4M3 without sign, halved as above."""
    exponent, mantissa = raw[..., 0:4] >> 3 & 0xF, (raw[..., 0:4] & 7).astype(np.float32)
    normal = (1 + mantissa / 8) * np.exp2(exponent.astype(np.float32) - 7)
    scale = np.where(exponent == 0, mantissa * np.float32(2**-9), normal) / 2
    scale[raw[..., 0:4] == 0x7F] = 0  # not a number
    codes = nibbles(raw[..., 4:].reshape(*raw.shape[:2], 4, 8))
    return super_blocks(8, FLOAT4_CODES[codes], scale)


UNPACK: dict[str, Callable[[Bytes], Blocks]] = {
    "IQ1_M": unpack_iq1_m,
    "IQ1_S": unpack_iq1_s,
    "IQ2_S": unpack_iq2_s,
    "IQ2_XS": unpack_iq2_xs,
    "IQ2_XXS": unpack_iq2_xxs,
    "IQ3_S": unpack_iq3_s,
    "IQ3_XXS": unpack_iq3_xxs,
    "MXFP4": unpack_mxfp4,
    "NVFP4": unpack_nvfp4,
    "TQ1_0": unpack_tq1_0,
    "TQ2_0": unpack_tq2_0,
}
"""Name of a format → rows [N, blocks, block bytes] in the exact integer form."""
