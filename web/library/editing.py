"""Showing a card to its author, and making another version of it. Within the workshop."""

from typing import Any

from msgspec.structs import replace

from actors.character.card import DEFAULT_ICON
from actors.character.editing import (
    book_text,
    dated,
    new_tree,
    texts_of,
    with_assets,
    with_book,
    with_portrait,
    with_texts,
)
from actors.character.formats.card_view import card_view
from actors.character.formats.carried import Contents
from actors.character.formats.limits import CardLimits
from actors.character.formats.placing import Tree, assets_of
from actors.character.formats.png_chunks import SIGNATURE
from actors.character.formats.reading import read_card
from actors.character.formats.uris import embedded_path, kind_of
from actors.character.formats.warnings import Warnings
from actors.character.formats.writing import charx_of, png_of
from actors.character.other_data import other_data
from web.library.portraits import PictureTrouble, redrawn, thumb_of
from web.library.reading import bytes_of, summary
from web.library.work import CardEdited, CardShown, EditWork, ShownAsset, ShowWork

SIDE = 2_048  # pixels of a picture that becomes a card's own
MOST_THUMBS = 100
THUMB_BYTES = 1_500_000  # of all together: they travel in one answer
IN_ARCHIVES = frozenset({"charx", "jpeg"})


def card_shown(work: ShowWork) -> CardShown:
    """Raises a CardTrouble."""
    _, contents = opened(work.data, work.limits, work.picture, work.pixels)
    card = card_view(contents.tree, Warnings(0))
    shown: list[ShownAsset] = []
    for asset in assets_of(contents.tree) or ():
        room = len(shown) < MOST_THUMBS and sum(len(one.thumb) for one in shown) < THUMB_BYTES
        shown.append(shown_asset(asset, contents, work.pixels if room else 0))
    return CardShown(texts_of(card), book_text(contents.tree), tuple(shown), other_data(contents))


def shown_asset(asset: Tree, contents: Contents, pixels: int) -> ShownAsset:
    uri = text(asset.get("uri"))
    is_default = uri == DEFAULT_ICON and asset.get("type") == "icon"
    data = contents.picture if is_default else bytes_of(uri, contents)
    where = kind_of(uri)
    if where == "embedded" and embedded_path(uri) not in contents.files:
        where = "missing"
    thumb = b""
    if data and pixels:
        try:
            thumb = thumb_of(data, pixels)
        except PictureTrouble:
            thumb = b""  # a sound or a model: shown by its name
    return ShownAsset(
        text(asset.get("type")),
        text(asset.get("name")),
        text(asset.get("ext")),
        where,
        len(data or b""),
        thumb,
    )


def text(value: Any) -> str:
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def edited(work: EditWork) -> CardEdited:
    """Raises a CardTrouble, TooMuchTextError, CannotEditError."""
    if work.data:
        carrier, before = opened(work.data, work.limits, work.picture, work.pixels)
    else:
        carrier, before = "json", Contents(new_tree(work.now_s))
    tree = before.tree
    texts = work.texts or texts_of(card_view(tree, Warnings(0)))
    tree = with_texts(tree, replace(texts, name=work.name) if work.name else texts)
    if work.book is not None:
        tree = with_book(tree, work.book, work.limits)
    contents = Contents(tree, before.files, before.picture)
    if work.assets is not None:
        contents = with_assets(contents, work.assets, dict(work.pictures))
    if work.portrait:
        contents = with_portrait(contents, work.portrait)
    changed = not work.data or contents != before
    contents = Contents(dated(contents.tree, work.now_s), contents.files, contents.picture)
    read = summary(contents, carrier, (), work.sheet_bytes, work.pixels)
    return CardEdited(read, file_of(carrier, contents, work.limits), changed)


def opened(data: bytes, limits: CardLimits, picture: bytes, pixels: int) -> tuple[str, Contents]:
    """The carrier and the card. `picture`: that of a card that came without one. Raises a CardTrouble."""
    file = read_card(data, limits)
    contents = file.origin or file.contents
    icons = card_view(contents.tree, Warnings(0)).assets
    if picture and contents.picture is None and all(icon.uri == DEFAULT_ICON for icon in icons):
        own, _, _ = redrawn(picture, pixels, SIDE)
        contents = Contents(contents.tree, contents.files, own)
    return file.carrier, contents


def file_of(carrier: str, contents: Contents, limits: CardLimits) -> bytes:
    """A file of the kind it came in where that holds the card as it is now."""
    if not contents.files and contents.picture is None:
        return b""
    is_png = contents.picture is not None and contents.picture.startswith(SIGNATURE)
    if is_png and carrier not in IN_ARCHIVES:
        return png_of(contents, limits)
    return charx_of(contents, limits)
