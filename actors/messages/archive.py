"""Messages of durability. Only the archive actor speaks with the storage port.

| message | sender → receiver |
| --- | --- |
| Commit | any actor, edge → archive; Committed or CommitFailed the way back |
| Find | any actor, edge → archive; Found or FindFailed the way back |
| Load | runtime → archive; Loaded or LoadFailed to the waking actor |
| RunWrites, RunQuery | archive → storage; WritesDone, WritesFailed, QueryDone, QueryFailed the way back |

A Commit is all or nothing; several may share one transaction. `tag` comes back as it was sent.
Rows, writes and questions themselves stand in a file for each area, beside this one.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct

from actors.messages.accounts import AddAccount, AddLogin, DropLogin, FindAccounts, FindLogins, SetRole
from actors.messages.choices import Chosen
from actors.messages.choosing import (
    FindChoices,
    FindChosen,
    FindPersonas,
    FindPresets,
    PutPersona,
    PutPreset,
    RemovePersona,
    RemovePreset,
    SetChoices,
)
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    AddMessages,
    DropConversation,
    DropSummary,
    FindChat,
    FindConversation,
    FindConversations,
    FindOwners,
    MarkMessage,
    MoveHead,
    MoveToVersion,
    OutdateSummaries,
    PurgeRemoved,
    PutSummary,
    RenameConversation,
    ReviseMessage,
    SetGroup,
    SetSummarise,
    StoredConversation,
    StoredMessage,
    StoredSummary,
)
from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    FindFolders,
    FindMatches,
    RemoveConversation,
)
from actors.messages.generation import CharacterSheet, PromptReport
from actors.messages.library import (
    AddCharacterVersion,
    ChooseVersion,
    FindAssetsInUse,
    FindCharacter,
    FindCharacters,
    FindLibraryUse,
    FindOriginal,
    FindPurgeable,
    FindVersions,
    MarkFavourite,
    PurgeCharacter,
    RemoveCharacter,
    ShareCharacter,
)
from actors.messages.lore import Attached, BookSheet
from actors.messages.lorebooks import (
    AttachLorebook,
    FindLorebook,
    FindLorebooks,
    FindShelf,
    PurgeLorebooks,
    RemoveLorebook,
    SaveLorebook,
)
from actors.messages.replies import (
    AddGeneration,
    AppendChunk,
    EndGeneration,
    FindTrace,
    KeepTrace,
    LeaseGeneration,
    MarkSeam,
    PinPrompt,
    StoredGeneration,
)
from actors.messages.shares import DrainBox, SetShare, Spending, SpendTokens

Write = (
    AddAccount
    | SetRole
    | AddLogin
    | DropLogin
    | AddCharacterVersion
    | ChooseVersion
    | PurgeCharacter
    | ShareCharacter
    | RemoveCharacter
    | MarkFavourite
    | SaveLorebook
    | RemoveLorebook
    | AttachLorebook
    | PurgeLorebooks
    | PutPersona
    | RemovePersona
    | PutPreset
    | RemovePreset
    | SetChoices
    | AddConversation
    | AddMessage
    | AddMessages
    | MoveHead
    | MarkMessage
    | ReviseMessage
    | PurgeRemoved
    | RenameConversation
    | PutSummary
    | DropSummary
    | OutdateSummaries
    | SetSummarise
    | SetGroup
    | MoveToVersion
    | RemoveConversation
    | DropConversation
    | FileConversation
    | AddFolder
    | ChangeFolder
    | DropFolder
    | AddGeneration
    | LeaseGeneration
    | PinPrompt
    | MarkSeam
    | AppendChunk
    | EndGeneration
    | KeepTrace
    | SpendTokens
    | SetShare
    | DrainBox
)


class Commit(Struct, frozen=True):
    writes: tuple[Write, ...]
    reply_to: str
    tag: str = ""


class MailRead(Struct, frozen=True):
    """The archive's word to itself: whatever came in the same moment is pending now."""


class Committed(Struct, frozen=True):
    tag: str


class CommitFailed(Struct, frozen=True):
    """`conflict`: the data forbids it (a fence, a uniqueness); trying again will not help.
    Otherwise the storage was at fault (disk full, locked): nothing was written, try again later."""

    tag: str
    why: str
    conflict: bool


class RunWrites(Struct, frozen=True):
    """One transaction: all of it or nothing."""

    number: int
    writes: tuple[Write, ...]


class WritesDone(Struct, frozen=True):
    number: int


class WritesFailed(Struct, frozen=True):
    number: int
    why: str
    conflict: bool


class ConversationState(Struct, frozen=True):
    """All that a session needs to wake. `live` has its committed ids, text and thoughts beside it."""

    conversation: StoredConversation
    messages: tuple[StoredMessage, ...]  # oldest first, root included
    live: StoredGeneration | None = None
    committed: tuple[int, ...] = ()
    committed_text: str = ""
    request_keys: tuple[tuple[UUID, UUID], ...] = ()  # request key → generation or revision, all of them
    committed_thoughts: str = ""
    shelf: tuple[Attached, ...] = ()  # the user's lorebooks that are attached to anything
    summaries: tuple[StoredSummary, ...] = ()  # oldest first
    chosen: Chosen = Chosen()
    suggestion: StoredGeneration | None = None  # the newest impersonation that has ended with something made
    report: PromptReport | None = None  # of the newest message that has one: how full the context was


class QueueState(Struct, frozen=True):
    unfinished: tuple[StoredGeneration, ...]  # oldest first
    spendings: tuple[Spending, ...] = ()  # of the last days that have any, SPENDING_DAYS of them
    shares: tuple[tuple[UUID, float], ...] = ()  # of the users whose weight is not 1
    drained: tuple[str, ...] = ()  # GPU boxes


Query = (
    FindAccounts
    | FindLogins
    | FindCharacters
    | FindCharacter
    | FindOriginal
    | FindVersions
    | FindPurgeable
    | FindAssetsInUse
    | FindLibraryUse
    | FindLorebooks
    | FindLorebook
    | FindShelf
    | FindPersonas
    | FindPresets
    | FindChoices
    | FindChosen
    | FindConversations
    | FindConversation
    | FindOwners
    | FindTrace
    | FindFolders
    | FindMatches
    | FindChat
)


class Find(Struct, frozen=True):
    query: Query
    reply_to: str
    tag: str = ""


class Found(Struct, frozen=True):
    tag: str
    result: Any


class FindFailed(Struct, frozen=True):
    tag: str
    why: str


class Load(Struct, frozen=True):
    """State for a waking actor: kind "session", "character", "lorebook" or "queue". `number` comes back as
    sent."""

    kind: str
    key: str
    reply_to: str
    number: int = 0


class Loaded(Struct, frozen=True):
    """`state`: ConversationState, CharacterSheet, BookSheet or QueueState; None where nothing is stored."""

    state: ConversationState | CharacterSheet | BookSheet | QueueState | None
    number: int = 0


class LoadFailed(Struct, frozen=True):
    why: str
    number: int = 0


class RunQuery(Struct, frozen=True):
    number: int
    query: Query | Load


class QueryDone(Struct, frozen=True):
    number: int
    result: Any


class QueryFailed(Struct, frozen=True):
    number: int
    why: str
