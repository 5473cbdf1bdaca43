"""A card out of the bytes of a file, whatever carries it. The content decides, never the name.

Pure: nothing is fetched, run or written, and no path of the card is ever opened.
"""

from typing import Any, cast

from msgspec import Struct

from actors.character.card import Card
from actors.character.formats.card_view import Spec, card_view, spec_of
from actors.character.formats.carried import Carried, Contents
from actors.character.formats.json_tree import parse_tree
from actors.character.formats.limits import CardLimits
from actors.character.formats.origin import origin_of
from actors.character.formats.picture_card import read_jpeg, read_webp
from actors.character.formats.png_card import ENCRYPTED, read_png
from actors.character.formats.png_chunks import SIGNATURE
from actors.character.formats.troubles import (
    BrokenJsonError,
    EncryptedCardError,
    NoCardError,
    TooLargeError,
    UnknownFileError,
)
from actors.character.formats.uris import embedded_path, inline_bytes, kind_of
from actors.character.formats.warnings import Warnings
from actors.character.formats.zip_card import read_zip
from actors.messages.remarks import Remark

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
JPEG = b"\xff\xd8\xff"
END_OF_ZIP = b"PK\x05\x06"
TEXT_STARTS = (b"{", b"[", b'"', b"\xff\xfe", b"\xfe\xff")


class CardFile(Struct, frozen=True):
    """A file as it was read. `origin` is what it was made of, where its carrier had to change the tree."""

    carrier: str  # json, png, apng, webp, jpeg or charx
    spec: Spec
    card: Card
    contents: Contents
    warnings: tuple[Remark, ...] = ()
    origin: Contents | None = None


def read_card(data: bytes, limits: CardLimits) -> CardFile:
    """Raises a CardTrouble, whose text is one line for people."""
    warnings = Warnings(limits.warnings)
    carried = read_carrier(data, limits, warnings)
    tree, spec = tree_of(carried.cards, limits, warnings)
    contents = Contents(tree, carried.files, carried.picture)
    card = card_view(contents.tree, warnings)
    check_assets(card, contents, warnings)
    origin = origin_of(carried, contents, limits)
    return CardFile(carried.carrier, spec, card, contents, warnings.told(), origin)


def tree_of(cards: tuple[bytes, ...], limits: CardLimits, warnings: Warnings) -> tuple[dict[str, Any], Spec]:
    """Of the first that is a card. Raises what is wrong with the last."""
    try:
        tree = parse_tree(cards[0], limits, warnings)
        return cast("dict[str, Any]", tree), spec_of(tree, warnings)
    except (BrokenJsonError, NoCardError) as trouble:
        if not cards[1:]:
            raise
        warnings.add("newer_no_json" if isinstance(trouble, BrokenJsonError) else "newer_no_card")
        return tree_of(cards[1:], limits, warnings)


def read_carrier(data: bytes, limits: CardLimits, warnings: Warnings) -> Carried:
    if len(data) > limits.file_bytes:
        raise TooLargeError(
            f"The file is larger than {limits.file_bytes:,} bytes (file_bytes).",
            "file_bytes",
            limits.file_bytes,
        )
    if data.startswith(SIGNATURE):
        return read_png(data, limits, warnings)
    if data.startswith(ZIP):
        return read_zip(data, limits, warnings)
    if data.startswith(JPEG):
        with_archive = END_OF_ZIP in data[-65_557:]  # the longest comment an archive may end with
        return read_zip(data, limits, warnings) if with_archive else read_jpeg(data, limits)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return read_webp(data, limits)
    start = data[:1_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(ENCRYPTED):
        raise EncryptedCardError(
            "The card is encrypted (rcc) for RisuAI: export it there without encryption.", "encrypted_risu"
        )
    if not start.startswith(TEXT_STARTS):
        raise UnknownFileError(
            "The file is no card: neither JSON, PNG, WebP, CHARX nor a JPEG with an archive.", "unknown_file"
        )
    return Carried("json", (data,))


def check_assets(card: Card, contents: Contents, warnings: Warnings) -> None:
    for at, asset in enumerate(card.assets, 1):
        path = embedded_path(asset.uri)
        if path is not None and path not in contents.files:
            warnings.add("asset_missing", at, path)
        elif kind_of(asset.uri) == "inline" and inline_bytes(asset.uri) is None:
            warnings.add("asset_uri", at)
