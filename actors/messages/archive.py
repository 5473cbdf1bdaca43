"""Messages of durability. Only the archive actor speaks with the storage port.

| message | sender → receiver |
| --- | --- |
| Commit | any actor, edge → archive; Committed or CommitFailed the way back |
| Find | any actor, edge → archive; Found or FindFailed the way back |
| Load | runtime → archive; Loaded or LoadFailed to the waking actor |
| RunWrites, RunQuery | archive → storage; WritesDone, WritesFailed, QueryDone, QueryFailed the way back |

A Commit is all or nothing; several may share one transaction. `tag` comes back as it was sent.
"""

from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.choices import Choices, Chosen, Level, Persona, Preset
from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    FindFolders,
    FindMatches,
    RemoveConversation,
)
from actors.messages.generation import CharacterSheet, Circumstances, PromptReport, Role, Sampling
from actors.messages.group import Group
from actors.messages.lore import Attached, BookSheet, Scope

GenerationState = Literal["queued", "leased", "streaming", "suspended", "done", "failed", "cancelled"]
UNFINISHED: tuple[GenerationState, ...] = ("queued", "leased", "streaming", "suspended")
Author = Literal["", "model", "person"]
GenerationKind = Literal["reply", "continue", "impersonate"]
Removal = Literal["", "alone", "branch"]
"""How a message was removed: not at all, by itself, or with all that is below it. It is kept."""

# -- rows ---------------------------------------------------------------------------------------


class StoredMessage(Struct, frozen=True):
    """A node of the message tree; immutable. The root of a conversation has role "system", no body
    and itself as parent (a NULL parent would evade UNIQUE(conversation, parent, sibling)). `thoughts` are
    what the model thought before it replied: kept with the message, and in no prompt. `seam`: as of the
    generation that made it. `name`: who spoke, where that is not whom the conversation began with.

    Beside the row stands what people did with the message since: `removed` and `bookmark` (its name) are its
    mark; `revised`: `body` is the newest of its revisions, and the row has an older one."""

    id: UUID
    conversation: UUID
    parent: UUID
    sibling: int  # 0-based place among the children of its parent
    role: Role
    body: str
    character_version: UUID
    created_ms: int
    request_key: UUID | None = None  # the client's id of the request that made it
    generation: UUID | None = None  # the generation that made it
    ended: str = ""  # for a reply: stop, length, cancelled, failed …
    tokens: int = 0
    thoughts: str = ""
    seam: int = -1
    name: str = ""
    removed: Removal = ""
    bookmark: str = ""
    revised: bool = False


class StoredGeneration(Struct, frozen=True):
    """A reply being made: its row. `message` is the id the finished message will have.

    `seam`: after so many characters (code points) of the message an engine took it up that could not go on
    exactly, for the first time; -1: none did. `engine_digest`: of the engine that made what stands before.
    `speaker`: whose reply it is, None: the conversation's only character. `round_left`: how many members may
    answer after it of their own accord. `user_name` and `persona` are who is answered; "" the name that the
    conversation began with. `hint`: what the user asks of this one reply. `made`: what came of an
    impersonation, once it has ended: it becomes no message, and waits to be taken up by its user."""

    id: UUID
    conversation: UUID
    user: UUID
    parent: UUID
    message: UUID
    request_key: UUID
    kind: GenerationKind
    continues: str  # text that the reply goes on from; "" for a fresh reply
    seed: int
    sampling: Sampling
    created_ms: int
    state: GenerationState = "queued"
    attempt: int = 0
    worker: str = ""
    worker_boot: UUID | None = None
    model: str = ""
    prompt_digest: bytes = b""
    continues_thoughts: str = ""  # those of the message whose text it goes on from
    engine_digest: bytes = b""
    seam: int = -1
    speaker: UUID | None = None
    round_left: int = 0
    user_name: str = ""
    persona: str = ""
    circumstances: Circumstances = Circumstances()
    books: tuple[UUID, ...] = ()  # versions of the user's lorebooks, in order of precedence
    hint: str = ""
    made: str = ""


class Spending(Struct, frozen=True):
    """Tokens that were written for a user on a day: days since 1970, UTC."""

    user: UUID
    day: int
    tokens: int


