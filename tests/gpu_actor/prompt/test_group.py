"""Prompts of groups: whose words are whose, who is to speak, and what stays when the speaker changes."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from actors.character.book_sheet import book_sheet_of
from actors.character.card import Card, Lorebook, LoreEntry
from actors.character.sheet import sheet_of
from actors.messages.generation import CharacterSheet, Circumstances, Turn, TurnMember, TurnMessage
from gpu_actor.caches import common
from gpu_actor.executor import ModelExecutor
from gpu_actor.prompt.build import PromptBuilder, PromptPlan
from gpu_actor.prompt.group import cache_of, mark_of, stops_of
from gpu_actor.prompt.template import CHATML, ChatTemplate
from gpu_actor.thought_tags import ThoughtTags
from gpu_actor.tokenizer import Tokenizer

TALK = UUID(int=9)
VESNA, MARFA, GLEB = UUID(int=1), UUID(int=2), UUID(int=3)
CARDS = {
    VESNA: Card(
        name="Vesna of the Woods",
        nickname="Vesna",
        description="{{char}} gathers herbs. Friends: {{notChar}}.",
        personality="kind",
        scenario="A glade.",
        mes_example="<START>\n{{char}}: Mint?",
        book=Lorebook(entries=(LoreEntry(keys=("tea",), content="{{char}} knows 40 teas."),)),
    ),
    MARFA: Card(
        name="Marfa",
        description="{{char}} owns the samovar.",
        system_prompt="Play {{char}} loudly. {{original}}",
        book=Lorebook(entries=(LoreEntry(keys=("tea",), content="The samovar is hot."),)),
    ),
    GLEB: Card(name="Gleb", description="{{char}} says little, and {{group}} know it."),
}
SHEETS: dict[UUID, CharacterSheet] = {
    version: sheet_of(version, card, 100_000) for version, card in CARDS.items()
}
MEMBERS = tuple(TurnMember(version, card.nickname or card.name) for version, card in CARDS.items())
TOLD = tuple(
    replace(member, description=card.description, personality=card.personality)
    for member, card in zip(MEMBERS, CARDS.values(), strict=True)
)
HISTORY = (
    TurnMessage("assistant", "Come in.", "Marfa"),
    TurnMessage("user", "Tea, please.", "Anna"),
    TurnMessage("assistant", "Mint tea?", "Vesna"),
    *(
        TurnMessage("user", f"Words, number {n}.", "Anna")
        if n % 2
        else TurnMessage("assistant", f"Words, number {n}.", "Gleb")
        for n in range(40)
    ),
    TurnMessage("user", "More tea?", "Anna"),
)


def turn(speaker: UUID, *, joined: bool = False, **more: object) -> Turn:
    members = TOLD if joined else MEMBERS
    return replace(Turn(speaker, "Anna", HISTORY, members=members, joined=joined), **more)


@pytest.fixture(scope="session")
def tokenizer(fast: ModelExecutor) -> Tokenizer:
    return fast.tokenizer


@pytest.fixture(scope="session")
def builder(tokenizer: Tokenizer) -> PromptBuilder:
    return PromptBuilder(tokenizer, ChatTemplate(CHATML, "", ""), "ab" * 32)


def plan(builder: PromptBuilder, turn: Turn, budget: int = 4000) -> PromptPlan:
    return builder.build(turn, SHEETS[turn.character], budget)


def texts(builder: PromptBuilder, turn: Turn) -> list[str]:
    return [message.text for message in plan(builder, turn).messages]


def test_every_message_begins_with_its_speaker_and_so_does_the_reply(builder: PromptBuilder) -> None:
    made = plan(builder, turn(VESNA))
    said = [message.text for message in made.messages if message.role != "system"]
    assert said[:3] == ["Marfa: Come in.", "Anna: Tea, please.", "Vesna: Mint tea?"]
    assert made.text.endswith("<|im_start|>assistant\nVesna:")
    assert made.messages[-1].text == "[Write the next message of Vesna, and of nobody else.]"


def test_the_speakers_card_is_the_main_one_and_the_others_are_named(builder: PromptBuilder) -> None:
    system = texts(builder, turn(VESNA))[0]
    assert "Vesna gathers herbs. Friends: Marfa, Gleb." in system
    assert "Vesna knows 40 teas." in system  # its own lore …
    assert "Mint?" in system  # … and examples
    assert "several characters: Vesna, Marfa, Gleb." in system
    assert "samovar" not in system


def test_a_continued_reply_goes_on_behind_the_name(builder: PromptBuilder) -> None:
    assert plan(builder, turn(GLEB, continue_text="Well, I")).text.endswith("assistant\nGleb: Well, I")


def test_a_model_that_thinks_is_left_to_begin_by_itself(tokenizer: Tokenizer) -> None:
    tags = ThoughtTags("<think>", "</think>")
    thinker = PromptBuilder(tokenizer, ChatTemplate(CHATML, "", ""), "ab" * 32, tags)
    assert plan(thinker, turn(VESNA)).text.endswith("<|im_start|>assistant\n")


def test_a_task_is_nobodys_message(builder: PromptBuilder) -> None:
    asked = turn(VESNA, task="Write a title.")
    assert (mark_of(asked), stops_of(asked)) == ("", ())
    made = plan(builder, asked)
    assert made.messages[-1].text == "Write a title."
    assert made.text.endswith("<|im_start|>assistant\n")


def test_where_another_begins_to_speak_the_reply_is_over() -> None:
    assert stops_of(turn(VESNA)) == ("\nAnna:", "\nMarfa:", "\nGleb:")
    assert stops_of(Turn(VESNA, "Anna", ())) == ()
    twins = turn(VESNA, members=(MEMBERS[0], replace(MEMBERS[1], name="Vesna")))
    assert stops_of(twins) == ("\nAnna:",)  # nothing tells them apart


def test_who_is_muted_is_left_out_where_a_card_asks_for_it(builder: PromptBuilder) -> None:
    card = Card(name="Gleb", description="{{groupNotMuted}} / {{group}}")
    members = (MEMBERS[0], replace(MEMBERS[1], muted=True), MEMBERS[2])
    made = builder.build(turn(GLEB, members=members), sheet_of(GLEB, card, 100_000), 4000)
    assert "Vesna, Gleb / Vesna, Marfa, Gleb" in made.messages[0].text


def test_lore_that_is_for_one_character_comes_up_where_that_one_speaks(builder: PromptBuilder) -> None:
    whose = {"characterFilter": {"names": ["Marfa"]}}
    book = Lorebook(entries=(LoreEntry(keys=("tea",), content="Her grandmother's.", extensions=whose),))
    sheet = book_sheet_of(UUID(int=7), "Tea", book, 10_000)
    for speaker in CARDS:
        made = builder.build(turn(speaker), SHEETS[speaker], 4000, books=(sheet,))
        assert ("Her grandmother's." in made.messages[0].text) is (speaker == MARFA)


# -- joined descriptions ----------------------------------------------------------------------------


def test_joined_descriptions_tell_each_of_all_in_their_own_names(builder: PromptBuilder) -> None:
    for speaker in CARDS:
        system = texts(builder, turn(speaker, joined=True))[0]
        assert "About Vesna:\nVesna gathers herbs. Friends: Marfa, Gleb.\nkind" in system
        assert "About Marfa:\nMarfa owns the samovar." in system
        assert "About Gleb:\nGleb says little, and Vesna, Marfa, Gleb know it." in system


def test_what_is_the_speakers_alone_stands_once_behind_the_talk(builder: PromptBuilder) -> None:
    first, *talk, behind, _ = texts(builder, turn(VESNA, joined=True))
    assert behind.startswith("You are Vesna.")
    for own in ("Scenario: A glade.", "Mint?", "Vesna knows 40 teas."):
        assert own in behind
        assert own not in first
    assert "gathers herbs" not in behind
    assert talk[0] == "Marfa: Come in."
    assert "Play Marfa loudly. You are Marfa." in texts(builder, turn(MARFA, joined=True))[-2]


def test_the_prompt_of_one_speaker_serves_the_next_where_descriptions_are_joined(
    builder: PromptBuilder,
) -> None:
    """The share of a prompt that the one before it begins with, when the speaker changes."""

    def shared(*, joined: bool) -> float:
        one, other = (list(plan(builder, turn(speaker, joined=joined)).ids) for speaker in (VESNA, MARFA))
        return common(one, other) / len(other)

    assert shared(joined=True) > 0.8
    assert shared(joined=False) < 0.1


def test_each_speaker_keeps_a_computed_prompt_of_its_own_unless_they_share_one() -> None:
    assert cache_of(turn(VESNA, joined=True), TALK) == cache_of(turn(GLEB, joined=True), TALK) == TALK
    assert len({cache_of(turn(version), TALK) for version in CARDS} | {TALK}) == 4
    assert cache_of(Turn(VESNA, "Anna", ()), TALK) == TALK


def test_descriptions_of_others_go_before_examples_and_messages_do(builder: PromptBuilder) -> None:
    whole = plan(builder, turn(VESNA, joined=True))
    tight = plan(builder, turn(VESNA, joined=True), len(whole.ids) - 1)
    dropped = [part.source for part in tight.trace if not part.kept]
    assert dropped == ["description of Gleb"]
    assert "Mint?" in tight.text


# -- alone ------------------------------------------------------------------------------------------


def test_a_character_alone_has_no_names_and_no_rules(builder: PromptBuilder) -> None:
    history = (TurnMessage("assistant", "Come in."), TurnMessage("user", "Tea.", "Anna"))
    made = builder.build(Turn(VESNA, "Anna", history), SHEETS[VESNA], 4000)
    assert [message.text for message in made.messages[1:]] == ["Come in.", "Tea."]
    assert made.text.endswith("<|im_start|>assistant\n")


@pytest.mark.parametrize(
    ("place", "told"),
    [(0, "A calm."), (1, "A storm."), (2, "A calm. A storm."), (-1, "A calm. A storm.")],
)
def test_lore_of_one_greeting_knows_it_in_a_group_too(builder: PromptBuilder, place: int, told: str) -> None:
    """Its macros have become words: it is told by its place, counted from the last."""
    card = Card(
        name="Olga",
        first_mes="A {{random:grey,black}} storm!",
        alternate_greetings=(" ", "All is calm."),
        group_only_greetings=("Hello all.",),
        book=Lorebook(
            entries=(
                LoreEntry(content="@@is_greeting 0\nA storm.", constant=True),
                LoreEntry(content="@@is_greeting 2\nA calm.", constant=True),
            )
        ),
    )
    olga = UUID(int=4)
    members = (*MEMBERS, TurnMember(olga, "Olga"))
    asked = turn(olga, members=members, circumstances=Circumstances(greeting=place))
    made = builder.build(asked, sheet_of(olga, card, 100_000), 4000)
    first = made.messages[0].text
    assert [line for line in ("A calm.", "A storm.") if line in first] == [
        f"{line}." for line in told.removesuffix(".").split(". ")
    ]
