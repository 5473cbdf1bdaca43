"""Every macro, what it becomes, and what none of them can do."""

import json
from pathlib import Path
from typing import Any

import pytest

from actors.character.macros import DEEPEST, LONGEST, Macros, Scene, Use, expand_names
from actors.messages.seen import seen

SEEN = json.loads((Path(__file__).parents[2] / "vectors" / "seen.json").read_text(encoding="utf-8"))
SCENE = Scene(
    char="Nadia",
    user="Anna",
    talk="talk 1",
    seed=7,
    persona="A traveller.",
    description="She keeps a tea house.",
    personality="warm",
    scenario="A winter evening.",
    examples="<START>\nNadia: Tea?",
    greeting="Come in!",
    notes="Be kind.",
    char_prompt="Rhyme.",
    char_instruction="Be brief.",
    char_depth_prompt="She hums.",
    authors_note="Snow falls.",
    summary="They met.",
    max_prompt=4096,
    version="1.2",
    model="SmolLM2",
    group=("Nadia", "Boris"),
    muted=("Boris",),
    last_message="Good night.",
    last_user_message="Hello.",
    last_char_message="Good night.",
    last_message_id=4,
    now_ms=1_700_000_000_000,  # 14 November 2023, 22:13:20 UTC, a Tuesday
    utc_offset_min=180,
    idle_ms=3 * 3_600_000,
)


def expanded(text: str, place: str = "description", scene: Scene = SCENE, **how: Any) -> str:
    return Macros(scene).expand(text, place, **how)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{{char}} {{CHAR}} {{ char }} <BOT> <char>", "Nadia Nadia Nadia Nadia Nadia"),
        ("{{bot}} {{Bot}}", "Nadia Nadia"),
        ("{{user}} {{User}} <USER>", "Anna Anna Anna"),
        ("{{{user}}}", "{Anna}"),
        ("{{ broken {{char}} {{user}}", "{{ broken Nadia Anna"),
        ("}} {{char}} }}", "}} Nadia }}"),
        ("{{persona}}", "A traveller."),
        ("{{description}} {{charDescription}}", "She keeps a tea house. She keeps a tea house."),
        ("{{personality}}/{{charPersonality}}", "warm/warm"),
        ("{{scenario}}", "A winter evening."),
        ("{{mesExamples}}", "<START>\nNadia: Tea?"),
        ("{{mesExamplesRaw}}", "<START>\nNadia: Tea?"),
        ("{{charFirstMessage}}", "Come in!"),
        ("{{charCreatorNotes}} {{charVersion}} {{char_version}}", "Be kind. 1.2 1.2"),
        ("{{charPrompt}} {{charInstruction}} {{charDepthPrompt}}", "Rhyme. Be brief. She hums."),
        ("{{authorsNote}} {{summary}} {{maxPrompt}}", "Snow falls. They met. 4096"),
        ("({{input}}{{lastSwipeId}}{{currentSwipeId}})", "()"),
        ("{{model}}", "SmolLM2"),
        ("{{group}}", "Nadia, Boris"),
        ("{{charIfNotGroup}}", "Nadia, Boris"),
        ("{{groupNotMuted}}", "Nadia"),
        ("{{notChar}}", "Boris"),
        ("{{lastMessage}} {{lastUserMessage}} {{lastCharMessage}}", "Good night. Hello. Good night."),
        ("{{lastMessageId}}", "4"),
        ("a{{newline}}b{{newline::2}}c", "a\nb\n\nc"),
        ("a{{space}}b{{noop}}c", "a bc"),
        ("a\n\n{{trim}}\n\nb", "ab"),
        ("a {{trim}} b", "a  b"),
        ("{{time}} {{isotime}}", "01:13 01:13"),
        ("{{date}}, {{weekday}}, {{isodate}}", "15 November 2023, Wednesday, 2023-11-15"),
        ("{{time_UTC-2}}", "20:13"),
        ("{{datetimeformat DD.MM.YYYY HH:mm:ss}}", "15.11.2023 01:13:20"),
        ("{{idle_duration}} {{idleDuration}}", "3 hours 3 hours"),
        ("{{timeDiff::2023-01-01 12:00:00::2023-01-01 15:00:00}}", "3 hours"),
        ("{{timeDiff::{{date}} {{time}}::{{isodate}} {{isotime}}}}", "a few seconds"),
        ("{{timeDiff::{{isodate}}T{{isotime}}::2023-11-13T22:13:00Z}}", "a day"),
        ("{{reverse:tea}} {{reverse::tea}}", "aet aet"),
        ("a{{// never seen}}b", "ab"),
        ("a{{//}}b", "ab"),
        ("a{{comment: a note}}b", "ab"),
        ("a{{hidden_key:dragon}}b", "ab"),
        ("{{setvar::mood::calm}}She is {{getvar::mood}}.", "She is calm."),
        ("{{setvar::n::2}}{{addvar::n::3}}{{getvar::n}}", "5"),
        ("{{setvar::s::a}}{{addvar::s::b}}{{getvar::s}}", "ab"),
        ("{{incvar::k}}{{incvar::k}}{{decvar::k}}", "121"),
        ("{{getvar::nothing}}", ""),
        ("{{setglobalvar::mood::calm}}She is {{getglobalvar::mood}}.", "She is calm."),
        ("{{setglobalvar::n::2}}{{addglobalvar::n::3}}{{getglobalvar::n}}", "5"),
        ("{{incglobalvar::k}}{{incglobalvar::k}}{{decglobalvar::k}}", "121"),
        ('{{banned "word"}}', ""),
        ("{{roll:1}} {{roll:d1}} {{roll 1}} {{roll:3d1+2}}", "1 1 1 5"),
        ("{{random:only}} {{pick::only}}", "only only"),
    ],
)
def test_what_each_becomes(text: str, becomes: str) -> None:
    assert expanded(text) == becomes


