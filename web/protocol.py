"""The browser protocol, version 1: JSON text frames over one WebSocket at /ws. Prose: PROTOCOL.md.

The first frame of the client is Greeting; the server answers Welcome, or Farewell and closes.
Then the client sends Commands and the server sends Events, each a JSON object tagged by `type`.
web/ui/src/wire/protocol.ts is generated from this file (`python -m web.typescript`).
"""

from typing import Literal
from uuid import UUID

from msgspec import Raw, Struct

from actors.character.editing import AssetEdit, CardTexts
from actors.character.lore_trial import KeyTrouble, TriedEntry
from actors.character.other_data import OtherData
from actors.messages.chat import (
    Bookmark,
    Close,
    ContextChanged,
    Continue,
    ConversationGone,
    ConversationMap,
    Edit,
    Impersonate,
    MessageAdded,
    MessageChanged,
    Older,
    OlderMessages,
    Open,
    Problem,
    Purge,
    Regenerate,
    RemoveMessage,
    ReplyFinished,
    ReplyState,
    ReplyText,
    RestoreMessage,
    Select,
    SendText,
    Snapshot,
    Speak,
    Stop,
    SummariesChanged,
    TitleChanged,
)
from actors.messages.choices import Choices, ReplySettings
from actors.messages.generation import Role
from actors.messages.group import GroupWish
from actors.messages.lore import Scope
from actors.messages.queueing import WorkerFacts
from actors.messages.remarks import Remark

PROTOCOL_VERSION = 1


class Greeting(Struct, frozen=True, tag="greeting", tag_field="type"):
    """The client's first frame."""

    version: int


class Welcome(Struct, frozen=True, tag="welcome", tag_field="type"):
    """The server serves this client. `boot` changes when the web process starts anew."""

    version: int
    boot: str
    user: UUID
    user_name: str
    role: str = ""


class Farewell(Struct, frozen=True, tag="farewell", tag_field="type"):
    """The server closes the socket; `again` says whether dialling again can help."""

    code: Literal["version", "login", "too_many", "going_down"]
    text: str
    again: bool


class NodeState(Struct, frozen=True, tag="node_state", tag_field="type"):
    """Workers and queue: sent after Welcome and at each change. No worker in state "ready": the GPU
    is away.
    """

    workers: tuple[WorkerFacts, ...]
    waiting: int
    running: int


class ConversationsChanged(Struct, frozen=True, tag="conversations_changed", tag_field="type"):
    """The user's list of conversations is another: fetch it again."""


class RoleChanged(Struct, frozen=True, tag="role_changed", tag_field="type"):
    """The owner gave the user another role: what they may do is another from now on."""

    role: str


ClientFrame = (
    Greeting
    | Open
    | Older
    | Close
    | SendText
    | Regenerate
    | Edit
    | Continue
    | Speak
    | Impersonate
    | Select
    | Stop
    | RemoveMessage
    | RestoreMessage
    | Bookmark
    | Purge
)
ServerFrame = (
    Welcome
    | Farewell
    | NodeState
    | ConversationsChanged
    | RoleChanged
    | Snapshot
    | OlderMessages
    | MessageAdded
    | MessageChanged
    | ReplyState
    | ReplyText
    | ReplyFinished
    | SummariesChanged
    | ContextChanged
    | TitleChanged
    | Problem
    | ConversationGone
)


# -- REST bodies (JSON, under /api) -------------------------------------------------------------


class Me(Struct, frozen=True):
    """GET /api/me. `user_name` is "" when nobody is logged in."""

    version: str
    setup_needed: bool  # no owner yet: show the first visit
    code_needed: bool  # … which asks for the one-time code that the node printed
    user: UUID | None = None
    user_name: str = ""
    role: str = ""


