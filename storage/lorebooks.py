"""Lorebooks of users: immutable versions, sealed under the node's key for characters, and what each book is
attached to.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from actors.messages.lore import Attached, BookSheet
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
from storage import tables
from storage.sealing import NOWHERE, Place, Row, SealedColumn, Secrets
from storage.search import thing_index
from storage.select import Select
from storage.unit import Unit, require

NAME = SealedColumn("lorebook", "name")
SHEET = SealedColumn("lorebook_version", "sheet")
FILE = SealedColumn("lorebook_version", "file")
COLUMNS = (
    "id",
    "user_id",
    "version",
    "digest",
    "entries",
    "size",
    "created_ms",
    "changed_ms",
    "removed_ms",
    *NAME.columns,
)
NOT_YOURS = "There is no such lorebook of this user."
CHANGED = "The lorebook was changed meanwhile."
USES = Select(tables.LorebookUse, ("lorebook_id", "scope", "target"), ("user_id",), order=("id",))
VERSIONS = Select(tables.CharacterVersion, ("id",), ("character_id",), order=("id",))
IN_USE = Select(tables.Lorebook, ("id", "version", "size"), ("user_id",), also="removed_ms = 0")

# -- writes -------------------------------------------------------------------------------------


async def save(unit: Unit, write: SaveLorebook) -> None:
    key, place = unit.keys.for_characters, Place(write.lorebook, write.owner)
    columns = {
        "version": write.sheet.book,
        "digest": write.digest,
        "entries": write.entries,
        "size": len(write.sheet.packed),
        "changed_ms": write.changed_ms,
        "removed_ms": 0,
        **NAME.seal(key, place, write.sheet.name.encode()),
    }
    if write.replaces is None:
        await tables.Lorebook.create(
            using_db=unit.db,
            id=write.lorebook,
            created_ms=write.changed_ms,
            **columns,
            **unit.owned(write.owner),
        )
    else:
        current = mine(unit, write.lorebook, write.owner).filter(version=write.replaces)
        require(await current.update(**columns), CHANGED)
        replaced = tables.LorebookVersion.filter(id=write.replaces).using_db(unit.db)
        await replaced.update(replaced_ms=write.changed_ms)
    await put_version(unit, write)
    await thing_index.await_things(unit, write.owner, thing_index.LOREBOOK, write.lorebook)


async def put_version(unit: Unit, write: SaveLorebook) -> None:
    """A text that the book had before is there already."""
    known = tables.LorebookVersion.filter(id=write.sheet.book).using_db(unit.db)
    if await known.update(replaced_ms=0):
        return
    key, place = unit.keys.for_characters, Place(write.sheet.book, write.owner)
    await tables.LorebookVersion.create(
        using_db=unit.db,
        id=write.sheet.book,
        lorebook_id=write.lorebook,
        replaced_ms=0,
        **SHEET.seal(key, place, msgspec.msgpack.encode(write.sheet)),
        **FILE.seal(key, place, write.file),
        **unit.owned(write.owner),
    )


async def remove(unit: Unit, write: RemoveLorebook) -> None:
    book = mine(unit, write.lorebook, write.owner)
    require(await book.update(removed_ms=write.removed_ms), NOT_YOURS)
    await thing_index.await_things(unit, write.owner, thing_index.LOREBOOK, write.lorebook)


async def attach(unit: Unit, write: AttachLorebook) -> None:
    require(await mine(unit, write.lorebook, write.owner).exists(), NOT_YOURS)
    target = write.target or NOWHERE
    uses = tables.LorebookUse.filter(lorebook_id=write.lorebook, scope=write.scope, target=target)
    await uses.using_db(unit.db).delete()
    if write.attached:
        await tables.LorebookUse.create(
            using_db=unit.db,
            lorebook_id=write.lorebook,
            scope=write.scope,
            target=target,
            **unit.owned(write.owner),
        )


async def purge(unit: Unit, write: PurgeLorebooks) -> None:
    """Books that were removed before that time, with all their versions, and versions replaced before it."""
    removed = tables.Lorebook.filter(
        user_id=write.owner, removed_ms__gt=0, removed_ms__lt=write.removed_before_ms
    ).using_db(unit.db)
    gone = [book for (book,) in await removed.values_list("id")]
    if gone:
        for table in (tables.LorebookVersion, tables.LorebookUse):
            await table.filter(lorebook_id__in=gone).using_db(unit.db).delete()
        await tables.Lorebook.filter(id__in=gone).using_db(unit.db).delete()
    replaced = tables.LorebookVersion.filter(
        user_id=write.owner, replaced_ms__gt=0, replaced_ms__lt=write.replaced_before_ms
    )
    await replaced.using_db(unit.db).delete()


async def forget_conversation(unit: Unit, conversation: UUID) -> None:
    uses = tables.LorebookUse.filter(scope="conversation", target=conversation)
    await uses.using_db(unit.db).delete()


def mine(unit: Unit, lorebook: UUID, owner: UUID) -> Any:
    return tables.Lorebook.filter(id=lorebook, user_id=owner).using_db(unit.db)


# -- reads --------------------------------------------------------------------------------------


async def find_lorebooks(unit: Unit, query: FindLorebooks) -> list[LorebookRow]:
    """By their names, as people sort them."""
    rows = await tables.Lorebook.filter(user_id=query.user).using_db(unit.db).values(*COLUMNS)
    secrets = await secrets_of(unit, rows, NAME)
    uses: dict[UUID, list[Row]] = {}
    for use in await USES.rows(unit.db, query.user):
        uses.setdefault(use["lorebook_id"], []).append(use)
    found = [shown(secrets, row, uses.get(row["id"], [])) for row in rows]
    return sorted(found, key=lambda row: (row.name.casefold(), row.created_ms, row.lorebook))


def shown(secrets: Secrets, row: Row, uses: Iterable[Row]) -> LorebookRow:
    return LorebookRow(
        lorebook=row["id"],
        version=row["version"],
        digest=row["digest"],
        name=NAME.open(secrets, Place(row["id"], row["user_id"]), row).decode(),
        entries=row["entries"],
        size=row["size"],
        created_ms=row["created_ms"],
        changed_ms=row["changed_ms"],
        removed_ms=row["removed_ms"],
        uses=tuple((use["scope"], target_of(use)) for use in uses),
    )


def target_of(use: Row) -> UUID | None:
    return None if use["target"] == NOWHERE else use["target"]


async def find_lorebook(unit: Unit, query: FindLorebook) -> LorebookFound | None:
    rows = await mine(unit, query.lorebook, query.user).values(*COLUMNS)
    if not rows:
        return None
    versions = tables.LorebookVersion.filter(id=rows[0]["version"]).using_db(unit.db)
    texts = await versions.values("id", "user_id", *SHEET.columns, *FILE.columns)
    secrets = {**await secrets_of(unit, rows, NAME), **await secrets_of(unit, texts, SHEET, FILE)}
    uses = [use for use in await USES.rows(unit.db, query.user) if use["lorebook_id"] == query.lorebook]
    place = Place(texts[0]["id"], texts[0]["user_id"])
    return LorebookFound(shown(secrets, rows[0], uses), FILE.open(secrets, place, texts[0]))


async def load_book(unit: Unit, version: UUID) -> BookSheet | None:
    versions = tables.LorebookVersion.filter(id=version).using_db(unit.db)
    rows = await versions.values("id", "user_id", *SHEET.columns)
    if not rows:
        return None
    secrets = await secrets_of(unit, rows, SHEET)
    place = Place(rows[0]["id"], rows[0]["user_id"])
    return msgspec.msgpack.decode(SHEET.open(secrets, place, rows[0]), type=BookSheet)


async def shelf_of(unit: Unit, user: UUID) -> tuple[Attached, ...]:
    """What is attached to anything, the older attachments first; removed books are attached to nothing."""
    uses = await USES.rows(unit.db, user)
    if not uses:
        return ()
    books = {row["id"]: row for row in await IN_USE.rows(unit.db, user)}
    found: list[Attached] = []
    for use in uses:
        if (book := books.get(use["lorebook_id"])) is not None:
            scope, target = use["scope"], target_of(use)
            versions = await VERSIONS.rows(unit.db, target) if scope == "character" else []
            ids = tuple(row["id"] for row in versions)
            found.append(Attached(book["id"], book["version"], book["size"], scope, target, ids))
    return tuple(found)


async def secrets_of(unit: Unit, rows: Iterable[Row], *columns: SealedColumn) -> Secrets:
    return await unit.keys.secrets(unit.db, (row[c.columns[0]] for row in rows for c in columns))
