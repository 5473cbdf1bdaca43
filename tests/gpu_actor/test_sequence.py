"""One reply's course, without a model: chunks, replay, ends."""

from uuid import UUID

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages.generation import GenerateReply, Sampling, Turn
from gpu_actor.prompt.build import PromptPlan
from gpu_actor.sampler.draw import draw
from gpu_actor.sequence import Sequence
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.vocabulary import CONTROL, NORMAL, Vocabulary
from tests.gpu_actor.tiny_models import LETTERS

END = 0
WORDS = ["<end>", *LETTERS]
TOKENIZER = Tokenizer(
    Vocabulary(
        kind="bpe",
        pre="smollm",
        tokens=tuple(WORDS),
        types=(CONTROL, *[NORMAL] * len(LETTERS)),
        merges=(),
        scores=(),
        bos=None,
        eos=END,
        add_bos=False,
        add_space_prefix=False,
        ends=frozenset({END}),
    )
)


def sequence(
    prompt: int = 5, committed: str = "", context: int = 100, stop: tuple[str, ...] = (), max_tokens: int = 50
) -> Sequence:
    sampling = Sampling(temperature=0.0, repetition_penalty=1.0, stop=stop, max_tokens=max_tokens)
    ids = tuple(TOKENIZER.encode(committed, special=False))
    request = GenerateReply(
        UUID(int=1), UUID(int=2), UUID(int=3), Turn(UUID(int=4), "Ann", ()), sampling, 7, committed=ids
    )
    return Sequence(0, request, PromptPlan(tuple(range(1, prompt + 1)), b"", ()), TOKENIZER, context)


def likes(word: str) -> npt.NDArray[np.float32]:
    """Logits of a model that wants this token next."""
    logits = np.zeros(len(WORDS), np.float32)
    logits[WORDS.index(word)] = 9
    return logits


def say(reply: Sequence, text: str) -> str:
    """Let the model say the letters, one by one; what becomes certain of them."""
    shown = ""
    for letter in text:
        emitted = reply.emit(likes(letter))
        shown += emitted.text + emitted.held
        reply.token_done()
    return shown


@given(prompt=st.integers(2, 600), limits=st.lists(st.integers(0, 200), min_size=1))
def test_no_prompt_token_is_ever_computed_alone(prompt: int, limits: list[int]) -> None:
    reply = sequence(prompt, context=1000)
    computed: list[int] = []
    index = 0
    while reply.to_prefill:
        chunk = reply.next_chunk(limits[index % len(limits)])
        assert 2 <= len(chunk) <= max(limits[index % len(limits)], 3)
        computed += chunk
        reply.chunk_done(len(chunk))
        index += 1
    assert computed == list(range(1, prompt + 1))


def test_the_reply_goes_on_until_the_model_ends_its_turn() -> None:
    reply = sequence()
    assert say(reply, "hello") == "hello"
    end = reply.emit(likes("<end>"))
    assert (end.token_id, end.text, end.end) == (-1, "", "stop")


def test_the_last_token_of_the_allowed_ones_says_so() -> None:
    reply = sequence(max_tokens=3)
    say(reply, "ab")
    last = reply.emit(likes("c"))
    assert (last.text, last.end) == ("c", "length")


def test_the_context_ends_a_reply() -> None:
    reply = sequence(prompt=5, context=8)
    say(reply, "ab")
    assert reply.emit(likes("c")).end == "length"


def test_text_held_for_a_stop_string_comes_with_any_other_end() -> None:
    reply = sequence(stop=("abc",))
    assert say(reply, "xab") == "x"
    end = reply.emit(likes("<end>"))
    assert (end.end, end.held) == ("stop", "ab")
    short = sequence(stop=("abc",), max_tokens=2)
    assert say(short, "ab") == "ab"


def test_a_stop_string_ends_the_reply_and_is_not_shown() -> None:
    reply = sequence(stop=("lo",))
    assert say(reply, "hel") == "he"
    assert reply.end is None
    assert say(reply, "o") == ""
    assert reply.end == "stop"


@pytest.mark.parametrize("cut", range(6))
def test_committed_tokens_are_fed_again_one_by_one_and_not_emitted(cut: int) -> None:
    reply = sequence(committed="hellox"[:cut], stop=("lox",))
    reply.chunk_done(5)
    fed = ""
    while reply.to_replay:
        fed += WORDS[reply.next_token()]
        reply.token_done()
    assert fed == "hellox"[:cut]
    whole = sequence(stop=("lox",))
    before = say(whole, "hellox"[:cut])
    assert before + say(reply, "hellox"[cut:]) == "hel"
    assert reply.end == "stop"


def test_a_reply_committed_to_its_end_needs_no_computing() -> None:
    for reply, reason in (
        (sequence(committed="abc", max_tokens=3), "length"),
        (sequence(committed="abc", stop=("bc",)), "stop"),
        (sequence(max_tokens=0), "length"),
    ):
        assert (reply.to_prefill, reply.to_replay) == (0, 0)
        assert reply.emit_end().end == reason


def test_a_constraint_that_allows_nothing_more_ends_the_reply_in_words() -> None:
    sampling = Sampling(temperature=0.0, constraint_kind="regex", constraint="ab")
    committed = tuple(TOKENIZER.encode("az", special=False))
    turn = Turn(UUID(int=4), "Ann", ())
    request = GenerateReply(
        UUID(int=1), UUID(int=2), UUID(int=3), turn, sampling, seed=1, committed=committed
    )
    end = Sequence(0, request, PromptPlan((1, 2), b"", ()), TOKENIZER, 100).emit(likes("b"))
    assert (end.token_id, end.end) == (-1, "failed")
    assert end.why.startswith("The constraint stopped the reply: ")


def test_every_token_is_drawn_for_its_own_place() -> None:
    sampling = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)
    turn = Turn(UUID(int=4), "Ann", ())
    request = GenerateReply(UUID(int=1), UUID(int=2), UUID(int=3), turn, sampling, seed=99)
    reply = Sequence(0, request, PromptPlan((1, 2), b"", ()), TOKENIZER, 100)
    flat = np.zeros(len(WORDS), np.float32)
    flat[END] = -100
    for place in range(20):
        drawn = draw(flat, sampling, seed=99, place=place)
        assert reply.emit(flat).token_id == drawn
        reply.token_done()
