# ruff: noqa: E501 - a vector a line
# fmt: off
"""Writes tests/vectors/lore.json: for each rule of lore, a talk, books, and what enters the prompt.

The file is for other programs too: an entry is one of card format V3, `talk` are (role, text) pairs, oldest
first, a token is a word, and `expect` are the names of the entries in the order of the prompt. Where a rule
depends on chance there are `expect_share`s over many seeds in its place.

    python -m tests.actors.character.lore_vectors
"""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "vectors" / "lore.json"
TEA = [("assistant", "Come in!"), ("user", "Do you have any tea?")]
LONG = [
    ("assistant", "Come in!"),
    ("user", "I saw a dragon."),
    ("assistant", "No!"),
    ("user", "Yes."),
    ("assistant", "Where?"),
    ("user", "By the mill."),
]


def entry(name: str, *keys: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "keys": list(keys), "content": f"About {name}.", "id": name, **more}


def told(name: str, content: str, *keys: str, **more: Any) -> dict[str, Any]:
    return entry(name, *keys, **more) | {"content": content}


def ext(**more: Any) -> dict[str, Any]:
    return {"extensions": more}


def vector(
    rule: str, entries: list[dict[str, Any]], talk: Any, expect: list[str], **more: Any
) -> dict[str, Any]:
    book = {"entries": entries, **more.pop("book", {})}
    return {"rule": rule, "books": [book], "talk": [list(line) for line in talk], "expect": expect, **more}


