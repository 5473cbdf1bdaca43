"""The character actor: hands out a sheet."""

import pytest

from actors.character.actor import Character
from actors.messages.archive import Loaded
from actors.messages.generation import CharacterSheet, SheetMissing, SheetWanted
from actors.settings import SessionSettings
from tests.actors.kit import BOX, CHARACTER, SHEET, Stage, new_world


def awake(sheet: CharacterSheet | None) -> Stage:
    stage = Stage(Character(SessionSettings()), new_world())
    stage.tell(Loaded(sheet))
    return stage


def test_who_wants_the_sheet_gets_it() -> None:
    assert awake(SHEET).tell(SheetWanted(CHARACTER), BOX).to(BOX) == [SHEET]


def test_a_version_that_does_not_exist_is_said_to_be_missing_and_costs_no_memory() -> None:
    stage = awake(None)
    assert stage.tell(SheetWanted(CHARACTER), BOX).to(BOX) == [SheetMissing(CHARACTER)]
    assert stage.passive


@pytest.mark.parametrize("sheet", [SHEET, None])
def test_it_leaves_memory_when_nobody_asks(sheet: CharacterSheet | None) -> None:
    stage = awake(sheet)
    assert not stage.passive
    stage.fire("idle")
    assert stage.passive


def test_a_message_of_others_is_a_bug() -> None:
    with pytest.raises(TypeError, match="SheetMissing"):
        awake(SHEET).tell(SheetMissing(CHARACTER))