@pytest.mark.parametrize(
    "text",
    [
        "{{unknown}}",
        "{{unknown::x}}",
        "{{",
        "}}",
        "{{}}",
        "{ {char}}",
        "{{roll:many}}",
        "{{roll:0}}",
        "{{random}}",
        "{{setvar::x}}",
        "{{timeDiff::2023-01-01}}",
        "{{timeDiff::2023-01-01::never}}",
        "{{input::x}}",
        "{{original}}",
        "<OTHER>",
        "{{char",
        "{{1+1}}",
        "{{__import__('os')}}",
    ],
)
def test_what_is_no_macro_stays_as_written(text: str) -> None:
    assert expanded(text) == text


def test_what_nobody_knows_is_empty() -> None:
    names = (
        "charPrompt",
        "charInstruction",
        "charDepthPrompt",
        "authorsNote",
        "summary",
        "maxPrompt",
        "model",
    )
    bare = Scene(char="Nadia", user="Anna")
    assert "".join(expanded(f"{{{{{name}}}}}", scene=bare) for name in names) == ""
    assert expanded("{{idle_duration}}", scene=bare) == "just now"


def test_what_a_macro_became_is_not_read_again() -> None:
    scene = Scene(char="{{user}}", user="<BOT>{{char}}")
    assert expanded("{{char}} and {{user}}", scene=scene) == "{{user}} and <BOT>{{char}}"
    assert expanded("{{setvar::a::{{user}}}}{{getvar::a}}", scene=scene) == "<BOT>{{char}}"


def test_the_original_is_what_was_replaced() -> None:
    assert expanded("{{original}} And kind.", original="Be brief.") == "Be brief. And kind."
    assert expanded("{{original}}", original="") == ""


def test_macros_stand_in_macros() -> None:
    assert expanded("{{reverse:{{user}}}}") == "annA"
    assert expanded("{{random:{{user}},{{user}}}}") == "Anna"
    assert expanded("{{// hidden {{user}} }}x") == "x"
    deep = "{{reverse:" * (DEEPEST + 5) + "x" + "}}" * (DEEPEST + 5)
    assert "{{reverse:" in expanded(deep)


def test_a_comma_behind_a_backslash_divides_nothing() -> None:
    seen = {expanded(r"{{random:a\,b,c}}", place=str(place)) for place in range(40)}
    assert seen == {"a,b", "c"}
    assert {expanded("{{random::a,b::c}}", place=str(place)) for place in range(40)} == {"a,b", "c"}


