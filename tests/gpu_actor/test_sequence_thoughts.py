"""A reply that thinks first: its budget, the thought that is ended by force, and taking both up again."""

from uuid import UUID

import numpy as np
import numpy.typing as npt
import pytest

from actors.messages.engine import Emitted
from actors.messages.generation import GenerateReply, Sampling, Turn
from gpu_actor.prompt.build import PromptPlan
from gpu_actor.sequence import Sequence
from gpu_actor.thought_tags import ThoughtTags, marks_of
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.vocabulary import CONTROL, NORMAL, USER_DEFINED, Vocabulary
from tests.gpu_actor.tiny_models import LETTERS

END, OPEN, CLOSE = 0, 1, 2
WORDS = ["<end>", "<think>", "</think>", *LETTERS]
TOKENIZER = Tokenizer(
    Vocabulary(
        kind="bpe",
        pre="smollm",
        tokens=tuple(WORDS),
        types=(CONTROL, USER_DEFINED, USER_DEFINED, *[NORMAL] * len(LETTERS)),
        merges=(),
        scores=(),
        bos=None,
        eos=END,
        add_bos=False,
        add_space_prefix=False,
        ends=frozenset({END, CLOSE}),  # as with gpt-oss, whose thoughts end with what ends others' turns
    )
)
MARKS = marks_of(ThoughtTags("<think>", "</think>", finish=".</think>"), TOKENIZER)


def sequence(
    committed: tuple[int, ...] = (), max_tokens: int = 50, limit: int = 0, *, thinking: bool = False
) -> Sequence:
    sampling = Sampling(
        temperature=0.0, repetition_penalty=1.0, max_tokens=max_tokens, max_thought_tokens=limit, stop=("!",)
    )
    turn = Turn(UUID(int=4), "Ann", ())
    request = GenerateReply(UUID(int=1), UUID(int=2), UUID(int=3), turn, sampling, 7, committed=committed)
    plan = PromptPlan((1, 2, 3), b"", (), thinking)
    return Sequence(0, request, plan, TOKENIZER, 100, MARKS)


def likes(token: int) -> npt.NDArray[np.float32]:
    logits = np.zeros(len(WORDS), np.float32)
    logits[token] = 9
    return logits


def ids(text: str) -> list[int]:
    return TOKENIZER.encode(text, special=True)


def say(reply: Sequence, text: str) -> list[Emitted]:
    """What comes of it when the model wants these tokens, one after the other, as far as it gets."""
    emitted: list[Emitted] = []
    for token in ids(text):
        if reply.end is not None:
            break
        emitted.append(reply.emit(likes(token)))
        reply.token_done()
    return emitted


def both(emitted: list[Emitted]) -> tuple[str, str]:
    return (
        "".join(each.text + each.held for each in emitted),
        "".join(each.thought + each.held_thought for each in emitted),
    )


def test_thoughts_and_reply_come_apart() -> None:
    emitted = say(sequence(), "<think>hm!</think>yes<end>")
    assert both(emitted) == ("yes", "hm!")
    assert emitted[-1].end == "stop"


def test_a_token_that_ends_a_turn_elsewhere_may_end_a_thought() -> None:
    reply = sequence(thinking=True)
    assert both(say(reply, "hm</think>")) == ("", "hm")
    assert reply.end is None
    assert say(reply, "y</think>")[-1].end == "stop"


def test_the_last_word_of_a_thought_that_is_cut_is_a_thought() -> None:
    emitted = say(sequence(max_tokens=5, limit=0), "<think>hm</think>yes")
    assert both(emitted) == ("y", "hm")
    assert emitted[-1].end == "length"
    assert both(say(sequence(max_tokens=2), "<think>hm")) == ("", "h")


def test_thoughts_have_tokens_of_their_own_beside_those_of_the_reply() -> None:
    emitted = say(sequence(max_tokens=3, limit=10), "<think>abc</think>defgh")
    assert both(emitted) == ("def", "abc")
    assert emitted[-1].end == "length"


def test_a_thought_that_is_too_long_is_ended_whatever_the_model_wants() -> None:
    emitted = say(sequence(max_tokens=3, limit=4), "<think>abcdefghijk")
    assert [each.token_id for each in emitted] == ids("<think>a.</think>def")
    assert both(emitted) == ("def", "a.")


def test_a_limit_that_has_no_room_for_the_end_of_a_thought_still_leaves_the_reply_its_tokens() -> None:
    emitted = say(sequence(max_tokens=9, limit=1), "<think>abcdefghijk")
    assert both(emitted)[1] == "."
    assert emitted[-1].end == "length"
    assert len(emitted) == 10


@pytest.mark.parametrize("cut", range(11))
def test_a_reply_that_is_taken_up_again_goes_on_in_its_thought_or_after_it(cut: int) -> None:
    wanted = "<think>abcdefghijk"
    undisturbed = say(sequence(max_tokens=5, limit=4), wanted)
    committed = tuple(each.token_id for each in undisturbed[:cut])
    reply = sequence(committed, max_tokens=5, limit=4)
    after = [reply.emit(likes(token)) for token in ids(wanted)[cut : len(undisturbed)]]
    if reply.end is None:
        after.append(reply.emit_end())
    shown = both(undisturbed[:cut])
    rest = both(after)
    assert (shown[0] + rest[0], shown[1] + rest[1]) == both(undisturbed)


def test_a_constraint_begins_where_the_thought_has_ended() -> None:
    sampling = Sampling(temperature=0.0, constraint_kind="regex", constraint="ab", min_tokens=3)
    turn = Turn(UUID(int=4), "Ann", ())
    for cut in (0, 2, 4):
        committed = tuple(ids("xyz</think>a")[:cut])
        request = GenerateReply(UUID(int=1), UUID(int=2), UUID(int=3), turn, sampling, 7, committed=committed)
        reply = Sequence(0, request, PromptPlan((1, 2, 3), b"", (), True), TOKENIZER, 100, MARKS)
        emitted = [reply.emit(likes(token)) for token in ids("xyz</think>zz")[cut:]]
        assert [each.token_id for each in emitted] == ids("xyz</think>ab")[cut:]
        assert reply.emit(likes(ids("c")[0])).end == "stop"