class StoredConversation(Struct, frozen=True):
    """`group`: its members, where it has or had several; it began with `character_version`. `titled_by`: who
    gave its title, "": nobody yet. `summarise`: summaries stand for its oldest messages in prompts."""

    id: UUID
    user: UUID
    character_version: UUID
    title: str
    root: UUID
    head: UUID
    created_ms: int
    user_name: str = "You"
    group: Group | None = None
    titled_by: Author = ""
    summarise: bool = True


class StoredSummary(Struct, frozen=True):
    """What happened up to the message `upto` and with it, on the branch that leads there. `stale`: one of
    those messages was put in other words, removed or brought back since."""

    conversation: UUID
    upto: UUID
    text: str
    by: Author
    created_ms: int
    stale: bool = False


class ReplyTrace(Struct, frozen=True, array_like=True):
    """How a reply came about: what its prompt was made of, what drew its tokens, and how fast it was. Times
    are as its session saw them, of the last attempt; 0: not known."""

    report: PromptReport
    sampling: Sampling
    tokens: int  # of the reply, thoughts too
    measured: int = 0  # of them: those that `writing_s` is about
    reading_s: float = 0.0  # from the prompt on to the first token
    writing_s: float = 0.0  # … and from there to the end
    attempts: int = 1


# -- writes -------------------------------------------------------------------------------------


class AddAccount(Struct, frozen=True):
    """`password_hash` is "" for an account that cannot log in (the built-in local user)."""

    id: UUID
    name: str
    role: Literal["owner", "admin", "user", "local"]
    password_hash: str
    created_ms: int


class SetRole(Struct, frozen=True):
    """Of an account that is a user's or an admin's; another one is a conflict."""

    user: UUID
    role: Literal["admin", "user"]


class AddLogin(Struct, frozen=True):
    """A browser's login; only the SHA-256 of its token is stored."""

    token_hash: bytes
    user: UUID
    created_ms: int
    expires_ms: int


class DropLogin(Struct, frozen=True):
    token_hash: bytes


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


class SaveLorebook(Struct, frozen=True):
    """A new text of a lorebook: `sheet.book` is the id of the version, `file` what it was read from,
    `digest` that of the text. `replaces`: the version that it was made of, None for a new book. Refused where
    the book is not `owner`'s, or has another version by now."""

    lorebook: UUID
    owner: UUID
    sheet: BookSheet
    file: bytes
    digest: bytes
    entries: int
    changed_ms: int
    replaces: UUID | None = None


class RemoveLorebook(Struct, frozen=True):
    """The book is in no prompt any more; with `removed_ms` 0 it comes back, to all it was attached to.
    Refused where it is not `owner`'s."""

    lorebook: UUID
    owner: UUID
    removed_ms: int


class AttachLorebook(Struct, frozen=True):
    """The book counts, or no longer counts, for what `scope` and `target` say. Refused where it is not
    `owner`'s."""

    lorebook: UUID
    owner: UUID
    scope: Scope
    target: UUID | None
    attached: bool


class PurgeLorebooks(Struct, frozen=True):
    """Of the owner's: books that were removed before that time are gone for good, and versions that were
    replaced before the other."""

    owner: UUID
    removed_before_ms: int
    replaced_before_ms: int


class PutPersona(Struct, frozen=True):
    """A new persona of the user's, or one that is there as it is to be. Refused where it is another's."""

    persona: Persona
    user: UUID


class RemovePersona(Struct, frozen=True):
    """Nobody can choose it any more; with `removed_ms` 0 it comes back."""

    persona: UUID
    user: UUID
    removed_ms: int


class PutPreset(Struct, frozen=True):
    """A new preset of the user's, or one that is there as it is to be. Refused where it is another's."""

    preset: Preset
    user: UUID


class RemovePreset(Struct, frozen=True):
    """With `removed_ms` 0 it comes back."""

    preset: UUID
    user: UUID
    removed_ms: int


class SetChoices(Struct, frozen=True):
    """What the user chooses for `about`: a conversation, a character, or (themselves) everything."""

    user: UUID
    level: Level
    about: UUID
    choices: Choices


class AddConversation(Struct, frozen=True):
    """Makes the conversation and its root message."""

    conversation: StoredConversation


