"""Decorators of lore entries, after the V3 specification; each in use, at its edges, and with fallbacks."""

from typing import Any

import pytest

from actors.character.decorators import LONGEST_CHAIN, Decorators, read_decorators


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("@@activate", "activate", True),
        ("@@dont_activate", "dont_activate", True),
        ("@@activate_only_after 4", "activate_only_after", 4),
        ("@@activate_only_every 3", "activate_only_every", 3),
        ("@@keep_activate_after_match", "keep_activate_after_match", True),
        ("@@dont_activate_after_match", "dont_activate_after_match", True),
        ("@@depth 4", "depth", 4),
        ("@@depth 0", "depth", 0),
        ("@@depth -1", "depth", -1),
        ("@@role assistant", "role", "assistant"),
        ("@@role System", "role", "system"),
        ("@@scan_depth 2", "scan_depth", 2),
        ("@@is_greeting 0", "is_greeting", 0),
        ("@@position before_desc", "position", "before_desc"),
        ("@@ignore_on_max_context", "ignore_on_max_context", True),
        ("@@additional_keys tea, sugar lumps", "additional_keys", (("tea", "sugar lumps"),)),
        ("@@exclude_keys milk\\, warm,cream", "exclude_keys", ("milk, warm", "cream")),
        ("@@is_user_icon knight", "is_user_icon", "knight"),
        ("@@disable_ui_prompt system_prompt", "disable_ui_prompt", ("system_prompt",)),
    ],
)
def test_each_one_is_read_and_taken_out_of_the_content(line: str, field: str, value: Any) -> None:
    decorators, content = read_decorators(f"{line}\n\nThe pot sings.")
    assert decorators == Decorators(**{field: value})
    assert content == "The pot sings."


@pytest.mark.parametrize(
    "line",
    [
        "@@instruct_depth 4",  # for text without messages
        "@@reverse_depth 4",
        "@@reverse_instruct_depth 4",
        "@@instruct_scan_depth 4",
        "@@somebody_elses_decorator 1",
        "@@depth many",
        "@@depth 1e999",
        "@@activate_only_every 0",
        "@@role narrator",
        "@@position on_the_moon",
        "@@additional_keys ,",
        "@@is_user_icon",
        "@@disable_ui_prompt everything",
    ],
)
def test_what_is_not_understood_is_passed_over_and_its_fallback_counts(line: str) -> None:
    assert read_decorators(f"{line}\nText.") == (Decorators(), "Text.")
    assert read_decorators(f"{line}\n@@@scan_depth 3\nText.") == (Decorators(scan_depth=3), "Text.")


def test_a_fallback_of_what_is_understood_does_not_count() -> None:
    assert read_decorators("@@depth 5\n@@@scan_depth 3\nText.") == (Decorators(depth=5), "Text.")


def test_fallbacks_are_tried_from_top_to_bottom() -> None:
    chain = "@@risu_only 1\n@@@agn_only 2\n@@@x 3\n@@@y 4\n@@@z 5\n@@@activate_only_every 4\n@@@scan_depth 9"
    assert read_decorators(f"{chain}\n@@depth 2\nText.") == (
        Decorators(activate_only_every=4, depth=2),
        "Text.",
    )


def test_a_chain_has_its_bound() -> None:
    for number, decorators in [(LONGEST_CHAIN, Decorators(depth=2)), (LONGEST_CHAIN + 1, Decorators())]:
        content = "@@somebody_elses 1\n" + "@@@another 1\n" * (number - 1) + "@@@depth 2\nText."
        assert read_decorators(content) == (decorators, "Text.")


def test_a_fallback_without_a_decorator_above_it_does_not_count() -> None:
    assert read_decorators("@@@depth 5\nText.") == (Decorators(), "Text.")


def test_the_first_of_a_name_counts() -> None:
    assert read_decorators("@@depth 1\n@@depth 2\nText.") == (Decorators(depth=1), "Text.")


def test_additional_keys_may_be_asked_for_several_times() -> None:
    more = "@@additional_keys tea,pot\n@@additional_keys\n@@@additional_keys cup"
    decorators, _ = read_decorators(f"{more}\n@@exclude_keys a\n@@exclude_keys b")
    assert decorators == Decorators(additional_keys=(("tea", "pot"), ("cup",)), exclude_keys=("a",))


def test_a_position_that_the_prompt_does_not_have_is_passed_over() -> None:
    content = "@@position personality\n@@@depth 2\nText."
    assert read_decorators(content, {"personality"}) == (Decorators(depth=2), "Text.")
    assert read_decorators(content, {"scenario"}) == (Decorators(position="personality"), "Text.")


def test_each_prompt_can_be_disabled() -> None:
    both = "@@disable_ui_prompt system_prompt\n@@disable_ui_prompt post_history_instructions"
    decorators, _ = read_decorators(both)
    assert decorators.disable_ui_prompt == ("system_prompt", "post_history_instructions")


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("Plain.", "Plain."),
        ("", ""),
        ("@@activate", ""),
        ("\n@@activate\n\nText.", "Text."),
        ("@@activate\r\n\r\nText.\r\nMore.", "Text.\r\nMore."),
        ("@@activate\nText.\n@@depth 2", "Text.\n@@depth 2"),  # a decorator leads the content
        ("@@ not a decorator\nText.", "@@ not a decorator\nText."),
        ("@@activate\n  indented", "  indented"),
    ],
)
def test_the_content_keeps_all_else(content: str, left: str) -> None:
    assert read_decorators(content)[1] == left


def test_a_thousand_lines_are_bounded() -> None:
    decorators, content = read_decorators("@@nonsense 1\n" * 1000 + "@@depth 3\nText.")
    assert decorators == Decorators()
    assert content == "Text."
