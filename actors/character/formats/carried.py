"""A card's file, taken apart."""

from typing import Any

from msgspec import Struct, field


class Contents(Struct, frozen=True):
    """What a card is, without what carries it."""

    tree: dict[str, Any]
    files: dict[str, bytes] = {}  # embedded files by their path: what follows __asset: or embeded://
    picture: bytes | None = None  # of the card itself; a PNG without its card


class Carried(Struct):
    """What a carrier's reader found, before the card is looked at."""

    carrier: str
    cards: tuple[bytes, ...]  # their JSON; the first that can be read counts
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    picture: bytes | None = None
    origin: bytes | None = None  # the note that tells what the file was made of
