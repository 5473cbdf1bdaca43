"""Messages of durability about characters: their versions, what they were made of, who sees them.

Rows, writes and questions as in actors/messages/archive.py, which has the table of who sends what.
"""

from uuid import UUID

from msgspec import Struct

from actors.messages.generation import CharacterSheet


class AddCharacterVersion(Struct, frozen=True):
    """A new immutable version. `card` is the original card, as JSON bytes; `content_hash` the SHA-256
    of `card` and of what goes with it; `portrait` and `thumb` the asset ids (hex SHA-256 of the picture's
    bytes) or "". `file`: the file it came in; b"" where it is `card` alone. `shared` holds for a new
    character; a further version of one that is there must have the same owner, and brings it back where it
    was removed. It becomes the current one. With `base` it is refused where another one is current: somebody
    saved meanwhile. `language`: of a character that comes with Samovar, "" for all others."""

    character: UUID
    version: UUID
    owner: UUID
    sheet: CharacterSheet
    card: bytes
    content_hash: bytes
    tagline: str
    tags: tuple[str, ...]
    portrait: str
    created_ms: int
    thumb: str = ""
    file: bytes = b""
    shared: bool = False
    base: UUID | None = None
    language: str = ""


class ChooseVersion(Struct, frozen=True):
    """The version is the character's current one from now on. Refused where the character is not `owner`'s,
    where the version is another character's, and where `base` is not the current one."""

    character: UUID
    owner: UUID
    version: UUID
    base: UUID


class PurgeCharacter(Struct, frozen=True):
    """All versions of a removed character go for good. Refused where a conversation uses one of them, and
    where it was not removed, or only after `removed_before_ms`."""

    character: UUID
    removed_before_ms: int


class ShareCharacter(Struct, frozen=True):
    """All users see the character, or its owner alone. Refused where it is not `owner`'s."""

    character: UUID
    owner: UUID
    shared: bool


class RemoveCharacter(Struct, frozen=True):
    """The character leaves the gallery; with `removed_ms` 0 it comes back. Conversations keep it. Refused
    where it is not `owner`'s."""

    character: UUID
    owner: UUID
    removed_ms: int


class MarkFavourite(Struct, frozen=True):
    user: UUID
    character: UUID
    favourite: bool


class CharacterRow(Struct, frozen=True):
    """A character in the gallery, by its current version. `favourite`: of the one who asks."""

    character: UUID
    version: UUID
    name: str
    tagline: str
    tags: tuple[str, ...]
    portrait: str
    created_ms: int
    greeting: str = ""
    description: str = ""
    thumb: str = ""
    owner: UUID | None = None
    shared: bool = False
    favourite: bool = False
    language: str = ""


class CharacterFound(Struct, frozen=True):
    """A version as its reader may see it. `removed`: its owner asks, and has removed it. `current`: the
    character's current version."""

    row: CharacterRow
    sheet: CharacterSheet
    removed: bool = False
    current: UUID | None = None


class VersionRow(Struct, frozen=True):
    """A version in the history of its character. `conversations`: how many of its owner's use it."""

    version: UUID
    created_ms: int
    name: str
    thumb: str
    conversations: int
    current: bool


class Purgeable(Struct, frozen=True):
    """A removed character that no conversation uses, and the ids of its pictures."""

    character: UUID
    assets: tuple[str, ...]


class CharacterOriginal(Struct, frozen=True):
    """What a version was made of: the card's JSON, and the file it came in, b"" where that is all."""

    card: bytes
    file: bytes
    portrait: str
    name: str


class LibraryUse(Struct, frozen=True):
    """What a user's characters take, the removed ones with them."""

    characters: int
    file_bytes: int


class FindCharacters(Struct, frozen=True):
    """→ list[CharacterRow], current version of each that the user sees; None: of all there are"""

    user: UUID | None


class FindCharacter(Struct, frozen=True):
    """→ CharacterFound | None, where the user may see it"""

    version: UUID
    user: UUID


class FindOriginal(Struct, frozen=True):
    """→ CharacterOriginal | None, where the user may see the version"""

    version: UUID
    user: UUID


class FindVersions(Struct, frozen=True):
    """→ list[VersionRow], newest first; none where the character is not the user's"""

    character: UUID
    user: UUID


class FindPurgeable(Struct, frozen=True):
    """→ list[Purgeable] of those removed before that time, `limit` at most"""

    removed_before_ms: int
    limit: int


class FindAssetsInUse(Struct, frozen=True):
    """→ list[str], those of these assets that something stored names"""

    assets: tuple[str, ...]


class FindLibraryUse(Struct, frozen=True):
    """→ LibraryUse of the user"""

    user: UUID
