"""What SillyTavern says of a lore entry beyond the card format, read out of its extensions.

The tree keeps all of it as it came. Both spellings are read: `exclude_recursion` of a card's own book, and
`excludeRecursion` of a world file. A value of the wrong type counts as absent.
"""

import math
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, cast

from msgspec import Struct

from actors.character.card import LoreEntry
from actors.character.entry_filter import CharacterFilter, character_filter


class Position(IntEnum):
    """Where an entry goes; the numbers are SillyTavern's."""

    BEFORE_CHAR = 0
    AFTER_CHAR = 1
    BEFORE_NOTE = 2  # author's note
    AFTER_NOTE = 3
    AT_DEPTH = 4
    BEFORE_EXAMPLES = 5
    AFTER_EXAMPLES = 6
    OUTLET = 7  # where the macro {{outlet::name}} stands


class SelectiveLogic(IntEnum):
    """How secondary keys decide; the numbers are SillyTavern's."""

    AND_ANY = 0
    NOT_ALL = 1
    NOT_ANY = 2
    AND_ALL = 3


class EntryOptions(Struct, frozen=True):
    """None and "" where the entry does not say."""

    position: Position | None = None
    depth: int | None = None  # messages from the end, for AT_DEPTH
    role: int | None = None  # 0 system, 1 user, 2 assistant, for AT_DEPTH
    outlet_name: str = ""
    probability: float = 100.0  # per cent
    use_probability: bool = True
    selective_logic: SelectiveLogic = SelectiveLogic.AND_ANY
    exclude_recursion: bool = False  # other entries do not wake it
    prevent_recursion: bool = False  # it wakes no other entry
    delay_until_recursion: int = 0  # woken by other entries alone, from this round on; 0: no
    scan_depth: int | None = None
    case_sensitive: bool | None = None
    match_whole_words: bool | None = None
    group: str = ""  # names with commas between them; of a group one entry is taken
    group_override: bool = False  # the highest insertion order wins, not the weighted draw
    group_weight: float = 100.0
    use_group_scoring: bool | None = None
    sticky: int = 0  # stays for so many messages
    cooldown: int = 0  # then rests for so many
    delay: int = 0  # sleeps until the conversation has so many
    ignore_budget: bool = False
    automation_id: str = ""
    vectorized: bool = False
    match_persona_description: bool = False
    match_character_description: bool = False
    match_character_personality: bool = False
    match_character_depth_prompt: bool = False
    match_scenario: bool = False
    match_creator_notes: bool = False
    triggers: tuple[str, ...] = ()  # kinds of generation; none: all
    character_filter: CharacterFilter | None = None  # None: for every character


def entry_options(entry: LoreEntry) -> EntryOptions:
    said = entry.extensions
    position = whole(said, "position")
    logic = whole(said, "selectiveLogic", "selective_logic")
    return EntryOptions(
        position=Position(position) if position in list(Position) else None,
        depth=whole(said, "depth"),
        role=whole(said, "role"),
        outlet_name=text(said, "outlet_name", "outletName"),
        probability=number(said, 100.0, "probability"),
        use_probability=flag(said, "useProbability", "use_probability") is not False,
        selective_logic=SelectiveLogic(logic) if logic in list(SelectiveLogic) else SelectiveLogic.AND_ANY,
        exclude_recursion=bool(flag(said, "exclude_recursion", "excludeRecursion")),
        prevent_recursion=bool(flag(said, "prevent_recursion", "preventRecursion")),
        delay_until_recursion=recursion_delay(said),
        scan_depth=whole(said, "scan_depth", "scanDepth"),
        case_sensitive=flag(said, "case_sensitive", "caseSensitive"),
        match_whole_words=flag(said, "match_whole_words", "matchWholeWords"),
        group=text(said, "group"),
        group_override=bool(flag(said, "group_override", "groupOverride")),
        group_weight=number(said, 100.0, "group_weight", "groupWeight"),
        use_group_scoring=flag(said, "use_group_scoring", "useGroupScoring"),
        sticky=whole(said, "sticky") or 0,
        cooldown=whole(said, "cooldown") or 0,
        delay=whole(said, "delay") or 0,
        ignore_budget=bool(flag(said, "ignore_budget", "ignoreBudget")),
        automation_id=text(said, "automation_id", "automationId"),
        vectorized=bool(flag(said, "vectorized")),
        match_persona_description=bool(flag(said, "match_persona_description", "matchPersonaDescription")),
        match_character_description=bool(
            flag(said, "match_character_description", "matchCharacterDescription")
        ),
        match_character_personality=bool(
            flag(said, "match_character_personality", "matchCharacterPersonality")
        ),
        match_character_depth_prompt=bool(
            flag(said, "match_character_depth_prompt", "matchCharacterDepthPrompt")
        ),
        match_scenario=bool(flag(said, "match_scenario", "matchScenario")),
        match_creator_notes=bool(flag(said, "match_creator_notes", "matchCreatorNotes")),
        triggers=texts(said, "triggers"),
        character_filter=character_filter(said),
    )


def recursion_delay(said: Mapping[str, Any]) -> int:
    """A level, or true for the first."""
    names = ("delay_until_recursion", "delayUntilRecursion")
    return int(bool(flag(said, *names))) or max(whole(said, *names) or 0, 0)


def flag(said: Mapping[str, Any], *names: str) -> bool | None:
    for name in names:
        if isinstance(said.get(name), bool):
            return said[name]
    return None


def whole(said: Mapping[str, Any], *names: str) -> int | None:
    """A whole number, also where it stands as 4.0."""
    for name in names:
        value = said.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
    return None


def number(said: Mapping[str, Any], default: float, *names: str) -> float:
    for name in names:
        value = said.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return value
    return default


def text(said: Mapping[str, Any], *names: str) -> str:
    for name in names:
        if isinstance(said.get(name), str):
            return said[name]
    return ""


def texts(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = said.get(name)
    if not isinstance(value, list):
        return ()
    return tuple(each for each in cast("list[object]", value) if isinstance(each, str))
