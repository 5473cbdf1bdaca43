"""A lorebook's file as people edit it, whatever its format: the object of a V3 book, and back into the file.

What the editor does not touch stays as it is: each entry that comes back as it was given out is put back as
it stood in the file, and so is all of the file that is no entry.
"""

from typing import Any, cast

import msgspec
from msgspec.structs import replace

from actors.character.card import Lorebook
from actors.character.formats.card_view import BOOK
from actors.character.formats.json_tree import parse_tree
from actors.character.formats.limits import CardLimits
from actors.character.formats.lore_view import book_view
from actors.character.formats.lorebook_file import (
    WORLD,
    LorebookFile,
    Tree,
    book_entry,
    book_of,
    entries,
    world_entries,
)
from actors.character.formats.troubles import NoLorebookError
from actors.character.formats.warnings import Warnings

REST = "samovar-world"
"""Among the extensions of a book that is edited: what stands beside the entries of a world."""


def new_book(name: str) -> LorebookFile:
    """A book without entries."""
    tree: Tree = {"spec": BOOK, "data": {"name": name, "extensions": {}, "entries": []}}
    return LorebookFile(BOOK, tree, Lorebook(name=name))


def editable(file: LorebookFile) -> Tree:
    """The book as the editor gets it; its entries are those of `file.book`, in their order."""
    _, book = book_of(file.tree)
    if file.kind != WORLD:
        found = book.get("extensions")
        return {**book, "extensions": found if isinstance(found, dict) else {}, "entries": entries(book)}
    rest = {name: value for name, value in book.items() if name not in {"entries", "name", "description"}}
    named = {name: book[name] for name in ("name", "description") if isinstance(book.get(name), str)}
    return {
        **named,
        "extensions": {REST: rest} if rest else {},
        "entries": [book_entry(each) for each in entries(book)],
    }


def edited(file: LorebookFile, book: Tree, limits: CardLimits) -> LorebookFile:
    """The file with that book in it. Raises a CardTrouble."""
    if not isinstance(book.get("entries"), list):
        raise NoLorebookError("The book has no list of entries.", "no_lorebook")
    if file.kind == BOOK:
        tree: Tree = {**file.tree, "data": book}
    elif file.kind == WORLD:
        tree = world_of(file, book)
    else:
        tree = book
    warnings = Warnings(limits.warnings)
    # What was given out may say `extensions: {}` where the file says nothing; that is no change.
    return LorebookFile(file.kind, tree, book_view(book_of(tree)[1], warnings), warnings.told())


def world_of(file: LorebookFile, book: Tree) -> Tree:
    _, before = book_of(file.tree)
    known = {canonical(book_entry(each)): each for each in entries(before)}
    found = book.get("extensions")
    rest = cast("Tree", found).get(REST) if isinstance(found, dict) else None
    named = {name: book[name] for name in ("name", "description") if name in book}
    numbered = world_entries(book)
    for entry, uid in zip(entries(book), list(numbered), strict=True):
        old = known.get(canonical(entry))
        if old is not None and str(old.get("uid", uid)) == uid:
            numbered[uid] = old
    return {**(cast("Tree", rest) if isinstance(rest, dict) else {}), **named, "entries": numbered}


def canonical(tree: Any) -> bytes:
    return msgspec.json.encode(tree, order="deterministic")


def named(file: LorebookFile, name: str) -> LorebookFile:
    """The file under that name. A world that says no name is known by its file's alone: it stays as it is."""
    kind, book = book_of(file.tree)
    if book.get("name") == name or (kind == WORLD and "name" not in book):
        return file
    book = {**book, "name": name}
    tree = {**file.tree, "data": book} if kind == BOOK else book
    return replace(file, tree=tree, book=replace(file.book, name=name))


def parsed_book(data: bytes, limits: CardLimits) -> Tree:
    """JSON of an editor. Raises a CardTrouble."""
    tree = parse_tree(data, limits, Warnings(0))
    if not isinstance(tree, dict):
        raise NoLorebookError("The book is no object.", "no_lorebook")
    return cast("Tree", tree)
