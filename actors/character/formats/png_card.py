"""A card in a PNG or APNG: its JSON in text chunks beside the picture.

`ccv3` (card V3) is preferred to `chara` (V1 and V2); embedded files stand in `chara-ext-asset_:PATH`, some
without the colon. The value is base64. All other chunks are the picture, kept as they are.
"""

import base64
from collections.abc import Mapping

from actors.character.formats.carried import Carried
from actors.character.formats.limits import CardLimits
from actors.character.formats.png_chunks import (
    KEYWORD_BYTES,
    Chunk,
    is_animated,
    keyword,
    read_chunks,
    text_bytes,
    text_chunk,
    write_chunks,
)
from actors.character.formats.troubles import BrokenFileError, EncryptedCardError, NoCardError, TooLargeError
from actors.character.formats.uris import base64_bytes
from actors.character.formats.warnings import Warnings

V3, V2 = "ccv3", "chara"
ASSET = "chara-ext-asset_"
ORIGIN = "samovar-origin"
ENCRYPTED = b"rcc||"


def read_png(data: bytes, limits: CardLimits, warnings: Warnings) -> Carried:
    chunks = read_chunks(data, limits, warnings)
    reader = PngReader(limits, warnings)
    rest = [chunk for chunk in chunks if not reader.takes(chunk)]
    return Carried(
        "apng" if is_animated(chunks) else "png",
        reader.found(),
        reader.files,
        write_chunks(rest),
        reader.origin,
    )


class PngReader:
    """Sorts the text chunks of one picture."""

    def __init__(self, limits: CardLimits, warnings: Warnings) -> None:
        self.limits = limits
        self.warnings = warnings
        self.left = limits.inflated_bytes
        self.cards: dict[str, list[bytes]] = {V3: [], V2: []}
        self.files: dict[str, bytes] = {}
        self.origin: bytes | None = None

    def takes(self, chunk: Chunk) -> bool:
        """Whether the chunk is of the card; false for the picture and all that is foreign."""
        word = keyword(chunk)
        if word.lower() in self.cards:
            self.cards[word.lower()].append(self.text(chunk).strip())
        elif word.startswith(ASSET):
            return self.takes_file(word.removeprefix(ASSET).removeprefix(":"), chunk)
        elif word == ORIGIN:
            self.origin = base64_bytes(self.text(chunk))
        else:
            return False
        return True

    def takes_file(self, path: str, chunk: Chunk) -> bool:
        data = base64_bytes(self.text(chunk))
        if data is None:
            self.warnings.add("file_no_base64", path)
            return False
        if path in self.files:
            self.warnings.add("file_twice", path)
        self.files.setdefault(path, data)
        return True

    def text(self, chunk: Chunk) -> bytes:
        text = text_bytes(chunk, self.left)
        if chunk.kind != b"tEXt":
            self.left -= len(text)
        return text

    def found(self) -> tuple[bytes, ...]:
        """The JSON of the newest version first."""
        sound: list[bytes] = []
        troubles: list[BrokenFileError | EncryptedCardError] = []
        for word, texts in self.cards.items():
            if len(set(texts)) > 1:
                self.warnings.add("chunks_differ", word)
            if texts:
                try:
                    sound.append(self.json(texts[0]))
                except (BrokenFileError, EncryptedCardError) as trouble:
                    self.warnings.add("chunk_unread", word)
                    troubles.append(trouble)
        if sound:
            return tuple(sound)
        raise (
            troubles[0]
            if troubles
            else NoCardError("The picture is sound, but there is no card in it.", "no_card_picture")
        )

    def json(self, text: bytes) -> bytes:
        if text.startswith(ENCRYPTED):
            raise EncryptedCardError(
                "The card is encrypted (rcc) for RisuAI: export it from there without encryption.",
                "encrypted_risu",
            )
        if text.startswith(b"{"):
            self.warnings.add("chunk_bare")
            return text
        decoded = base64_bytes(text)
        if decoded is None:
            raise BrokenFileError("The card in the picture is damaged: it is no base64.", "card_damaged")
        return decoded


def write_png(
    picture: bytes,
    cards: Mapping[str, bytes],
    files: Mapping[str, bytes],
    origin: bytes | None,
    limits: CardLimits,
) -> bytes:
    """The picture with the card before its first pixels, where every program looks.

    `cards`: JSON by keyword; `files`: by a path that `fits_keyword`.
    """
    texts = {ASSET + ":" + path: data for path, data in files.items()} | dict(cards)
    if origin is not None:
        texts[ORIGIN] = origin
    added = [text_chunk(word, base64.b64encode(data)) for word, data in texts.items()]
    chunks = read_chunks(bare_picture(picture, limits), limits, Warnings(0))
    first = next((at for at, chunk in enumerate(chunks) if chunk.kind == b"IDAT"), len(chunks) - 1)
    if any(len(chunk.data) > limits.png_chunk_bytes for chunk in added):
        raise TooLargeError("A file of the card is too large for a PNG (png_chunk_bytes).", "file_png")
    return write_chunks([*chunks[:first], *added, *chunks[first:]])


def bare_picture(data: bytes, limits: CardLimits) -> bytes:
    """A PNG without any card that may be in it. Raises a CardTrouble where it is damaged."""
    reader = PngReader(limits, Warnings(0))
    return write_chunks(each for each in read_chunks(data, limits, Warnings(0)) if not reader.takes(each))


def fits_keyword(path: str) -> bool:
    """Whether a path may stand in a PNG keyword: ASCII, at most 79, no doubled spaces."""
    word = ASSET + ":" + path
    fit = path.isascii() and path.isprintable() and len(word) <= KEYWORD_BYTES
    return fit and bool(path) and word == " ".join(word.split())
