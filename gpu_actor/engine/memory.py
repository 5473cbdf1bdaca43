"""What a model takes of a card: weights, key/value cache, scratch, and the ceiling of its speed.

Pure arithmetic, for `samovar model check`, for the engine's builder and for the scheduler.

Weights are counted as a plan with one optimisation profile holds them: codes of 4 or 8 bits with a
float16 scale (and offset) a block, everything else in float16. The token table is looked up on the
host and counts only where it is the head as well. A step of one stream reads all weights of the
plan and the stream's cache once, so bandwidth divided by both is a ceiling that no engine exceeds
without drafting tokens; launches and arithmetic come on top.
"""

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from gpu_actor.engine.block_formats import BlockFormat
from gpu_actor.engine.model_config import HEAD, TOKEN_TABLE, ModelConfig
from gpu_actor.engine.model_file import ModelFile, TensorPlace
from gpu_actor.troubles import UnknownCardError

GB = 10**9
HALF_BITS = 16  # of a scale, an offset, and of a weight that is not quantised

CacheType = Literal["fp32", "fp16", "int6"]
CACHE_BYTES: dict[CacheType, int] = {"fp32": 4, "fp16": 2, "int6": 1}
SCALE_BYTES: dict[CacheType, int] = {"fp32": 0, "fp16": 0, "int6": 2}
"""Bytes of a number, and of the scale of a position and head; int6: see packed_cache.py."""


@dataclass(frozen=True)
class Card:
    """A graphics card. Sizes in GB = 10^9 bytes; `usable`: what driver, desktop and context leave of it."""

    name: str
    memory_gb: float
    bandwidth_gb_s: float
    usable_gb: float


USABLE = 0.9
"""Share of a card's memory that an engine gets on a desktop: 10.8 of 12 GB were left of an RTX 4070."""


def card(name: str, memory_gb: float, bandwidth_gb_s: float) -> Card:
    return Card(name, memory_gb, bandwidth_gb_s, round(memory_gb * USABLE, 2))


# Memory and bandwidth as NVIDIA's pages of the cards give them.
CARDS = {
    each.name: each
    for each in (
        card("RTX 2060", 6, 336),
        card("RTX 2070", 8, 448),
        card("RTX 2080 Ti", 11, 616),
        card("RTX 3060", 12, 360),
        card("RTX 3060 Ti", 8, 448),
        card("RTX 3070", 8, 448),
        card("RTX 3080", 10, 760),
        card("RTX 3090", 24, 936),
        card("RTX 4060", 8, 272),
        card("RTX 4060 Ti 16 GB", 16, 288),
        card("RTX 4070", 12, 504),
        card("RTX 4070 Super", 12, 504),
        card("RTX 4070 Ti", 12, 504),
        card("RTX 4070 Ti Super", 16, 672),
        card("RTX 4080", 16, 717),
        card("RTX 4090", 24, 1008),
        card("RTX 5060 Ti 16 GB", 16, 448),
        card("RTX 5070", 12, 672),
        card("RTX 5070 Ti", 16, 896),
        card("RTX 5080", 16, 960),
        card("RTX 5090", 32, 1792),
    )
}
DEFAULT_CARD = "RTX 4070"


# -- weights --------------------------------------------------------------------------------------


@cache
def plan_bits(form: BlockFormat) -> float:
    """Bits a weight of this format takes in a plan, its scales and offsets included."""
    blocks = form.blocks(np.zeros((1, form.bytes), np.uint8))
    if blocks is None:
        return HALF_BITS
    return blocks.bits + HALF_BITS * (1 if blocks.offset is None else 2) / blocks.size


def tensor_bytes(place: TensorPlace) -> int:
    """Bytes of the tensor in a plan."""
    elements = math.prod(place.shape)
    return math.ceil(elements * (plan_bits(place.format) if len(place.shape) > 1 else HALF_BITS) / 8)


def on_the_card(file: ModelFile) -> list[TensorPlace]:
    """The tensors that a plan holds: all but the token table, unless it is the head as well."""
    return [place for name, place in file.tensors.items() if name != TOKEN_TABLE or HEAD not in file.tensors]


def weight_bytes(file: ModelFile) -> int:
    """Bytes of all weights in a plan with one profile; a step of any batch reads them once."""
    return sum(map(tensor_bytes, on_the_card(file)))


def host_bytes(file: ModelFile) -> int:
    """Bytes of the token table, which stays in host memory, in the form it has in the file."""
    place = file.tensors[TOKEN_TABLE]
    return place.rows * place.row_bytes


def matrix_formats(file: ModelFile) -> Counter[str]:
    """Name of a block format → weights stored in it, of the matrices that a plan holds."""
    counted: Counter[str] = Counter()
    for place in on_the_card(file):
        if len(place.shape) > 1:
            counted[place.format.name] += math.prod(place.shape)
    return counted


# -- cache and scratch ----------------------------------------------------------------------------


def cache_bytes_a_position(config: ModelConfig, kind: CacheType) -> int:
    """Keys and values of one position in all layers. A layer with a sliding window has a cache of full
    length here as well: positions outside the window are kept, and masked.
    """
    head = config.head_size * CACHE_BYTES[kind] + SCALE_BYTES[kind]
    return 2 * config.layers * config.kv_heads * head


def scratch_bytes(config: ModelConfig, rows: int, chunk: int) -> int:
    """Activations of the widest step of a plan of `rows` rows and `chunk` tokens a row, an estimate from
    above: the two halves of the feed-forward and their product, the residual, its norm, queries, keys,
    values and the attended, each in float16 at once; logits in float32 for each row.
    """
    a_token = 3 * config.feed_forward + 3 * config.embedding
    a_token += 2 * (config.heads + config.kv_heads) * config.head_size
    return rows * chunk * a_token * 2 + rows * config.vocabulary * 4


def slots_that_fit(
    free_bytes: float, config: ModelConfig, kind: CacheType, context: int, chunk: int = 0
) -> int:
    """Slots of `context` positions whose caches, and scratch for `chunk` tokens each, go into the free
    bytes. A cache has one position more: there an idle slot of a batch may write.
    """
    each = cache_bytes_a_position(config, kind) * (context + 1) + scratch_bytes(config, 1, chunk)
    return max(0, int(free_bytes // each))


def longest_context(free_bytes: float, config: ModelConfig, kind: CacheType, chunk: int = 0) -> int:
    """Positions that one slot alone could have, at most what the model was made for."""
    left = free_bytes - scratch_bytes(config, 1, chunk)
    return max(0, min(config.context, int(left // cache_bytes_a_position(config, kind)) - 1))


# -- speed ----------------------------------------------------------------------------------------


def ceiling(bandwidth_gb_s: float, weights: int, cache_bytes: int) -> float:
    """Tokens a second that one stream cannot exceed when each reads `weights` + `cache_bytes` bytes."""
    return bandwidth_gb_s * GB / (weights + cache_bytes)


def find_card(name: str) -> Card:
    """The named card, whatever the case and spaces of its name; UnknownCardError lists the known."""

    def plain(text: str) -> str:
        return "".join(text.lower().replace("nvidia", "").replace("geforce", "").split()).removesuffix("gb")

    for each in CARDS.values():
        if plain(each.name) == plain(name) or plain(each.name).removeprefix("rtx") == plain(name):
            return each
    raise UnknownCardError(f"there is no card {name!r} in the table; known are {', '.join(CARDS)}")