class AddMessage(Struct, frozen=True):
    message: StoredMessage
    move_head: bool = True


class AddMessages(Struct, frozen=True):
    """Many at once, of one conversation, each behind its parent: the head stays where it is."""

    conversation: UUID
    messages: tuple[StoredMessage, ...]


class MoveHead(Struct, frozen=True):
    conversation: UUID
    head: UUID


class MarkMessage(Struct, frozen=True):
    """The message's mark, whole: it is removed or not, and has a bookmark of this name, "": none."""

    conversation: UUID
    message: UUID
    removed: Removal = ""
    bookmark: str = ""


class ReviseMessage(Struct, frozen=True):
    """The message says something else from now on, in the same place; what it said is kept."""

    revision: UUID
    conversation: UUID
    message: UUID
    body: str
    created_ms: int
    request_key: UUID | None = None


class PurgeRemoved(Struct, frozen=True):
    """These messages are gone for good, with their revisions. Of `emptied` ones the row stays without a word
    in it, since others hang below. Refused where one of the dropped has a child that is none of them."""

    conversation: UUID
    dropped: tuple[UUID, ...]
    emptied: tuple[UUID, ...] = ()


class RenameConversation(Struct, frozen=True):
    conversation: UUID
    title: str
    by: Author = "person"


class PutSummary(Struct, frozen=True):
    """In place of the one up to the same message, where there is one. Refused where the message is none of
    the conversation's."""

    summary: StoredSummary


class DropSummary(Struct, frozen=True):
    conversation: UUID
    upto: UUID


class OutdateSummaries(Struct, frozen=True):
    """A message that these tell of is another, or gone."""

    conversation: UUID
    upto: tuple[UUID, ...]


class SetSummarise(Struct, frozen=True):
    conversation: UUID
    summarise: bool


class SetGroup(Struct, frozen=True):
    """The members and their ways, in place of those before. Refused where a member is no known version."""

    conversation: UUID
    group: Group


class MoveToVersion(Struct, frozen=True):
    """The conversation's character is this version from now on; its messages keep theirs."""

    conversation: UUID
    character_version: UUID


class DropConversation(Struct, frozen=True):
    """For good, with all that belongs to it."""

    conversation: UUID


class AddGeneration(Struct, frozen=True):
    generation: StoredGeneration


class LeaseGeneration(Struct, frozen=True):
    """Refused (WritesFailed) unless the row's attempt is attempt - 1 and it is unfinished."""

    generation: UUID
    attempt: int
    worker: str
    worker_boot: UUID


class PinPrompt(Struct, frozen=True):
    generation: UUID
    model: str
    prompt_digest: bytes
    engine_digest: bytes = b""


class MarkSeam(Struct, frozen=True):
    """The chunk after this write is the first that does not go on exactly."""

    generation: UUID
    seam: int


class AppendChunk(Struct, frozen=True):
    """Refused unless `attempt` is the row's and `first_seq` the next one.

    `again`: so many of the tokens, from the first one on, are durable already, and this chunk takes the place
    of those that hold them. A reply is read again with each restart, and has a chunk for nearly each token.
    """

    generation: UUID
    attempt: int
    first_seq: int
    token_ids: tuple[int, ...]
    text: str
    thoughts: str = ""
    again: int = 0


class EndGeneration(Struct, frozen=True):
    """Final state; the chunks are gone into `message`, where there is one, in the same transaction."""

    generation: UUID
    state: Literal["done", "failed", "cancelled"]
    reason: str
    message: StoredMessage | None
    why: str = ""
    made: str = ""  # what becomes no message, and is kept: see StoredGeneration


class KeepTrace(Struct, frozen=True):
    """How this message came about; it is read on demand alone."""

    conversation: UUID
    message: UUID
    trace: ReplyTrace


class SpendTokens(Struct, frozen=True):
    """So many tokens more were written for the user on that day."""

    user: UUID
    day: int
    tokens: int


class SetShare(Struct, frozen=True):
    """The user's weight in the queue; 1 is everybody's."""

    user: UUID
    share: float


class DrainBox(Struct, frozen=True):
    """The GPU box gets nothing new, or again does; `user` wants it so."""

    name: str
    drained: bool
    user: UUID


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


