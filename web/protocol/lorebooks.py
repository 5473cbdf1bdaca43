"""REST bodies about lorebooks: the shelf, the editor, "would this fire?"."""

from typing import Literal
from uuid import UUID

from msgspec import Raw, Struct

from actors.character.lore_trial import KeyTrouble, TriedEntry
from actors.messages.generation import Role
from actors.messages.lore import Scope
from actors.messages.remarks import Remark


class LorebookUse(Struct, frozen=True):
    """What a lorebook is attached to; `target` is null for everything of the user."""

    scope: Scope
    target: UUID | None


class Lorebook(Struct, frozen=True):
    """GET /api/lorebooks → list, by name. `size`: bytes of its text."""

    id: UUID
    version: UUID
    name: str
    entries: int
    size: int
    created_ms: int
    changed_ms: int
    uses: tuple[LorebookUse, ...]


class NewLorebook(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/lorebooks → Lorebook, an empty one."""

    name: str


class LorebookDetails(Struct, frozen=True):
    """GET /api/lorebooks/<id>. `book`: the object of a V3 lorebook, whatever format the file has."""

    lorebook: Lorebook
    book: Raw


class LorebookSave(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/lorebooks/<id> → Lorebook. `version`: the one that was opened; refused with "changed" where
    there is a newer one."""

    version: UUID
    book: Raw


class LorebookChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/lorebooks/<id> → Lorebook; what is null stays. A removed one comes back with false."""

    name: str | None = None
    removed: bool | None = None


class LorebookAttach(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/lorebooks/<id>/uses → Lorebook."""

    scope: Scope
    target: UUID | None
    attached: bool


class ImportedLorebook(Struct, frozen=True):
    """What became of a file. "known": the same book was there already."""

    name: str
    status: Literal["imported", "known", "refused"]
    why: str = ""
    warnings: tuple[Remark, ...] = ()
    book: UUID | None = None
    book_name: str = ""
    entries: int = 0
    code: str = ""  # of a refusal, and its facts
    facts: tuple[str, ...] = ()


class LorebookImport(Struct, frozen=True):
    """POST /api/lorebooks/import: files as in POST /api/characters/import; a card gives its lorebook."""

    files: tuple[ImportedLorebook, ...]


class TrialLine(Struct, frozen=True):
    """A message, for a trial of lore."""

    role: Role
    text: str


class LoreTrial(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/lore/trial → LoreTrialResult: what of `book` would fire. On the `lines`, with that version of
    a character beside them; or in a conversation as it stands, where all books that count there are looked
    at. `of_card`: the book stands for the card's own; else for `lorebook`. Another `seed` draws anew where
    chance decides.
    """

    book: Raw
    lines: tuple[TrialLine, ...] = ()
    character: UUID | None = None
    conversation: UUID | None = None
    lorebook: UUID | None = None
    of_card: bool = False
    seed: int = 0


class TrialBook(Struct, frozen=True):
    """A book in a trial: the one that is edited, the card's own, or another of the user's."""

    name: str = ""
    lorebook: UUID | None = None
    of_card: bool = False
    edited: bool = False


class LoreTrialResult(Struct, frozen=True):
    """`entries`: what fired in the order of the prompt, what was left out again, what stayed silent. Tokens
    are estimated."""

    books: tuple[TrialBook, ...]
    entries: tuple[TriedEntry, ...]
    troubles: tuple[KeyTrouble, ...]
    lines: tuple[TrialLine, ...]
    tokens: int
    budget: int
