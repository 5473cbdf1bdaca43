"""The library: which characters a user sees, what they were made of, and what their owner says of them."""

from uuid import UUID

from tortoise.expressions import Q
from tortoise.functions import Sum

from actors.messages.library import (
    CharacterFound,
    CharacterOriginal,
    CharacterRow,
    FindCharacter,
    FindCharacters,
    FindLibraryUse,
    FindOriginal,
    LibraryUse,
    MarkFavourite,
    RemoveCharacter,
    ShareCharacter,
)
from storage import tables
from storage.characters import CARD, COLUMNS, FILE, SHEET, Face, open_face, secrets_of, versions
from storage.sealing import Place, Row
from storage.search import thing_index
from storage.unit import Unit, require

NOT_YOURS = "There is no such character of this user."
OWNER = ("id", "user_id", "shared", "removed_ms", "current_version")

# -- writes -------------------------------------------------------------------------------------


async def share(unit: Unit, write: ShareCharacter) -> None:
    mine = tables.CharacterOwner.filter(id=write.character, user_id=write.owner).using_db(unit.db)
    require(await mine.update(shared=write.shared), NOT_YOURS)
    await thing_index.await_things(unit, write.owner, thing_index.CHARACTER, write.character)


async def remove(unit: Unit, write: RemoveCharacter) -> None:
    mine = tables.CharacterOwner.filter(id=write.character, user_id=write.owner).using_db(unit.db)
    require(await mine.update(removed_ms=write.removed_ms), NOT_YOURS)
    await thing_index.await_things(unit, write.owner, thing_index.CHARACTER, write.character)


async def mark_favourite(unit: Unit, write: MarkFavourite) -> None:
    await tables.Favourite.filter(user_id=write.user, character_id=write.character).using_db(unit.db).delete()
    if write.favourite:
        await tables.Favourite.create(
            using_db=unit.db, character_id=write.character, **unit.owned(write.user)
        )


# -- reads --------------------------------------------------------------------------------------


async def find_characters(unit: Unit, query: FindCharacters) -> list[CharacterRow]:
    seen = tables.CharacterOwner.all().using_db(unit.db)
    if query.user is not None:
        seen = seen.filter(Q(user_id=query.user) | Q(shared=True), removed_ms=0)
    owners = {row["id"]: row for row in await seen.values(*OWNER)}
    current = tables.CharacterVersion.filter(id__in=[row["current_version"] for row in owners.values()])
    rows = await current.using_db(unit.db).order_by("created_ms", "id").values(*COLUMNS)
    secrets = await secrets_of(unit, rows, SHEET)
    marked = await favourites(unit, query.user) if query.user is not None else set[UUID]()
    return [shown(row, open_face(secrets, row), owners[row["character_id"]], marked) for row in rows]


async def favourites(unit: Unit, user: UUID) -> set[UUID]:
    mine = tables.Favourite.filter(user_id=user).using_db(unit.db)
    return {row["character_id"] for row in await mine.values("character_id")}


def shown(row: Row, face: Face, owner: Row, marked: set[UUID]) -> CharacterRow:
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
        thumb=row["thumb"],
        owner=owner["user_id"],
        shared=bool(owner["shared"]),
        favourite=row["character_id"] in marked,
        language=face.language,
    )


async def find_character(unit: Unit, query: FindCharacter) -> CharacterFound | None:
    seen = await visible(unit, query.version, query.user)
    if seen is None:
        return None
    row, owner = seen
    face = open_face(await secrets_of(unit, [row], SHEET), row)
    found = shown(row, face, owner, await favourites(unit, query.user))
    return CharacterFound(found, face.sheet, owner["removed_ms"] != 0, owner["current_version"])


async def visible(unit: Unit, version: UUID, user: UUID) -> tuple[Row, Row] | None:
    """The version and its owner, where the user may see it: its owner always, others while it is shared."""
    rows = await versions(unit.db, {version})
    if not rows:
        return None
    owners = await tables.CharacterOwner.filter(id=rows[0]["character_id"]).using_db(unit.db).values(*OWNER)
    if not owners:
        return None
    owner = owners[0]
    if owner["user_id"] != user and (not owner["shared"] or owner["removed_ms"]):
        return None
    return rows[0], owner


async def find_original(unit: Unit, query: FindOriginal) -> CharacterOriginal | None:
    seen = await visible(unit, query.version, query.user)
    if seen is None:
        return None
    row, _ = seen
    place = Place(row["id"], row["user_id"])
    cards = (
        await tables.CharacterVersion.filter(id=query.version).using_db(unit.db).values("id", *CARD.columns)
    )
    files = await tables.CharacterFile.filter(id=query.version).using_db(unit.db).values("id", *FILE.columns)
    secrets = {
        **await secrets_of(unit, [row], SHEET),
        **await secrets_of(unit, cards, CARD),
        **await secrets_of(unit, files, FILE),
    }
    return CharacterOriginal(
        card=CARD.open(secrets, place, cards[0]),
        file=FILE.open(secrets, place, files[0]) if files else b"",
        portrait=row["portrait"],
        name=open_face(secrets, row).sheet.name,
    )


async def find_use(unit: Unit, query: FindLibraryUse) -> LibraryUse:
    mine = tables.CharacterOwner.filter(user_id=query.user).using_db(unit.db)
    files = tables.CharacterFile.filter(user_id=query.user).using_db(unit.db)
    rows = await files.annotate(bytes=Sum("size")).values("bytes")
    return LibraryUse(await mine.count(), rows[0]["bytes"] or 0 if rows else 0)
