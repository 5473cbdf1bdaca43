"""Characters and their versions, in the memory of the fake storage."""

from uuid import UUID

from actors.messages.library import (
    AddCharacterVersion,
    CharacterFound,
    CharacterOriginal,
    CharacterRow,
    ChooseVersion,
    FindAssetsInUse,
    FindCharacter,
    FindCharacters,
    FindLibraryUse,
    FindOriginal,
    FindPurgeable,
    FindVersions,
    LibraryUse,
    MarkFavourite,
    Purgeable,
    PurgeCharacter,
    RemoveCharacter,
    ShareCharacter,
    VersionRow,
)
from tests.fakes.memory_tables import Tables, require

# -- writes -------------------------------------------------------------------------------------


def add_version(tables: Tables, write: AddCharacterVersion) -> None:
    require(write.version not in tables.versions, "the version exists")
    owner = ShareCharacter(write.character, write.owner, write.shared)
    owner = tables.owners.get(write.character, owner)
    require(owner.owner == write.owner, "the character is another user's")
    require(write.base in {None, tables.current.get(write.character)}, "another one is current")
    tables.put(tables.current, write.character, write.version)
    tables.put(tables.owners, write.character, owner)
    tables.drop(tables.removed, write.character)
    tables.put(tables.versions, write.version, write)


def choose_version(tables: Tables, write: ChooseVersion) -> None:
    require_own(tables, write.owner, write.character)
    version = tables.versions.get(write.version)
    require(version is not None and version.character == write.character, "no such version")
    require(tables.current[write.character] == write.base, "another one is current")
    tables.put(tables.current, write.character, write.version)


def share(tables: Tables, write: ShareCharacter) -> None:
    require_own(tables, write.owner, write.character)
    tables.put(tables.owners, write.character, write)


def remove(tables: Tables, write: RemoveCharacter) -> None:
    require_own(tables, write.owner, write.character)
    tables.drop(tables.removed, write.character)
    if write.removed_ms:
        tables.put(tables.removed, write.character, write.removed_ms)


def mark_favourite(tables: Tables, write: MarkFavourite) -> None:
    tables.drop(tables.favourites, (write.user, write.character))
    if write.favourite:
        tables.put(tables.favourites, (write.user, write.character), value=True)


def purge(tables: Tables, write: PurgeCharacter) -> None:
    removed_ms = tables.removed.get(write.character, write.removed_before_ms)
    require(removed_ms < write.removed_before_ms, "not removed so long ago")
    require(not is_used(tables, write.character), "in use")
    for version in versions_of(tables, write.character):
        tables.drop(tables.versions, version.version)
    tables.drop(tables.owners, write.character)
    tables.drop(tables.current, write.character)
    tables.drop(tables.removed, write.character)
    for favourite in [key for key in tables.favourites if key[1] == write.character]:
        tables.drop(tables.favourites, favourite)
    for use in [key for key in tables.uses if key[1:] == ("character", write.character)]:
        tables.drop(tables.uses, use)


def require_own(tables: Tables, owner: UUID, character: UUID) -> None:
    require(character in tables.owners and tables.owners[character].owner == owner, "not this user's")


# -- reads --------------------------------------------------------------------------------------


def find_characters(tables: Tables, query: FindCharacters) -> list[CharacterRow]:
    user = query.user
    found = [
        tables.versions[version]
        for character, version in tables.current.items()
        if user is None or (sees(tables, user, character) and character not in tables.removed)
    ]
    found.sort(key=lambda v: (v.created_ms, v.version))
    return [shown(tables, v, user) for v in found]


def find_character(tables: Tables, query: FindCharacter) -> CharacterFound | None:
    version = visible(tables, query.version, query.user)
    if version is None:
        return None
    row = shown(tables, version, query.user)
    is_removed = version.character in tables.removed
    return CharacterFound(row, version.sheet, is_removed, tables.current[version.character])


def find_original(tables: Tables, query: FindOriginal) -> CharacterOriginal | None:
    version = visible(tables, query.version, query.user)
    if version is None:
        return None
    return CharacterOriginal(version.card, version.file, version.portrait, version.sheet.name)


def find_versions(tables: Tables, query: FindVersions) -> list[VersionRow]:
    owner = tables.owners.get(query.character)
    if owner is None or owner.owner != query.user:
        return []
    mine = [c.character_version for c in tables.conversations.values() if c.user == query.user]
    of_it = versions_of(tables, query.character)
    of_it.sort(key=lambda v: (v.created_ms, v.version), reverse=True)
    return [
        VersionRow(
            version=v.version,
            created_ms=v.created_ms,
            name=v.sheet.name,
            thumb=v.thumb or v.portrait,
            conversations=mine.count(v.version),
            current=tables.current[query.character] == v.version,
        )
        for v in of_it
    ]


def find_purgeable(tables: Tables, query: FindPurgeable) -> list[Purgeable]:
    gone = sorted(
        (removed_ms, character)
        for character, removed_ms in tables.removed.items()
        if removed_ms < query.removed_before_ms and not is_used(tables, character)
    )
    found = [character for _, character in gone][: query.limit]
    pictures = {c: {a for v in versions_of(tables, c) for a in (v.portrait, v.thumb) if a} for c in found}
    return [Purgeable(character, tuple(sorted(pictures[character]))) for character in found]


def find_assets_in_use(tables: Tables, query: FindAssetsInUse) -> list[str]:
    named = {a for v in tables.versions.values() for a in (v.portrait, v.thumb)}
    named |= {a for p in tables.personas.values() for a in (p.persona.portrait, p.persona.thumb)}
    return sorted(named & set(query.assets))


def find_use(tables: Tables, query: FindLibraryUse) -> LibraryUse:
    files = sum(len(v.file) for v in tables.versions.values() if v.owner == query.user)
    return LibraryUse(sum(o.owner == query.user for o in tables.owners.values()), files)


def visible(tables: Tables, version: UUID, user: UUID) -> AddCharacterVersion | None:
    """The version, where the user may see it."""
    found = tables.versions.get(version)
    return found if found is not None and sees(tables, user, found.character) else None


def sees(tables: Tables, user: UUID, character: UUID) -> bool:
    owner = tables.owners[character]
    return owner.owner == user or (owner.shared and character not in tables.removed)


def versions_of(tables: Tables, character: UUID) -> list[AddCharacterVersion]:
    return [v for v in tables.versions.values() if v.character == character]


def is_used(tables: Tables, character: UUID) -> bool:
    held = {row.character_version for row in tables.conversations.values()}
    held |= {row.character_version for row in tables.messages.values()}
    held |= {m.version for row in tables.conversations.values() if row.group for m in row.group.members}
    return any(v.version in held for v in versions_of(tables, character))


def shown(tables: Tables, v: AddCharacterVersion, user: UUID | None) -> CharacterRow:
    owner = tables.owners[v.character]
    return CharacterRow(
        character=v.character,
        version=v.version,
        name=v.sheet.name,
        tagline=v.tagline,
        tags=v.tags,
        portrait=v.portrait,
        created_ms=v.created_ms,
        greeting=v.sheet.first_mes,
        description=v.sheet.description,
        thumb=v.thumb,
        owner=owner.owner,
        shared=owner.shared,
        favourite=user is not None and (user, v.character) in tables.favourites,
        language=v.language,
    )
