"""The block formats of GGML: how rows of weights are packed, and their exact form as scaled integers.

Layouts: ggml-common.h of llama.cpp (structs block_q4_0 … block_iq4_xs). Every quantised format is
kept exactly, as

    value = scale · (code − middle) + offset,   middle = 2^(bits − 1)

with one scale (and offset) for each block of 16 or 32 weights of a row. The formats that need the
`gguf` package for it (lookup grids) are in rare_formats.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Blocks:
    """Rows of weights as scaled integers. codes: uint8 [N, K/size, size], below 2^bits;
    scale, offset: [N, K/size].
    """

    bits: int
    codes: Bytes
    scale: Floats
    offset: Floats | None = None

    @property
    def size(self) -> int:
        return self.codes.shape[2]

    def values(self) -> Floats:
        """[N, K]"""
        centred = self.codes.astype(np.float32) - np.float32(1 << (self.bits - 1))
        values = centred * self.scale[..., None]
        if self.offset is not None:
            values += self.offset[..., None]
        return values.reshape(len(values), -1)

    def halves(self) -> "tuple[Blocks, Blocks]":
        """Codes of eight bits as the sum of two of four: q − 128 = 16 · (high − 8) + (low − 8) + 8."""
        high = Blocks(4, self.codes >> np.uint8(4), self.scale * 16)
        offset = self.scale * 8 + (0 if self.offset is None else self.offset)
        return high, Blocks(4, self.codes & np.uint8(0xF), self.scale, offset)

    def with_positive_scales(self, elements: str = "float32") -> "Blocks":
        """The same values, with every scale above zero once it is rounded to `elements`.

        TensorRT's parser refuses any other scale of codes of eight bits. GGML's formats have them: Q6_K
        stores scales with a sign, and a block of zeros has the scale zero.
        """
        scale = self.scale.astype(elements).astype(np.float32)
        if scale.min() > 0:
            return self
        negative, none = scale < 0, scale == 0
        middle, top = np.uint8(1 << (self.bits - 1)), np.uint8((1 << self.bits) - 1)
        # −s · (q − middle) is s · (q' − middle) with q' = 2 · middle − q, which q = 0 has no place for;
        # such a block is mirrored instead, q' = top − q, and its offset takes up the one that is missing.
        mirrored = negative & (self.codes == 0).any(axis=-1)
        flipped = np.where(mirrored[..., None], top - self.codes, (np.uint8(0) - self.codes) & top)
        codes = np.where(none[..., None], middle, np.where(negative[..., None], flipped, self.codes))
        offset = self.offset
        if mirrored.any():
            offset = (0 if offset is None else offset) - np.where(mirrored, self.scale, 0)
        return Blocks(self.bits, codes, np.where(none, np.float32(1), np.abs(self.scale)), offset)


Unpack = Callable[[Bytes], Blocks]
Expand = Callable[[Bytes], Floats]


@dataclass(frozen=True)
class BlockFormat:
    """A GGML type. `unpack` takes [N, blocks, bytes]; `expand` takes [N, row bytes] and gives [N, K];
    a format with neither is a rare one.
    """

    type_id: int
    name: str
    elements: int
    bytes: int
    unpack: Unpack | None = None
    expand: Expand | None = None

    def blocks(self, raw: Bytes) -> Blocks | None:
        """Rows of packed bytes [N, row bytes] in the exact integer form; None where there is none."""
        if self.unpack is not None:
            return self.unpack(raw.reshape(len(raw), -1, self.bytes))
        if self.expand is not None:
            return None
        # Heavy, and needed for the rare formats only.
        from gpu_actor.engine import rare_formats  # noqa: PLC0415

        return rare_formats.unpack(raw, self.name, self.bytes)

    def values(self, raw: Bytes) -> Floats:
        """Rows of packed bytes [N, row bytes] as numbers [N, K]."""
        if self.expand is not None:
            return self.expand(raw)
        blocks = self.blocks(raw)
        if blocks is None:
            raise ValueError(f"{self.name} has no form at all")
        return blocks.values()


def half(raw: Bytes) -> Floats:
    """[…, 2n] bytes of little-endian float16 → […, n]"""
    return np.ascontiguousarray(raw).view("<f2").astype(np.float32)


def nibbles(raw: Bytes) -> Bytes:
    """[…, n] → […, 2n]: all low halves, then all high halves."""
    return np.concatenate([raw & np.uint8(0xF), raw >> np.uint8(4)], axis=-1)


def bits_of(raw: Bytes) -> Bytes:
    """Four bytes, 32 bits, lowest first: […, 4] → […, 32]"""
    return np.unpackbits(raw, axis=-1, bitorder="little")


def super_blocks(bits: int, codes: Numbers, scale: Numbers, offset: Numbers | None = None) -> Blocks:
    """codes [N, superblocks, blocks, size]; scale and offset [N, superblocks, blocks]"""
    n, count, inner, size = codes.shape
    return Blocks(
        bits,
        codes.reshape(n, count * inner, size).astype(np.uint8, copy=False),
        scale.reshape(n, count * inner).astype(np.float32, copy=False),
        None if offset is None else offset.reshape(n, count * inner).astype(np.float32, copy=False),
    )


def unpack_q4_0(raw: Bytes) -> Blocks:
    return Blocks(4, nibbles(raw[..., 2:]), half(raw[..., 0:2])[..., 0])


def unpack_q4_1(raw: Bytes) -> Blocks:
    d, m = half(raw[..., 0:2])[..., 0], half(raw[..., 2:4])[..., 0]
    return Blocks(4, nibbles(raw[..., 4:]), d, m + 8 * d)


def unpack_q5_0(raw: Bytes) -> Blocks:
    codes = nibbles(raw[..., 6:]) | bits_of(raw[..., 2:6]) << np.uint8(4)
    return Blocks(8, codes + np.uint8(112), half(raw[..., 0:2])[..., 0])


def unpack_q5_1(raw: Bytes) -> Blocks:
    d, m = half(raw[..., 0:2])[..., 0], half(raw[..., 2:4])[..., 0]
    codes = nibbles(raw[..., 8:]) | bits_of(raw[..., 4:8]) << np.uint8(4)
    return Blocks(8, codes + np.uint8(112), d, m + 16 * d)


def unpack_q8_0(raw: Bytes) -> Blocks:
    return Blocks(8, raw[..., 2:] ^ np.uint8(0x80), half(raw[..., 0:2])[..., 0])


def unpack_q2_k(raw: Bytes) -> Blocks:
    scales, quants = raw[..., 0:16], raw[..., 16:80]
    d, dmin = half(raw[..., 80:82]), half(raw[..., 82:84])
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    codes = quants.reshape(*raw.shape[:2], 2, 1, 32) >> shifts & 3
    codes = codes.reshape(*raw.shape[:2], 16, 16) + np.uint8(6)
    scale = d * (scales & 0xF)
    return super_blocks(4, codes, scale, 2 * scale - dmin * (scales >> 4))


def unpack_q3_k(raw: Bytes) -> Blocks:
    high, quants, packed, d = raw[..., 0:32], raw[..., 32:96], raw[..., 96:108], half(raw[..., 108:110])
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    low = quants.reshape(*raw.shape[:2], 2, 1, 32) >> shifts & 3
    top = high[..., None, :] >> np.arange(8, dtype=np.uint8)[:, None] & 1
    codes = low.reshape(*raw.shape[:2], 16, 16) | top.reshape(*raw.shape[:2], 16, 16) << 2
    low_scales = np.concatenate([packed[..., 0:8] & 0xF, packed[..., 0:8] >> 4], axis=-1)
    pairs = np.array([0, 2, 4, 6], np.uint8)[:, None]
    high_scales = (packed[..., None, 8:12] >> pairs & 3).reshape(*raw.shape[:2], 16)
    scale = d * ((low_scales | high_scales << 4).astype(np.int8) - 32)
    return super_blocks(4, codes + np.uint8(4), scale)


def k_scales(packed: Bytes) -> tuple[Numbers, Numbers]:
    """The twelve bytes of Q4_K and Q5_K: eight scales and eight minima of six bits."""
    a, b, c = packed[..., 0:4], packed[..., 4:8], packed[..., 8:12]
    scales = np.concatenate([a & 0x3F, c & 0xF | a >> 6 << 4], axis=-1)
    minima = np.concatenate([b & 0x3F, c >> 4 | b >> 6 << 4], axis=-1)
    return scales, minima


def unpack_q4_k(raw: Bytes) -> Blocks:
    d, dmin = half(raw[..., 0:2]), half(raw[..., 2:4])
    scales, minima = k_scales(raw[..., 4:16])
    codes = nibbles(raw[..., 16:].reshape(*raw.shape[:2], 4, 32)).reshape(*raw.shape[:2], 8, 32)
    scale = d * scales
    return super_blocks(4, codes, scale, 8 * scale - dmin * minima)


def unpack_q5_k(raw: Bytes) -> Blocks:
    d, dmin = half(raw[..., 0:2]), half(raw[..., 2:4])
    scales, minima = k_scales(raw[..., 4:16])
    low = nibbles(raw[..., 48:].reshape(*raw.shape[:2], 4, 32)).reshape(*raw.shape[:2], 8, 32)
    top = raw[..., None, 16:48] >> np.arange(8, dtype=np.uint8)[:, None] & 1
    scale = d * scales
    return super_blocks(8, (low | top << 4) + np.uint8(112), scale, 16 * scale - dmin * minima)


def unpack_q6_k(raw: Bytes) -> Blocks:
    low, high = raw[..., 0:128].reshape(*raw.shape[:2], 2, 1, 64), raw[..., 128:192]
    scales, d = raw[..., 192:208].view(np.int8), half(raw[..., 208:210])
    low = np.concatenate([low & 0xF, low >> 4], axis=-2)
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    top = high.reshape(*raw.shape[:2], 2, 1, 32) >> shifts & 3
    codes = low.reshape(*raw.shape[:2], 16, 16) | top.reshape(*raw.shape[:2], 16, 16) << 4
    return super_blocks(8, codes + np.uint8(96), d * scales)


IQ4_VALUES = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.int16)
IQ4_CODES = (IQ4_VALUES + 128).astype(np.uint8)
"""The sixteen values of the IQ4 formats (kvalues_iq4nl), as codes of eight bits."""


def unpack_iq4_nl(raw: Bytes) -> Blocks:
    return Blocks(8, IQ4_CODES[nibbles(raw[..., 2:])], half(raw[..., 0:2])[..., 0])


def unpack_iq4_xs(raw: Bytes) -> Blocks:
    d, high = half(raw[..., 0:2]), np.ascontiguousarray(raw[..., 2:4]).view("<u2")
    low_scales = np.stack([raw[..., 4:8] & 0xF, raw[..., 4:8] >> 4], axis=-1).reshape(*raw.shape[:2], 8)
    high_scales = (high >> np.arange(0, 16, 2, dtype=np.uint16) & 3).astype(np.uint8)
    codes = nibbles(raw[..., 8:].reshape(*raw.shape[:2], 8, 16))
    scale = d * ((low_scales | high_scales << 4).astype(np.int8) - 32)
    return super_blocks(8, IQ4_CODES[codes], scale)


def expand_f32(raw: Bytes) -> Floats:
    return np.ascontiguousarray(raw).view("<f4")


def expand_bf16(raw: Bytes) -> Floats:
    wide = np.ascontiguousarray(raw).view("<u2").astype(np.uint32) << 16
    return wide.view(np.float32)


FORMATS: dict[int, BlockFormat] = {
    each.type_id: each
    for each in (
        BlockFormat(0, "F32", 1, 4, expand=expand_f32),
        BlockFormat(1, "F16", 1, 2, expand=half),
        BlockFormat(30, "BF16", 1, 2, expand=expand_bf16),
        BlockFormat(2, "Q4_0", 32, 18, unpack_q4_0),
        BlockFormat(3, "Q4_1", 32, 20, unpack_q4_1),
        BlockFormat(6, "Q5_0", 32, 22, unpack_q5_0),
        BlockFormat(7, "Q5_1", 32, 24, unpack_q5_1),
        BlockFormat(8, "Q8_0", 32, 34, unpack_q8_0),
        BlockFormat(10, "Q2_K", 256, 84, unpack_q2_k),
        BlockFormat(11, "Q3_K", 256, 110, unpack_q3_k),
        BlockFormat(12, "Q4_K", 256, 144, unpack_q4_k),
        BlockFormat(13, "Q5_K", 256, 176, unpack_q5_k),
        BlockFormat(14, "Q6_K", 256, 210, unpack_q6_k),
        BlockFormat(20, "IQ4_NL", 32, 18, unpack_iq4_nl),
        BlockFormat(23, "IQ4_XS", 256, 136, unpack_iq4_xs),
        BlockFormat(16, "IQ2_XXS", 256, 66),
        BlockFormat(17, "IQ2_XS", 256, 74),
        BlockFormat(18, "IQ3_XXS", 256, 98),
        BlockFormat(19, "IQ1_S", 256, 50),
        BlockFormat(21, "IQ3_S", 256, 110),
        BlockFormat(22, "IQ2_S", 256, 82),
        BlockFormat(29, "IQ1_M", 256, 56),
        BlockFormat(34, "TQ1_0", 256, 54),
        BlockFormat(35, "TQ2_0", 256, 66),
        BlockFormat(39, "MXFP4", 32, 17),
        BlockFormat(40, "NVFP4", 64, 36),
    )
}
"""GGML type id → format: every one that the `gguf` package can expand."""

OTHER_NAMES = {
    9: "Q8_1",
    15: "Q8_K",
    24: "I8",
    25: "I16",
    26: "I32",
    27: "I64",
    28: "F64",
    41: "Q1_0",
}
"""GGML type id → name of the formats that are known and not read: for the refusal."""
