"""Lorebooks, their texts and what they are attached to, in the memory of the fake storage."""

from uuid import UUID

from actors.messages.lore import Attached
from actors.messages.lorebooks import (
    AttachLorebook,
    FindLorebook,
    FindLorebooks,
    LorebookFound,
    LorebookRow,
    PurgeLorebooks,
    RemoveLorebook,
    SaveLorebook,
)
from tests.fakes.memory_tables import Tables, require

# -- writes -------------------------------------------------------------------------------------


def save(tables: Tables, write: SaveLorebook) -> None:
    old = tables.books.get(write.lorebook)
    if write.replaces is None:
        require(old is None, "the lorebook exists")
        tables.put(tables.books_made, write.lorebook, write.changed_ms)
    else:
        require_own(tables, write.owner, write.lorebook)
        require(old is not None and old.sheet.book == write.replaces, "it was changed meanwhile")
        tables.put(tables.texts_replaced, write.replaces, write.changed_ms)
    tables.drop(tables.books_removed, write.lorebook)
    tables.drop(tables.texts_replaced, write.sheet.book)
    tables.put(tables.texts, write.sheet.book, write)
    tables.put(tables.books, write.lorebook, write)


def remove(tables: Tables, write: RemoveLorebook) -> None:
    require_own(tables, write.owner, write.lorebook)
    tables.drop(tables.books_removed, write.lorebook)
    if write.removed_ms:
        tables.put(tables.books_removed, write.lorebook, write.removed_ms)


def attach(tables: Tables, write: AttachLorebook) -> None:
    require_own(tables, write.owner, write.lorebook)
    tables.drop(tables.uses, (write.lorebook, write.scope, write.target))
    if write.attached:
        tables.put(tables.uses, (write.lorebook, write.scope, write.target), write.owner)


def purge(tables: Tables, write: PurgeLorebooks) -> None:
    for book, removed_ms in list(tables.books_removed.items()):
        if tables.books[book].owner == write.owner and removed_ms < write.removed_before_ms:
            tables.drop(tables.books, book)
            tables.drop(tables.books_made, book)
            tables.drop(tables.books_removed, book)
            for use in [use for use in tables.uses if use[0] == book]:
                tables.drop(tables.uses, use)
            for version in [v for v, text in tables.texts.items() if text.lorebook == book]:
                tables.drop(tables.texts, version)
                tables.drop(tables.texts_replaced, version)
    for version, replaced_ms in list(tables.texts_replaced.items()):
        if tables.texts[version].owner == write.owner and replaced_ms < write.replaced_before_ms:
            tables.drop(tables.texts, version)
            tables.drop(tables.texts_replaced, version)


def require_own(tables: Tables, owner: UUID, lorebook: UUID) -> None:
    require(lorebook in tables.books and tables.books[lorebook].owner == owner, "not this user's")


# -- reads --------------------------------------------------------------------------------------


def find_lorebooks(tables: Tables, query: FindLorebooks) -> list[LorebookRow]:
    mine = [shown(tables, b) for b in tables.books.values() if b.owner == query.user]
    return sorted(mine, key=lambda b: (b.name.casefold(), b.created_ms, b.lorebook))


def find_lorebook(tables: Tables, query: FindLorebook) -> LorebookFound | None:
    book = tables.books.get(query.lorebook)
    if book is None or book.owner != query.user:
        return None
    return LorebookFound(shown(tables, book), book.file)


def shelf_of(tables: Tables, user: UUID) -> tuple[Attached, ...]:
    return tuple(
        Attached(
            book,
            tables.books[book].sheet.book,
            len(tables.books[book].sheet.packed),
            scope,
            target,
            tuple(sorted(v.version for v in tables.versions.values() if v.character == target)),
        )
        for (book, scope, target), owner in tables.uses.items()
        if owner == user and book not in tables.books_removed
    )


def shown(tables: Tables, book: SaveLorebook) -> LorebookRow:
    return LorebookRow(
        lorebook=book.lorebook,
        version=book.sheet.book,
        digest=book.digest,
        name=book.sheet.name,
        entries=book.entries,
        size=len(book.sheet.packed),
        created_ms=tables.books_made[book.lorebook],
        changed_ms=book.changed_ms,
        removed_ms=tables.books_removed.get(book.lorebook, 0),
        uses=tuple((scope, target) for of, scope, target in tables.uses if of == book.lorebook),
    )
