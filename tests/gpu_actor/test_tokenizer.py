"""The tokenizer against llama.cpp, and that nobody's text becomes a special token."""

import dataclasses
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.executor import ModelExecutor
from gpu_actor.pre_tokenizers import PRE_TOKENIZERS, WHOLE_WORDS
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import UnsupportedModelError
from gpu_actor.vocabulary import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    USER_DEFINED,
    Vocabulary,
    read_vocabulary,
)
from tests.gpu_actor.llama_cpp import LlamaCpp
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SNIPPETS = [
    *("Hello", " world", "'s", "'S", "’s", "I'LL", "don't", "123", "4567890", " 12", "½", "²", "ⅷ", "٣"),
    *("\n", "\n\n", " \n", "  ", "   ", "\t", "\r\n", "\r", "\u00a0", "\u3000", "\u200b"),
    *(
        "é",
        "ñandú",
        "日本語",
        "こんにちは",
        "नमस्ते",
        "ไทย",
        "😀",
        "👩‍👩‍👧",
        "ß",
        "Ǆ",
        "CamelCase",
        "ABC",
        "dEf",
    ),
    *("…", "—", "“q”", "$5.00", "a+b=c", "_", "foo_bar", "?!", "...", "~", "^", "|", "`", "{}", "//", "/*"),
    *(
        "<|im_start|>",
        "<|im_end|>",
        "</s>",
        "<|im_start|",
        "http://a.b/c?d=e",
        "\ue000",
        "\U0010fffd1",
        "\x07",
    ),
]


TEXT = st.text(st.characters(max_codepoint=0x3FFFF, exclude_categories=["Cs", "Cc"]))
"""The model has no tokens for some control characters, and for what unassigned planes begin with."""


def mixed_texts(count: int, seed: int) -> list[str]:
    chooser = random.Random(seed)
    return ["".join(chooser.choices(SNIPPETS, k=chooser.randint(1, 12))) for _ in range(count)]


@pytest.fixture(scope="session")
def tokenizer(fast: ModelExecutor) -> Tokenizer:
    return fast.tokenizer


def test_ids_are_those_of_llama_cpp_with_and_without_special_tokens(
    tokenizer: Tokenizer, model_file: Path
) -> None:
    oracle = LlamaCpp(model_file)
    for text in mixed_texts(60, seed=1):
        assert tokenizer.encode(text, special=False) == oracle.tokenize(text, special=False), repr(text)
        assert tokenizer.encode(text, special=True) == oracle.tokenize(text, special=True), repr(text)


@given(text=TEXT | st.lists(st.sampled_from(SNIPPETS)).map("".join))
def test_plain_text_never_becomes_special_and_comes_back_whole(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text, special=False)
    assert not tokenizer.special_ids.intersection(ids)
    assert tokenizer.decode(ids) == text


@given(parts=st.lists(st.sampled_from(SNIPPETS).map(lambda text: (text, False))))
def test_parts_of_plain_text_are_encoded_as_if_they_were_one(
    tokenizer: Tokenizer, parts: list[tuple[str, bool]]
) -> None:
    whole = "".join(text for text, _ in parts)
    assert tokenizer.encode_parts(parts) == tokenizer.encode(whole, special=False)


@pytest.mark.parametrize("pre", ["smollm", "llama-bpe"])
def test_a_special_token_that_looks_like_a_word_is_not_that_word(tokenizer: Tokenizer, pre: str) -> None:
    (word,) = tokenizer.encode(" world", special=False)
    types = list(tokenizer.vocabulary.types)
    types[word] = CONTROL
    changed = dataclasses.replace(
        tokenizer.vocabulary, types=tuple(types), pre=pre, whole_words=pre in WHOLE_WORDS
    )
    other = Tokenizer(changed)
    ids = other.encode("Hello world", special=False)
    assert word not in ids
    assert other.decode(ids) == "Hello world"


