"""What the library keeps of a card that was read: its sheet, digest and portraits. Within the workshop."""

import hashlib
from uuid import UUID

from actors.character.card import DEFAULT_ICON, Card
from actors.character.formats.card_view import card_view
from actors.character.formats.carried import Contents
from actors.character.formats.json_tree import tree_bytes
from actors.character.formats.uris import embedded_path, inline_bytes
from actors.character.formats.warnings import Warnings, line_of
from actors.character.sheet import sheet_of
from actors.messages.remarks import Remark
from web.library.portraits import PictureTrouble, Portraits, portraits_of
from web.library.tagline import tagline_of
from web.library.work import CardRead

NO_ID = UUID(int=0)


def summary(
    contents: Contents, carrier: str, warnings: tuple[Remark, ...], sheet_bytes: int, pixels: int
) -> CardRead:
    """Raises TooMuchTextError."""
    card, tree = card_view(contents.tree, Warnings(0)), tree_bytes(contents.tree)
    told, shown = list(warnings), Portraits()
    picture = picture_of(card, contents)
    if picture is not None:
        try:
            shown = portraits_of(picture, pixels)
        except PictureTrouble as trouble:
            told.append(line_of(trouble.code, *trouble.facts))
    return CardRead(
        sheet=sheet_of(NO_ID, card, sheet_bytes),
        card=tree,
        digest=digest_of(tree, contents),
        tagline=tagline_of(card),
        tags=card.tags,
        portrait=shown.portrait,
        thumb=shown.thumb,
        carrier=carrier,
        warnings=tuple(told),
    )


def picture_of(card: Card, contents: Contents) -> bytes | None:
    """The main icon's, or that of the carrier."""
    icons = sorted((a for a in card.assets if a.type == "icon"), key=lambda icon: icon.name != "main")
    for icon in icons:
        found = contents.picture if icon.uri == DEFAULT_ICON else bytes_of(icon.uri, contents)
        if found:
            return found
    return contents.picture


def bytes_of(uri: str, contents: Contents) -> bytes | None:
    """What the uri of an asset means, where it lies within the card."""
    path = embedded_path(uri)
    return contents.files.get(path) if path is not None else inline_bytes(uri)


def digest_of(card: bytes, contents: Contents) -> bytes:
    """The same for the same card in whatever carrier it comes."""
    parts = [card, contents.picture or b""]
    for path, data in sorted(contents.files.items()):
        parts += [path.encode(errors="surrogatepass"), data]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