def test_chance_is_the_same_at_each_attempt_and_another_at_each_reply() -> None:
    text = "{{roll:1000000}}"
    assert expanded(text) == expanded(text)
    again = Scene(char="Nadia", user="Anna", talk="talk 1", seed=8)
    assert expanded(text) != expanded(text, scene=again)
    assert expanded("{{roll:1000000}} {{roll:1000000}}").split()[0] != expanded(text + text)[len(text) :]


def test_a_pick_and_what_was_said_stay_for_the_whole_talk() -> None:
    options = ",".join(str(number) for number in range(1000))
    later = Scene(char="Nadia", user="Anna", talk="talk 1", seed=8)
    elsewhere = Scene(char="Nadia", user="Anna", talk="talk 2", seed=7)
    for text, steady in [(f"{{{{pick:{options}}}}}", False), (f"{{{{random:{options}}}}}", True)]:
        assert expanded(text, steady=steady) == expanded(text, scene=later, steady=steady)
        assert expanded(text, steady=steady) != expanded(text, scene=elsewhere, steady=steady)


def test_all_choices_come_up_about_equally_often() -> None:
    seen = [expanded("{{random:a,b,c}}", place=str(place)) for place in range(3000)]
    assert all(850 < seen.count(choice) < 1150 for choice in "abc")


def test_hidden_keys_are_there_for_lore_alone() -> None:
    text = "A door.{{hidden_key:dragon}}{{// lizard}}{{comment: snake}}"
    assert expanded(text, use=Use.SCAN) == "A door.dragon"
    assert expanded(text) == "A door."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("{{char}} at {{time}}: {{random:tea}}.", "Nadia at 01:13: tea."),
        ('A{{// {{user}}}}B{{banned "x"}}', "AB"),
        ("A{{hidden_key: {{random:dragon}}}}", "A{{hidden_key: dragon}}"),
        ("A{{comment::by {{user}}}}", "A{{comment:by Anna}}"),
        ("{{setvar::n::{{roll:1}}}}{{getvar::n}}", "{{setvar::n::1}}1"),
        (
            "{{setvar::n::1}}{{addvar::n::2}}{{incvar::n}}",
            "{{setvar::n::1}}{{setvar::n::3}}{{setvar::n::4}}4",
        ),
        ("{{outlet::none}}{{unknown}}", "{{unknown}}"),
    ],
)
def test_a_message_that_is_kept_has_words_and_what_prompts_and_lore_read_later(text: str, kept: str) -> None:
    macros = Macros(SCENE)
    assert macros.expand(text, "greeting", use=Use.KEEP) == kept
    assert expanded(kept) == expanded(text)
    assert expanded(kept, use=Use.SCAN) == expanded(text, use=Use.SCAN)
    later = Macros(SCENE)
    later.expand(kept, "message 0")
    assert later.variables == macros.variables


@pytest.mark.parametrize("vector", SEEN, ids=lambda vector: vector["text"])
def test_readers_do_not_see_what_says_nothing_to_them(vector: dict[str, str]) -> None:
    """web/ui/src/messages/seen.test.ts reads the same; `begun`: while more may come."""
    assert seen(vector["text"]) == vector["seen"]


def test_outlets_hold_what_lore_put_there() -> None:
    macros = Macros(SCENE)
    macros.outlets["rules"] = "No dragons."
    assert macros.expand("{{outlet::rules}}{{outlet::none}}", "system") == "No dragons."


def test_a_text_cannot_grow_without_bound() -> None:
    text = "{{setvar::a::0123456789}}" + "{{addvar::a::{{getvar::a}}x}}" * 100 + "{{getvar::a}}" * 100
    assert len(expanded(text)) < 4 * LONGEST


def test_braces_without_end_are_passed_over() -> None:
    braces = "{{" * 200_000
    assert expanded(braces) == braces
    assert expanded(braces + "}}" * 200_000) == braces + "}}" * 200_000


def test_the_two_names_alone() -> None:
    text = "{{char}} {{CHAR}} <BOT> <bot> {{user}} {{User}} <USER> {{date}} {char} <OTHER>"
    assert (
        expand_names(text, "Nadia", "Anna")
        == "Nadia Nadia Nadia Nadia Anna Anna Anna {{date}} {char} <OTHER>"
    )
    assert expand_names("{{user}} and {{char}}", "Nadia", "{{char}}") == "{{char}} and Nadia"
