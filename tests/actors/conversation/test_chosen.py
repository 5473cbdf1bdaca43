"""Which choice counts: the nearest one that is made."""

import pytest
from msgspec.structs import fields

from actors.conversation.chosen import note_for, persona_of, sampling_of, with_choices
from actors.messages.choices import (
    NOBODY,
    AuthorsNote,
    Choices,
    Chosen,
    Persona,
    Preset,
    ReplySettings,
)
from actors.messages.generation import Circumstances, Note, Sampling
from actors.presets import PRESETS
from tests.actors.kit import uid

MIRA, LEV = Persona(uid(1), "Mira", "A smuggler.", portrait="ab" * 32), Persona(uid(2), "Lev")
DREAMY = Preset(uid(3), "Dreamy", ReplySettings("creative", temperature=1.4))
OWN = Preset(uid(4), "In Alpaca", ReplySettings(format="alpaca"))
USUAL = Sampling(temperature=0.9)


def chosen(
    conversation: Choices | None = None, character: Choices | None = None, everywhere: Choices | None = None
) -> Chosen:
    return Chosen(
        conversation or Choices(), character or Choices(), everywhere or Choices(), (MIRA, LEV), (DREAMY,)
    )


# -- who the user is --------------------------------------------------------------------------------


def test_the_nearest_persona_counts() -> None:
    assert persona_of(chosen(Choices(MIRA.id), Choices(LEV.id), Choices(NOBODY))) == MIRA
    assert persona_of(chosen(None, Choices(LEV.id), Choices(MIRA.id))) == LEV
    assert persona_of(chosen(None, None, Choices(MIRA.id))) == MIRA
    assert persona_of(chosen()) is None


def test_one_may_be_oneself_whatever_is_chosen_farther_away() -> None:
    assert persona_of(chosen(Choices(NOBODY), Choices(LEV.id))) is None


def test_a_persona_that_was_removed_is_passed_over() -> None:
    assert persona_of(chosen(Choices(uid(9)), None, Choices(LEV.id))) == LEV


# -- how replies are made ---------------------------------------------------------------------------


def test_without_a_choice_replies_are_made_as_the_node_makes_them() -> None:
    assert sampling_of(chosen(), USUAL) == USUAL


def test_settings_change_what_their_preset_says() -> None:
    settings = ReplySettings("precise", top_k=7, stop=("\n",))
    found = sampling_of(chosen(Choices(replies=settings)), USUAL)
    assert (found.top_k, found.stop) == (7, ("\n",))
    assert found.temperature == PRESETS["precise"].temperature
    assert sampling_of(chosen(Choices(replies=ReplySettings(top_k=7))), USUAL).temperature == 0.9


def test_a_preset_of_ones_own_stands_on_one_that_comes_with_samovar() -> None:
    settings = ReplySettings(DREAMY.id.hex, max_tokens=99)
    found = sampling_of(chosen(None, Choices(replies=settings)), USUAL)
    assert (found.temperature, found.max_tokens) == (1.4, 99)
    assert found.xtc_probability == PRESETS["creative"].xtc_probability


def test_the_nearest_settings_count_as_a_whole() -> None:
    near, far = ReplySettings(top_k=7), ReplySettings("greedy", max_tokens=50)
    found = sampling_of(chosen(Choices(replies=near), Choices(replies=far)), USUAL)
    assert (found.top_k, found.max_tokens, found.temperature) == (7, USUAL.max_tokens, 0.9)


def test_a_preset_that_is_gone_counts_as_none() -> None:
    settings = ReplySettings(uid(8).hex, top_p=0.5)
    assert sampling_of(chosen(Choices(replies=settings)), USUAL) == Sampling(temperature=0.9, top_p=0.5)


def test_every_setting_is_one_of_sampling() -> None:
    known = {field.name for field in fields(Sampling)}
    assert {field.name for field in fields(ReplySettings)} - known == {"preset", "format"}


# -- what is added to the prompt --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "said", "due"), [(1, 1, True), (3, 2, False), (3, 3, True), (3, 6, True), (0, 3, False)]
)
def test_a_note_stands_in_every_nth_prompt(every: int, said: int, due: bool) -> None:
    note = note_for(chosen(Choices(note=AuthorsNote("Rain.", 2, "user", every))), said)
    assert note == (Note("Rain.", 2, "user", every) if due else Note())


def test_a_conversation_may_have_no_note_where_its_character_has_one() -> None:
    assert note_for(chosen(Choices(note=AuthorsNote("")), Choices(note=AuthorsNote("Rain."))), 1) == Note()


def test_a_reply_is_made_under_what_was_chosen() -> None:
    own = Choices(MIRA.id, AuthorsNote("Rain."), "Play.", None, own_instructions_win=True)
    found = with_choices(Circumstances(greeting=1), chosen(own, Choices(post_history_instructions="!")), 2)
    assert found == Circumstances(
        greeting=1,
        user_icon="Mira",
        note=Note("Rain."),
        system_prompt="Play.",
        post_history_instructions="!",
        own_instructions_win=True,
    )


def test_who_has_no_picture_has_no_icon() -> None:
    assert with_choices(Circumstances(), chosen(Choices(LEV.id)), 1).user_icon == ""


@pytest.mark.parametrize(
    ("conversation", "everywhere", "expected"),
    [
        (None, None, ""),
        (None, ReplySettings(format="gemma"), "gemma"),
        (ReplySettings(format="chatml"), ReplySettings(format="gemma"), "chatml"),
        (ReplySettings(format="model"), ReplySettings(format="gemma"), ""),
        (ReplySettings(temperature=1.0), ReplySettings(format="gemma"), ""),
        (ReplySettings(preset=OWN.id.hex), None, "alpaca"),
        (ReplySettings(preset=OWN.id.hex, format="model"), None, ""),
    ],
)
def test_the_format_of_a_prompt_is_that_of_the_nearest_settings_or_of_their_preset(
    conversation: ReplySettings | None, everywhere: ReplySettings | None, expected: str
) -> None:
    chosen = Chosen(
        conversation=Choices(replies=conversation), everywhere=Choices(replies=everywhere), presets=(OWN,)
    )
    assert with_choices(Circumstances(), chosen, 1).format == expected
