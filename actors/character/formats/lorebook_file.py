"""A lorebook without a card: `lorebook_v3`, SillyTavern's world file, or the bare book of a card.

A book becomes a world and a world a book by name alone (lore_view.py). So that it comes back as it was, the
new file holds the old one, as SillyTavern keeps a card's book in its worlds. That counts only if turning it
once more gives the very file: somebody may have edited it since.
"""

from typing import Any, cast

from msgspec import Struct

from actors.character.card import Lorebook, LoreEntry
from actors.character.formats.card_view import BOOK
from actors.character.formats.json_tree import parse_tree, tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.lore_view import POSITIONS, book_view, entry_trees
from actors.character.formats.troubles import CannotExportError, NoLorebookError, TooLargeError
from actors.character.formats.warnings import Warnings
from actors.messages.remarks import Remark

Tree = dict[str, Any]

WORLD = "sillytavern"
KINDS = (BOOK, WORLD)
NOTE = "samovar-origin"

NAMES = {
    "keys": "key",
    "secondary_keys": "keysecondary",
    "insertion_order": "order",
    "case_sensitive": "caseSensitive",
    "id": "uid",
}
"""Of an entry: in a book → in a world. `enabled` is the opposite of `disable`."""
SAME = ("content", "comment", "constant", "selective", "use_regex", "name", "priority")
EXTENSIONS = {
    "exclude_recursion": "excludeRecursion",
    "prevent_recursion": "preventRecursion",
    "delay_until_recursion": "delayUntilRecursion",
    "display_index": "displayIndex",
    "outlet_name": "outletName",
    "group_override": "groupOverride",
    "group_weight": "groupWeight",
    "use_group_scoring": "useGroupScoring",
    "scan_depth": "scanDepth",
    "match_whole_words": "matchWholeWords",
    "automation_id": "automationId",
    "ignore_budget": "ignoreBudget",
    "match_persona_description": "matchPersonaDescription",
    "match_character_description": "matchCharacterDescription",
    "match_character_personality": "matchCharacterPersonality",
    "match_character_depth_prompt": "matchCharacterDepthPrompt",
    "match_scenario": "matchScenario",
    "match_creator_notes": "matchCreatorNotes",
}
"""The rest has one name in both."""


class LorebookFile(Struct, frozen=True):
    """`tree` is the file's, whole; `book` what it says."""

    kind: str  # lorebook_v3 or sillytavern; "": the bare book of a card
    tree: Tree
    book: Lorebook
    warnings: tuple[Remark, ...] = ()


def read_lorebook(data: bytes, limits: CardLimits) -> LorebookFile:
    """Raises a CardTrouble."""
    warnings = Warnings(limits.warnings)
    tree = parse_tree(data, limits, warnings)
    if not isinstance(tree, dict):
        raise NoLorebookError("The JSON is no lorebook: it is no object.", "no_lorebook")
    kind, book = book_of(cast("Tree", tree))
    view = book_view(book, warnings)
    return LorebookFile(kind, cast("Tree", tree), view, warnings.told())


def book_of(tree: Tree) -> tuple[str, Tree]:
    """The kind of file, and the object that has the entries."""
    data = tree.get("data")
    if tree.get("spec") == BOOK and isinstance(data, dict):
        return BOOK, cast("Tree", data)
    if isinstance(tree.get("entries"), dict):
        return WORLD, tree
    if isinstance(tree.get("entries"), list):
        return "", tree
    raise NoLorebookError("The JSON is no lorebook: it has no entries.", "no_lorebook")


def write_lorebook(file: LorebookFile, kind: str, limits: CardLimits) -> bytes:
    """`kind`: one of KINDS."""
    if kind not in KINDS:
        raise CannotExportError(f"Lorebooks are written as {' or '.join(KINDS)}.", "lorebook_kind")
    tree = file.tree if kind == file.kind else before(file) or turned(file.tree, kind)
    data = tree_bytes(tree, indent=2) + b"\n"
    if len(data) > limits.file_bytes:
        raise TooLargeError(
            f"The file would be larger than {limits.file_bytes:,} bytes (file_bytes).",
            "written_bytes",
            limits.file_bytes,
        )
    return data


def before(file: LorebookFile) -> Tree | None:
    """What the file was made of, if it is still as it was made."""
    _, book = book_of(file.tree)
    place: Any = file.tree if file.kind == WORLD else book.get("extensions")
    note = cast("Tree", place).get(NOTE) if isinstance(place, dict) else None
    if not isinstance(note, dict):
        return None
    try:
        again = turned(cast("Tree", note), file.kind)
    except NoLorebookError:
        return None
    return cast("Tree", note) if again == file.tree else None


def turned(tree: Tree, kind: str) -> Tree:
    """A file's tree as the other kind, with itself in it."""
    old, book = book_of(tree)
    if kind == WORLD:
        return {"entries": world_entries(book), NOTE: tree}
    if old != WORLD:
        return {"spec": BOOK, "data": book}
    fields = {name: tree[name] for name in ("name", "description") if isinstance(tree.get(name), str)}
    return {
        "spec": BOOK,
        "data": {
            **fields,
            "extensions": {NOTE: tree},
            "entries": [book_entry(each) for each in entries(book)],
        },
    }


def entries(book: Tree) -> list[Tree]:
    return entry_trees(book.get("entries"), Warnings(0))


def world_entries(book: Tree) -> Tree:
    """By uid: the entry's own where it is a number that no other has, else the next free one."""
    numbered: Tree = {}
    for at, entry in enumerate(entries(book)):
        uid = entry.get("id")
        if not isinstance(uid, int) or isinstance(uid, bool) or str(uid) in numbered:
            uid = next(number for number in range(at, at + len(numbered) + 1) if str(number) not in numbered)
        numbered[str(uid)] = {**world_entry(entry), "uid": uid}
    return numbered


def world_entry(entry: Tree) -> Tree:
    """An entry of a book as one of a world."""
    found = entry.get("extensions")
    said = cast("Tree", found) if isinstance(found, dict) else {}
    turned = {EXTENSIONS.get(name, name): value for name, value in said.items()}
    for name, value in entry.items():
        if name not in {"extensions", "enabled", "position"}:
            turned[NAMES.get(name, name)] = value
    turned["disable"] = entry.get("enabled") is False
    turned.setdefault(
        "position", POSITIONS.index(entry["position"]) if entry.get("position") in POSITIONS else 0
    )
    turned.setdefault("selectiveLogic", 0)
    turned.setdefault("keysecondary", [])
    return turned


def book_entry(entry: Tree) -> Tree:
    """An entry of a world as one of a book."""
    in_book = {new: old for old, new in NAMES.items()}
    in_extensions = {new: old for old, new in EXTENSIONS.items()}
    said: Tree = {}
    turned: Tree = {"extensions": said, "enabled": entry.get("disable") is not True}
    for name, value in entry.items():
        if name in in_book or name in SAME:
            turned[in_book.get(name, name)] = value
        elif name != "disable":
            said[in_extensions.get(name, name)] = value
    turned.setdefault("insertion_order", LoreEntry().insertion_order)
    turned.setdefault("use_regex", False)
    place = entry.get("position")
    if isinstance(place, int) and place in {0, 1}:
        turned["position"] = POSITIONS[place]
    if not isinstance(turned.get("case_sensitive"), bool):
        turned.pop("case_sensitive", None)  # a world says null: as the program likes
    return turned
