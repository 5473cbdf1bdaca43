"""Versions of a character: which is current, how they came one after the other, and how all of them go."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tortoise.functions import Count
from tortoise.models import Model

from actors.messages.library import (
    ChooseVersion,
    FindAssetsInUse,
    FindPurgeable,
    FindVersions,
    Purgeable,
    PurgeCharacter,
    VersionRow,
)
from storage import groups, tables
from storage.characters import COLUMNS, SHEET, open_face, secrets_of
from storage.search import thing_index
from storage.unit import Unit, require
from storage.work import Db

NOT_CURRENT = "Another version is current: somebody saved meanwhile."
USERS: tuple[type[Model], ...] = (tables.Conversation, tables.Message)
"""Tables whose `character_version_id` holds a version."""
PICTURES: tuple[tuple[type[Model], str], ...] = (
    (tables.CharacterVersion, "portrait"),
    (tables.CharacterVersion, "thumb"),
    (tables.Persona, "portrait"),
    (tables.Persona, "thumb"),
)
"""Columns that name an asset."""

# -- writes -------------------------------------------------------------------------------------


async def choose(unit: Unit, write: ChooseVersion) -> None:
    versions = tables.CharacterVersion.filter(id=write.version, character_id=write.character).using_db(
        unit.db
    )
    require(await versions.exists(), "The character has no such version.")
    mine = tables.CharacterOwner.filter(
        id=write.character, user_id=write.owner, current_version=write.base
    ).using_db(unit.db)
    require(await mine.update(current_version=write.version), NOT_CURRENT)
    await thing_index.await_things(unit, write.owner, thing_index.CHARACTER, write.character)


async def purge(unit: Unit, write: PurgeCharacter) -> None:
    removed = tables.CharacterOwner.filter(
        id=write.character, removed_ms__gt=0, removed_ms__lt=write.removed_before_ms
    ).using_db(unit.db)
    require(await removed.delete(), "The character is not one that was removed so long ago.")
    ids = await versions_of(unit.db, [write.character])
    require(not await used(unit, ids), "A conversation uses the character.")
    await tables.CharacterFile.filter(id__in=ids).using_db(unit.db).delete()
    await tables.CharacterVersion.filter(id__in=ids).using_db(unit.db).delete()
    await tables.Favourite.filter(character_id=write.character).using_db(unit.db).delete()
    await tables.LorebookUse.filter(scope="character", target=write.character).using_db(unit.db).delete()


async def versions_of(db: Db, characters: Iterable[UUID]) -> dict[UUID, UUID]:
    """Version → its character."""
    found = tables.CharacterVersion.filter(character_id__in=list(characters)).using_db(db)
    return dict(await found.values_list("id", "character_id"))


async def used(unit: Unit, versions: Iterable[UUID]) -> set[UUID]:
    """Those that something of a conversation holds."""
    ids = set(versions)
    found = ids & await groups.members_of_all(unit)
    for table in USERS:
        rows = table.filter(character_version_id__in=list(ids)).using_db(unit.db)
        held = await rows.distinct().values("character_version_id")
        found.update(row["character_version_id"] for row in held)
    return found


# -- reads --------------------------------------------------------------------------------------


async def find_versions(unit: Unit, query: FindVersions) -> list[VersionRow]:
    mine = tables.CharacterOwner.filter(id=query.character, user_id=query.user).using_db(unit.db)
    current = await mine.values_list("current_version", flat=True)
    if not current:
        return []
    of_it = tables.CharacterVersion.filter(character_id=query.character).using_db(unit.db)
    rows = await of_it.order_by("-created_ms", "-id").values(*COLUMNS)
    secrets = await secrets_of(unit, rows, SHEET)
    talks = tables.Conversation.filter(user_id=query.user, character_version_id__in=[r["id"] for r in rows])
    counted: list[dict[str, Any]] = (
        await talks.using_db(unit.db)
        .annotate(number=Count("id"))
        .group_by("character_version_id")
        .values("character_version_id", "number")
    )
    numbers = {row["character_version_id"]: row["number"] for row in counted}
    return [
        VersionRow(
            version=row["id"],
            created_ms=row["created_ms"],
            name=open_face(secrets, row).sheet.name,
            thumb=row["thumb"] or row["portrait"],
            conversations=numbers.get(row["id"], 0),
            current=row["id"] == current[0],
        )
        for row in rows
    ]


async def find_purgeable(unit: Unit, query: FindPurgeable) -> list[Purgeable]:
    removed = tables.CharacterOwner.filter(removed_ms__gt=0, removed_ms__lt=query.removed_before_ms).using_db(
        unit.db
    )
    characters = [row["id"] for row in await removed.order_by("removed_ms", "id").values("id")]
    owned = await versions_of(unit.db, characters)
    kept = {owned[version] for version in await used(unit, owned)}
    gone = [character for character in characters if character not in kept][: query.limit]
    pictures = {character: set[str]() for character in gone}
    of_them = tables.CharacterVersion.filter(character_id__in=gone).using_db(unit.db)
    for character, *assets in await of_them.values_list("character_id", "portrait", "thumb"):
        pictures[character].update(asset for asset in assets if asset)
    return [Purgeable(character, tuple(sorted(pictures[character]))) for character in gone]


async def find_assets_in_use(unit: Unit, query: FindAssetsInUse) -> list[str]:
    found: set[str] = set()
    for table, column in PICTURES:
        rows = table.filter(**{f"{column}__in": list(query.assets)}).using_db(unit.db)
        found.update(row[column] for row in await rows.values(column))
    return sorted(found)