# -- reads --------------------------------------------------------------------------------------


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


SPENDING_DAYS = 8
"""Days of which it is remembered what was written: a clock that was set may come back to one."""


class QueueState(Struct, frozen=True):
    unfinished: tuple[StoredGeneration, ...]  # oldest first
    spendings: tuple[Spending, ...] = ()  # of the last days that have any, SPENDING_DAYS of them
    shares: tuple[tuple[UUID, float], ...] = ()  # of the users whose weight is not 1
    drained: tuple[str, ...] = ()  # GPU boxes


class AccountRow(Struct, frozen=True):
    id: UUID
    name: str
    role: str
    password_hash: str


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


class LorebookRow(Struct, frozen=True):
    """A lorebook of the user's, the removed ones too. `size`: bytes that go to a GPU box. `uses`: what it is
    attached to."""

    lorebook: UUID
    version: UUID
    digest: bytes
    name: str
    entries: int
    size: int
    created_ms: int
    changed_ms: int
    removed_ms: int = 0
    uses: tuple[tuple[Scope, UUID | None], ...] = ()


class LorebookFound(Struct, frozen=True):
    """`file`: what its newest version was read from."""

    row: LorebookRow
    file: bytes


class MemberFace(Struct, frozen=True):
    """A member of a group in a list: its portrait is the asset id of the small one, or ""."""

    version: UUID
    name: str
    portrait: str
    left: bool = False


class ConversationRow(Struct, frozen=True):
    """A conversation in a list. `live` while a reply is being made."""

    id: UUID
    title: str
    character_name: str
    portrait: str
    updated_ms: int
    last_line: str
    live: bool = False
    members: tuple[MemberFace, ...] = ()  # of a group
    character: UUID | None = None
    character_version: UUID | None = None
    created_ms: int = 0
    folder: UUID | None = None
    pinned_ms: int = 0
    archived_ms: int = 0
    removed_ms: int = 0
    tags: tuple[str, ...] = ()


class FindAccounts(Struct, frozen=True):
    """→ list[AccountRow]"""


class FindLogins(Struct, frozen=True):
    """→ dict[bytes, AccountRow], by the hash; an expired login is none."""

    token_hashes: tuple[bytes, ...]
    now_ms: int


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


class FindLorebooks(Struct, frozen=True):
    """→ list[LorebookRow] of the user, by name"""

    user: UUID


class FindLorebook(Struct, frozen=True):
    """→ LorebookFound | None, where it is the user's"""

    lorebook: UUID
    user: UUID


class FindShelf(Struct, frozen=True):
    """→ tuple[Attached, …] of the user"""

    user: UUID


class FindPersonas(Struct, frozen=True):
    """→ list[Persona] of the user, oldest first, without the removed ones"""

    user: UUID


class FindPresets(Struct, frozen=True):
    """→ list[Preset] of the user, likewise"""

    user: UUID


class FindChoices(Struct, frozen=True):
    """→ Choices that the user has made for `about`"""

    user: UUID
    about: UUID


class FindChosen(Struct, frozen=True):
    """→ Chosen: what counts for a conversation of the user with that character version; None: a new one"""

    user: UUID
    version: UUID
    conversation: UUID | None = None


class FindConversations(Struct, frozen=True):
    """→ list[ConversationRow] of the user, last used first; or those that were removed, not long ago"""

    user: UUID
    removed: bool = False


class FindConversation(Struct, frozen=True):
    """→ StoredConversation | None, also where it was removed"""

    conversation: UUID


class FindOwners(Struct, frozen=True):
    """→ dict[UUID, UUID], whose each conversation is, also where it was removed"""

    conversations: tuple[UUID, ...]


class FindTrace(Struct, frozen=True):
    """→ ReplyTrace | None: how the message came about, where that was kept"""

    conversation: UUID
    message: UUID


class FindChat(Struct, frozen=True):
    """→ ChatFound | None: all of a conversation that is the user's"""

    conversation: UUID
    user: UUID


class ChatFound(Struct, frozen=True):
    """`names`: character version → its name, for all that speak in it."""

    conversation: StoredConversation
    messages: tuple[StoredMessage, ...]  # root included
    names: tuple[tuple[UUID, str], ...]


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
