"""Files in a card of bare JSON: those of assets stand in their uris, as data URIs that every program reads.

Such a uri has a parameter of ours, the uri that stood there before, so that the card comes back as it was:
`data:image/png;uri=__asset%3A0;base64,…`. Files that no asset names, which are another program's, and the
picture where it is wanted, stand under "samovar" in its extensions.
"""

import base64
from typing import Any, cast

from actors.character.formats.card_view import data_of
from actors.character.formats.carried import Contents
from actors.character.formats.limits import CardLimits
from actors.character.formats.placing import Tree, assets_of, embedded_assets, with_data, with_uris
from actors.character.formats.png_card import bare_picture
from actors.character.formats.png_chunks import SIGNATURE
from actors.character.formats.troubles import CardTrouble, TooLargeError
from actors.character.formats.uris import (
    base64_bytes,
    embedded_path,
    inline_bytes,
    inline_uri,
    media_type,
    old_uri,
)

BESIDE = "samovar"
FILES, PICTURE = "files", "picture"


def inlined(contents: Contents, limits: CardLimits, *, picture: bool) -> Tree:
    """The tree with all files in it."""
    files = contents.files
    named = [path for _, path in embedded_assets(contents.tree) if path in files]
    if sum(len(files[path]) for path in named) * 4 // 3 > limits.json_bytes:
        raise TooLargeError("The files of the card are too large for JSON (json_bytes).", "files_json")

    def uri(_: Tree, old: str) -> str:
        data = files.get(embedded_path(old) or "")
        return old if data is None else inline_uri(data, media_type(data), old)

    tree = with_uris(contents.tree, uri)
    beside: Tree = {}
    others = {path: encoded(data) for path, data in files.items() if path not in named}
    if others:
        beside[FILES] = others
    if picture and contents.picture is not None:
        beside[PICTURE] = encoded(contents.picture)
    return with_beside(tree, beside) if beside else tree


def with_beside(tree: Tree, beside: Tree) -> Tree:
    """Under the card's extensions; where it has none, beside everything."""
    data = data_of(tree)
    found = data.get("extensions")
    if not isinstance(found, dict) or BESIDE in found or BESIDE in tree:
        return {**tree, BESIDE: beside}
    return with_data(tree, {**data, "extensions": {**cast("Tree", found), BESIDE: beside}})


def without_beside(tree: Tree) -> tuple[Tree, Tree | None]:
    """The tree as it was, and what stood beside it."""
    if is_ours(tree):
        return without(tree), tree[BESIDE]
    data = data_of(tree)
    found = data.get("extensions")
    extensions = cast("Tree", found) if isinstance(found, dict) else {}
    if is_ours(extensions):
        return with_data(tree, {**data, "extensions": without(extensions)}), extensions[BESIDE]
    return tree, None


def is_ours(tree: Tree) -> bool:
    found = tree.get(BESIDE)
    beside = cast("Tree", found) if isinstance(found, dict) else {}
    return bool(beside) and set(beside) <= {FILES, PICTURE}


def without(tree: Tree) -> Tree:
    return {name: value for name, value in tree.items() if name != BESIDE}


def restored(contents: Contents, limits: CardLimits) -> Contents | None:
    """The contents as they were before `inlined`; None where that was not done."""
    files: dict[str, bytes] = {}
    for asset in assets_of(contents.tree) or ():
        uri = asset.get("uri")
        before = old_uri(uri) if isinstance(uri, str) else None
        path = embedded_path(before) if before is not None else None
        data = inline_bytes(uri) if isinstance(uri, str) and path is not None else None
        if path is not None and data is not None and files.setdefault(path, data) != data:
            return None  # two files of one path: somebody else has been here

    def uri_before(_: Tree, uri: str) -> str:
        before = old_uri(uri)
        return before if before is not None and embedded_path(before) in files else uri

    tree, beside = without_beside(with_uris(contents.tree, uri_before))
    if beside is None:
        return Contents(tree, files) if files else None
    others = beside.get(FILES)
    if isinstance(others, dict):
        for path, text in cast("dict[str, Any]", others).items():
            data = decoded(text)
            if data is not None:
                files.setdefault(path, data)
    return Contents(tree, files, sound(decoded(beside.get(PICTURE)), limits))


def sound(picture: bytes | None, limits: CardLimits) -> bytes | None:
    """The picture, unless it is a PNG that is none or that holds a card of its own."""
    if picture is None or not picture.startswith(SIGNATURE):
        return picture
    try:
        return bare_picture(picture, limits)
    except CardTrouble:
        return None


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(text: Any) -> bytes | None:
    return base64_bytes(text.encode(errors="replace")) if isinstance(text, str) else None