VECTORS = [
    # -- keys
    vector("a key in a recent message fires its entry", [entry("tea", "tea")], TEA, ["tea"]),
    vector("without a key nothing fires", [entry("milk", "milk")], TEA, []),
    vector("one of several keys is enough", [entry("tea", "milk", "tea")], TEA, ["tea"]),
    vector("an entry without keys does not fire", [entry("tea")], TEA, []),
    vector("an empty key is none", [entry("tea", "", " ")], TEA, []),
    vector("a key is found within a word", [entry("tea", "te")], TEA, ["tea"]),
    vector("case does not count where the card does not say", [entry("tea", "TEA")], TEA, ["tea"]),
    vector("case counts where the card says so", [entry("tea", "TEA", case_sensitive=True)], TEA, []),
    vector("case in other alphabets", [entry("tea", "чай")], [("user", "ЧАЙ?")], ["tea"]),
    vector("case_sensitive false", [entry("tea", "TEA", case_sensitive=False)], TEA, ["tea"]),
    vector("case in an extension", [entry("tea", "TEA", **ext(case_sensitive=True))], TEA, []),
    vector("whole words alone", [entry("tea", "te", **ext(match_whole_words=True))], TEA, []),
    vector("a whole word is one", [entry("tea", "tea", **ext(match_whole_words=True))], TEA, ["tea"]),
    vector("the content is inserted once", [entry("tea", "tea", "any", "have")], TEA, ["tea"]),
    vector("names in keys", [entry("her", "{{char}}")], [("user", "Hello, Nadia")], ["her"]),
    vector("a comment fires nothing", [entry("tea", "tea")], [("user", "Hm.{{// tea }}")], []),
    # -- enabled, constant
    vector("what is not enabled never fires", [entry("tea", "tea", enabled=False)], TEA, []),
    vector(
        "what is not enabled never fires, whatever its decorators say",
        [told("tea", "@@activate\nText.", enabled=False, constant=True)],
        TEA,
        [],
    ),
    vector("a constant entry always fires", [entry("law", constant=True)], TEA, ["law"]),
    vector("an empty content is never inserted", [told("law", "", constant=True)], TEA, []),
    vector("constant is void with use_regex", [entry("law", "no", constant=True, use_regex=True)], TEA, []),
    # -- regex
    vector("a pattern", [entry("tea", "t.a\\?$", use_regex=True)], TEA, ["tea"]),
    vector("an invalid pattern matches nothing", [entry("tea", "[", use_regex=True)], TEA, []),
    vector("a pattern beside an invalid one", [entry("tea", "[", "tea", use_regex=True)], TEA, ["tea"]),
    vector("a pattern between slashes", [entry("tea", "/T.A/i")], TEA, ["tea"]),
    vector("… has the case of its flags", [entry("tea", "/T.A/")], TEA, []),
    vector(
        "a pattern that takes for ever matches nothing, and holds up no other",
        [entry("slow", "(a|aa)+$", use_regex=True), entry("tea", "tea")],
        [("user", "a" * 80 + "! And tea?")],
        ["tea"],
    ),
    # -- secondary keys
    vector(
        "selective wants a secondary key",
        [entry("tea", "tea", selective=True, secondary_keys=["cup"])],
        TEA,
        [],
    ),
    vector(
        "… and fires with both",
        [entry("tea", "tea", selective=True, secondary_keys=["cup", "any"])],
        TEA,
        ["tea"],
    ),
    vector(
        "secondary keys are void without selective",
        [entry("tea", "tea", secondary_keys=["cup"])],
        TEA,
        ["tea"],
    ),
    vector("selective without secondary keys", [entry("tea", "tea", selective=True)], TEA, ["tea"]),
    vector(
        "secondary keys are void with use_regex",
        [entry("tea", "tea", selective=True, secondary_keys=["cup"], use_regex=True)],
        TEA,
        ["tea"],
    ),
    *(
        vector(
            f"selectiveLogic {logic}: {what}",
            [entry("tea", "tea", selective=True, secondary_keys=keys, **ext(selectiveLogic=logic))],
            TEA,
            expect,
        )
        for logic, what, keys, expect in [
            (0, "any of them", ["any", "cup"], ["tea"]),
            (1, "not all of them", ["any", "cup"], ["tea"]),
            (1, "not all of them, and all are there", ["any", "have"], []),
            (2, "none of them", ["cup", "pot"], ["tea"]),
            (2, "none of them, and one is there", ["cup", "any"], []),
            (3, "all of them", ["any", "have"], ["tea"]),
            (3, "all of them, and one is not there", ["any", "cup"], []),
        ]
    ),
    # -- scan depth
    vector("the default depth is 4", [entry("dragon", "dragon")], LONG, []),
    vector("a book's depth", [entry("dragon", "dragon")], LONG, ["dragon"], book={"scan_depth": 5}),
    vector(
        "a book's depth that is just too small", [entry("dragon", "dragon")], LONG, [], book={"scan_depth": 4}
    ),
    vector(
        "depth 0 looks at nothing",
        [entry("mill", "mill"), entry("law", constant=True)],
        LONG,
        ["law"],
        book={"scan_depth": 0},
    ),
    vector("an entry's own depth", [entry("dragon", "dragon", **ext(scan_depth=6))], LONG, ["dragon"]),
    vector(
        "@@scan_depth goes before the book's",
        [told("dragon", "@@scan_depth 5\nText.", "dragon")],
        LONG,
        ["dragon"],
        book={"scan_depth": 1},
    ),
    # -- recursion
    vector(
        "entries wake entries in a recursive book",
        [told("mill", "A dragon lives there.", "mill"), entry("dragon", "dragon")],
        LONG[-1:],
        ["mill", "dragon"],
        book={"recursive_scanning": True},
    ),
    vector(
        "… round after round",
        [
            told("a", "See b1.", "mill"),
            told("b", "See c1.", "b1"),
            told("c", "See d1.", "c1"),
            entry("d", "d1"),
        ],
        LONG[-1:],
        ["a", "b", "c", "d"],
        book={"recursive_scanning": True},
    ),
    vector(
        "not where it is forbidden",
        [told("mill", "A dragon lives there.", "mill"), entry("dragon", "dragon")],
        LONG[-1:],
        ["mill"],
        book={"recursive_scanning": False},
    ),
    vector(
        "not where the book does not say",
        [told("mill", "A dragon lives there.", "mill"), entry("dragon", "dragon")],
        LONG[-1:],
        ["mill"],
    ),
    vector(
        "an entry that others do not wake",
        [
            told("mill", "A dragon lives there.", "mill"),
            entry("dragon", "dragon", **ext(exclude_recursion=True)),
        ],
        LONG[-1:],
        ["mill"],
        book={"recursive_scanning": True},
    ),
    vector(
        "an entry that wakes no other",
        [
            told("mill", "A dragon lives there.", "mill", **ext(prevent_recursion=True)),
            entry("dragon", "dragon"),
        ],
        LONG[-1:],
        ["mill"],
        book={"recursive_scanning": True},
    ),
    vector(
        "an entry that is looked at after the first round",
        [entry("mill", "mill", **ext(delay_until_recursion=True))],
        LONG[-1:],
        ["mill"],
    ),
    vector(
        "… after the second, so that another of its group comes first",
        [entry("a", "mill", **ext(delay_until_recursion=2, group="g")), entry("b", "mill", **ext(delay_until_recursion=1, group="g"))],
        LONG[-1:],
        ["b"],
    ),
    vector(
        "… and that others wake",
        [
            told("road", "It leads to the mill.", "by"),
            entry("mill", "mill", **ext(delay_until_recursion=True)),
        ],
        LONG[-1:],
        ["road", "mill"],
        book={"recursive_scanning": True},
    ),
    vector(
        "a hidden key wakes entries and is not read",
        [told("mill", "An old mill.{{hidden_key:dragon}}", "mill"), entry("dragon", "dragon")],
        LONG[-1:],
        ["mill", "dragon"],
        book={"recursive_scanning": True},
    ),
    vector(
        "a comment in lore wakes nothing",
        [told("mill", "An old mill.{{// dragon}}", "mill"), entry("dragon", "dragon")],
        LONG[-1:],
        ["mill"],
        book={"recursive_scanning": True},
    ),
    # -- order and budget
    vector(
        "the lower insertion order comes earlier",
        [entry("b", "tea", insertion_order=20), entry("a", "tea", insertion_order=10)],
        TEA,
        ["a", "b"],
    ),
    vector("equal orders stand as in the book", [entry("b", "tea"), entry("a", "tea")], TEA, ["b", "a"]),
    vector(
        "the lowest priority is dropped first",
        [
            entry("a", "tea", priority=5, insertion_order=1),
            entry("b", "tea", priority=1, insertion_order=2),
            entry("c", "tea", priority=9, insertion_order=3),
        ],
        TEA,
        ["a", "c"],
        book={"token_budget": 5},
    ),
    vector(
        "without priorities the lowest insertion order is",
        [entry("a", "tea", insertion_order=1), entry("b", "tea", insertion_order=2)],
        TEA,
        ["b"],
        book={"token_budget": 3},
    ),
    vector(
        "a budget of nothing",
        [entry("a", "tea"), entry("law", constant=True)],
        TEA,
        [],
        book={"token_budget": 0},
    ),
    vector(
        "an entry that no budget drops",
        [entry("a", "tea", priority=1, **ext(ignore_budget=True)), entry("b", "tea", priority=2)],
        TEA,
        ["a"],
        book={"token_budget": 1},
    ),
    # -- decorators
    vector("@@activate", [told("a", "@@activate\nText.")], TEA, ["a"]),
    vector("@@dont_activate", [told("a", "@@dont_activate\nText.", "tea", constant=True)], TEA, []),
    vector("@@activate beats @@dont_activate", [told("a", "@@dont_activate\n@@activate\nText.")], TEA, ["a"]),
    vector("@@activate_only_after, too early", [told("a", "@@activate_only_after 2\nText.", "tea")], TEA, []),
    vector(
        "@@activate_only_after, reached", [told("a", "@@activate_only_after 1\nText.", "tea")], TEA, ["a"]
    ),
    vector(
        "@@activate_only_after binds constants",
        [told("a", "@@activate_only_after 2\nText.", constant=True)],
        TEA,
        [],
    ),
    vector("@@activate_only_every, not now", [told("a", "@@activate_only_every 2\nText.", "mill")], LONG, []),
    vector("@@activate_only_every, now", [told("a", "@@activate_only_every 3\nText.", "mill")], LONG, ["a"]),
    vector(
        "@@keep_activate_after_match",
        [told("a", "@@keep_activate_after_match\n@@scan_depth 1\nText.", "dragon")],
        LONG,
        ["a"],
    ),
    vector(
        "@@keep_activate_after_match without a match before",
        [told("a", "@@keep_activate_after_match\nText.", "unicorn")],
        LONG,
        [],
    ),
    vector(
        "@@dont_activate_after_match",
        [told("a", "@@dont_activate_after_match\n@@scan_depth 9\nText.", "dragon")],
        LONG,
        [],
    ),
    vector(
        "@@dont_activate_after_match, the first time",
        [told("a", "@@dont_activate_after_match\nText.", "mill")],
        LONG,
        ["a"],
    ),
    vector("@@is_greeting, this one", [told("a", "@@is_greeting 1\nText.", "tea")], TEA, ["a"], greeting=1),
    vector("@@is_greeting, another one", [told("a", "@@is_greeting 1\nText.", "tea")], TEA, [], greeting=0),
    vector("@@is_greeting where that is not known", [told("a", "@@is_greeting 1\nText.", "tea")], TEA, ["a"]),
    vector(
        "@@is_user_icon, this one",
        [told("a", "@@is_user_icon knight\nText.", "tea")],
        TEA,
        ["a"],
        user_icon="knight",
    ),
    vector(
        "@@is_user_icon, another one",
        [told("a", "@@is_user_icon knight\nText.", "tea")],
        TEA,
        [],
        user_icon="cook",
    ),
    vector(
        "@@is_user_icon where there are none", [told("a", "@@is_user_icon knight\nText.", "tea")], TEA, ["a"]
    ),
    vector(
        "@@additional_keys, one is there", [told("a", "@@additional_keys cup,any\nText.", "tea")], TEA, ["a"]
    ),
    vector(
        "@@additional_keys, none is there", [told("a", "@@additional_keys cup,pot\nText.", "tea")], TEA, []
    ),
    vector(
        "@@additional_keys twice, one of each is there",
        [told("a", "@@additional_keys cup,any\n@@additional_keys have,pot\nText.", "tea")],
        TEA,
        ["a"],
    ),
    vector(
        "@@additional_keys twice, none of the second is there",
        [told("a", "@@additional_keys any\n@@additional_keys cup,pot\nText.", "tea")],
        TEA,
        [],
    ),
    vector(
        "@@additional_keys are patterns with use_regex",
        [told("a", "@@additional_keys ^Do\nText.", "tea", use_regex=True)],
        TEA,
        ["a"],
    ),
    vector("@@exclude_keys, one is there", [told("a", "@@exclude_keys any\nText.", "tea")], TEA, []),
    vector("@@exclude_keys, none is there", [told("a", "@@exclude_keys cup\nText.", "tea")], TEA, ["a"]),
    vector(
        "@@exclude_keys are void with use_regex",
        [told("a", "@@exclude_keys any\nText.", "tea", use_regex=True)],
        TEA,
        ["a"],
    ),
    vector(
        "@@disable_ui_prompt",
        [told("a", "@@disable_ui_prompt system_prompt\nText.", "tea")],
        TEA,
        ["a"],
        disabled=["system_prompt"],
    ),
    vector(
        "@@ignore_on_max_context",
        [told("a", "@@ignore_on_max_context\nText.", "tea")],
        TEA,
        ["a"],
        expendable=["a"],
    ),
    vector(
        "a decorator of text without messages leaves the place to its fallback",
        [told("a", "@@instruct_depth 3\n@@@depth 2\nText.", "tea")],
        TEA,
        ["a"],
        places={"a": ["AT_DEPTH", 2, "system"]},
    ),
    # -- places
    *(
        vector(
            f"place: {what}",
            [told("a", f"{head}Text.", "tea", **more)],
            TEA,
            ["a"],
            places={"a": place},
            scene={"personality": "Warm.", "scenario": "Winter."},
        )
        for what, head, more, place in [
            ("not said", "", {}, ["AFTER_CHAR", 0, "system"]),
            ("before_char", "", {"position": "before_char"}, ["BEFORE_CHAR", 0, "system"]),
            ("after_char", "", {"position": "after_char"}, ["AFTER_CHAR", 0, "system"]),
            ("@@position before_desc", "@@position before_desc\n", {}, ["BEFORE_DESCRIPTION", 0, "system"]),
            ("@@position after_desc", "@@position after_desc\n", {}, ["AFTER_DESCRIPTION", 0, "system"]),
            ("@@position personality", "@@position personality\n", {}, ["PERSONALITY", 0, "system"]),
            ("@@position scenario", "@@position scenario\n", {}, ["SCENARIO", 0, "system"]),
            ("@@depth", "@@depth 3\n", {}, ["AT_DEPTH", 3, "system"]),
            ("@@depth below nothing", "@@depth -2\n", {}, ["AT_DEPTH", 0, "system"]),
            ("@@position before @@depth", "@@depth 3\n@@position scenario\n", {}, ["SCENARIO", 0, "system"]),
            ("@@role", "@@depth 1\n@@role assistant\n", {}, ["AT_DEPTH", 1, "assistant"]),
            ("position 2", "", ext(position=2), ["BEFORE_NOTE", 4, "system"]),
            ("position 3", "", ext(position=3), ["AFTER_NOTE", 4, "system"]),
            ("position 4", "", ext(position=4, depth=2, role=1), ["AT_DEPTH", 2, "user"]),
            ("position 5", "", ext(position=5), ["BEFORE_EXAMPLES", 4, "system"]),
            ("position 6", "", ext(position=6), ["AFTER_EXAMPLES", 4, "system"]),
            ("position 7", "", ext(position=7, outlet_name="x"), ["OUTLET", 4, "system"]),
        ]
    ),
    *(
        vector(f"no section: {what}", [told("a", f"{head}Text.", "tea")], TEA, ["a"], places={"a": place}, scene=scene)
        for what, head, scene, place in [
            ("@@position personality is passed over", "@@position personality\n", {"scenario": "Winter."}, ["AFTER_CHAR", 0, "system"]),
            ("@@position scenario is passed over", "@@position scenario\n", {"personality": "Warm."}, ["AFTER_CHAR", 0, "system"]),
            ("@@depth counts", "@@depth 3\n@@position scenario\n", {}, ["AT_DEPTH", 3, "system"]),
            ("the fallback counts", "@@position personality\n@@@position before_desc\n", {}, ["BEFORE_DESCRIPTION", 0, "system"]),
        ]
    ),
    # -- time
    vector("delay, too early", [entry("a", "mill", **ext(delay=7))], LONG, []),
    vector("delay, reached", [entry("a", "mill", **ext(delay=6))], LONG, ["a"]),
    vector("sticky: it stays", [entry("a", "dragon", **ext(sticky=5, scan_depth=1))], LONG, ["a"]),
    vector("sticky: it is over", [entry("a", "dragon", **ext(sticky=3, scan_depth=1))], LONG, []),
    vector("cooldown: it rests", [entry("a", "dragon", **ext(cooldown=5, scan_depth=9))], LONG, []),
    vector(
        "cooldown: it is over",
        [entry("a", "dragon", **ext(cooldown=1, scan_depth=9))],
        [*LONG[:4], ("user", "A dragon!")],
        ["a"],
    ),
    # -- groups
    vector(
        "of a group the highest order that overrides is taken",
        [
            entry("a", "tea", insertion_order=1, **ext(group="g", group_override=True)),
            entry("b", "tea", insertion_order=2, **ext(group="g", group_override=True)),
            entry("c", "tea", insertion_order=3, **ext(group="g")),
        ],
        TEA,
        ["b"],
    ),
    vector(
        "of a group that counts keys, the one with most",
        [
            entry("a", "tea", **ext(group="g", use_group_scoring=True)),
            entry("b", "tea", "any", **ext(group="g", use_group_scoring=True)),
        ],
        TEA,
        ["b"],
    ),
    vector(
        "one of a group, by weight",
        [
            entry("a", "tea", **ext(group="g", group_weight=300)),
            entry("b", "tea", **ext(group="g", group_weight=100)),
        ],
        TEA,
        [],
        expect_share={"a": 0.75, "b": 0.25},
    ),
    vector("probability", [entry("a", "tea", **ext(probability=30))], TEA, [], expect_share={"a": 0.3}),
    vector("probability 0", [entry("a", "tea", **ext(probability=0))], TEA, []),
    vector(
        "probability that is not used",
        [entry("a", "tea", **ext(probability=0, useProbability=False))],
        TEA,
        ["a"],
    ),
    # -- other texts
    vector(
        "keys in the character's description",
        [entry("a", "oven", **ext(match_character_description=True))],
        TEA,
        ["a"],
        scene={"description": "An oven."},
    ),
    vector(
        "… not where it is not asked for", [entry("a", "oven")], TEA, [], scene={"description": "An oven."}
    ),
    *(
        vector(
            f"keys in the {what}",
            [entry("a", "oven", **ext(**{flag: True})), entry("not asked for", "oven")],
            TEA,
            ["a"],
            scene={where: "An oven."},
        )
        for what, flag, where in [
            ("persona", "match_persona_description", "persona"),
            ("character's personality", "match_character_personality", "personality"),
            ("character's depth prompt", "match_character_depth_prompt", "depth_prompt"),
            ("scenario", "match_scenario", "scenario"),
            ("creator's notes", "match_creator_notes", "notes"),
        ]
    ),
    # -- several books
    vector(
        "the entries of several books stand in one order",
        [],
        TEA,
        ["second book's", "first book's"],
        books=[
            {"entries": [entry("first book's", "tea", insertion_order=2)]},
            {"entries": [entry("second book's", "tea", insertion_order=1)]},
        ],
    ),
    vector(
        "each book has its own depth",
        [],
        LONG,
        ["deep"],
        books=[
            {"entries": [entry("shallow", "dragon")]},
            {"entries": [entry("deep", "dragon")], "scan_depth": 5},
        ],
    ),
    *(
        vector(
            f"for some characters: {what}",
            [told("a", f"{head}Text.", "tea", **ext(characterFilter={"isExclude": exclude, "names": names, "tags": tags}))],
            TEA,
            expect,
            scene={"names": ["Nadia: of Tver", "Nadya"], "tags": ["Human", "Tea"]} if known else {},
        )
        for what, exclude, names, tags, expect, head, known in [
            ("this one", False, ["Boris", "nadia of tver"], [], ["a"], "", True),
            ("this one by its nickname", False, ["NADYA"], [], ["a"], "", True),
            ("another one", False, ["Boris"], [], [], "", True),
            ("another one, whatever its decorators say", False, ["Boris"], [], [], "@@activate\n", True),
            ("all but this one", True, ["Nadya"], [], [], "", True),
            ("all but another one", True, ["Boris"], [], ["a"], "", True),
            ("by a tag", False, [], ["elf", "human"], ["a"], "", True),
            ("by a tag it has not", False, [], ["elf"], [], "", True),
            ("all without a tag", True, [], ["tea"], [], "", True),
            ("by name and by tag", False, ["Nadya"], ["tea"], ["a"], "", True),
            ("by name and by a tag it has not", False, ["Nadya"], ["elf"], [], "", True),
            ("an id of a tag says nothing", False, [], ["6e1b8f1c-5a5e-4b0c-9d5b-0d6a1f0f7a11"], ["a"], "", True),
            ("an empty filter is none", False, [], [], ["a"], "", True),
            ("an empty filter that excludes is none", True, [], [], ["a"], "", True),
            ("nobody knows which character it is", False, ["Boris"], [], ["a"], "", False),
        ]
    ),
    vector("triggers: this kind of reply", [entry("a", "tea", **ext(triggers=["normal"]))], TEA, ["a"]),
    vector("triggers: another kind", [entry("a", "tea", **ext(triggers=["swipe"]))], TEA, []),
]


def main() -> None:
    FILE.write_text(json.dumps(VECTORS, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
