"""Where the files and the picture of a card go in a PNG or a CHARX, and how the card's tree then names them.

Deterministic: the reader of such a file does the same once more with what the note in it (origin.py) says it
was made of, and believes the note only if the result is the file at hand.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from msgspec import Struct

from actors.character.card import DEFAULT_ICON
from actors.character.formats.card_view import data_of
from actors.character.formats.carried import Contents
from actors.character.formats.png_card import fits_keyword
from actors.character.formats.png_chunks import SIGNATURE
from actors.character.formats.uris import embedded_path, media_type
from actors.character.formats.zip_card import CARD, ORIGIN, fits_path

Tree = dict[str, Any]

IN_PNG, IN_CHARX = "__asset:", ("embeded://", "embedded://")
PICTURE = "picture"
MAIN_ICON = "assets/icon/images/main"
FOLDERS = {"image": "images", "audio": "audio", "video": "video"}
"""By media type; where that is unknown, by the ending."""
ENDINGS = {
    "images": ("avif", "bmp", "svg"),
    "audio": ("flac", "m4a", "mp3", "wav"),
    "video": ("mkv", "mov", "mp4"),
    "l2d": ("moc3",),
    "3d": ("fbx", "glb", "mmd", "obj", "vrm"),
    "ai": ("ckpt", "onnx", "safetensors"),
    "fonts": ("otf", "ttf", "woff", "woff2"),
    "code": ("js", "lua"),
}
ENDS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


class Placed(Struct, frozen=True):
    tree: Tree
    files: dict[str, bytes]
    paths: dict[str, str]  # where they are now → where they were; those that moved
    picture: str | None  # the path of the picture, where it became a file


def placed_in_png(contents: Contents) -> Placed:
    names = Names(contents.files, fits_keyword, (str(number) for number in range(len(contents.files) + 1)))
    picture = None
    if contents.picture is not None and not contents.picture.startswith(SIGNATURE):
        picture = names.free(PICTURE)

    def uri(_: Tree, old: str) -> str:
        path = names.new(old)
        return old if path is None else f"{IN_PNG}{path}"

    return placed(contents, with_uris(contents.tree, uri), names, picture)


def placed_in_charx(contents: Contents) -> Placed:
    """A file that a PNG numbered is given a speaking path; the picture becomes the file of its icon."""
    proposed = {
        path: charx_path(asset, contents.files[path])
        for asset, path in embedded_assets(contents.tree)
        if path in contents.files and asset["uri"].startswith(IN_PNG) and not path.startswith("assets/")
    }
    names = Names(
        contents.files,
        lambda path: fits_path(path) and path not in {CARD, ORIGIN, *proposed},
        (f"assets/other/other/{number}" for number in range(len(contents.files) + 1)),
        proposed,
    )
    picture = None
    tree = contents.tree
    if contents.picture is not None:
        if assets_of(tree) is None:
            icon = {"type": "icon", "uri": DEFAULT_ICON, "name": "main", "ext": "png"}
            tree = with_data(tree, {**data_of(tree), "assets": [icon]})
        end = ENDS.get(media_type(contents.picture), "png")
        meant = any(means_picture(asset) for asset in assets_of(tree) or ())
        picture = names.free(f"{MAIN_ICON if meant else 'assets/other/images/picture'}.{end}")

    def uri(asset: Tree, old: str) -> str:
        if picture is not None and means_picture(asset):
            return f"{IN_CHARX[0]}{picture}"
        path = names.new(old)
        if path is None or (old.startswith(IN_CHARX) and path == embedded_path(old)):
            return old
        return f"{IN_CHARX[0]}{path}"

    return placed(contents, with_uris(tree, uri), names, picture)


def placed(contents: Contents, tree: Tree, names: "Names", picture: str | None) -> Placed:
    files = {names.by_old[old]: data for old, data in contents.files.items()}
    if picture is not None and contents.picture is not None:
        files[picture] = contents.picture
    moved = {new: old for old, new in names.by_old.items() if new != old}
    return Placed(tree, files, moved, picture)


class Names:
    """New paths for the files: the old one where it is fit, else a proposed one, else the next free one."""

    def __init__(
        self,
        files: Iterable[str],
        fits: Callable[[str], bool],
        others: Iterator[str],
        proposed: dict[str, str] | None = None,
    ) -> None:
        paths = list(files)
        self.by_old = {path: path for path in paths if fits(path)}
        self.taken = set(self.by_old)
        for path in paths:
            if path not in self.by_old:
                wanted = (proposed or {}).get(path)
                self.by_old[path] = self.free(wanted) if wanted else self.next(others)

    def next(self, others: Iterator[str]) -> str:
        path = next(path for path in others if path not in self.taken)
        self.taken.add(path)
        return path

    def free(self, path: str) -> str:
        """The path, with a number before its ending where it is taken."""
        stem, dot, end = path.rpartition(".") if "." in path else (path, "", "")
        number = 2
        while path in self.taken:
            path = f"{stem}-{number}{dot}{end}"
            number += 1
        self.taken.add(path)
        return path

    def new(self, uri: str) -> str | None:
        """The new path of the file that this uri names; None where it names none."""
        old = embedded_path(uri)
        return None if old is None else self.by_old.get(old)


def charx_path(asset: Tree, data: bytes) -> str:
    """assets/TYPE/KIND/NAME.EXT, in ASCII, as the format would have it."""
    name, end = safe(asset.get("name"), "file"), safe(asset.get("ext"), "bin")
    by_end = next((folder for folder, ends in ENDINGS.items() if end.lower() in ends), "other")
    kind = FOLDERS.get(media_type(data).partition("/")[0], by_end)
    return f"assets/{safe(asset.get('type'), 'other')}/{kind}/{name}.{end}"


def means_picture(asset: Tree) -> bool:
    """For other assets than icons the default is not the card's picture."""
    return asset.get("uri") == DEFAULT_ICON and asset.get("type") == "icon"


def safe(value: Any, default: str) -> str:
    text = re.sub(r"[^A-Za-z0-9_-]+", "_", value)[:60].strip("_") if isinstance(value, str) else ""
    return text if text and fits_path(text) else default


def assets_of(tree: Tree) -> list[Tree] | None:
    """The assets that are objects; None where the card says nothing of any."""
    found = data_of(tree).get("assets")
    if not isinstance(found, list):
        return None
    return [cast("Tree", each) for each in cast("list[Any]", found) if isinstance(each, dict)]


def embedded_assets(tree: Tree) -> Iterator[tuple[Tree, str]]:
    """Assets whose file travels with the card, and its path."""
    for asset in assets_of(tree) or ():
        path = embedded_path(asset["uri"]) if isinstance(asset.get("uri"), str) else None
        if path is not None:
            yield asset, path


def asset_paths(tree: Tree) -> set[str]:
    """Of the files that an asset names."""
    return {path for _, path in embedded_assets(tree)}


def with_uris(tree: Tree, change: Callable[[Tree, str], str]) -> Tree:
    """The tree with every asset's uri changed."""
    found = data_of(tree).get("assets")
    if not isinstance(found, list):
        return tree

    def changed(asset: Any) -> Any:
        said: Tree = cast("Tree", asset) if isinstance(asset, dict) else {}
        uri = said.get("uri")
        return {**said, "uri": change(said, uri)} if isinstance(uri, str) else cast("Any", asset)

    return with_data(tree, {**data_of(tree), "assets": [changed(each) for each in cast("list[Any]", found)]})


def with_data(tree: Tree, data: Tree) -> Tree:
    return {**tree, "data": data} if data_of(tree) is not tree else data
