"""Whose thoughts are marked how: from the template, the vocabulary, or the setting."""

import pytest

from gpu_actor.settings import EngineSettings
from gpu_actor.thought_tags import GUESS, KNOWN, THINK, ThoughtTags, marks_of, tags_in_use
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import ThoughtTagsError
from gpu_actor.vocabulary import CONTROL, NORMAL, USER_DEFINED, Vocabulary
from tests.gpu_actor.tiny_models import LETTERS

QWEN3 = "{%- set content = message.content.split('</think>')[-1] %}{{- '<think>\\n' + reasoning }}"


def tokenizer_of(specials: dict[str, int]) -> Tokenizer:
    words = [*specials, *LETTERS]
    return Tokenizer(
        Vocabulary(
            kind="bpe",
            pre="smollm",
            tokens=tuple(words),
            types=(*specials.values(), *[NORMAL] * len(LETTERS)),
            merges=(),
            scores=(),
            bos=None,
            eos=None,
            add_bos=False,
            add_space_prefix=False,
            ends=frozenset(),
        )
    )


PLAIN = tokenizer_of({})
AUTO = EngineSettings()


def test_the_tags_that_a_template_names_are_the_models_own() -> None:
    assert tags_in_use(AUTO, QWEN3, PLAIN) is THINK
    for tags in KNOWN:
        assert tags_in_use(AUTO, f"{{{{ '{tags.open.strip()}' }}}}", PLAIN) is tags


def test_tags_that_are_tokens_count_whatever_the_template_says() -> None:
    found = tags_in_use(AUTO, "", tokenizer_of({"[THINK]": CONTROL, "[/THINK]": CONTROL}))
    assert found is not None
    assert (found.open, found.close) == ("[THINK]", "[/THINK]")


def test_a_model_that_tells_nothing_may_think_in_the_usual_tags() -> None:
    assert tags_in_use(AUTO, "{{ messages }}", PLAIN) is GUESS
    assert tags_in_use(AUTO, "{{ '<|end|>' }}", tokenizer_of({"<|end|>": CONTROL})) is GUESS


def test_a_setting_names_the_tags_or_turns_them_off() -> None:
    assert tags_in_use(EngineSettings(thoughts="off"), QWEN3, PLAIN) is None
    assert tags_in_use(EngineSettings(thoughts="<a> </a>"), QWEN3, PLAIN) == ThoughtTags("<a>", "</a>")
    assert tags_in_use(EngineSettings(thoughts="<think> </think>"), "", PLAIN) is THINK


@pytest.mark.parametrize("setting", ["", "on", "<think>", "<a> <b> <c>", "<a> <a>"])
def test_a_setting_that_is_no_pair_of_tags_is_refused(setting: str) -> None:
    with pytest.raises(ThoughtTagsError, match="must be auto, off, or"):
        tags_in_use(EngineSettings(thoughts=setting), "", PLAIN)


@pytest.mark.parametrize(
    ("prompt", "inside"),
    [
        ("<|im_start|>assistant\n", False),
        ("<|im_start|>assistant\n<think>\n", True),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", False),
    ],
)
def test_a_template_may_open_the_thought_itself(prompt: str, inside: bool) -> None:
    assert THINK.opened_by(prompt) is inside


def test_a_tag_of_special_tokens_is_seen_by_its_ids_alone() -> None:
    marks = marks_of(THINK, tokenizer_of({"<think>": USER_DEFINED, "</think>": USER_DEFINED}))
    assert marks is not None
    assert marks.is_special
    assert set(marks.of_token) == {0, 1}
    assert "<" not in marks.open + marks.close
    assert 1 in marks.ending


def test_a_tag_of_mere_text_is_that_text() -> None:
    marks = marks_of(THINK, PLAIN)
    assert marks is not None
    assert not marks.is_special
    assert (marks.open, marks.close, marks.of_token) == ("<think>", "</think>", {})


def test_a_tag_may_be_special_tokens_with_words_between() -> None:
    names = ("<|start|>", "<|channel|>", "<|message|>", "<|end|>")
    tokenizer = tokenizer_of(dict.fromkeys(names, CONTROL))
    tags = tags_in_use(AUTO, "{{ '<|start|>assistant<|channel|>analysis<|message|>' }}", tokenizer)
    marks = marks_of(tags, tokenizer)
    assert marks is not None
    assert len(marks.of_token) == 4
    assert marks.open[1:-1] == "analysis"
    assert marks.close == marks.of_token[3]
