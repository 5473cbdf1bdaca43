"""REST bodies about characters: the gallery, versions, the editor, cards that are brought in."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.character.editing import AssetEdit, CardTexts, LanguageNote
from actors.character.other_data import OtherData
from actors.messages.remarks import Remark


class Character(Struct, frozen=True):
    """GET /api/characters → list. `portrait` is a path on this server, or ""."""

    id: UUID
    version: UUID
    name: str
    tagline: str
    description: str
    tags: tuple[str, ...]
    portrait: str
    greeting: str
    thumb: str = ""  # the portrait, small
    mine: bool = False
    shared: bool = False  # all users of the server see it
    favourite: bool = False
    created_ms: int = 0
    language: str = ""  # of one that comes with Samovar; "" for all others


class CharacterDetails(Struct, frozen=True):
    """GET /api/characters/versions/<version>?utc_offset_min=<minutes>: the clock of greetings that tell the
    time. `greetings` in the order of NewConversation, as a conversation could begin, but for {{user}}.
    `creator_notes`: what the author says to people, Markdown of a stranger; `creator_notes_multilingual`: to
    those of one language, in place of it."""

    character: Character
    greetings: tuple[str, ...]
    creator: str
    creator_notes: str
    character_version: str
    lore_entries: int
    creator_notes_multilingual: tuple[LanguageNote, ...] = ()
    nickname: str = ""  # what {{char}} says in place of the name
    system_prompt: str = ""  # the card's, in place of the user's own
    post_history_instructions: str = ""  # likewise


class CharacterChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/characters/<id>; what is null stays. Sharing and removing are the owner's."""

    shared: bool | None = None
    favourite: bool | None = None
    removed: bool | None = None


class CharacterVersion(Struct, frozen=True):
    """A version in the history of a character. `conversations`: how many of one's own use it."""

    version: UUID
    created_ms: int
    name: str
    thumb: str
    conversations: int
    current: bool


class ChosenVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/characters/<id>/current: `version` is the current one from now on. `base` is the one that the
    client takes for it; where it is another by now, the answer is 409 `conflict`."""

    version: UUID
    base: UUID


class CardAsset(Struct, frozen=True):
    """An asset of a card; its place in the list is what AssetEdit calls `at`. `where`: default (the picture
    of the card), embedded, missing, inline or remote, which is never fetched. `size` of its file in bytes.
    `thumb`: a small WebP in base64, "" where it is no picture."""

    type: str
    name: str
    ext: str
    where: str
    size: int
    thumb: str


class EditableCard(Struct, frozen=True):
    """GET /api/characters/versions/<version>/card: all that its author wrote. `book`: the lorebook as JSON,
    "" where there is none. `other`: what no form shows, which every save keeps. `current`: the version that
    the character has now."""

    character: Character
    current: UUID
    texts: CardTexts
    book: str
    assets: tuple[CardAsset, ...]
    other: tuple[OtherData, ...]


class CardSave(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/characters: a new character, a copy of the version `base` where there is one. POST
    /api/characters/<id>/versions: a further version, made from `base`, which must be the current one, else
    409 `conflict`; unless the author knows that one, and names it as `over`. Both → SavedCard. What is null
    stays. `portrait` and those of `assets`: ids of BroughtPicture. `name`: in place of the card's."""

    texts: CardTexts | None = None
    book: str | None = None
    assets: tuple[AssetEdit, ...] | None = None
    portrait: str = ""
    base: UUID | None = None
    name: str = ""
    over: UUID | None = None


class SavedCard(Struct, frozen=True):
    """Not `changed`: `base` says the same, and is what `version` is."""

    character: UUID
    version: UUID
    changed: bool


class BroughtPicture(Struct, frozen=True):
    """POST /api/characters/pictures, the picture as it is. It is drawn anew, and kept for some days, so that
    a CardSave can name it. `thumb`: a small WebP in base64."""

    id: str
    thumb: str
    width: int
    height: int


class ImportedFile(Struct, frozen=True):
    """What became of a file. "known": the same card was there already."""

    name: str
    status: Literal["imported", "known", "refused"]
    why: str = ""
    warnings: tuple[Remark, ...] = ()
    character: UUID | None = None
    version: UUID | None = None
    character_name: str = ""
    code: str = ""  # of a refusal, for programs, which may have words of their own for it …
    facts: tuple[str, ...] = ()  # … and for what it is about: numbers and names, as the code has them


class ImportReport(Struct, frozen=True):
    """POST /api/characters/import: the files as multipart/form-data in the field `file`, or one as it is."""

    files: tuple[ImportedFile, ...]
