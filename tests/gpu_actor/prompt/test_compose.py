"""What goes into a prompt and where: every place that lore, notes and instructions have."""

from typing import Any

import msgspec
import pytest

from actors.character.card import Card, Lorebook
from actors.character.card_options import DepthPrompt
from actors.character.lore_scene import Book
from actors.messages.generation import PromptTrace, TurnMessage
from gpu_actor.executor import ModelExecutor
from gpu_actor.prompt.build import PromptBuilder, PromptPlan
from gpu_actor.prompt.ingredients import Chance, Ingredients
from gpu_actor.prompt.template import CHATML, ChatTemplate

TALK = (
    TurnMessage("assistant", "Come in!"),
    TurnMessage("user", "Do you have tea?"),
    TurnMessage("assistant", "Yes."),
    TurnMessage("user", "Tea, please."),
)
CARD = Card(
    name="Nadia",
    description="Nadia keeps a tea house.",
    personality="warm",
    scenario="Winter.",
    mes_example="<START>\n{{user}}: Hi.\n<START>\n{{user}}: Bye.",
    post_history_instructions="Be brief.",
)


@pytest.fixture(scope="session")
def builder(fast: ModelExecutor) -> PromptBuilder:
    return PromptBuilder(fast.tokenizer, ChatTemplate(CHATML, "", ""), "ab" * 32)


def lore(*entries: dict[str, Any], **book: Any) -> Lorebook:
    return msgspec.convert({"entries": list(entries), **book}, Lorebook)


def entry(text: str, head: str = "", **more: Any) -> dict[str, Any]:
    return {"name": text, "keys": ["tea"], "content": f"{head}{text}", **more}


def given(card: Card = CARD, **more: Any) -> Ingredients:
    fields: dict[str, Any] = {"user_name": "Anna", "history": TALK, "system_prompt": "Play.", **more}
    return Ingredients(card, **fields)


def with_book(*entries: dict[str, Any], **book: Any) -> Card:
    return msgspec.structs.replace(CARD, book=lore(*entries, **book))


def messages(plan: PromptPlan) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in plan.messages]


def system_of(plan: PromptPlan) -> list[str]:
    return plan.messages[0].text.split("\n\n")


def traced(plan: PromptPlan, entry_name: str) -> PromptTrace:
    (line,) = (line for line in plan.trace if line.entry == entry_name)
    return line


def test_the_parts_of_the_system_message_have_their_order(builder: PromptBuilder) -> None:
    card = with_book(
        entry("1 before the character", position="before_char"),
        entry("2 before the description", "@@position before_desc\n"),
        entry("3 after the description", "@@position after_desc\n"),
        entry("4 with the personality", "@@position personality\n"),
        entry("5 with the scenario", "@@position scenario\n"),
        entry("6 after the character", position="after_char"),
        entry("7 before the examples", extensions={"position": 5}),
        entry("8 after the examples", extensions={"position": 6}),
    )
    assert system_of(builder.build_of(given(card, persona="A guest."), 2000)) == [
        "Play.",
        "1 before the character",
        "2 before the description",
        "Nadia keeps a tea house.",
        "3 after the description",
        "Nadia's personality: warm",
        "4 with the personality",
        "Scenario: Winter.",
        "5 with the scenario",
        "6 after the character",
        "About Anna: A guest.",
        "7 before the examples",
        "Example dialogue:\nAnna: Hi.",
        "Example dialogue:\nAnna: Bye.",
        "8 after the examples",
    ]


