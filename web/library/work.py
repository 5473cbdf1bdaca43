"""What the web process and the workshop say to each other: msgpack, one message each way."""

from msgspec import Struct

from actors.character.formats.limits import CardLimits
from actors.messages.generation import CharacterSheet


class ReadWork(Struct, frozen=True, tag="read"):
    """Read a card out of a file."""

    data: bytes
    limits: CardLimits
    sheet_bytes: int
    pixels: int


class WriteWork(Struct, frozen=True, tag="write"):
    """Write the card of a file in another form. `picture`: for a card that came without one."""

    data: bytes
    limits: CardLimits
    form: str  # png, json or charx
    spec: str  # v2, v3 or "" for the card's own
    picture: bytes = b""


class PortraitWork(Struct, frozen=True, tag="portrait"):
    """Draw a person's picture anew."""

    data: bytes
    pixels: int


class PortraitDrawn(Struct, frozen=True, tag="drawn"):
    """Both as WebP."""

    portrait: bytes
    thumb: bytes


class CardRead(Struct, frozen=True, tag="card"):
    """`card` is the card's tree as JSON, `digest` the SHA-256 of it and of what goes with it, `sheet` lacks
    its id; `portrait` and `thumb` are WebP, b"" where there is no picture."""

    sheet: CharacterSheet
    card: bytes
    digest: bytes
    tagline: str
    tags: tuple[str, ...]
    portrait: bytes
    thumb: bytes
    carrier: str
    warnings: tuple[str, ...]


class CardWritten(Struct, frozen=True, tag="written"):
    data: bytes
    losses: tuple[str, ...]


class CardRefused(Struct, frozen=True, tag="refused"):
    """One line for people."""

    why: str


Work = ReadWork | WriteWork | PortraitWork
Answer = CardRead | CardWritten | PortraitDrawn | CardRefused
