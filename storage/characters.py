"""Character versions: immutable, sealed under the node's key for characters."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.archive import AddCharacterVersion, CharacterRow
from actors.messages.generation import CharacterSheet
from storage import tables
from storage.database import Db
from storage.sealing import Place, Row, SealedColumn, Secrets
from storage.unit import Unit

SHEET = SealedColumn("character_version", "sheet")
CARD = SealedColumn("character_version", "card")
COLUMNS = ("id", "user_id", "character_id", "portrait", "created_ms", *SHEET.columns)


class Face(Struct, frozen=True, array_like=True):
    """What lies in `sheet`, as msgpack."""

    sheet: CharacterSheet
    tagline: str
    tags: tuple[str, ...]


async def add_version(unit: Unit, write: AddCharacterVersion) -> None:
    key, place = unit.keys.for_characters, Place(write.version, write.owner)
    face = Face(write.sheet, write.tagline, write.tags)
    await tables.CharacterVersion.create(
        using_db=unit.db,
        id=write.version,
        character_id=write.character,
        content_hash=write.content_hash,
        portrait=write.portrait,
        created_ms=write.created_ms,
        **SHEET.seal(key, place, msgspec.msgpack.encode(face)),
        **CARD.seal(key, place, write.card),
        **unit.owned(write.owner),
    )


def open_face(secrets: Secrets, row: Row) -> Face:
    return msgspec.msgpack.decode(SHEET.open(secrets, Place(row["id"], row["user_id"]), row), type=Face)


async def secrets_of(unit: Unit, rows: Iterable[Row], *columns: SealedColumn) -> Secrets:
    return await unit.keys.secrets(unit.db, (row[c.columns[0]] for row in rows for c in columns))


async def versions(db: Db, ids: set[UUID]) -> Sequence[Row]:
    return await tables.CharacterVersion.filter(id__in=ids).using_db(db).values(*COLUMNS)


async def find_characters(unit: Unit) -> list[CharacterRow]:
    in_order = tables.CharacterVersion.all().using_db(unit.db).order_by("created_ms", "id")
    newest = dict(await in_order.values_list("character_id", "id"))
    rows = await in_order.filter(id__in=newest.values()).values(*COLUMNS)
    secrets = await secrets_of(unit, rows, SHEET)
    return [shown(row, open_face(secrets, row)) for row in rows]


def shown(row: Row, face: Face) -> CharacterRow:
    return CharacterRow(
        character=row["character_id"],
        version=row["id"],
        name=face.sheet.name,
        tagline=face.tagline,
        tags=face.tags,
        portrait=row["portrait"],
        created_ms=row["created_ms"],
        greeting=face.sheet.first_mes,
        description=face.sheet.description,
    )


async def load_sheet(unit: Unit, version: UUID) -> CharacterSheet | None:
    rows = await versions(unit.db, {version})
    secrets = await secrets_of(unit, rows, SHEET)
    return open_face(secrets, rows[0]).sheet if rows else None
