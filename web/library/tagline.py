"""The line under a character's name: what the card says to Samovar, or the first words of its author."""

import re
from typing import Any, cast

from msgspec import Struct

from actors.character.card import Card

LENGTH = 120  # characters
MARKUP = re.compile(r"<[^>]{0,500}>|!?\[([^\]]{0,200})\]\([^)]{0,500}\)|[*_#`>~|]+")


class SamovarExtension(Struct, frozen=True):
    """What a card says to Samovar alone, in its extension "samovar"."""

    tagline: str = ""
    portrait: str = ""  # name of the picture beside the card


def samovar_extension(card: Card) -> SamovarExtension:
    found = card.extensions.get("samovar")
    said = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    tagline, portrait = said.get("tagline"), said.get("portrait")
    return SamovarExtension(
        tagline if isinstance(tagline, str) else "", portrait if isinstance(portrait, str) else ""
    )


def tagline_of(card: Card) -> str:
    return samovar_extension(card).tagline[:LENGTH] or first_sentence(card.creator_notes)


def first_sentence(notes: str) -> str:
    """Without the markup that authors put there; "" where nothing legible is left."""
    lines = (" ".join(MARKUP.sub(r"\1", line).split()) for line in notes[:4_000].splitlines())
    line = next((line for line in lines if sum(letter.isalpha() for letter in line) > 3), "")
    if len(line) <= LENGTH:
        return line
    return line[: LENGTH - 1].rsplit(" ", 1)[0] + "…"
