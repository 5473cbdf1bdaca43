"""The note that tells what a PNG or CHARX was made of, where its carrier had to change the card.

A CHARX names its files otherwise than a PNG and must be V3. So that a card comes back from it as it was, the
file also holds, as JSON: `tree` (the card as it was, left out where it is the same), `paths` (of the files
that moved: now → before) and `picture` (true: the carrier's own; a path; false: it had none). Another
program may change the file and leave the note as it is; and a stranger may write one. It counts only if doing
the same with what it says once more gives the very file.
"""

from typing import Any, cast

from msgspec.structs import replace

from actors.character.formats.card_view import V3, spec_of
from actors.character.formats.carried import Carried, Contents
from actors.character.formats.inlining import restored, sound
from actors.character.formats.json_tree import parse_tree, tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.placing import Placed, Tree, placed_in_charx, placed_in_png
from actors.character.formats.specs import as_spec
from actors.character.formats.troubles import CardTrouble
from actors.character.formats.warnings import Warnings

PLACES = {"png": "png", "apng": "png", "charx": "charx", "jpeg": "charx"}


def place(contents: Contents, target: str) -> Placed:
    """The contents as they go into a carrier: "png" or "charx"."""
    if target == "png":
        return placed_in_png(contents)
    spec = spec_of(contents.tree, Warnings(0))
    return placed_in_charx(Contents(as_spec(contents.tree, spec, V3), contents.files, contents.picture))


def note_of(contents: Contents, placed: Placed, *, stand_in: bool) -> bytes | None:
    """None where the reader needs no note. `stand_in`: the carrier shows a picture that is not the card's."""
    if placed.tree == contents.tree and not placed.paths and placed.picture is None and not stand_in:
        return None
    own = contents.picture is not None and not stand_in
    note: Tree = {"picture": placed.picture or own, "paths": placed.paths}
    if placed.tree != contents.tree:
        note["tree"] = contents.tree
    return tree_bytes(note)


def origin_of(carried: Carried, contents: Contents, limits: CardLimits) -> Contents | None:
    """What the file was made of; None where it does not say, or says what is not so."""
    if carried.carrier == "json":
        return restored(contents, limits)
    if carried.origin is None or carried.carrier not in PLACES:
        return None
    try:
        # It holds a card and somewhat more.
        roomy = replace(
            limits,
            json_bytes=2 * limits.json_bytes,
            json_parts=2 * limits.json_parts,
            json_depth=limits.json_depth + 2,
        )
        before = checked(parse_tree(carried.origin, roomy, Warnings(0)), carried.carrier, contents)
        return before if before is None or sound(before.picture, limits) == before.picture else None
    except CardTrouble:
        return None


def checked(note: Any, carrier: str, contents: Contents) -> Contents | None:
    if not isinstance(note, dict):
        return None
    said = cast("Tree", note)
    tree, paths, picture = said.get("tree", contents.tree), said.get("paths"), said.get("picture")
    if not isinstance(tree, dict) or not isinstance(paths, dict):
        return None
    moved = cast("Tree", paths)
    if not all(isinstance(old, str) for old in moved.values()):
        return None
    files = {moved.get(path, path): data for path, data in contents.files.items() if path != picture}
    own = contents.picture if picture is True else None
    shown = contents.files.get(picture) if isinstance(picture, str) else own
    before = Contents(cast("Tree", tree), files, shown)
    again = place(before, PLACES[carrier])
    return before if (again.tree, again.files) == (contents.tree, contents.files) else None
