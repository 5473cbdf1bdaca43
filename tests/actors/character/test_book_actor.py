"""The actor of a lorebook's version: hands out its text."""

import pytest

from actors.character.book_actor import LorebookVersion
from actors.messages.archive import Loaded
from actors.messages.lore import BookMissing, BookSheet, BookWanted
from actors.settings import SessionSettings
from tests.actors.kit import BOX, Stage, new_world, uid

TEA = BookSheet(uid(7), "Tea", b"")


def awake(sheet: BookSheet | None) -> Stage:
    stage = Stage(LorebookVersion(SessionSettings()), new_world())
    stage.tell(Loaded(sheet))
    return stage


def test_who_wants_the_text_gets_it() -> None:
    assert awake(TEA).tell(BookWanted(TEA.book), BOX).to(BOX) == [TEA]


def test_a_version_that_does_not_exist_is_said_to_be_missing_and_costs_no_memory() -> None:
    stage = awake(None)
    assert stage.tell(BookWanted(TEA.book), BOX).to(BOX) == [BookMissing(TEA.book)]
    assert stage.passive


@pytest.mark.parametrize("sheet", [TEA, None])
def test_it_leaves_memory_when_nobody_asks(sheet: BookSheet | None) -> None:
    stage = awake(sheet)
    assert not stage.passive
    stage.fire("idle")
    assert stage.passive


def test_a_message_of_others_is_a_bug() -> None:
    with pytest.raises(TypeError, match="BookMissing"):
        awake(TEA).tell(BookMissing(TEA.book))
