"""The contract of gpu_actor.engine.decoder.Decoder: a runtime's tests subclass DecoderContract.

The subclass gives the fixture `subject`. All comparisons are of bits, with what a fresh sequence
computes alone in one chunk and then token by token.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from gpu_actor.engine.decoder import Decoder

Floats = npt.NDArray[np.float32]


@dataclass
class Subject:
    """`decoder`: four slots or more, a shelf or more, 96 positions or more, chunks of 64 or more; nothing
    in it. `states`: ids → [len(ids), E]. Ids go from 4 to `vocabulary` - 1.
    """

    decoder: Decoder
    states: Callable[[Sequence[int]], Floats]
    vocabulary: int

    def ids(self, seed: int, count: int) -> list[int]:
        return [int(each) for each in np.random.default_rng(seed).integers(4, self.vocabulary, count)]

    def prefill(self, slot: int, ids: Sequence[int], chunk: int = 64) -> Floats:
        """All of them; a single one is never left over."""
        logits = np.empty(0, np.float32)
        at = 0
        while at < len(ids):
            count = min(chunk, len(ids) - at)
            count += (len(ids) - at - count == 1) * (1 if count == 2 else -1)
            logits = self.decoder.prefill(slot, self.states(ids[at : at + count]))
            at += count
        return logits.copy()

    def decode(self, slots: Sequence[int], ids: Sequence[int]) -> Floats:
        return self.decoder.decode(slots, self.states(ids)).copy()

    def alone(self, slot: int, prompt: Sequence[int], reply: Sequence[int], chunk: int = 64) -> list[Floats]:
        """Logits after the prompt, and after each token of the reply; the slot is empty before and after."""
        self.decoder.keep(slot, 0)
        steps = [self.prefill(slot, prompt, chunk), *(self.decode([slot], [token])[0] for token in reply)]
        self.decoder.keep(slot, 0)
        return steps

    def fill_with_other_things(self, slot: int) -> None:
        """So that whatever is read past a sequence's end is something else."""
        self.decoder.keep(slot, 0)
        self.prefill(slot, self.ids(99, self.decoder.context - 1))
        self.decode([slot], self.ids(98, 1))
        self.decoder.keep(slot, 0)


def same(ours: Sequence[Floats], theirs: Sequence[Floats]) -> bool:
    return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))


