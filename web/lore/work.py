"""What the web process and the workshop of lorebooks say to each other: msgpack, one message each way."""

from msgspec import Struct

from actors.character.card import Card
from actors.character.formats.limits import CardLimits
from actors.character.lore_keys import Line
from actors.character.lore_scene import LoreLimits
from actors.character.lore_trial import Tried
from actors.messages.remarks import Remark
from web.library.work import CardRefused


class ReadBook(Struct, frozen=True, tag="read"):
    """Read the lorebook of a file, which may be a card's. `name`: where the file does not say one."""

    data: bytes
    name: str
    limits: CardLimits
    most_bytes: int


class ChangeBook(Struct, frozen=True, tag="change"):
    """Put `book`, the JSON that an editor made, into the file; under `name`. b"": the book as it is."""

    file: bytes
    name: str
    book: bytes
    limits: CardLimits
    most_bytes: int


class OpenBook(Struct, frozen=True, tag="open"):
    """The file as an editor gets it."""

    file: bytes
    limits: CardLimits


class WriteBook(Struct, frozen=True, tag="write"):
    """The file as another kind: lorebook_v3 or sillytavern."""

    file: bytes
    kind: str
    limits: CardLimits


class TriedBook(Struct, frozen=True):
    """A lorebook in a trial: JSON of an editor, or what goes to a GPU box."""

    source: str
    json: bytes = b""
    packed: bytes = b""


class TryLore(Struct, frozen=True, tag="try"):
    """As actors.character.lore_trial.Trial has it."""

    books: tuple[TriedBook, ...]
    lines: tuple[Line, ...]
    card: Card
    user_name: str
    persona: str
    talk: str
    seed: int
    greeting: int
    lore: LoreLimits
    limits: CardLimits


class BookRead(Struct, frozen=True, tag="book"):
    """`file` is the file as it is to be kept, `packed` the book as it goes to a GPU box, `digest` that of
    name and file."""

    file: bytes
    packed: bytes
    name: str
    digest: bytes
    entries: int
    warnings: tuple[Remark, ...]


class BookOpened(Struct, frozen=True, tag="opened"):
    book: bytes


class BookWritten(Struct, frozen=True, tag="written"):
    data: bytes


class LoreTried(Struct, frozen=True, tag="tried"):
    result: Tried


Work = ReadBook | ChangeBook | OpenBook | WriteBook | TryLore
Answer = BookRead | BookOpened | BookWritten | LoreTried | CardRefused
