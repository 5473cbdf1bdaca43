"""Records: the edge's questions to the archive, with a deadline, and its answers as values or errors."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from actors.addresses import ARCHIVE
from actors.mailbox import AskTimeoutError, Runtime
from actors.messages.accounts import AccountRow, FindAccounts, FindLogins
from actors.messages.archive import (
    Commit,
    CommitFailed,
    Committed,
    ConversationState,
    Find,
    FindFailed,
    Found,
    Load,
    Loaded,
    LoadFailed,
    Query,
    Write,
)
from actors.messages.choices import Choices, Chosen, Persona, Preset
from actors.messages.choosing import FindChoices, FindChosen, FindPersonas, FindPresets
from actors.messages.conversations import (
    ChatFound,
    ConversationRow,
    FindChat,
    FindConversation,
    FindConversations,
    FindOwners,
    StoredConversation,
)
from actors.messages.filing import FindFolders, FindMatches, FolderRow, Matches
from actors.messages.library import (
    CharacterFound,
    CharacterOriginal,
    CharacterRow,
    FindAssetsInUse,
    FindCharacter,
    FindCharacters,
    FindLibraryUse,
    FindOriginal,
    FindPurgeable,
    FindVersions,
    LibraryUse,
    Purgeable,
    VersionRow,
)
from actors.messages.lore import Attached, BookSheet
from actors.messages.lorebooks import FindLorebook, FindLorebooks, FindShelf, LorebookFound, LorebookRow
from actors.messages.replies import FindTrace, ReplyTrace
from web.gathered import Gathered


class StorageTroubleError(Exception):
    """The archive did not answer in time, or could not: disk full, database locked. See `samovar status`."""


class ConflictError(Exception):
    """What is stored already forbids this write."""


class Records:
    def __init__(self, runtime: Runtime, ask_s: float, gathered: int) -> None:
        self.runtime = runtime
        self.ask_s = ask_s
        self.logins = Gathered(self.find_logins, gathered)
        self.owners = Gathered(self.find_owners, gathered)

    async def commit(self, *writes: Write) -> None:
        """All of them or none. Raises ConflictError, StorageTroubleError."""
        answer = await self.ask(lambda to: Commit(writes, to))
        if isinstance(answer, CommitFailed) and answer.conflict:
            raise ConflictError(answer.why)
        if not isinstance(answer, Committed):
            raise StorageTroubleError(why_of(answer))

    async def accounts(self) -> list[AccountRow]:
        return await self.find(FindAccounts())

    async def login(self, token_hash: bytes) -> AccountRow | None:
        """Whose login it is; None when there is no such one, or it is over."""
        return await self.logins.find(token_hash)

    async def find_logins(self, token_hashes: tuple[bytes, ...]) -> dict[bytes, AccountRow]:
        return await self.find(FindLogins(token_hashes, self.runtime.world.utc_ms()))

    async def characters(self, user: UUID | None = None) -> list[CharacterRow]:
        """Those that the user sees; None: all there are."""
        return await self.find(FindCharacters(user))

    async def character(self, version: UUID, user: UUID) -> CharacterFound | None:
        return await self.find(FindCharacter(version, user))

    async def original(self, version: UUID, user: UUID) -> CharacterOriginal | None:
        return await self.find(FindOriginal(version, user))

    async def versions(self, character: UUID, user: UUID) -> list[VersionRow]:
        """Newest first; none where the character is not the user's."""
        return await self.find(FindVersions(character, user))

    async def purgeable(self, removed_before_ms: int, limit: int) -> list[Purgeable]:
        return await self.find(FindPurgeable(removed_before_ms, limit))

    async def assets_in_use(self, assets: tuple[str, ...]) -> list[str]:
        return await self.find(FindAssetsInUse(assets))

    async def library_use(self, user: UUID) -> LibraryUse:
        return await self.find(FindLibraryUse(user))

    async def lorebooks(self, user: UUID) -> list[LorebookRow]:
        """The removed ones too."""
        return await self.find(FindLorebooks(user))

    async def lorebook(self, lorebook: UUID, user: UUID) -> LorebookFound | None:
        return await self.find(FindLorebook(lorebook, user))

    async def shelf(self, user: UUID) -> tuple[Attached, ...]:
        return await self.find(FindShelf(user))

    async def book(self, version: UUID) -> BookSheet | None:
        return await self.load("lorebook", version)

    async def talk(self, conversation: UUID) -> ConversationState | None:
        """All of it, as a session wakes with it."""
        return await self.load("session", conversation)

    async def load(self, kind: str, key: UUID) -> Any:
        """Raises StorageTroubleError."""
        answer = await self.ask(lambda to: Load(kind, key.hex, to))
        if not isinstance(answer, Loaded):
            raise StorageTroubleError(why_of(answer))
        return answer.state

    async def personas(self, user: UUID) -> list[Persona]:
        return await self.find(FindPersonas(user))

    async def presets(self, user: UUID) -> list[Preset]:
        return await self.find(FindPresets(user))

    async def choices(self, user: UUID, about: UUID) -> Choices:
        """Of a character, or (about the user) of everything."""
        return await self.find(FindChoices(user, about))

    async def chosen(self, user: UUID, version: UUID, conversation: UUID | None) -> Chosen:
        """What counts for the conversation, or for a new one."""
        return await self.find(FindChosen(user, version, conversation))

    async def conversations(self, user: UUID, *, removed: bool = False) -> list[ConversationRow]:
        return await self.find(FindConversations(user, removed))

    async def folders(self, user: UUID) -> list[FolderRow]:
        return await self.find(FindFolders(user))

    async def matches(self, user: UUID, text: str, conversation: UUID | None) -> Matches:
        return await self.find(FindMatches(user, text, conversation))

    async def chat(self, conversation: UUID, user: UUID) -> ChatFound | None:
        return await self.find(FindChat(conversation, user))

    async def conversation(self, conversation: UUID) -> StoredConversation | None:
        return await self.find(FindConversation(conversation))

    async def owner(self, conversation: UUID) -> UUID | None:
        """Whose it is, also where it was removed."""
        return await self.owners.find(conversation)

    async def find_owners(self, conversations: tuple[UUID, ...]) -> dict[UUID, UUID]:
        return await self.find(FindOwners(conversations))

    async def trace(self, conversation: UUID, message: UUID) -> ReplyTrace | None:
        return await self.find(FindTrace(conversation, message))

    async def find(self, query: Query) -> Any:
        """Raises StorageTroubleError."""
        answer = await self.ask(lambda to: Find(query, to))
        if not isinstance(answer, Found):
            raise StorageTroubleError(why_of(answer))
        return answer.result

    async def ask(self, make_message: Callable[[str], Commit | Find | Load]) -> Any:
        try:
            return await self.runtime.ask(ARCHIVE, make_message, self.ask_s)
        except AskTimeoutError as error:
            raise StorageTroubleError(str(error)) from error


def why_of(answer: CommitFailed | FindFailed | LoadFailed) -> str:
    return answer.why