def test_a_special_token_is_not_put_together_from_two_parts(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode_parts([("<|im_", True), ("end|>", False), ("<|im_end|>", True)])
    assert [token for token in ids if token in tokenizer.special_ids] == [2]


def test_half_a_surrogate_pair_is_replaced_not_refused(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode("a\ud83db", special=False)) == "a?b"


@given(text=TEXT)
def test_a_character_that_spans_tokens_appears_whole_with_its_last_one(
    tokenizer: Tokenizer, text: str
) -> None:
    detokenizer = tokenizer.detokenizer(fresh=True)
    pieces = [detokenizer.add(token) for token in tokenizer.encode(text, special=False)]
    assert "".join(pieces) == text
    assert "\ufffd" not in "".join(pieces).replace("\ufffd", "", text.count("\ufffd"))


def test_ends_of_a_turn_are_known_and_have_no_text(tokenizer: Tokenizer) -> None:
    ends = {"<|endoftext|>", "<|im_end|>", "<reponame>"}
    assert {tokenizer.name(token) for token in tokenizer.ends} == ends
    assert tokenizer.decode([2, 1]) == ""


def test_an_unknown_pre_tokenizer_is_refused_by_name(tokenizer: Tokenizer) -> None:
    odd = dataclasses.replace(tokenizer.vocabulary, pre="klingon")
    with pytest.raises(UnsupportedModelError, match="'klingon'"):
        Tokenizer(odd)


@pytest.mark.parametrize("pre", sorted(PRE_TOKENIZERS))
def test_every_pre_tokenizer_keeps_every_byte(tokenizer: Tokenizer, pre: str) -> None:
    other = Tokenizer(dataclasses.replace(tokenizer.vocabulary, pre=pre))
    for text in mixed_texts(5, seed=2):
        assert other.decode(other.encode(text, special=False)) == text


def test_pre_tokenizers_cut_numbers_as_their_models_do(tokenizer: Tokenizer) -> None:
    def cut(pre: str, text: str) -> list[str]:
        other = Tokenizer(dataclasses.replace(tokenizer.vocabulary, pre=pre, merges=()))
        assert other.inner.pre_tokenizer is not None
        return [piece for piece, _ in other.inner.pre_tokenizer.pre_tokenize_str(text)]

    assert cut("smollm", "a1234") == ["a", "1", "2", "3", "4"]
    assert cut("llama-bpe", "a1234") == ["a", "123", "4"]
    assert cut("tekken", "fooBar12") == ["foo", "Bar", "1", "2"]
    assert cut("default", "a1234") == ["a", "123", "4"]


def ids_agree(vocabulary: Vocabulary, texts: list[str], path: Path) -> None:
    """Ours are the ids that llama.cpp makes with the same vocabulary."""
    shape = TinyModel(embedding=32, feed_forward=32, heads=1, kv_heads=1, head_size=32, layers=1)
    file = write_tiny(path, dataclasses.replace(shape, vocabulary=vocabulary))
    read = read_vocabulary(GgufFile(file))
    assert read.tokens == vocabulary.tokens
    ours, oracle = Tokenizer(read), LlamaCpp(file)
    for text in texts:
        assert ours.encode(text, special=False) == oracle.tokenize(text, special=False), repr(text)
        assert ours.encode(text, special=True) == oracle.tokenize(text, special=True), repr(text)


@pytest.mark.parametrize("pre", ["llama-bpe", "qwen2", "tekken"])
def test_ids_of_every_family_are_those_of_llama_cpp(tokenizer: Tokenizer, pre: str, tmp_path: Path) -> None:
    vocabulary = dataclasses.replace(tokenizer.vocabulary, pre=pre)
    texts = mixed_texts(120, seed=3)
    if (
        pre == "tekken"
    ):  # of which llama.cpp has a pattern that takes every letter beyond ASCII for both cases
        texts = [
            text for text in texts if not any(each.isupper() or each.islower() for each in text if each > "z")
        ]
        assert len(texts) > 20
    ids_agree(vocabulary, texts, tmp_path / "model.gguf")


# -- SentencePiece --------------------------------------------------------------------------------


def spm_vocabulary() -> Vocabulary:
    """A small one, made as SentencePiece does: every token's halves are tokens, earlier ones score better."""
    words = ["th", "the", "▁the", "he", "▁", "t", "h", "e", "ll", "lo", "hello", "hell", "o", "l", "▁w", "w"]
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words, "<|im_end|>", "   "]
    types = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(words), USER_DEFINED, USER_DEFINED]
    scores = [0.0] * 259 + [-float(rank) for rank in range(len(words))] + [0.0, 0.0]
    return Vocabulary(
        kind="spm",
        pre="default",
        tokens=tuple(names),
        types=tuple(types),
        merges=(),
        scores=tuple(scores),
        bos=1,
        eos=2,
        add_bos=True,
        add_space_prefix=True,
        ends=frozenset({2, names.index("<|im_end|>")}),
    )


def test_sentencepiece_joins_the_best_scoring_pair_first() -> None:
    tokenizer = Tokenizer(spm_vocabulary())
    names = [tokenizer.name(token) for token in tokenizer.encode("the hello é", special=False)]
    # "th" (rank 0) is joined before "he" (rank 3); what has no token becomes its bytes.
    assert names == ["▁the", "▁", "hello", "▁", "<0xC3>", "<0xA9>"]