class FirstVisit(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/setup → Me, and the login cookie."""

    name: str
    password: str
    code: str = ""


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/login → Me, and the cookie. POST /api/logout has no body."""

    name: str
    password: str


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
    """GET /api/characters/versions/<version>. `greetings` in the order of NewConversation."""

    character: Character
    greetings: tuple[str, ...]
    creator: str
    creator_notes: str
    character_version: str
    lore_entries: int


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


class ConversationVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/version: another version of the same character from now on."""

    character_version: UUID


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


class Face(Struct, frozen=True):
    """A member of a group. `portrait` is a path on this server, or "". `left`: it speaks no more."""

    version: UUID
    name: str
    portrait: str
    left: bool = False


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


class Conversation(Struct, frozen=True):
    """GET /api/conversations → list, last used first."""

    id: UUID
    title: str
    character_name: str
    portrait: str
    updated_ms: int
    last_line: str
    live: bool
    members: tuple[Face, ...] = ()  # of a group
    character: UUID | None = None
    character_version: UUID | None = None
    created_ms: int = 0
    folder: UUID | None = None
    pinned_ms: int = 0  # 0: it is not, as the next two
    archived_ms: int = 0
    removed_ms: int = 0
    tags: tuple[str, ...] = ()


class ConversationFiling(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/filing; what is null stays. `loose` takes it out of its folder."""

    pinned: bool | None = None
    archived: bool | None = None
    folder: UUID | None = None
    loose: bool = False
    tags: tuple[str, ...] | None = None


class Folder(Struct, frozen=True):
    """GET /api/folders → list, in their order."""

    id: UUID
    name: str


class NewFolder(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/folders → 201 Folder."""

    name: str


class FolderChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/folders/<id>; what is null stays. DELETE on the same path keeps its conversations."""

    name: str | None = None
    position: int | None = None  # among the folders, 0-based


class FoundMessage(Struct, frozen=True):
    """A passage of a message, in pieces: every other one, from the second on, is what was looked for."""

    message: UUID
    role: Role
    created_ms: int
    pieces: tuple[str, ...]


class FoundConversation(Struct, frozen=True):
    """`title` in pieces, too. `count` messages were found, of which `matches` are the newest."""

    id: UUID
    title: tuple[str, ...]
    character_name: str
    portrait: str
    updated_ms: int
    archived: bool
    count: int
    matches: tuple[FoundMessage, ...]


class SearchResult(Struct, frozen=True):
    """GET /api/search?text=…, and &conversation=<id> for more of one. `more`: there are more messages than
    are counted; `waiting`: so many of the user's are not in the index yet."""

    conversations: tuple[FoundConversation, ...]
    messages: int
    more: bool
    waiting: int


class ImportedChat(Struct, frozen=True):
    """What became of a file. "character": it names none that the user has, so one has to be chosen. `code`
    and `facts` are those of a refusal."""

    name: str
    status: Literal["imported", "character", "refused"]
    why: str = ""
    warnings: tuple[Remark, ...] = ()
    conversation: UUID | None = None
    title: str = ""
    character_name: str = ""
    messages: int = 0  # on the shown path
    versions: int = 0  # all of them, with those beside it
    code: str = ""
    facts: tuple[str, ...] = ()


class ChatImport(Struct, frozen=True):
    """POST /api/conversations/import: one file as it is; ?character=<version> says who answers in it."""

    files: tuple[ImportedChat, ...]


class ListedFile(Struct, frozen=True, array_like=True):
    """A file of a folder: its path there, and its size in bytes."""

    path: str
    size: int


class FolderList(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/moves → 201 Move: all files of a data folder of SillyTavern, none of which is sent yet.
    `user`: the name of the account that it is for; "": one's own, or from the terminal the owner's."""

    files: tuple[ListedFile, ...]
    user: str = ""


MovedThing = Literal[
    "settings",
    "lorebook",
    "character",
    "avatar",
    "persona",
    "preset",
    "instructions",
    "group",
    "chat",
    "group_chat",
    "other",
]


class MovedItem(Struct, frozen=True):
    """What became of a thing in the folder. "known": it was there already, so nothing was added; "left_out":
    Samovar has no counterpart of it. `files`: so many are meant, where it is a folder. Of a chat: `messages`
    on the shown path, and `versions`, all of them with their swipes; `entries` of lore. `id` is the
    conversation, the character, the lorebook, the persona or the preset."""

    kind: MovedThing
    name: str
    status: Literal["imported", "known", "refused", "left_out"]
    remarks: tuple[Remark, ...] = ()
    id: UUID | None = None
    title: str = ""
    messages: int = 0
    versions: int = 0
    entries: int = 0
    files: int = 1


class Move(Struct, frozen=True):
    """A folder that comes in. `files`: the places in FolderList.files of those that are wanted, in the order
    in which they are sent, each in pieces of `piece_bytes` at most. `items`: what is said of the others."""

    id: UUID
    folder: str
    files: tuple[int, ...]
    piece_bytes: int
    items: tuple[MovedItem, ...]


class MoveStep(Struct, frozen=True):
    """PUT /api/moves/<id>/files/<place>?at=<byte>, a piece of the file as it is. `items`: what became of the
    file, once all of it is there. DELETE on the same path, without `at`: it cannot be read."""

    items: tuple[MovedItem, ...]


class MovedKind(Struct, frozen=True):
    """How much of a kind there was, and what became of it: the four sum up to `found`. What was imported or
    known has so many `messages`, `versions` and `entries`."""

    kind: str
    found: int
    imported: int
    known: int
    refused: int
    left_out: int
    messages: int
    versions: int
    entries: int


class MoveReport(Struct, frozen=True):
    """POST /api/moves/<id>/end, without a body: what was not sent until then does not come in."""

    kinds: tuple[MovedKind, ...]
    items: tuple[MovedItem, ...]


class NewConversation(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/conversations → ConversationMade. The character is a member of the group, where there is one.
    PUT /api/conversations/<id>/group takes a GroupWish.
    """

    character_version: UUID
    greeting: int = 0  # which of its greetings is shown first
    group: GroupWish | None = None
    all_greet: bool = False  # the members greet one after another
    persona: UUID | None = None  # who the user is; null: as usual with this character


class Persona(Struct, frozen=True):
    """GET /api/personas → list: who the user can be. `portrait` and `thumb` are paths on this server, or "".
    `standard`: where nothing nearer is chosen."""

    id: UUID
    name: str
    description: str
    portrait: str
    thumb: str
    standard: bool


class NewPersona(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/personas → Persona. Its picture: PUT /api/personas/<id>/picture, the file as it is."""

    name: str
    description: str = ""


class PersonaChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/personas/<id>; what is null stays."""

    name: str | None = None
    description: str | None = None
    removed: bool | None = None
    standard: bool | None = None


class ConversationChoices(Struct, frozen=True):
    """GET /api/conversations/<id>/choices: those of the three levels, the nearest first, and what the card
    brings of its own. PUT on the same path takes Choices, as do /api/characters/<id>/choices and
    /api/choices."""

    conversation: Choices
    character: Choices
    everywhere: Choices
    character_id: UUID | None  # null: the user sees it no more
    character_name: str
    own_name: str  # the user's, without a persona
    card_system_prompt: str
    card_post_history: str


class CharacterChoices(Struct, frozen=True):
    """GET /api/characters/<id>/choices"""

    character: Choices
    everywhere: Choices


class Preset(Struct, frozen=True):
    """Settings of replies with a name, all of them. `id` is what ReplySettings name it by; not `own`: it
    comes with Samovar."""

    id: str
    name: str
    settings: ReplySettings
    own: bool


class Presets(Struct, frozen=True):
    """GET /api/presets. `usual`: how replies are made where nothing is chosen."""

    usual: ReplySettings
    presets: tuple[Preset, ...]


class NewPreset(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/presets → Preset"""

    name: str
    settings: ReplySettings


class PresetChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/presets/<id>; what is null stays."""

    name: str | None = None
    settings: ReplySettings | None = None
    removed: bool | None = None


class PresetFile(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/presets/import: a sampler preset of SillyTavern → PresetRead"""

    name: str
    data: str  # the file's text


class PresetRead(Struct, frozen=True):
    """`left_out`: what the file says and Samovar has no counterpart of, by the file's names."""

    preset: Preset
    left_out: tuple[str, ...]


ANSWERS = (ConversationMap,)
"""Answers of REST whose Structs stand elsewhere. ConversationMap: GET /api/conversations/<id>/map."""


class ConversationMade(Struct, frozen=True):
    id: UUID


class NewTitle(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/conversations/<id>; DELETE on the same path has no body."""

    title: str


class PromptPart(Struct, frozen=True):
    """A part of a prompt, or what was left out of it. `kind` is one of gpu_actor/prompt/pieces.py, "more" or
    "other"; `source` and `why` are English. Of lore: its `entry`, the `key` it fired on, "" where it needed
    none, and what was `said` there. `excerpt` is how its text begins. `count`: so many parts are added up.
    `reason` is `why` for programs, `role` who said a message."""

    kind: str
    source: str
    tokens: int
    kept: bool
    why: str = ""
    entry: str = ""
    key: str = ""
    said: str = ""
    excerpt: str = ""
    count: int = 1
    reason: str = ""
    role: str = ""


class PromptMessage(Struct, frozen=True):
    """A message as a model's template is given it."""

    role: Role
    text: str


class PromptPreview(Struct, frozen=True):
    """The answer to both requests for a prompt. `exact`: a GPU box has built it, with its own tokenizer. If
    not, `tokens` and `parts` are an estimate, there is no text, and `why` says why: no_box, busy (too many
    previews), large (character and lorebooks are), late (the box did not answer in time) or failed.
    `trouble`: why the box cannot build it, for people. Parts come in the order of the prompt, those that were
    left out behind them."""

    exact: bool
    tokens: int
    parts: tuple[PromptPart, ...]
    why: str = ""
    trouble: str = ""
    model: str = ""
    engine: str = ""
    context: int = 0  # tokens of prompt and reply together
    budget: int = 0  # … of the prompt
    messages: tuple[PromptMessage, ...] = ()
    text: str = ""
    format: str = ""  # that it was put in, "" for the model's own


class PromptWish(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/prompts/preview → PromptPreview. The character is a card that is being written (`card`, its
    JSON as text, of any version) or one that is there (`character_version`, which with a card says of whom it
    is a further version). The user's lorebooks, persona and choices count as in a new conversation. `history`
    is the talk; where it is empty, the greeting of that number."""

    card: str = ""
    character_version: UUID | None = None
    user_name: str = ""
    persona: str = ""
    history: tuple[PromptMessage, ...] = ()
    greeting: int = 0


class NextPrompt(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/conversations/<id>/prompt → PromptPreview, were `text` sent now; "": were nothing sent."""

    text: str = ""


class TextsToCount(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/prompts/counts → TokenCounts"""

    texts: tuple[str, ...]


class TokenCounts(Struct, frozen=True):
    """In the order of the texts. `exact` and `why` as in PromptPreview."""

    counts: tuple[int, ...]
    exact: bool
    why: str = ""
    model: str = ""
    context: int = 0


class SamplerSetting(Struct, frozen=True):
    """`name` as in Sampling."""

    name: str
    value: str


class MessageTrace(Struct, frozen=True):
    """GET /api/conversations/<id>/messages/<id>/trace: how a reply came about. `tokens` are those of the
    reply, `speed` how many came in a second, 0 where that is not known; `reading_s` is from the prompt to the
    first word. `reused` tokens of the prompt lay in the conversation's cache, `cloned` ones in another's.
    `attempts`: how often a computer was asked."""

    parts: tuple[PromptPart, ...]
    prompt_tokens: int
    reused: int
    cloned: int
    context: int
    budget: int
    model: str
    engine: str
    format: str  # that the prompt was put in, "" for the model's own
    sampling: tuple[SamplerSetting, ...]
    tokens: int
    speed: float
    reading_s: float
    attempts: int


class SummariesWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/summaries. POST there, without a body: write the next one now."""

    wanted: bool


class SummaryText(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/conversations/<id>/summaries/<message>: what happened up to that message, in a person's words.
    POST on the same path has it written anew, DELETE takes it away; both have no body."""

    text: str


class ControlToken(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/control, from loopback only → Me, and the cookie of the built-in local user."""

    token: str


class BoxFacts(Struct, frozen=True):
    """A GPU box on the list. Times are milliseconds since 1970, 0 where there is none."""

    id: str
    name: str
    own: bool = False  # of this machine itself: it needs no pairing and cannot be revoked
    fingerprint: str = ""  # the box showed the same one when it joined
    paired_ms: int = 0
    seen_ms: int = 0
    software: str = ""
    revoked_ms: int = 0


class OfferState(Struct, frozen=True):
    """A join string that holds; `joined` is the box that used it."""

    left_s: float
    joined: BoxFacts | None


class KeyChangeState(Struct, frozen=True):
    """The server's key is being changed: as soon as these boxes keep the next one."""

    since_ms: int
    waits_for: tuple[str, ...]


class BoxList(Struct, frozen=True):
    """GET /api/boxes, for the owner. `listens`: the address of the link."""

    boxes: tuple[BoxFacts, ...]
    offer: OfferState | None
    listens: str
    loopback: bool  # no other machine can reach it
    key_change: KeyChangeState | None = None


class NewOffer(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/boxes/offer → BoxOffer; an older one is over. DELETE on the same path has no body."""

    address: str = ""  # HOST or HOST:PORT of this node as the box sees it; "": found out


class BoxOffer(Struct, frozen=True):
    """Whoever has `join` may add a GPU box within the time: it is a secret."""

    join: str
    qr: tuple[str, ...]  # its QR code, row by row; "1" is dark
    addresses: tuple[str, ...]
    expires_s: float  # it holds for so long
    server_key: str


class BoxName(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/boxes/<id>; DELETE on the same path revokes the box and has no body."""

    name: str


class QueueEntry(Struct, frozen=True):
    """A reply in the queue: whose it is, and nothing of what it is about. `place` is 0 while it is being
    written, by `box`; else 1 = next, and `wait_s` an estimate in seconds, -1 = not known. `since_s` is how
    long it has waited, or been written.
    """

    id: UUID
    user_name: str
    place: int
    since_s: float
    wait_s: float
    box: str


class QueueUser(Struct, frozen=True):
    """An account, and its share: who has 2 gets twice the tokens of who has 1, while both have replies
    waiting."""

    id: UUID
    name: str
    share: float


class QueueBox(Struct, frozen=True):
    """A GPU box. `state` as in NodeState, "away" where it is not linked. A drained one gets nothing new."""

    id: str
    name: str
    state: str
    busy: int
    slots: int
    drained: bool


class QueueView(Struct, frozen=True):
    """GET /api/queue, for owners and admins; the answer to all that changes it. DELETE /api/queue/<id> has no
    body: it ends the reply, waiting or not."""

    entries: tuple[QueueEntry, ...]  # those being written, then those that wait, in their order
    users: tuple[QueueUser, ...]  # empty for admins: shares are the owner's to give
    boxes: tuple[QueueBox, ...]


class QueueMove(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/queue/<id> → QueueView: before the one in front of it, or before all."""

    to: Literal["up", "first"]


class BoxDrain(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/queue/boxes/<id or name> → QueueView. A drained box finishes what it has."""

    drained: bool


class UserShare(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/queue/users/<id> → QueueView."""

    share: float


class Refusal(Struct, frozen=True):
    """Body of every answer with a status of 400 and above. `limit` is the number that the refusal is about;
    0 where there is none. Of a card: `cause` and `facts`, as ImportedFile has its code and facts."""

    code: str
    text: str
    limit: int = 0
    cause: str = ""
    facts: tuple[str, ...] = ()


class AccountFacts(Struct, frozen=True):
    """GET /api/accounts, for owners: the people of this node, oldest first."""

    id: UUID
    name: str
    role: str  # owner, admin or user


class NewAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/accounts → AccountMade."""

    name: str


class AccountMade(Struct, frozen=True):
    """`password` was made by the server and is told this once."""

    account: AccountFacts
    password: str


class NewRole(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/accounts/<id>/role → the accounts. What each role may do: web/rights.py."""

    role: Literal["admin", "user"]
