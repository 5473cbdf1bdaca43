"""Token ids of a folder against the package that wrote its tokenizer.json."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.engine.huggingface_tokenizer import Ends, TokenizerConfig, read_folder_tokenizer
from gpu_actor.engine.model_file import Metadata
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import EngineTrouble, ModelFileError, UnsupportedModelError
from gpu_actor.vocabulary import CONTROL, UNUSED, Vocabulary, read_vocabulary
from tests.gpu_actor.tiny_folders import KINDS, TEXTS, make_tokenizer

ROWS = 800


def vocabulary_of(
    content: str, config: TokenizerConfig | None = None, ends: Ends | None = None
) -> Vocabulary:
    file: Any = Metadata()
    given_ends = [Ends(eos_token_id=[1, 2]) if ends is None else ends]
    file.metadata |= read_folder_tokenizer(content.encode(), config or TokenizerConfig(), given_ends, ROWS)
    return read_vocabulary(file)


@pytest.fixture(scope="session", params=KINDS)
def pair(request: pytest.FixtureRequest) -> tuple[Any, Tokenizer]:
    reference: Any = make_tokenizer(request.param)
    return reference, Tokenizer(vocabulary_of(reference.to_str()))


def spaced_otherwise(reference: Any, text: str) -> bool:
    return "Metaspace" in str(reference.pre_tokenizer) and text.startswith((" ", "\u2581"))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_texts_have_the_ids_of_the_package(pair: tuple[Any, Tokenizer], text: str) -> None:
    reference, ours = pair
    if spaced_otherwise(reference, text):
        pytest.skip("a second space: the package and SentencePiece differ")
    wanted = reference.encode(text, add_special_tokens=False).ids
    assert ours.encode(text, special=False) == wanted
    assert ours.decode(wanted) == text


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=40)
def test_any_text_has_the_ids_of_the_package(pair: tuple[Any, Tokenizer], text: str) -> None:
    reference, ours = pair
    if any(name in text for name in ours.specials) or spaced_otherwise(reference, text):
        return
    assert ours.encode(text, special=False) == reference.encode(text, add_special_tokens=False).ids


def test_nobodys_text_becomes_a_special_token_unless_it_is_asked_for(pair: tuple[Any, Tokenizer]) -> None:
    reference, ours = pair
    assert ours.specials
    for name, token in ours.specials.items():
        assert reference.token_to_id(name) in {token, None}
        assert token not in ours.encode(f"so {name} it is", special=False)
        assert token in ours.encode(f"so {name} it is", special=True)
        assert ours.decode([token]) == ""


def test_the_demonstration_models_own_tokenizer_comes_out_as_from_its_gguf_file(model_file: Any) -> None:
    wanted = read_vocabulary(GgufFile(model_file))
    vocabulary = {text: index for index, text in enumerate(wanted.tokens)}
    specials = [index for index, kind in enumerate(wanted.types) if kind == CONTROL]
    content = {
        "model": {
            "type": "BPE",
            "vocab": vocabulary,
            "merges": [merge.split(" ") for merge in wanted.merges],
            "ignore_merges": False,
        },
        "added_tokens": [{"id": each, "content": wanted.tokens[each], "special": True} for each in specials],
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            ],
        },
    }
    file: Any = Metadata()
    config = TokenizerConfig(
        bos_token=wanted.tokens[wanted.bos or 0], eos_token=wanted.tokens[wanted.eos or 0]
    )
    file.metadata |= read_folder_tokenizer(json.dumps(content).encode(), config, [Ends()], len(wanted.tokens))
    assert read_vocabulary(file) == wanted


def test_rows_without_a_token_are_unused_and_tokens_without_a_row_are_left_out() -> None:
    reference = make_tokenizer("qwen2")
    found = vocabulary_of(reference.to_str())
    count = reference.get_vocab_size()
    assert len(found.tokens) == ROWS > count
    assert set(found.types[count:]) == {UNUSED}
    file: Any = Metadata()
    file.metadata |= read_folder_tokenizer(
        reference.to_str().encode(), TokenizerConfig(), [Ends(eos_token_id=count - 1)], count - 2
    )
    fewer = read_vocabulary(file)
    assert len(fewer.tokens) == count - 2
    assert fewer.eos is None


def test_all_ends_that_the_folder_names_end_a_turn() -> None:
    found = vocabulary_of(make_tokenizer("smollm").to_str(), ends=Ends(eos_token_id=[1, 17, 5_000_000]))
    assert {1, 17} <= found.ends
    assert max(found.ends) < ROWS
    assert found.eos == 1
    named = vocabulary_of(make_tokenizer("smollm").to_str(), TokenizerConfig(eos_token="<|im_end|>"))
    assert named.eos == 3


def test_bos_comes_first_where_the_folder_says_so() -> None:
    ends = Ends(bos_token_id=0, eos_token_id=1)
    assert vocabulary_of(make_tokenizer("llama-bpe").to_str(), ends=ends).add_bos
    assert not vocabulary_of(make_tokenizer("smollm").to_str(), ends=ends).add_bos
    told = TokenizerConfig(add_bos_token=True)
    assert vocabulary_of(make_tokenizer("smollm").to_str(), told, ends).add_bos


def test_of_several_chat_templates_the_default_one_is_taken() -> None:
    several = [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]
    assert TokenizerConfig(chat_template=several).template() == "D"
    assert TokenizerConfig(chat_template="one").template() == "one"
    assert TokenizerConfig().template() == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": {"type": "Unigram", "vocab": [["a", 0.0]]}}, "of the kind Unigram"),
        ({"model": {"type": "WordPiece", "vocab": {}}}, "of the kind WordPiece"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "does not know .Whitespace"),
        (
            {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}},
            "GGUF",
        ),
        ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}}, "GGUF"),
    ],
    ids=["unigram", "wordpiece", "whitespace", "a costly pattern", "a space before"],
)
def test_what_is_not_covered_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    content = json.loads(make_tokenizer("gpt-2").to_str()) | change
    with pytest.raises(UnsupportedModelError, match=words) as caught:
        vocabulary_of(json.dumps(content))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[" * 100_000, '{"model": 3}', '{"model": {"vocab": {"a": -1}}}']
)
def test_damage_is_named(content: str) -> None:
    with pytest.raises(ModelFileError, match="damaged"):
        vocabulary_of(content)


@given(data=st.data())
@settings(max_examples=60)
def test_a_tokenizer_with_a_part_of_another_kind_is_an_engine_trouble_or_fine(data: st.DataObject) -> None:
    content = json.loads(make_tokenizer("smollm").to_str())
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
    part = data.draw(st.sampled_from([*content, *content["model"]]))
    (content if part in content else content["model"])[part] = data.draw(junk)
    with contextlib.suppress(EngineTrouble):  # the only kind of error there may be
        Tokenizer(vocabulary_of(json.dumps(content)))
