"""What the web process and the workshop say to each other: msgpack, one message each way."""

from msgspec import Struct

from actors.character.editing import AssetEdit, CardTexts
from actors.character.formats.limits import CardLimits
from actors.character.other_data import OtherData
from actors.messages.generation import CharacterSheet
from actors.messages.remarks import Remark


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


class PortraitDrawn(Struct, frozen=True, tag="portrait_drawn"):
    """Both as WebP."""

    portrait: bytes
    thumb: bytes


class ShowWork(Struct, frozen=True, tag="show"):
    """Show all that a card says, and small pictures of its assets. `picture` as of WriteWork."""

    data: bytes
    limits: CardLimits
    pixels: int
    picture: bytes = b""


class EditWork(Struct, frozen=True, tag="edit"):
    """Make another version of a card. `data`: the file of the one before, b"" for a new card. What is None
    stays, and so does the picture without a `portrait` (a PNG). `pictures`: new ones by their ids."""

    data: bytes
    limits: CardLimits
    sheet_bytes: int
    pixels: int
    now_s: int
    texts: CardTexts | None = None
    book: str | None = None
    assets: tuple[AssetEdit, ...] | None = None
    portrait: bytes = b""
    pictures: tuple[tuple[str, bytes], ...] = ()
    picture: bytes = b""
    name: str = ""  # in place of the card's


class PictureWork(Struct, frozen=True, tag="picture"):
    """Draw a picture anew, `side` pixels wide and high at most."""

    data: bytes
    pixels: int
    side: int


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
    warnings: tuple[Remark, ...]


class CardEdited(Struct, frozen=True, tag="edited"):
    """`file`: the card with all that goes with it, b"" where its JSON is all. Not `changed`: it says what it
    said before."""

    read: CardRead
    file: bytes
    changed: bool


class ShownAsset(Struct, frozen=True):
    """`where`: default, embedded, missing, inline or remote; `size` of its file in bytes, where it has one.
    `thumb`: the picture as a small WebP, b"" where it is none."""

    type: str
    name: str
    ext: str
    where: str
    size: int
    thumb: bytes


class CardShown(Struct, frozen=True, tag="shown"):
    """`book`: the lorebook as JSON, "" where there is none."""

    texts: CardTexts
    book: str
    assets: tuple[ShownAsset, ...]
    other: tuple[OtherData, ...]


class PictureDrawn(Struct, frozen=True, tag="drawn"):
    """`picture` is a PNG, `thumb` a small WebP."""

    picture: bytes
    thumb: bytes
    width: int
    height: int


class CardWritten(Struct, frozen=True, tag="written"):
    data: bytes
    losses: tuple[str, ...]


class CardRefused(Struct, frozen=True, tag="refused"):
    """One line for people; for programs a code, and the facts that the line names."""

    why: str
    code: str = ""
    facts: tuple[str, ...] = ()


Work = ReadWork | WriteWork | ShowWork | EditWork | PictureWork | PortraitWork
Answer = CardRead | CardWritten | CardShown | CardEdited | PictureDrawn | PortraitDrawn | CardRefused
