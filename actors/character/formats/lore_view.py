"""The typed view of a lorebook's tree: of a card's own book, of lorebook_v3, and of a SillyTavern world.

The three differ in names alone: a world has its entries in an object keyed by uid, `key` for `keys`, `order`
for `insertion_order`, `disable` for not `enabled`, and what a card has under `extensions` beside them.
"""

from typing import Any, cast

from actors.character.card import Lorebook, LoreEntry
from actors.character.formats.fields import Fields
from actors.character.formats.json_tree import plain, plain_text
from actors.character.formats.warnings import Place, Warnings

POSITIONS = ("before_char", "after_char")
BOOK: Place = ("lorebook", 0)


def book_view(tree: dict[str, Any], warnings: Warnings) -> Lorebook:
    said = Fields(tree, BOOK, warnings)
    return Lorebook(
        name=said.text("name"),
        description=said.text("description"),
        scan_depth=said.count("scan_depth", "scanDepth"),
        token_budget=said.count("token_budget", "tokenBudget"),
        recursive_scanning=said.flag("recursive_scanning", "recursiveScanning"),
        extensions=said.object("extensions"),
        entries=tuple(
            entry_view(entry, at, warnings)
            for at, entry in enumerate(entry_trees(said.get("entries"), warnings), 1)
        ),
    )


def entry_trees(value: Any, warnings: Warnings) -> list[dict[str, Any]]:
    """The entries in their order: of the list, or of the world's display."""
    if isinstance(value, dict):
        value = list(cast("dict[str, Any]", value).values())
    elif not isinstance(value, list):
        warnings.odd("odd_entries", BOOK, "entries", value)
        return []
    found = cast("list[Any]", value)
    fit = [cast("dict[str, Any]", each) for each in found if isinstance(each, dict)]
    if len(fit) != len(found):
        warnings.add("entries_none", len(found) - len(fit))
    return fit


def entry_view(tree: dict[str, Any], at: int, warnings: Warnings) -> LoreEntry:
    """`at`: which one it is, counted from 1."""
    said = Fields(tree, ("entry", at), warnings)
    order = said.number("insertion_order", "order")
    enabled, disabled = said.flag("enabled"), said.flag("disable")
    return LoreEntry(
        keys=said.texts("keys", "key", commas=True),
        secondary_keys=said.texts("secondary_keys", "keysecondary", commas=True),
        content=said.text("content"),
        enabled=enabled if enabled is not None else not disabled,
        insertion_order=order if order is not None else LoreEntry().insertion_order,
        case_sensitive=said.flag("case_sensitive", "caseSensitive"),
        name=said.text("name"),
        priority=said.number("priority"),
        id=identity(said.get("id", "uid")),
        comment=said.text("comment"),
        selective=bool(said.flag("selective")),
        constant=bool(said.flag("constant")),
        position=position(said),
        use_regex=bool(said.flag("use_regex", "useRegex")),
        extensions={**additions(said), **said.object("extensions")},
    )


def additions(said: Fields) -> dict[str, Any]:
    """What stands beside `extensions`: of a world everything, of a card what some program put there."""
    said.known.add("extensions")
    found = cast("dict[str, Any]", plain(said.rest()))
    number = said.tree.get("position")
    if isinstance(number, int):
        found["position"] = plain(number)
    return found


def position(said: Fields) -> str:
    """A world has a number; 0 and 1 are those that a card knows."""
    value = said.get("position")
    if isinstance(value, int) and not isinstance(value, bool):
        return POSITIONS[value] if value in {0, 1} else ""
    if isinstance(value, str) and value in {*POSITIONS, ""}:
        return value
    if value is not None:
        said.odd("odd_position", "position", value)
    return ""


def identity(value: Any) -> int | str | None:
    if isinstance(value, str):
        return plain_text(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None