def test_sentencepiece_text_comes_back_without_the_space_that_was_put_before_it() -> None:
    tokenizer = Tokenizer(spm_vocabulary())
    for text in ("the hello é", " the", "é", "the </s><|im_end|>", "<0x41>"):
        ids = tokenizer.encode(text, special=False)
        assert tokenizer.decode(ids) == text
        assert not tokenizer.special_ids.intersection(ids)
    ids = tokenizer.encode("the </s><|im_end|>", special=True)
    assert [tokenizer.name(token) for token in ids[-2:]] == ["</s>", "<|im_end|>"]


def test_a_user_defined_token_of_white_space_is_text() -> None:
    tokenizer = Tokenizer(spm_vocabulary())
    assert tokenizer.name(tokenizer.encode("the   the", special=False)[1]) == "   "


GEMMA_WORDS = [
    *(
        "\u2581the",
        "\u2581he",
        "\u2581a",
        "th",
        "he",
        "the",
        "in",
        "er",
        "an",
        "\u2581an",
        "and",
        "\u2581and",
        "ing",
        "hing",
    ),
    *(
        "thing",
        "\u2581thing",
        "\u2581t",
        "\u2581c",
        "ca",
        "at",
        "cat",
        "\u2581cat",
        "\u00e9",
        "caf\u00e9",
        "fé",
        "af",
        "\u65e5\u672c",
    ),
    *(
        "\u65e5",
        "\u672c",
        "\u8a9e",
        "\u65e5\u672c\u8a9e",
        "<",
        ">",
        "/",
        "\n",
        "\t",
        "1",
        "2",
        "12",
        "\u2581",
        ".",
        ",",
        "'",
        "'s",
    ),
]


def gemma_vocabulary() -> Vocabulary:
    """As Gemma's is made: no space before a text, runs of blanks and tags of HTML as tokens of their own."""
    letters = [
        letter
        for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        if letter not in GEMMA_WORDS
    ]
    words = [*dict.fromkeys([*GEMMA_WORDS, *letters])]
    control = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    verbatim = ["\n\n", "\n\n\n", "  ", "   ", "<table>", "</table>", "<h1>", "<b>", "</b>"]
    names = [*control, *(f"<0x{byte:02X}>" for byte in range(256)), *verbatim, *words]
    types = [CONTROL, CONTROL, CONTROL, UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256]
    types += [*[USER_DEFINED] * len(verbatim), *[NORMAL] * len(words)]
    scores = [0.0] * (len(names) - len(words)) + [-float(rank) for rank in range(len(words))]
    return Vocabulary(
        kind="spm",
        pre="default",
        tokens=tuple(names),
        types=tuple(types),
        merges=(),
        scores=tuple(scores),
        bos=2,
        eos=1,
        add_bos=True,
        add_space_prefix=False,
        ends=frozenset({1, names.index("<end_of_turn>")}),
    )


@pytest.mark.parametrize("space", [False, True], ids=["as gemma", "as llama 2"])
def test_ids_of_sentencepiece_are_those_of_llama_cpp(tmp_path: Path, *, space: bool) -> None:
    chooser = random.Random(4)
    parts = [
        *GEMMA_WORDS,
        " ",
        " ",
        "  ",
        "\n\n",
        "<table>",
        "</b>",
        "<start_of_turn>",
        "<end_of_turn>",
        *SNIPPETS,
    ]
    texts = ["".join(chooser.choices(parts, k=chooser.randint(1, 14))) for _ in range(80)]
    vocabulary = dataclasses.replace(gemma_vocabulary(), add_space_prefix=space)
    ids_agree(vocabulary, [text.replace("\u2581", " ") for text in texts], tmp_path / "model.gguf")


def test_a_tag_of_html_is_text_and_a_mark_of_the_model_is_not() -> None:
    tokenizer = Tokenizer(gemma_vocabulary())
    assert [tokenizer.name(token) for token in tokenizer.encode("<b>a</b>", special=False)] == [
        "<b>",
        "a",
        "</b>",
    ]
    ids = tokenizer.encode("<start_of_turn>", special=False)
    assert not tokenizer.special_ids.intersection(ids)
    assert tokenizer.decode(ids) == "<start_of_turn>"
    types = list(gemma_vocabulary().types)
    types[4] = USER_DEFINED
    other = Tokenizer(dataclasses.replace(gemma_vocabulary(), types=tuple(types)))
    assert 4 in other.special_ids
    assert other.encode("<start_of_turn>", special=False) == ids
