"""LlamaCppDecoder: llama.cpp as a Decoder (gpu_actor/engine/decoder.py), so that everything above it is the
same as for the other runtimes: slots, scheduling, sampler, stop strings, continuation.

**Logits.** llama.cpp hands out probabilities, and only of the `top` most likely tokens. They come back as
logits whose largest is LARGEST; every other token is at FLOOR, so it is never drawn. What is lost by the
cut: with top_k at most `top` nothing, else the tail beyond it. The zero of a model's logits is lost too; only
the repetition penalty depends on it. So that each position has an answer whatever bytes its token
stands for (llama.cpp leaves out one that ends within a character), a harmless token `sure` is raised by
BIAS nats, taken off again here: llama.cpp's own draw falls on it and is thrown away.

**Steps.** A call sends the whole sequence, and llama.cpp computes what its slot lacks: a chunk of the prompt,
or one token. The tokens of several slots go in one call, which computes them as one batch. llama.cpp then
chooses the slots by the longest common beginning; where that could be another's, each goes alone by number.

**Blocks.** Prompt tokens are computed in blocks of BLOCK from the beginning of a run of them, whatever chunks
come in; a part of a block at its end is computed again when the run goes on.

**Kinds.** Which positions were computed as prompt and which as reply is kept beside the ids. Where
llama.cpp cannot give up a part of a cache (recurrent layers, sliding windows), or where a cache is cloned,
the sequence is computed again as it was the first time.
"""

from collections.abc import Iterable, Sequence
from itertools import takewhile

import msgspec
import numpy as np
import numpy.typing as npt

from gpu_actor.doors.llama_cpp import Choice, Completion, LlamaCpp
from gpu_actor.engine.slots import SlotLengths
from gpu_actor.troubles import LlamaCppFailedError

Floats = npt.NDArray[np.float32]

LARGEST = 20.0
"""What the most likely token gets: about the largest logit of the models in the wild."""

FLOOR = -1e30
"""Logit of a token beyond the cut: its probability is 0, and arithmetic with it stays finite."""

BIAS = 50.0
"""Nats. Enough that `sure` is drawn always; little enough that others' probabilities are normal float32."""

BLOCK = 64
"""Prompt tokens are computed in whole blocks of so many, the last ones of a run apart: llama.cpp's kernels
round otherwise where fewer rows go through them, so where chunks were cut must not show."""

TRIES = 3
"""Calls for one answer before llama.cpp is given up: each repeat has a reason that is rare."""


class IdStates:
    """In place of embedded tokens: states [S, 1] that hold the ids themselves (exact below 2**24)."""

    def states(self, ids: Sequence[int]) -> Floats:
        return np.asarray(ids, np.float32).reshape(-1, 1)


