"""A card on its way to the GPU box: all that a prompt needs, and no pictures."""

from uuid import UUID

import pytest

from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import read_card
from actors.character.sheet import TooMuchTextError, card_of, sheet_of
from actors.messages.generation import CharacterSheet
from tests.actors.character.fixtures import as_json, icon, v3

ID = UUID(int=1)
LARGE = 4_000_000


def test_a_card_arrives_with_its_lore_nickname_and_depth_prompt() -> None:
    card = read_card(as_json(v3()), CardLimits()).card
    arrived = card_of(sheet_of(ID, card, LARGE))
    assert arrived.book == card.book
    assert (arrived.nickname, arrived.creator_notes) == ("Ага", "For long evenings.")
    assert arrived.extensions["depth_prompt"] == {"prompt": "It is night.", "depth": 4, "role": "system"}
    assert "other/program" not in arrived.extensions


def test_pictures_stay_at_home() -> None:
    large = "data:image/png;base64," + "A" * 50_000
    tree = v3(
        assets=[icon("main", large), icon("happy", "embeded://x.png", "emotion"), icon("main", "ccdefault:")]
    )
    card = read_card(as_json(tree), CardLimits()).card
    sheet = sheet_of(ID, card, LARGE)
    assert [asset.uri for asset in card_of(sheet).assets] == ["ccdefault:"]
    assert len(sheet.card) < 10_000


def test_a_card_of_more_text_than_a_box_takes_is_named() -> None:
    card = read_card(as_json(v3(description="x" * 10_000)), CardLimits()).card
    with pytest.raises(TooMuchTextError, match="bytes of text"):
        sheet_of(ID, card, 10_000)


def test_a_sheet_of_the_first_days_is_a_card_of_its_fields() -> None:
    card = card_of(CharacterSheet(ID, "Mara", description="A pirate.", alternate_greetings=("Arr.",)))
    assert (card.name, card.description, card.alternate_greetings) == ("Mara", "A pirate.", ("Arr.",))
    assert card.book is None
