"""Every cause that a box tells in a sentence is known again by its code, and the page has words for it."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.link_materials import NO_BOOK, NO_CHARACTER
from actors.messages.generation import Sampling
from actors.messages.reply_causes import CAUSES, cause_of, sentence_of
from actors.sampling_limits import unfit_sampling
from gpu_actor.prompt.instruct import format_of
from gpu_actor.prompt.template import ChatTemplate, ChatTemplateError

PAGE = Path(__file__).parents[2] / "web" / "ui" / "src" / "messages" / "causes.ts"


@pytest.mark.parametrize("code", CAUSES)
def test_a_sentence_is_known_again_with_its_facts(code: str) -> None:
    facts = tuple(f"{number} (of {{}}.*)" for number in range(CAUSES[code].count("{}")))
    assert cause_of(sentence_of(code, *facts)) == (code, facts)


def test_what_another_program_says_is_none_of_them() -> None:
    for said in ("", "The engine at 10.0.0.2 refused with 503.", f"x{NO_BOOK}"):
        assert cause_of(said) == ("", ())


def test_those_who_refuse_say_one_of_them() -> None:
    assert cause_of(NO_CHARACTER)[0] == "no_character"
    assert cause_of(unfit_sampling(replace(Sampling(), top_p=2))) == ("setting", ("top_p", "0", "1"))
    with pytest.raises(ChatTemplateError) as unknown:
        format_of("none")
    assert cause_of(str(unknown.value)) == ("unknown_format", ("'none'",))
    with pytest.raises(ChatTemplateError) as broken:
        ChatTemplate("{% if %}", "", "")
    assert cause_of(str(broken.value))[0] == "template"


def test_the_page_has_words_for_each_in_both_languages() -> None:
    english, russian = PAGE.read_text(encoding="utf-8").split("causesInRussian")
    for words in (english, russian):
        assert set(re.findall(r"^  (\w+): \(", words, re.MULTILINE)) == {*CAUSES, "other"}
