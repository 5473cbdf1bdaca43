"""A folder of SillyTavern as a list of paths: which of its files are wanted, in which order, and why the
others are not. Pure; a path is data here and is never opened.

Learnt from the folders that it writes: data/<user>/ since 1.12, public/ before.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from actors.messages.remarks import Remark, remark
from web.protocol.moving import ListedFile, MovedItem

Part = Literal["settings", "lorebook", "character", "avatar", "preset", "group", "chat", "group_chat"]
"""What a file is, in the order in which they come: each needs those before it."""

ORDER: tuple[Part, ...] = (
    "settings",
    "lorebook",
    "character",
    "avatar",
    "preset",
    "group",
    "chat",
    "group_chat",
)
JSON, LINES = (".json",), (".jsonl",)
CARDS = (".png", ".apng", ".webp", ".jpg", ".jpeg", ".json", ".charx")
PICTURES = (".png", ".apng", ".webp", ".jpg", ".jpeg", ".gif", ".bmp", ".avif")
FOLDERS: dict[str, tuple[Part, tuple[str, ...], tuple[int, ...]]] = {
    "worlds": ("lorebook", JSON, (2,)),
    "characters": ("character", CARDS, (2,)),
    "user avatars": ("avatar", PICTURES, (2,)),
    "openai settings": ("preset", JSON, (2,)),
    "textgen settings": ("preset", JSON, (2,)),
    "koboldai settings": ("preset", JSON, (2,)),
    "novelai settings": ("preset", JSON, (2,)),
    "groups": ("group", JSON, (2,)),
    "chats": ("chat", LINES, (2, 3)),
    "group chats": ("group_chat", LINES, (2,)),
}
"""Folder → what its files are, how they are called, and how many names their path has."""
SETTINGS = "settings.json"
DEEPEST = 12  # folders above the one that is meant

LEFT: dict[str, tuple[str, str]] = {
    "instruct": ("left_templates", "the template of a prompt comes with the model here"),
    "context": ("left_templates", "the template of a prompt comes with the model here"),
    "reasoning": ("left_templates", "the template of a prompt comes with the model here"),
    "sysprompt": (
        "left_sysprompts",
        "the one in use comes with settings.json; there is no list of them here",
    ),
    "backups": ("left_backups", "copies of chats and settings that come as they are now"),
    "thumbnails": ("left_thumbnails", "small pictures are drawn anew"),
    "secrets.json": ("left_secrets", "keys of other services are not asked for"),
    "characters": ("left_sprites", "pictures of moods have no counterpart"),
}
"""Name in the folder → code and words of why it stays."""


class NoFolderError(Exception):
    """There is nothing of SillyTavern in the list: choose the folder `data/default-user`, in which
    `characters` and `chats` lie."""


class Wanted(Struct, frozen=True):
    """A file that is to be sent: its place in the list, and its path within the data folder."""

    number: int
    part: Part
    path: str
    size: int

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def above(self) -> str:
        """The folder that it lies in."""
        return self.path.rpartition("/")[0].rpartition("/")[2]


class Folder(Struct, frozen=True):
    """`root`: the data folder within what was listed; `settled`: what is said of the other files already."""

    root: str
    wanted: tuple[Wanted, ...]
    settled: tuple[MovedItem, ...]


def folder_of(listed: Sequence[ListedFile], most_bytes: int) -> Folder:
    """`most_bytes`: of one file. Raises NoFolderError."""
    paths = [segments(file.path) for file in listed]
    root = root_of(paths)
    wanted: list[Wanted] = []
    settled: list[MovedItem] = []
    staying: Counter[tuple[str, Remark]] = Counter()
    seen: set[str] = set()
    for number, (file, path) in enumerate(zip(listed, paths, strict=True)):
        inside = path[len(root) :] if path[: len(root)] == root else ()
        part = part_of(inside)
        if part is None:
            staying[reason(path, root)] += 1
            continue
        this = Wanted(number, part, "/".join(inside), max(0, file.size))
        key = this.path.casefold()
        if file.size > most_bytes:
            why = remark("file_bytes", f"The file is larger than {most_bytes:,} bytes.", most_bytes)
            settled.append(MovedItem(part, shown(this.path), "refused", (why,)))
        elif key in seen:
            why = remark("twice", "A file of this name is in the folder twice.")
            settled.append(MovedItem(part, shown(this.path), "refused", (why,)))
        else:
            seen.add(key)
            wanted.append(this)
    for (what, why), files in staying.items():
        settled.append(MovedItem("other", what, "left_out", (why,), files=files))
    wanted.sort(key=lambda each: (ORDER.index(each.part), each.path.casefold()))
    return Folder("/".join(root), tuple(wanted), tuple(settled))


def segments(path: str) -> tuple[str, ...]:
    return tuple(name for name in path.replace("\\", "/").split("/") if name not in ("", "."))


def root_of(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The folder in which most of what is known lies. Raises NoFolderError."""
    found: Counter[tuple[str, ...]] = Counter()
    for path in paths:
        for at in range(min(len(path), DEEPEST)):
            if part_of(path[at:]) is not None:
                found[path[:at]] += 1
                break
    if not found:
        raise NoFolderError
    return max(found, key=lambda root: (found[root], -len(root)))


def part_of(path: tuple[str, ...]) -> Part | None:
    """Of a path within the data folder; None where such a file is not wanted."""
    if not path:
        return None
    if len(path) == 1:
        return "settings" if path[0].casefold() == SETTINGS else None
    part, endings, lengths = FOLDERS.get(path[0].casefold(), (None, (), ()))
    name = path[-1].casefold()
    fits = len(path) in lengths and name.endswith(endings) and not name.startswith("._")
    return part if fits else None


def reason(path: tuple[str, ...], root: tuple[str, ...]) -> tuple[str, Remark]:
    """What a file that stays is counted under, and why it stays."""
    if path[: len(root)] != root:
        where = "/".join(path[: max(1, len(path) - 1)][:3])
        why = remark("left_outside", f"it does not lie in the folder {'/'.join(root) or '.'}", "/".join(root))
        return shown(where), why
    first = path[len(root)] if len(path) > len(root) else ""
    code, words = LEFT.get(first.casefold(), ("left_other", "Samovar has no counterpart"))
    if first.casefold() in FOLDERS and first.casefold() != "characters":
        code, words = "left_odd", "they are not called as such files are"
    return shown(first), remark(code, words)


def shown(path: str, most: int = 200) -> str:
    """A path as it may be shown: of letters that can be, and not too long."""
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in path)
    return clean if len(clean) <= most else f"…{clean[1 - most :]}"
