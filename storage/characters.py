"""Character versions: immutable, sealed under the node's key for characters."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.generation import CharacterSheet
from actors.messages.library import AddCharacterVersion
from storage import tables
from storage.sealing import Place, Row, SealedColumn, Secrets
from storage.search import thing_index
from storage.unit import Unit, require
from storage.work import Db

SHEET = SealedColumn("character_version", "sheet")
FILE = SealedColumn("character_file", "body")
CARD = SealedColumn("character_version", "card")
COLUMNS = ("id", "user_id", "character_id", "portrait", "thumb", "created_ms", *SHEET.columns)


class Face(Struct, frozen=True, array_like=True):
    """What lies in `sheet`, as msgpack."""

    sheet: CharacterSheet
    tagline: str
    tags: tuple[str, ...]
    language: str = ""


async def add_version(unit: Unit, write: AddCharacterVersion) -> None:
    await owned(unit, write)
    key, place = unit.keys.for_characters, Place(write.version, write.owner)
    face = Face(write.sheet, write.tagline, write.tags, write.language)
    await tables.CharacterVersion.create(
        using_db=unit.db,
        id=write.version,
        character_id=write.character,
        content_hash=write.content_hash,
        portrait=write.portrait,
        thumb=write.thumb,
        created_ms=write.created_ms,
        **SHEET.seal(key, place, msgspec.msgpack.encode(face)),
        **CARD.seal(key, place, write.card),
        **unit.owned(write.owner),
    )

    if write.file:
        await tables.CharacterFile.create(
            using_db=unit.db,
            id=write.version,
            size=len(write.file),
            **FILE.seal(key, place, write.file),
            **unit.owned(write.owner),
        )
    await thing_index.await_things(unit, write.owner, thing_index.CHARACTER, write.character)


async def owned(unit: Unit, write: AddCharacterVersion) -> None:
    """The character is there, the owner's, and this version the current one."""
    this = tables.CharacterOwner.filter(id=write.character).using_db(unit.db)
    owners = await this.values_list("user_id", "current_version")
    if owners:
        owner, current = owners[0]
        require(owner == write.owner, "The character is another user's.")
        require(write.base in {None, current}, "Another version is current: somebody saved meanwhile.")
        await this.update(removed_ms=0, current_version=write.version)
        return
    require(write.base is None, "The character is gone.")
    await tables.CharacterOwner.create(
        using_db=unit.db,
        id=write.character,
        shared=write.shared,
        removed_ms=0,
        created_ms=write.created_ms,
        current_version=write.version,
        **unit.owned(write.owner),
    )


def open_face(secrets: Secrets, row: Row) -> Face:
    return msgspec.msgpack.decode(SHEET.open(secrets, Place(row["id"], row["user_id"]), row), type=Face)


async def secrets_of(unit: Unit, rows: Iterable[Row], *columns: SealedColumn) -> Secrets:
    return await unit.keys.secrets(unit.db, (row[c.columns[0]] for row in rows for c in columns))


async def versions(db: Db, ids: set[UUID]) -> Sequence[Row]:
    return await tables.CharacterVersion.filter(id__in=ids).using_db(db).values(*COLUMNS)


async def load_sheet(unit: Unit, version: UUID) -> CharacterSheet | None:
    rows = await versions(unit.db, {version})
    secrets = await secrets_of(unit, rows, SHEET)
    return open_face(secrets, rows[0]).sheet if rows else None
