"""A card as the bytes of a file: PNG, JSON or CHARX, in its own version of the format or in another."""

from msgspec import Struct

from actors.character.formats.card_view import V1, V2, V3, card_view, spec_of
from actors.character.formats.carried import Contents
from actors.character.formats.gradient import gradient
from actors.character.formats.inlining import inlined, sound
from actors.character.formats.json_tree import tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.origin import note_of, place
from actors.character.formats.placing import Tree, embedded_assets
from actors.character.formats.png_card import V2 as CHUNK_V2
from actors.character.formats.png_card import V3 as CHUNK_V3
from actors.character.formats.png_card import write_png
from actors.character.formats.png_chunks import SIGNATURE
from actors.character.formats.reading import CardFile
from actors.character.formats.specs import as_spec, without_decorators
from actors.character.formats.troubles import CannotExportError, TooLargeError
from actors.character.formats.warnings import Warnings
from actors.character.formats.zip_card import write_zip

FORMATS = ("png", "json", "charx")
SPECS = {"v2": V2, "v3": V3}


class Written(Struct, frozen=True):
    data: bytes
    losses: tuple[str, ...] = ()  # what the file has no place for, a line each


def write_card(
    file: CardFile, form: str, limits: CardLimits, spec: str = "", *, picture: bool = False
) -> Written:
    """`spec`: v2, v3, or "" for the card's own. `picture`: JSON takes it along too."""
    contents = file.origin or file.contents
    own = spec_of(contents.tree, Warnings(0))
    losses: list[str] = []
    if spec:
        tree = as_spec(contents.tree, own, SPECS[spec])
        if SPECS[spec] == V2 and own.name not in {V1, V2} and decorated(contents):
            losses.append("V2 knows no decorators: those of the lore are left out.")
        contents = Contents(tree, contents.files, contents.picture)
    match form:
        case "json":
            if contents.picture is not None and not picture:
                losses.append("JSON has no picture: --picture takes it along.")
            data = legible(inlined(contents, limits, picture=picture), limits)
        case "png":
            data = png_of(contents, limits)
        case "charx" if spec == "v2":
            raise CannotExportError(
                "A CHARX holds cards of V3 alone: leave out --spec, or choose .png.", "charx_v3"
            )
        case "charx":
            data = charx_of(contents, limits)
        case _:
            raise CannotExportError(
                f"Cards are written as {', '.join(FORMATS)}, not as {form}.", "form", form
            )
    if len(data) > limits.file_bytes:
        raise TooLargeError(
            f"The file would be larger than {limits.file_bytes:,} bytes (file_bytes).",
            "written_bytes",
            limits.file_bytes,
        )
    return Written(data, tuple(losses))


def decorated(contents: Contents) -> bool:
    book = card_view(contents.tree, Warnings(0)).book
    return book is not None and any(
        without_decorators(entry.content) != entry.content for entry in book.entries
    )


def png_of(contents: Contents, limits: CardLimits) -> bytes:
    placed = place(contents, "png")
    spec = spec_of(placed.tree, Warnings(0))
    own = contents.picture is not None and contents.picture.startswith(SIGNATURE)
    note = note_of(contents, placed, stand_in=not own)
    if spec.name in {V1, V2}:
        cards = {CHUNK_V2: tree_bytes(placed.tree)}
    else:
        cards = {
            CHUNK_V3: tree_bytes(placed.tree),
            CHUNK_V2: tree_bytes(as_spec(placed.tree, spec, V2)),
        }
    shown = contents.picture if own and contents.picture is not None else stand_in(contents, limits)
    return write_png(shown, cards, placed.files, note, limits)


def stand_in(contents: Contents, limits: CardLimits) -> bytes:
    """The picture of a card that has none of its own: its main icon where that is a PNG, else a gradient."""
    icons = [(asset, path) for asset, path in embedded_assets(contents.tree) if asset.get("type") == "icon"]
    icons.sort(key=lambda icon: icon[0].get("name") != "main")
    for _, path in icons:
        data = contents.files.get(path, b"")
        picture = sound(data, limits) if data.startswith(SIGNATURE) else None
        if picture is not None:
            return picture
    return gradient(card_view(contents.tree, Warnings(0)).name)


def charx_of(contents: Contents, limits: CardLimits) -> bytes:
    placed = place(contents, "charx")
    note = note_of(contents, placed, stand_in=False)
    return write_zip(legible(placed.tree, limits), placed.files, note, limits)


def legible(tree: Tree, limits: CardLimits) -> bytes:
    """Set out in lines, unless that takes it near what a reader refuses."""
    data = tree_bytes(tree)
    if len(data) > limits.json_bytes:
        raise TooLargeError(
            f"The card's JSON would be larger than {limits.json_bytes:,} bytes (json_bytes).",
            "written_bytes",
            limits.json_bytes,
        )
    return data if len(data) > limits.json_bytes // 16 else tree_bytes(tree, indent=2) + b"\n"