class DecoderContract:
    @pytest.mark.parametrize("chunk", [2, 3, 5, 7, 16, 17, 31, 37, 48, 64])
    def test_logits_depend_neither_on_the_slot_nor_on_where_chunks_are_cut(
        self, subject: Subject, chunk: int
    ) -> None:
        prompt, reply = subject.ids(1, 64), subject.ids(2, 3)
        expected = subject.alone(0, prompt, reply)
        slot = 1 + chunk % (subject.decoder.slots - 1)
        subject.fill_with_other_things(slot)
        assert same(subject.alone(slot, prompt, reply, chunk), expected)

    def test_a_batch_gives_the_logits_of_each_alone(self, subject: Subject) -> None:
        prompts = {slot: subject.ids(10 + slot, 9 + 13 * slot) for slot in range(4)}
        replies = {slot: subject.ids(20 + slot, 6) for slot in range(4)}
        expected = {slot: subject.alone(slot, prompts[slot], replies[slot]) for slot in range(4)}
        chance = random.Random(4)
        done = dict.fromkeys(range(4), 0)
        for slot in (0, 1, 3):
            subject.fill_with_other_things(slot)
            assert same([subject.prefill(slot, prompts[slot])], expected[slot][:1])
        for step in range(1000):
            if step == 3:  # slot 2 is filled while the others speak, in two chunks with tokens between them
                subject.prefill(2, prompts[2][:20])
            if step == 5:
                assert same([subject.prefill(2, prompts[2][20:])], expected[2][:1])
            ready = [slot for slot in range(4) if done[slot] < 6 and (slot != 2 or step >= 5)]
            active = [slot for slot in ready if chance.random() < 0.7]
            chance.shuffle(active)
            if active:
                rows = subject.decode(active, [replies[slot][done[slot]] for slot in active])
                for slot, row in zip(active, rows, strict=True):
                    done[slot] += 1
                    assert np.array_equal(row, expected[slot][done[slot]])
            if step >= 5 and not ready:
                break
        assert set(done.values()) == {6}

    def test_what_is_forgotten_shows_nowhere(self, subject: Subject) -> None:
        prompt, reply = subject.ids(1, 50), subject.ids(2, 3)
        expected = subject.alone(0, prompt, reply)
        subject.prefill(0, prompt[:30])
        subject.decode([0], subject.ids(5, 1))
        subject.prefill(0, subject.ids(6, 40))
        subject.decode([0], subject.ids(7, 1))
        subject.decoder.keep(0, 30)
        assert subject.decoder.filled(0) == 30
        steps = [subject.prefill(0, prompt[30:]), *(subject.decode([0], [token])[0] for token in reply)]
        assert same(steps, expected)
        with pytest.raises(ValueError, match="positions"):
            subject.decoder.keep(0, 54)

    def test_a_clone_goes_on_like_its_source_and_neither_shows_in_the_other(self, subject: Subject) -> None:
        prompt, reply = subject.ids(1, 50), subject.ids(2, 3)
        other = [*prompt[:33], *subject.ids(3, 20)]
        expected, of_other = subject.alone(0, prompt, reply), subject.alone(0, other, reply)
        shelf = subject.decoder.slots
        for target in (1, 3, shelf):
            if target < shelf:
                subject.fill_with_other_things(target)
        subject.prefill(0, prompt)
        subject.decode([0], [reply[0]])  # a token of its reply, past what is cloned
        subject.decoder.clone(0, 3, 33)
        subject.decoder.clone(0, shelf, 50)
        subject.decode([0], [reply[1]])
        assert same([subject.prefill(3, other[33:])], of_other[:1])
        rows = subject.decode([3, 0], [reply[0], reply[2]])
        assert np.array_equal(rows[0], of_other[1])
        assert np.array_equal(rows[1], expected[3])
        subject.decoder.clone(shelf, 1, 40)
        subject.decoder.keep(shelf, 0)
        assert same([subject.prefill(1, prompt[40:])], expected[:1])
        assert [subject.decoder.filled(slot) for slot in (0, 1, 3, shelf)] == [53, 50, 54, 0]
        with pytest.raises(ValueError, match="positions"):
            subject.decoder.clone(0, 1, 54)
        with pytest.raises(ValueError, match="cloned"):
            subject.decoder.clone(0, 0, 3)

    def test_a_full_slot_refuses_and_harms_no_neighbour(self, subject: Subject) -> None:
        decoder = subject.decoder
        prompt, reply = subject.ids(1, 20), subject.ids(2, 3)
        expected = subject.alone(0, prompt, reply)
        long = subject.ids(8, decoder.context)
        kept = subject.alone(1, long[:-1], long[-1:])[1]
        subject.prefill(1, long[:-1])
        subject.prefill(0, prompt)
        subject.prefill(2, prompt)
        assert np.array_equal(subject.decode([1], long[-1:])[0], kept)
        with pytest.raises(ValueError, match="is full"):
            subject.decode([0, 1], long[:2])
        with pytest.raises(ValueError, match=f"{decoder.context} positions of {decoder.context}"):
            subject.prefill(1, long[:2])
        for index, token in enumerate(reply):  # the full slot lies between the two
            rows = subject.decode([0, 2], [token, token])
            assert np.array_equal(rows[0], expected[index + 1])
            assert np.array_equal(rows[1], expected[index + 1])
        decoder.keep(1, decoder.context - 1)
        assert np.array_equal(subject.decode([1], long[-1:])[0], kept)

    def test_what_makes_no_sense_is_refused(self, subject: Subject) -> None:
        shelf = subject.decoder.slots
        with pytest.raises(ValueError, match="two tokens or more"):
            subject.decoder.prefill(0, subject.states([5]))
        with pytest.raises(ValueError, match="no slot"):
            subject.decoder.prefill(shelf, subject.states([5, 6]))
        for slots in ([1, 1], [shelf], [-1], []):
            with pytest.raises(ValueError, match="no slots"):
                subject.decoder.decode(slots, subject.states([5, 6])[: len(slots)])
        assert [subject.decoder.filled(slot) for slot in range(shelf + 1)] == [0] * (shelf + 1)

    @pytest.mark.parametrize("seed", range(2))
    def test_no_course_of_events_leaves_a_trace(self, subject: Subject, seed: int) -> None:
        """Random operations; each answer is compared with the same tokens of the same kinds alone."""
        chance = random.Random(seed)
        decoder, own = subject.decoder, subject.decoder.slots - 1
        held: dict[int, list[tuple[int, bool]]] = {slot: [] for slot in [*range(own), own + 1]}
        known: dict[tuple[tuple[int, bool], ...], Floats] = {}

        def expected(sequence: list[tuple[int, bool]]) -> Floats:
            """In the last slot, which is kept for it: prompt tokens in one go, each of the others alone."""
            if (key := tuple(sequence)) not in known:
                decoder.keep(own, 0)
                at, logits = 0, np.empty(0, np.float32)
                while at < len(key):
                    end = at
                    while end < len(key) and key[end][1]:
                        end += 1
                    if end > at:
                        logits = subject.prefill(own, [token for token, _ in key[at:end]])
                    else:
                        logits = subject.decode([own], [key[at][0]])[0]
                    at = max(end, at + 1)
                known[key] = logits
            return known[key]

        for step in range(60):
            slot = chance.randrange(own)
            room = decoder.context - len(held[slot])
            match chance.choice(["prefill", "prefill", "decode", "decode", "keep", "clone", "clone"]):
                case "prefill" if room > 20:
                    # A run of prompt tokens that was begun may go on; after a reply's token it is a new one.
                    ids = subject.ids(chance.choice([1, 2, 100 + step]), chance.randint(2, 20))
                    logits = subject.prefill(slot, ids, chance.randint(2, 20))
                    held[slot] = [*held[slot], *((token, True) for token in ids)]
                    assert np.array_equal(logits, expected(held[slot]))
                case "decode":
                    ready = [each for each in range(own) if 0 < len(held[each]) < decoder.context]
                    slots = chance.sample(ready, chance.randint(0, len(ready)))
                    ids = subject.ids(step, len(slots))
                    if not slots:
                        continue
                    for each, token, row in zip(slots, ids, subject.decode(slots, ids), strict=True):
                        held[each] = [*held[each], (token, False)]
                        assert np.array_equal(row, expected(held[each]))
                case "keep" if held[slot]:
                    # A run cut down to one prompt token could not be computed alone.
                    count = chance.randint(2, len(held[slot])) if len(held[slot]) > 2 else 0
                    if count and held[slot][count - 1][1] and not held[slot][count - 2][1]:
                        count = 0
                    decoder.keep(slot, count)
                    held[slot] = held[slot][:count]
                case "clone":
                    source, target = chance.sample(sorted(held), 2)
                    decoder.clone(source, target, len(held[source]))
                    held[target] = held[source]
                case _:
                    pass
        for slot, sequence in held.items():
            assert decoder.filled(slot) == len(sequence)
