"""A card as it travels to the GPU box, and back to a card there.

The sheet has the fields that every box of the first day knows, and behind them the card itself, as msgpack:
lore, nickname, what stands at a depth. Pictures stay at home; of the extensions goes what a prompt may need.
"""

from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from actors.character.card import Asset, Card
from actors.messages.generation import CharacterSheet

ICONS = frozenset({"icon", "user_icon"})
CARRIED = 1_000  # bytes of an asset's uri that go along: pictures within a data: uri do not
EXTENSIONS = frozenset({"depth_prompt", "talkativeness", "world", "fav"})
"""Of the card's own extensions; those of lore entries all go along."""


class TooMuchTextError(Exception):
    """The card has more text than a GPU box takes at once: shorten its lore."""

    code = "sheet_bytes"

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"The card has {size:,} bytes of text, more than the {most:,} allowed.")
        self.facts = (str(size), str(most))


def sheet_of(version: UUID, card: Card, most_bytes: int) -> CharacterSheet:
    """Raises TooMuchTextError where it would be larger than `most_bytes`."""
    packed = msgspec.msgpack.encode(replace(card, assets=carried(card), extensions=needed(card.extensions)))
    sheet = CharacterSheet(
        character=version,
        name=card.name,
        description=card.description,
        personality=card.personality,
        scenario=card.scenario,
        system_prompt=card.system_prompt,
        post_history_instructions=card.post_history_instructions,
        mes_example=card.mes_example,
        first_mes=card.first_mes,
        alternate_greetings=card.alternate_greetings,
        card=packed,
    )
    size = len(msgspec.msgpack.encode(sheet))
    if size > most_bytes:
        raise TooMuchTextError(size, most_bytes)
    return sheet


def card_of(sheet: CharacterSheet) -> Card:
    """Raises msgspec.DecodeError where the card within the sheet is none."""
    if sheet.card:
        return msgspec.msgpack.decode(sheet.card, type=Card)
    return Card(
        name=sheet.name,
        description=sheet.description,
        personality=sheet.personality,
        scenario=sheet.scenario,
        first_mes=sheet.first_mes,
        mes_example=sheet.mes_example,
        system_prompt=sheet.system_prompt,
        post_history_instructions=sheet.post_history_instructions,
        alternate_greetings=sheet.alternate_greetings,
    )


def carried(card: Card) -> tuple[Asset, ...]:
    return tuple(asset for asset in card.assets if asset.type in ICONS and len(asset.uri) <= CARRIED)


def needed(extensions: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extensions.items() if name in EXTENSIONS}