class Course:
    """A sequence, and what of it lies in llama.cpp's slot."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.kinds = bytearray()  # 1 for a token of a prompt, 0 for one of a reply
        self.held: list[int] = []  # ids in llama.cpp's slot; may go on after what is valid
        self.valid = 0  # so many of them are the sequence's, computed as it says

    def append_prompt(self, ids: Sequence[int]) -> None:
        """A run of prompt tokens that goes on loses the part of a block at its end: it grows."""
        self.to_block(len(self.ids))
        self.ids += ids
        self.kinds += bytes([1]) * len(ids)

    def append_reply(self, token: int) -> None:
        self.ids.append(token)
        self.kinds.append(0)

    def cut(self, count: int) -> None:
        within_run = count < len(self.ids) and self.kinds[count] == 1
        del self.ids[count:]
        del self.kinds[count:]
        self.valid = min(self.valid, count)
        if within_run:
            self.to_block(count)

    def become(self, source: "Course", count: int) -> None:
        pairs = zip(self.ids, self.kinds, source.ids[:count], source.kinds, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[:2] == pair[2:], pairs))
        self.cut(same)
        self.to_block(same)
        self.ids, self.kinds = source.ids[:count], source.kinds[:count]

    def run_start(self, at: int) -> int:
        """Where the run of prompt tokens begins that `at` is in, or at the end of."""
        return self.kinds.rfind(0, 0, at) + 1

    def to_block(self, end: int) -> None:
        """Of a run of prompt tokens that ends at `end` only whole blocks stay valid."""
        start = self.run_start(end)
        self.valid = min(self.valid, max(start, end - (end - start) % BLOCK)) if end > start else self.valid

    def next_stop(self, longest: int) -> int:
        """How far the next call goes: whole blocks, the rest of a run of prompt tokens, or one of a reply."""
        if not self.kinds[self.valid]:
            return self.valid + 1
        start = self.run_start(self.valid)
        end = self.kinds.find(0, self.valid)
        end = len(self.ids) if end < 0 else end
        blocks_end = end - (end - start) % BLOCK
        return end if self.valid == blocks_end else min(blocks_end, self.valid + longest // BLOCK * BLOCK)


class LlamaCppDecoder:
    """`top`: candidates asked for at each position. `sure`: id of a token that is a whole character of text.
    `shelves` hold no cache, only what to compute again. `batches`: whether the tokens of several slots are
    computed at once; that is faster, and how many they are then shows in the last bits with some kernels
    (those of a card, and on a processor those of F16 and F32, and of Q4_K where it is repacked).
    """

    def __init__(
        self,
        llama: LlamaCpp,
        *,
        slots: int,
        context: int,
        longest_chunk: int,
        vocabulary: int,
        top: int,
        sure: int,
        shelves: int = 0,
        batches: bool = True,
    ) -> None:
        self.llama = llama
        self.slots = slots
        self.shelves = shelves
        self.context = context
        self.longest_chunk = longest_chunk
        self.vocabulary = vocabulary
        self.top = min(top, vocabulary)
        self.sure = sure
        self.batches = batches
        self.lengths = SlotLengths(slots, shelves, context, longest_chunk)
        self.courses = [Course() for _ in range(slots + shelves)]
        self.recomputed = 0  # positions computed again, of all slots

    # -- the decoder --------------------------------------------------------------------------

    def filled(self, slot: int) -> int:
        return self.lengths.filled(slot)

    def prefill(self, slot: int, states: Floats) -> Floats:
        self.lengths.check_prefill(slot, len(states))
        self.recomputed += len(self.courses[slot].ids) - self.courses[slot].valid
        self.courses[slot].append_prompt(ids_of(states))
        self.lengths.append(slot, len(states))
        return self.reach(slot, len(self.courses[slot].ids))

    def decode(self, slots: Sequence[int], states: Floats) -> Floats:
        self.lengths.check_decode(slots)
        for slot, token in zip(slots, ids_of(states), strict=True):
            self.catch_up(slot)
            self.courses[slot].append_reply(token)
        self.lengths.append(slots, 1)
        rows = dict[int, Floats]()
        together = [slot for slot in slots if self.batches and self.finds_itself(slot)]
        if len(together) > 1:
            rows = self.reach_together(together)
        alone = [slot for slot in slots if slot not in rows]
        rows |= {slot: self.reach(slot, len(self.courses[slot].ids)) for slot in alone}
        return np.stack([rows[slot] for slot in slots])

    def keep(self, slot: int, count: int) -> None:
        self.lengths.keep(slot, count)
        self.courses[slot].cut(count)

    def clone(self, source: int, target: int, count: int) -> None:
        """The target is computed anew when it is gone on with, as far as it does not begin alike already."""
        self.lengths.check_clone(source, target, count)
        self.courses[target].become(self.courses[source], count)
        self.lengths.counts[target] = count

    # -- calls --------------------------------------------------------------------------------

    def catch_up(self, slot: int) -> None:
        """Compute what the sequence has and llama.cpp's slot has not."""
        course = self.courses[slot]
        if course.valid < len(course.ids):
            self.recomputed += len(course.ids) - course.valid
            self.reach(slot, len(course.ids))

    def reach(self, slot: int, end: int) -> Floats:
        """Call until the slot holds the first `end` positions; the logits of the last of them."""
        course = self.courses[slot]
        trouble = ""
        for trial in range(TRIES):
            while course.valid < end:
                start, stop = course.valid, course.next_stop(self.longest_chunk)
                if len(course.held) > start > 0 and course.held[start] == course.ids[start]:
                    self.part(slot, start)
                answer = self.call([course.ids[:stop]], slot, trial, reuse=start > 0)
                course.held = course.ids[:stop]
                reused = answer.usage.prompt_tokens_details.cached_tokens if answer.usage else 0
                if reused != start and not all(course.kinds[reused:stop]):
                    # It could not give up a part of its cache, and computed a reply as if it were a prompt.
                    trouble, course.valid = f"{reused} positions of {start} were kept", 0
                    self.recomputed += start
                    break
                logits = self.logits(answer.choices[0])
                if logits is None:
                    trouble, course.valid = "it left the probabilities out", start
                    break
                course.valid = stop
                if stop == end:
                    return logits
        raise LlamaCppFailedError(f"llama.cpp does not answer as it should: {trouble}")

    def reach_together(self, slots: Sequence[int]) -> dict[int, Floats]:
        """One reply token of each slot in one call; those that it had no answer for are left out."""
        prompts = [self.courses[slot].ids for slot in slots]
        answer = self.call(prompts, None, 0, reuse=True)
        rows = dict[int, Floats]()
        for choice in answer.choices:
            slot = slots[choice.index]
            course = self.courses[slot]
            course.held = [*course.ids]
            if (logits := self.logits(choice)) is not None:
                course.valid = len(course.ids)
                rows[slot] = logits
        first = answer.usage.prompt_tokens_details.cached_tokens if answer.usage else -1
        if first != len(prompts[0]) - 1:
            raise LlamaCppFailedError("llama.cpp mixed up its slots: the engine begins anew")
        return rows

    def finds_itself(self, slot: int) -> bool:
        """Whether llama.cpp, looking for the slot with the longest common beginning, must take this one."""
        course = self.courses[slot]
        own = course.valid
        if not own or course.held != course.ids[:own] or own != len(course.ids) - 1:
            return False
        return not any(
            other.held[own - 1 : own] == course.ids[own - 1 : own] and other.held[:own] == course.ids[:own]
            for other in self.courses[: self.slots]
            if other is not course
        )

    def part(self, slot: int, start: int) -> None:
        """Make llama.cpp's slot differ from the sequence at `start`, so that it reuses no more than that."""
        course = self.courses[slot]
        other = 0 if course.ids[start] else 1
        course.held = [*course.ids[:start], other]
        self.call([course.held], slot, 0, reuse=True)

    def call(
        self, prompts: Sequence[Sequence[int]], slot: int | None, seed: int, *, reuse: bool
    ) -> Completion:
        body = {
            "prompt": prompts if len(prompts) > 1 else prompts[0],
            "n_predict": 1,
            "n_probs": self.top,
            "samplers": ["top_k"],
            "top_k": self.top,
            "post_sampling_probs": True,
            "logit_bias": [[self.sure, BIAS]],
            "seed": seed,
            "cache_prompt": reuse,
            "id_slot": -1 if slot is None else slot,
        }
        answer = self.llama.complete(msgspec.json.encode(body))
        if sorted(choice.index for choice in answer.choices) != list(range(len(prompts))):
            raise LlamaCppFailedError("llama.cpp answered another number of sequences than it was asked for")
        return answer

    def logits(self, choice: Choice) -> Floats | None:
        """[V]; None where the answer holds no probabilities."""
        if choice.logprobs is None or not choice.logprobs.content:
            return None
        found = choice.logprobs.content[0].top_probs
        ids = np.fromiter((each.id for each in found), np.int64, len(found))
        values = np.log(np.fromiter((each.prob for each in found), np.float64, len(found)))
        if self.sure not in ids or not np.isfinite(values).all():
            return None
        values[ids == self.sure] -= BIAS
        logits = np.full(self.vocabulary, FLOOR, np.float32)
        logits[ids] = values - values.max() + LARGEST
        return logits


def ids_of(states: Floats) -> list[int]:
    return [int(token) for token in states[:, 0]]


def sure_token(pieces: Iterable[bytes]) -> int:
    """The id of a token that every language model may say: a comma, else whatever is one ASCII character."""
    single = {piece: index for index, piece in enumerate(pieces) if len(piece) == 1 and piece.isascii()}
    if not single:
        raise LlamaCppFailedError("the model's vocabulary has no token of one character: it writes no text")
    return single.get(b",", next(iter(single.values())))
