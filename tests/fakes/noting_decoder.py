"""A decoder that computes nothing and notes which tokens lie where: the state of a token is its id.

See gpu_actor.engine.decoder.Decoder. Logits say the count of the sequence's tokens.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gpu_actor.engine.slots import SlotLengths

Floats = npt.NDArray[np.float32]
PROMPT, REPLY = "prompt", "reply"


class NotingDecoder:
    def __init__(self, slots: int = 3, shelves: int = 1, context: int = 300) -> None:
        self.slots = slots
        self.shelves = shelves
        self.context = self.longest_chunk = context
        self.lengths = SlotLengths(slots, shelves, context, self.longest_chunk)
        self.notes: list[list[tuple[int, str]]] = [[] for _ in range(slots + shelves)]
        self.cloned = 0  # positions

    def filled(self, slot: int) -> int:
        return len(self.notes[slot])

    def ids(self, slot: int) -> list[int]:
        return [token for token, _ in self.notes[slot]]

    def prefill(self, slot: int, states: Floats) -> Floats:
        self.lengths.check_prefill(slot, len(states))
        self.lengths.append(slot, len(states))
        self.notes[slot] = [*self.notes[slot], *((int(state[0]), PROMPT) for state in states)]
        return self.logits(slot)

    def decode(self, slots: Sequence[int], states: Floats) -> Floats:
        self.lengths.check_decode(slots)
        self.lengths.append(slots, 1)
        for slot, state in zip(slots, states, strict=True):
            self.notes[slot] = [*self.notes[slot], (int(state[0]), REPLY)]
        return np.stack([self.logits(slot) for slot in slots])

    def keep(self, slot: int, count: int) -> None:
        self.lengths.keep(slot, count)
        self.notes[slot] = self.notes[slot][:count]

    def clone(self, source: int, target: int, count: int) -> None:
        self.lengths.check_clone(source, target, count)
        self.lengths.counts[target] = count
        self.notes[target] = self.notes[source][:count]
        self.cloned += count

    def logits(self, slot: int) -> Floats:
        return np.full(4, len(self.notes[slot]), np.float32)
