"""Decoder: what computes logits over slots of one key/value cache, whatever runtime is behind it.

The rules of exact continuation bind every implementation: what a position's cache holds depends only
on the tokens up to it and on how they were computed (prompt tokens in chunks of two or more, reply
tokens one at a time); never on the slot, on the rows of the batch, or on where chunks were cut.
tests/gpu_actor/engine/decoder_contract.py is this contract as tests.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Decoder(Protocol):
    """One model and the caches of its slots. Not thread-safe: one thread owns it.

    E embedding, V vocabulary. States are embedded tokens (gpu_actor/engine/token_table.py).
    Slots are numbered from 0; after them come the shelves, which only keep caches for later:
    `filled`, `keep` and `clone` work on them, `prefill` and `decode` do not.
    gpu_actor/engine/slots.py holds the bookkeeping that implementations share.
    """

    @property
    def slots(self) -> int:
        """Those that compute; the shelves are not among them."""
        ...

    @property
    def shelves(self) -> int:
        """Further caches, numbered from `slots` on; may be 0."""
        ...

    @property
    def context(self) -> int:
        """Positions a slot or shelf holds."""
        ...

    @property
    def longest_chunk(self) -> int:
        """Most states in one prefill."""
        ...

    def filled(self, slot: int) -> int:
        """Positions of the slot that hold its sequence."""
        ...

    def prefill(self, slot: int, states: Floats) -> Floats:
        """Append states [S, E], two or more, in one go; the logits [V] of the last, valid until the next
        call. ValueError where they do not fit, or where there is only one.
        """
        ...

    def decode(self, slots: Sequence[int], states: Floats) -> Floats:
        """Append one state to each slot, states [len(slots), E]; logits [len(slots), V] in that order,
        valid until the next call. ValueError where a slot is full.
        """
        ...

    def keep(self, slot: int, count: int) -> None:
        """Forget all positions of the slot but the first `count`; 0 forgets the sequence. ValueError where
        there are fewer.
        """
        ...

    def clone(self, source: int, target: int, count: int) -> None:
        """The target's sequence becomes the first `count` positions of the source's, and nothing past
        them is read or copied. ValueError where there are fewer.
        """
        ...