def test_lore_for_a_section_that_is_not_there_goes_where_it_would_without(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(
        with_book(
            entry("Shy.", "@@position personality\n@@@position before_desc\n"),
            entry("Cold.", "@@position scenario\n@@depth 1\n"),
        ),
        personality=" ",
        scenario="{{// none}}",
        mes_example="",
    )
    plan = builder.build_of(given(card), 2000)
    assert system_of(plan) == ["Play.", "Shy.", "Nadia keeps a tea house."]
    assert messages(plan)[4] == ("system", "Cold.")


@pytest.mark.parametrize("depth", [0, 1, 2, 3, 4, 99])
def test_lore_at_a_depth_stands_before_so_many_messages(builder: PromptBuilder, depth: int) -> None:
    card = with_book(entry("Deep.", f"@@depth {depth}\n@@role user\n"))
    talk = messages(builder.build_of(given(card), 2000))[1:-1]
    assert talk.index(("user", "Deep.")) == max(0, 4 - depth)
    assert [line for line in talk if line[1] != "Deep."] == [(line.role, line.text) for line in TALK]


def test_what_stands_at_one_depth_in_one_role_is_one_message(builder: PromptBuilder) -> None:
    card = with_book(entry("One.", "@@depth 1\n"), entry("Two.", "@@depth 1\n"))
    assert messages(builder.build_of(given(card), 2000))[4] == ("system", "One.\n\nTwo.")


def test_lore_that_the_assistant_says_at_depth_0_begins_the_reply(builder: PromptBuilder) -> None:
    plan = builder.build_of(given(with_book(entry("Well then:", "@@depth 0\n@@role assistant\n"))), 2000)
    assert "Well then:" not in [text for _, text in messages(plan)]
    assert plan.ids[-len(builder.tokenizer.encode("Well then:", special=False)) :] == tuple(
        builder.tokenizer.encode("Well then:", special=False)
    )


def test_the_cards_depth_prompt_and_the_authors_note_stand_at_their_depths(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(
        CARD, extensions={"depth_prompt": {"prompt": "{{char}} hums.", "depth": 1, "role": "system"}}
    )
    note = DepthPrompt("Snow falls.", depth=2)
    talk = messages(builder.build_of(given(card, note=note), 2000))[1:-1]
    assert talk == [
        ("assistant", "Come in!"),
        ("user", "Do you have tea?"),
        ("system", "Snow falls."),
        ("assistant", "Yes."),
        ("system", "Nadia hums."),
        ("user", "Tea, please."),
    ]


def test_lore_stands_around_the_authors_note(builder: PromptBuilder) -> None:
    card = with_book(entry("Under.", extensions={"position": 3}), entry("Over.", extensions={"position": 2}))
    talk = messages(builder.build_of(given(card, note=DepthPrompt("Snow.", depth=1)), 2000))
    assert ("system", "Over.\n\nSnow.\n\nUnder.") in talk
    bare = messages(builder.build_of(given(card), 2000))
    assert ("system", "Over.\n\nUnder.") in bare


def test_an_outlet_puts_lore_where_its_macro_stands(builder: PromptBuilder) -> None:
    card = with_book(
        entry("No dragons.", extensions={"position": 7, "outlet_name": "rules"}),
        entry("No elves.", extensions={"position": 7, "outlet_name": "rules"}),
    )
    plan = builder.build_of(given(msgspec.structs.replace(card, system_prompt="{{outlet::rules}}")), 2000)
    assert system_of(plan)[0] == "No dragons.\nNo elves."


def test_the_cards_instructions_replace_the_users_and_may_hold_them(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(
        CARD, system_prompt="{{original}} Rhyme.", post_history_instructions="{{original}} Now."
    )
    plan = builder.build_of(given(card, post_history_instructions="Be kind, {{char}}."), 2000)
    assert system_of(plan)[0] == "Play. Rhyme."
    assert messages(plan)[-1] == ("system", "Be kind, Nadia. Now.")


def test_where_the_card_says_nothing_the_users_own_hold(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(CARD, system_prompt=" ", post_history_instructions="")
    plan = builder.build_of(given(card, post_history_instructions="Be kind."), 2000)
    assert system_of(plan)[0] == "Play."
    assert messages(plan)[-1] == ("system", "Be kind.")


def test_the_users_instructions_may_win_and_hold_the_cards(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(CARD, system_prompt="Rhyme.")
    wins = given(
        card,
        system_prompt="{{original}} Whisper.",
        post_history_instructions="Now. {{original}}",
        own_instructions_win=True,
    )
    plan = builder.build_of(wins, 2000)
    assert system_of(plan)[0] == "Rhyme. Whisper."
    assert messages(plan)[-1] == ("system", "Now. Be brief.")


def test_the_users_instructions_win_only_where_there_are_some(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(CARD, system_prompt="Rhyme. {{original}}")
    nothing = Ingredients(card, "Anna", TALK, own_instructions_win=True)
    plan = builder.build_of(nothing, 2000)
    assert system_of(plan)[0].startswith("Rhyme. You are Nadia.")
    assert messages(plan)[-1] == ("system", "Be brief.")


def test_a_message_of_somebody_else_has_its_name(builder: PromptBuilder) -> None:
    said = [("user", "Hi.", "Mira"), ("assistant", "Yes?", "Nadia"), ("assistant", "What?", "Otto")]
    said += [("user", "Me.", "Anna"), ("user", "Who?", "")]
    history = tuple(TurnMessage(*line) for line in said)  # pyright: ignore[reportArgumentType]
    assert [text for _, text in messages(builder.build_of(given(history=history), 2000))[1:-1]] == [
        "Mira: Hi.",
        "Yes?",
        "Otto: What?",
        "Me.",
        "Who?",
    ]


def test_an_entry_may_ask_to_leave_the_users_own_out(builder: PromptBuilder) -> None:
    head = "@@disable_ui_prompt system_prompt\n@@disable_ui_prompt post_history_instructions\n"
    card = msgspec.structs.replace(
        with_book(entry("Lore.", head)), system_prompt="", post_history_instructions="{{original}}Mine."
    )
    plan = builder.build_of(given(card, post_history_instructions="Yours."), 2000)
    assert system_of(plan)[0] == "Nadia keeps a tea house."
    assert messages(plan)[-1] == ("system", "Mine.")


def test_what_is_not_for_the_model_never_goes_in(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(
        CARD, creator_notes="SECRET", creator="SECRET", character_version="SECRET", tags=("SECRET",)
    )
    assert all("SECRET" not in text for _, text in messages(builder.build_of(given(card), 2000)))


def test_a_nickname_is_what_the_character_is_called(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(CARD, nickname="Nadya", description="{{char}} smiles.")
    assert "Nadya smiles." in system_of(builder.build_of(given(card), 2000))


def test_macros_name_what_else_is_in_the_prompt(builder: PromptBuilder) -> None:
    named = "{{charPrompt}}|{{charInstruction}}|{{charDepthPrompt}}|{{authorsNote}}|{{summary}}|{{maxPrompt}}"
    card = msgspec.structs.replace(
        CARD,
        system_prompt="{{original}} Rhyme, {{char}}. {{roll:1000000}}",
        post_history_instructions="Be brief.",
        extensions={"depth_prompt": {"prompt": "{{char}} hums."}},
    )
    note = DepthPrompt("Snow falls on {{user}}.")
    plan = builder.build_of(given(card, note=note, summary="They met. ", instruction=named), 2000)
    rhymes = system_of(plan)[0].removeprefix("Play. ")
    assert rhymes.startswith("Rhyme, Nadia. ")
    expected = f"{rhymes}|Be brief.|Nadia hums.|Snow falls on Anna.|They met.|2000"
    assert messages(plan)[-1] == ("system", expected)


# -- the trace -----------------------------------------------------------------------------------


def test_the_trace_tells_which_lore_fired_on_which_key_in_which_message(builder: PromptBuilder) -> None:
    plan = builder.build_of(given(with_book(entry("Strong tea."))), 2000)
    line = traced(plan, "Strong tea.")
    assert (line.source, line.key, line.message, line.kept) == (
        "lore of the character's book",
        "tea",
        3,
        True,
    )
    assert line.tokens == builder.count("Strong tea.")
    assert line.why == "“tea” in message 4"


def test_the_trace_tells_what_a_budget_left_out(builder: PromptBuilder) -> None:
    card = with_book(entry("Long lore indeed."), entry("Tea.", priority=200), token_budget=3)
    plan = builder.build_of(given(card), 2000)
    assert traced(plan, "Tea.").kept
    line = traced(plan, "Long lore indeed.")
    assert (line.kept, line.why) == (False, "no room within the 3 tokens of its book")


def test_books_of_the_user_stand_beside_the_cards(builder: PromptBuilder) -> None:
    books = (Book(lore(entry("The user's.")), "“Tea”"),)
    plan = builder.build_of(given(with_book(entry("The card's.")), books=books), 2000)
    assert {"The card's.", "The user's."} <= set(system_of(plan))
    assert traced(plan, "The user's.").source == "lore of “Tea”"


def test_lore_may_be_for_some_characters_alone(builder: PromptBuilder) -> None:
    whose = {
        "By name.": {"names": ["nadia"]},
        "By nickname.": {"names": ["Nadya"]},
        "By tag.": {"tags": ["warm"]},
        "For Boris.": {"names": ["Boris"]},
        "Not for Nadia.": {"names": ["Nadia"], "isExclude": True},
    }
    entries = [entry(text, extensions={"characterFilter": said}) for text, said in whose.items()]
    card = msgspec.structs.replace(CARD, nickname="Nadya", tags=("Warm",))
    plan = builder.build_of(given(card, books=(Book(lore(*entries), "“Tea”"),)), 2000)
    assert [text for text in whose if text in system_of(plan)] == ["By name.", "By nickname.", "By tag."]


# -- when it does not fit ------------------------------------------------------------------------


def test_lore_that_asks_for_it_goes_first(builder: PromptBuilder) -> None:
    card = with_book(
        entry("Spare.", "@@ignore_on_max_context\n"),
        entry("Deep spare.", "@@ignore_on_max_context\n@@depth 1\n"),
    )
    whole = len(builder.build_of(given(card), 2000).ids)
    dropped = [line.entry for line in builder.build_of(given(card), whole - 1).trace if not line.kept]
    assert len(dropped) == 1
    small = [line for line in builder.build_of(given(card), whole - 20).trace if not line.kept]
    assert {line.entry for line in small[:2]} == {"Spare.", "Deep spare."}
    assert small[2].source == "example dialogue 2"


def test_what_stood_before_messages_that_are_gone_stands_before_all(builder: PromptBuilder) -> None:
    talk = tuple(
        TurnMessage("user" if n % 2 else "assistant", f"Message {n} of a long talk.") for n in range(40)
    )
    plan = builder.build_of(given(history=talk, note=DepthPrompt("Snow.", depth=30)), 300)
    assert messages(plan)[1] == ("system", "Snow.")
    assert len(plan.ids) <= 300


# -- chance --------------------------------------------------------------------------------------


def test_a_message_with_chance_in_it_stays_what_it_was(builder: PromptBuilder) -> None:
    talk = (
        TurnMessage("assistant", "{{random:a,b,c,d,e,f,g,h}} {{roll:1000000}}"),
        TURN_2 := TurnMessage("user", "x"),
    )
    first = builder.build_of(given(history=talk, chance=Chance("talk", 1)), 2000)
    second = builder.build_of(
        given(history=(*talk, TurnMessage("assistant", "y"), TURN_2), chance=Chance("talk", 2)), 2000
    )
    assert messages(first)[1] == messages(second)[1]


def test_the_same_ingredients_give_the_same_prompt(builder: PromptBuilder) -> None:
    card = with_book(*(entry(f"Lore {n}.", extensions={"probability": 50}) for n in range(20)))
    plans = [builder.build_of(given(card, chance=Chance("talk", seed)), 4000) for seed in (1, 1, 2)]
    assert plans[0] == plans[1]
    assert plans[0].digest != plans[2].digest


# -- what the trace says ------------------------------------------------------------------------------


def test_pages_know_each_part_by_its_kind(builder: PromptBuilder) -> None:
    card = msgspec.structs.replace(with_book(entry("Samovar")), system_prompt="You play.")
    note = DepthPrompt("Quietly.", 1, "system")
    plan = builder.build_of(given(card, persona="Anna is tired.", note=note), 4_000)
    kinds = [line.kind for line in plan.trace]
    assert "other" not in kinds
    assert set(kinds) == {
        *("system", "description", "personality", "scenario", "persona", "lore", "example", "message"),
        *("note", "instructions"),
    }


def test_lore_says_where_its_key_was_said(builder: PromptBuilder) -> None:
    book = with_book(entry("Samovar"), {"name": "Snow", "keys": [], "content": "It snows.", "constant": True})
    lines = {line.entry: line for line in builder.build_of(given(book), 4_000).trace if line.kind == "lore"}
    tea, snow = lines["Samovar"], lines["Snow"]
    assert (tea.key, tea.reason, tea.said, tea.excerpt) == ("tea", "key", TALK[tea.message].text, "Samovar")
    assert (snow.key, snow.reason, snow.said) == ("", "constant", "")


def test_what_found_no_room_says_so_for_programs(builder: PromptBuilder) -> None:
    talk = tuple(TurnMessage("user", f"Number {number}. " + "word " * 30) for number in range(12))
    dropped = [line for line in builder.build_of(given(history=talk), 300).trace if not line.kept]
    assert {line.reason for line in dropped} <= {"context", "unread"}
    assert any(line.kind == "message" for line in dropped)
