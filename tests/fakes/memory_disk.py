"""MemoryDisk: what is durable in the fake storage, with the same rules as the tables, in plain dicts.

It outlives the MemoryStorage in front of it: after a "kill" a new one is put before the same disk.
It shares no code with storage/, so that the contract tests compare two independent readings.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from actors.messages.accounts import (
    AccountRow,
    AddAccount,
    AddLogin,
    DropLogin,
    FindAccounts,
    FindLogins,
    SetRole,
)
from actors.messages.archive import ConversationState, Load, Query, QueueState, Write
from actors.messages.choices import Choices, Chosen, Persona, Preset
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
    ChatFound,
    ConversationRow,
    DropConversation,
    DropSummary,
    FindChat,
    FindConversation,
    FindConversations,
    FindOwners,
    MarkMessage,
    MemberFace,
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
    FolderRow,
    RemoveConversation,
)
from actors.messages.generation import PromptReport
from actors.messages.group import Group
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
from actors.messages.lore import Attached, Scope
from actors.messages.lorebooks import (
    AttachLorebook,
    FindLorebook,
    FindLorebooks,
    FindShelf,
    LorebookFound,
    LorebookRow,
    PurgeLorebooks,
    RemoveLorebook,
    SaveLorebook,
)
from actors.messages.replies import (
    UNFINISHED,
    AddGeneration,
    AppendChunk,
    EndGeneration,
    FindTrace,
    KeepTrace,
    LeaseGeneration,
    MarkSeam,
    PinPrompt,
    ReplyTrace,
    StoredGeneration,
)
from actors.messages.shares import SPENDING_DAYS, DrainBox, SetShare, Spending, SpendTokens
from tests.fakes.memory_filing import UNFILED, Filed, file_of

K = TypeVar("K")
V = TypeVar("V")


class Forbidden(Exception):  # noqa: N818 - a refusal by the rules
    """The data forbids the write: it becomes WritesFailed(conflict=True)."""


def require(holds: bool, why: str) -> None:
    if not holds:
        raise Forbidden(why)


class MemoryDisk:
    """Tables as dicts. `write` is one transaction, `read` a consistent view."""

    def __init__(self) -> None:
        self.accounts: dict[UUID, AddAccount] = {}
        self.logins: dict[bytes, AddLogin] = {}
        self.versions: dict[UUID, AddCharacterVersion] = {}
        self.owners: dict[UUID, ShareCharacter] = {}  # character → whose it is, and who sees it
        self.current: dict[UUID, UUID] = {}  # character → version
        self.removed: dict[UUID, int] = {}  # character → when
        self.favourites: dict[tuple[UUID, UUID], bool] = {}  # (user, character)
        self.books: dict[UUID, SaveLorebook] = {}  # lorebook → its newest text
        self.books_made: dict[UUID, int] = {}
        self.books_removed: dict[UUID, int] = {}
        self.texts: dict[UUID, SaveLorebook] = {}  # version → text
        self.texts_replaced: dict[UUID, int] = {}
        self.uses: dict[tuple[UUID, Scope, UUID | None], UUID] = {}  # (lorebook, scope, target) → whose
        self.personas: dict[UUID, PutPersona] = {}
        self.presets: dict[UUID, PutPreset] = {}
        self.choices: dict[tuple[UUID, UUID], Choices] = {}  # (user, what they are about)
        self.conversations: dict[UUID, StoredConversation] = {}
        self.updated: dict[UUID, int] = {}  # conversation → its last use
        self.messages: dict[UUID, StoredMessage] = {}
        self.filed: dict[UUID, Filed] = {}  # conversation → how its user has ordered it
        self.folders: dict[UUID, AddFolder] = {}
        self.folder_order: dict[UUID, tuple[UUID, ...]] = {}  # user → folders
        self.marks: dict[UUID, MarkMessage] = {}  # by message, as the next
        self.revisions: dict[UUID, tuple[ReviseMessage, ...]] = {}
        self.generations: dict[UUID, StoredGeneration] = {}
        self.chunks: dict[UUID, tuple[AppendChunk, ...]] = {}
        self.spendings: dict[tuple[UUID, int], int] = {}  # (user, day) → tokens
        self.traces: dict[tuple[UUID, UUID], ReplyTrace] = {}  # (conversation, message)
        self.shares: dict[UUID, float] = {}
        self.drained: dict[str, DrainBox] = {}
        self.summaries: dict[UUID, StoredSummary] = {}  # by the message that each goes up to
        # Indexes, so that a long simulation stays fast.
        self._messages_of: dict[UUID, tuple[UUID, ...]] = {}
        self._generations_of: dict[UUID, tuple[UUID, ...]] = {}
        self._places: dict[tuple[UUID, UUID, int], UUID] = {}  # (conversation, parent, sibling)
        self._undo: list[Callable[[], object]] = []

    def write(self, writes: tuple[Write, ...]) -> None:
        """All of it, or Forbidden and nothing."""
        self._undo = []
        try:
            for one in writes:
                self._write(one)
        except Forbidden:
            for undo in reversed(self._undo):
                undo()
            raise

    def read(self, query: Query | Load) -> Any:
        """The answer to a question; ValueError where a Load's key is no id or its kind is not known."""
        match query:
            case Load(kind="session"):
                return self._session(UUID(hex=query.key))
            case Load(kind="character"):
                version = self.versions.get(UUID(hex=query.key))
                return version.sheet if version else None
            case Load(kind="lorebook"):
                text = self.texts.get(UUID(hex=query.key))
                return text.sheet if text else None
            case Load(kind="queue"):
                return self._queue()
            case Load():
                raise ValueError(f"nothing is stored for actors of the kind {query.kind!r}")
            case FindAccounts():
                rows = sorted(self.accounts.values(), key=lambda a: (a.created_ms, a.id))
                return [self._account(a.id) for a in rows]
            case FindLogins():
                known = {token: self.logins[token] for token in query.token_hashes if token in self.logins}
                return {
                    token: self._account(login.user)
                    for token, login in known.items()
                    if login.expires_ms > query.now_ms
                }
            case FindCharacters():
                return self._characters(query.user)
            case FindCharacter():
                version = self.versions.get(query.version)
                if version is None or not self._sees(query.user, version.character):
                    return None
                row = self._character(version, query.user)
                is_removed = version.character in self.removed
                return CharacterFound(row, version.sheet, is_removed, self.current[version.character])
            case FindOriginal():
                version = self.versions.get(query.version)
                if version is None or not self._sees(query.user, version.character):
                    return None
                return CharacterOriginal(version.card, version.file, version.portrait, version.sheet.name)
            case FindVersions():
                return self._versions(query)
            case FindPurgeable():
                return self._purgeable(query)
            case FindAssetsInUse():
                named = {a for v in self.versions.values() for a in (v.portrait, v.thumb)}
                named |= {a for p in self.personas.values() for a in (p.persona.portrait, p.persona.thumb)}
                return sorted(named & set(query.assets))
            case FindLibraryUse():
                files = sum(len(v.file) for v in self.versions.values() if v.owner == query.user)
                return LibraryUse(sum(o.owner == query.user for o in self.owners.values()), files)
            case FindLorebooks():
                mine = [self._lorebook(b) for b in self.books.values() if b.owner == query.user]
                return sorted(mine, key=lambda b: (b.name.casefold(), b.created_ms, b.lorebook))
            case FindLorebook():
                book = self.books.get(query.lorebook)
                if book is None or book.owner != query.user:
                    return None
                return LorebookFound(self._lorebook(book), book.file)
            case FindShelf():
                return self._shelf(query.user)
            case FindPersonas():
                rows = [p.persona for p in self.personas.values() if p.user == query.user]
                return sorted((p for p in rows if p.id not in self.removed), key=lambda p: p.created_ms)
            case FindPresets():
                rows = [p.preset for p in self.presets.values() if p.user == query.user]
                return sorted((p for p in rows if p.id not in self.removed), key=lambda p: p.created_ms)
            case FindChoices():
                return self.choices.get((query.user, query.about), Choices())
            case FindChosen():
                return self._chosen(query)
            case FindConversations():
                mine = [
                    c
                    for c in self.conversations.values()
                    if c.user == query.user and self._is_removed(c.id) == query.removed
                ]
                mine.sort(key=lambda c: (self.updated[c.id], c.id), reverse=True)
                return [self._row(c) for c in mine]
            case FindConversation():
                return self.conversations.get(query.conversation)
            case FindOwners():
                known = (self.conversations.get(each) for each in query.conversations)
                return {row.id: row.user for row in known if row is not None}
            case FindTrace():
                return self.traces.get((query.conversation, query.message))
            case FindChat():
                row = self.conversations.get(query.conversation)
                if row is None or row.user != query.user or self._is_removed(row.id):
                    return None
                told = self._oldest_first(row.id)
                spoken = {row.character_version, *(m.character_version for m in told)}
                return ChatFound(row, told, tuple((v, self.versions[v].sheet.name) for v in spoken))
            case FindFolders():
                order = self.folder_order.get(query.user, ())
                return [FolderRow(f, self.folders[f].name, place) for place, f in enumerate(order)]
            case FindMatches():
                raise ValueError("the memory has no index of words")

    def generations_of(self, conversation: UUID) -> list[StoredGeneration]:
        """Newest first."""
        return [self.generations[row] for row in reversed(self._generations_of.get(conversation, ()))]

    # -- writes ---------------------------------------------------------------------------------

    def _put(self, table: dict[K, V], key: K, value: V) -> None:
        if key in table:
            before = table[key]
            self._undo.append(lambda: table.__setitem__(key, before))
        else:
            self._undo.append(lambda: table.pop(key, None))
        table[key] = value

    def _drop(self, table: dict[K, V], key: K) -> None:
        if key in table:
            before = table.pop(key)
            self._undo.append(lambda: table.__setitem__(key, before))

    def _write(self, write: Write) -> None:
        match write:
            case AddAccount():
                require(write.id not in self.accounts, "the account exists")
                require(all(a.name != write.name for a in self.accounts.values()), "the name is taken")
                self._put(self.accounts, write.id, write)
            case SetRole():
                account = self.accounts.get(write.user)
                require(account is not None and account.role in {"admin", "user"}, "no such account")
                self._put(self.accounts, write.user, replace(self.accounts[write.user], role=write.role))
            case AddLogin():
                require(write.user in self.accounts, "no such account")
                require(write.token_hash not in self.logins, "the login exists")
                self._put(self.logins, write.token_hash, write)
            case DropLogin():
                self._drop(self.logins, write.token_hash)
            case AddCharacterVersion():
                require(write.version not in self.versions, "the version exists")
                owner = ShareCharacter(write.character, write.owner, write.shared)
                owner = self.owners.get(write.character, owner)
                require(owner.owner == write.owner, "the character is another user's")
                require(write.base in {None, self.current.get(write.character)}, "another one is current")
                self._put(self.current, write.character, write.version)
                self._put(self.owners, write.character, owner)
                self._drop(self.removed, write.character)
                self._put(self.versions, write.version, write)
            case ChooseVersion():
                self._own(write.owner, write.character)
                version = self.versions.get(write.version)
                require(version is not None and version.character == write.character, "no such version")
                require(self.current[write.character] == write.base, "another one is current")
                self._put(self.current, write.character, write.version)
            case PurgeCharacter():
                self._purge(write)
            case ShareCharacter():
                self._own(write.owner, write.character)
                self._put(self.owners, write.character, write)
            case RemoveCharacter():
                self._own(write.owner, write.character)
                self._drop(self.removed, write.character)
                if write.removed_ms:
                    self._put(self.removed, write.character, write.removed_ms)
            case MarkFavourite():
                self._drop(self.favourites, (write.user, write.character))
                if write.favourite:
                    self._put(self.favourites, (write.user, write.character), value=True)
            case SaveLorebook():
                self._save_lorebook(write)
            case RemoveLorebook():
                self._own_book(write.owner, write.lorebook)
                self._drop(self.books_removed, write.lorebook)
                if write.removed_ms:
                    self._put(self.books_removed, write.lorebook, write.removed_ms)
            case AttachLorebook():
                self._own_book(write.owner, write.lorebook)
                self._drop(self.uses, (write.lorebook, write.scope, write.target))
                if write.attached:
                    self._put(self.uses, (write.lorebook, write.scope, write.target), write.owner)
            case PurgeLorebooks():
                self._purge_lorebooks(write)
            case PutPersona():
                known = self.personas.get(write.persona.id)
                require(known is None or known.user == write.user, "another user's")
                self._put(self.personas, write.persona.id, write)
                self._drop(self.removed, write.persona.id)
            case PutPreset():
                other = self.presets.get(write.preset.id)
                require(other is None or other.user == write.user, "another user's")
                self._put(self.presets, write.preset.id, write)
                self._drop(self.removed, write.preset.id)
            case RemovePersona():
                known = self.personas.get(write.persona)
                require(known is not None and known.user == write.user, "not this user's")
                self._put(self.removed, write.persona, write.removed_ms)
                if not write.removed_ms:
                    self._drop(self.removed, write.persona)
            case RemovePreset():
                other = self.presets.get(write.preset)
                require(other is not None and other.user == write.user, "not this user's")
                self._put(self.removed, write.preset, write.removed_ms)
                if not write.removed_ms:
                    self._drop(self.removed, write.preset)
            case SetChoices():
                self._set_choices(write)
            case AddConversation():
                self._add_conversation(write.conversation)
            case AddMessage():
                self._add_message(write.message)
                if write.move_head:
                    self._move_head(write.message.conversation, write.message.id)
            case AddMessages():
                for message in write.messages:
                    require(message.conversation == write.conversation, "of another conversation")
                    self._add_message(message)
            case MoveHead():
                self._move_head(write.conversation, write.head)
            case MarkMessage():
                require(self._in_tree(write.conversation, write.message), "no such message")
                self._put(self.marks, write.message, write)
            case ReviseMessage():
                require(self._in_tree(write.conversation, write.message), "no such message")
                before = self.revisions.get(write.message, ())
                self._put(self.revisions, write.message, (*before, write))
            case PurgeRemoved():
                self._purge_removed(write)
            case RenameConversation():
                old = self._conversation(write.conversation)
                self._put(self.conversations, old.id, replace(old, title=write.title, titled_by=write.by))
            case PutSummary(summary):
                require(self._in_tree(summary.conversation, summary.upto), "no such message there")
                self._put(self.summaries, summary.upto, summary)
            case DropSummary():
                self._drop(self.summaries, write.upto)
            case OutdateSummaries():
                for upto in write.upto:
                    old = self.summaries.get(upto)
                    if old is not None and old.conversation == write.conversation:
                        self._put(self.summaries, upto, replace(old, stale=True))
            case SetSummarise():
                old = self._conversation(write.conversation)
                self._put(self.conversations, old.id, replace(old, summarise=write.summarise))
            case SetGroup():
                self._set_group(write.conversation, write.group)
            case MoveToVersion():
                old = self._conversation(write.conversation)
                require(write.character_version in self.versions, "no such version")
                moved = replace(old, character_version=write.character_version)
                self._put(self.conversations, old.id, moved)
            case DropConversation():
                self._drop_conversation(write.conversation)
            case RemoveConversation():
                row = self._conversation(write.conversation)
                filed = self.filed.get(row.id, UNFILED)
                self._put(self.filed, row.id, replace(filed, removed_ms=write.removed_ms))
            case FileConversation():
                row = self._conversation(write.conversation)
                require(row.user == write.user, "another user's")
                require(write.folder is None or self._has_folder(write.user, write.folder), "no such folder")
                self._put(self.filed, row.id, file_of(self.filed.get(row.id, UNFILED), write))
            case AddFolder():
                order = self.folder_order.get(write.user, ())
                self._put(self.folders, write.id, write)
                self._put(self.folder_order, write.user, (*order, write.id))
            case ChangeFolder():
                self._change_folder(write)
            case DropFolder():
                require(self._has_folder(write.user, write.id), "no such folder")
                order = tuple(f for f in self.folder_order[write.user] if f != write.id)
                self._put(self.folder_order, write.user, order)
                self._drop(self.folders, write.id)
                for conversation, filed in list(self.filed.items()):
                    if filed.folder == write.id:
                        self._put(self.filed, conversation, replace(filed, folder=None))
            case AddGeneration():
                self._add_generation(write.generation)
            case LeaseGeneration():
                row = self._unfinished(write.generation)
                require(row.attempt == write.attempt - 1, "another attempt has the lease")
                leased = replace(
                    row,
                    state="leased",
                    attempt=write.attempt,
                    worker=write.worker,
                    worker_boot=write.worker_boot,
                )
                self._put(self.generations, row.id, leased)
            case PinPrompt():
                row = self._unfinished(write.generation)
                pinned = replace(
                    row,
                    model=write.model,
                    prompt_digest=write.prompt_digest,
                    engine_digest=write.engine_digest,
                )
                self._put(self.generations, row.id, pinned)
            case MarkSeam():
                row = self._unfinished(write.generation)
                self._put(self.generations, row.id, replace(row, seam=write.seam))
            case AppendChunk():
                self._append_chunk(write)
            case EndGeneration():
                self._end_generation(write)
            case KeepTrace():
                require(self._in_tree(write.conversation, write.message), "no such message")
                place = (write.conversation, write.message)
                require(place not in self.traces, "its trace is kept already")
                self._put(self.traces, place, write.trace)
            case SpendTokens():
                place = (write.user, write.day)
                self._put(self.spendings, place, self.spendings.get(place, 0) + write.tokens)
            case SetShare():
                self._drop(self.shares, write.user)
                if write.share != 1:
                    self._put(self.shares, write.user, write.share)
            case DrainBox():
                self._drop(self.drained, write.name)
                if write.drained:
                    self._put(self.drained, write.name, write)

    def _own_book(self, owner: UUID, lorebook: UUID) -> None:
        require(lorebook in self.books and self.books[lorebook].owner == owner, "not this user's")

    def _save_lorebook(self, write: SaveLorebook) -> None:
        old = self.books.get(write.lorebook)
        if write.replaces is None:
            require(old is None, "the lorebook exists")
            self._put(self.books_made, write.lorebook, write.changed_ms)
        else:
            self._own_book(write.owner, write.lorebook)
            require(old is not None and old.sheet.book == write.replaces, "it was changed meanwhile")
            self._put(self.texts_replaced, write.replaces, write.changed_ms)
        self._drop(self.books_removed, write.lorebook)
        self._drop(self.texts_replaced, write.sheet.book)
        self._put(self.texts, write.sheet.book, write)
        self._put(self.books, write.lorebook, write)

    def _purge_lorebooks(self, write: PurgeLorebooks) -> None:
        for book, removed_ms in list(self.books_removed.items()):
            if self.books[book].owner == write.owner and removed_ms < write.removed_before_ms:
                self._drop(self.books, book)
                self._drop(self.books_made, book)
                self._drop(self.books_removed, book)
                for use in [use for use in self.uses if use[0] == book]:
                    self._drop(self.uses, use)
                for version in [v for v, text in self.texts.items() if text.lorebook == book]:
                    self._drop(self.texts, version)
                    self._drop(self.texts_replaced, version)
        for version, replaced_ms in list(self.texts_replaced.items()):
            if self.texts[version].owner == write.owner and replaced_ms < write.replaced_before_ms:
                self._drop(self.texts, version)
                self._drop(self.texts_replaced, version)

    def _lorebook(self, book: SaveLorebook) -> LorebookRow:
        return LorebookRow(
            lorebook=book.lorebook,
            version=book.sheet.book,
            digest=book.digest,
            name=book.sheet.name,
            entries=book.entries,
            size=len(book.sheet.packed),
            created_ms=self.books_made[book.lorebook],
            changed_ms=book.changed_ms,
            removed_ms=self.books_removed.get(book.lorebook, 0),
            uses=tuple((scope, target) for of, scope, target in self.uses if of == book.lorebook),
        )

    def _shelf(self, user: UUID) -> tuple[Attached, ...]:
        return tuple(
            Attached(
                book,
                self.books[book].sheet.book,
                len(self.books[book].sheet.packed),
                scope,
                target,
                tuple(sorted(v.version for v in self.versions.values() if v.character == target)),
            )
            for (book, scope, target), owner in self.uses.items()
            if owner == user and book not in self.books_removed
        )

    def _set_choices(self, write: SetChoices) -> None:
        match write.level:
            case "conversation":
                row = self._conversation(write.about)
                require(row.user == write.user, "another user's")
            case "character":
                require(write.about in self.owners, "no such character")
            case "all":
                require(write.about == write.user, "another user's")
        self._put(self.choices, (write.user, write.about), write.choices)

    def _chosen(self, query: FindChosen) -> Chosen:
        version = self.versions.get(query.version)
        abouts = (query.conversation, version.character if version else None, query.user)
        levels = tuple(self.choices.get((query.user, a), Choices()) if a else Choices() for a in abouts)
        personas = {level.persona for level in levels if level.persona}
        presets = {level.replies.preset for level in levels if level.replies}
        named: list[Persona] = [p for p in self.read(FindPersonas(query.user)) if p.id in personas]
        based: list[Preset] = [p for p in self.read(FindPresets(query.user)) if p.id.hex in presets]
        own, character, everywhere = levels
        return Chosen(
            own,
            character,
            everywhere,
            tuple(sorted(named, key=lambda p: p.id)),
            tuple(sorted(based, key=lambda p: p.id)),
        )

    def _is_removed(self, conversation: UUID) -> bool:
        return self.filed.get(conversation, UNFILED).removed_ms != 0

    def _has_folder(self, user: UUID, folder: UUID) -> bool:
        return folder in self.folders and self.folders[folder].user == user

    def _change_folder(self, write: ChangeFolder) -> None:
        require(self._has_folder(write.user, write.id), "no such folder")
        if write.name is not None:
            self._put(self.folders, write.id, replace(self.folders[write.id], name=write.name))
        if write.position is not None:
            order = [f for f in self.folder_order[write.user] if f != write.id]
            order.insert(max(0, write.position), write.id)
            self._put(self.folder_order, write.user, tuple(order))

    def _own(self, owner: UUID, character: UUID) -> None:
        require(character in self.owners and self.owners[character].owner == owner, "not this user's")

    def _account(self, user: UUID) -> AccountRow:
        account = self.accounts[user]
        return AccountRow(account.id, account.name, account.role, account.password_hash)

    def _sees(self, user: UUID, character: UUID) -> bool:
        owner = self.owners[character]
        return owner.owner == user or (owner.shared and character not in self.removed)

    def _conversation(self, conversation: UUID) -> StoredConversation:
        require(conversation in self.conversations, "no such conversation")
        return self.conversations[conversation]

    def _unfinished(self, generation: UUID) -> StoredGeneration:
        require(generation in self.generations, "no such generation")
        row = self.generations[generation]
        require(row.state in UNFINISHED, "the generation has ended")
        return row

    def _in_tree(self, conversation: UUID, message: UUID) -> bool:
        return message in self.messages and self.messages[message].conversation == conversation

    def _used(self, conversation: UUID, at_ms: int) -> None:
        self._put(self.updated, conversation, max(self.updated[conversation], at_ms))

    def _add_conversation(self, row: StoredConversation) -> None:
        require(row.id not in self.conversations, "the conversation exists")
        require(row.user in self.accounts, "no such account")
        require(row.character_version in self.versions, "no such character version")
        require(row.head == row.root, "a new conversation's head is its root")
        require(row.root not in self.messages, "the root exists")
        self._put(self.conversations, row.id, row)
        if row.group is not None:
            self._set_group(row.id, row.group)
        self._put(self.updated, row.id, row.created_ms)
        self._put(self._generations_of, row.id, ())
        self._put(self._messages_of, row.id, (row.root,))
        root = StoredMessage(
            id=row.root,
            conversation=row.id,
            parent=row.root,
            sibling=-1,  # takes no place among the children of the root
            role="system",
            body="",
            character_version=row.character_version,
            created_ms=row.created_ms,
        )
        self._put(self.messages, root.id, root)

    def _set_group(self, conversation: UUID, group: Group) -> None:
        row = self._conversation(conversation)
        require(all(m.version in self.versions for m in group.members), "a member is no known version")
        self._put(self.conversations, row.id, replace(row, group=group))

    def _add_message(self, message: StoredMessage) -> None:
        row = self._conversation(message.conversation)
        place = (row.id, message.parent, message.sibling)
        require(message.id not in self.messages, "the message exists")
        require(message.character_version in self.versions, "no such character version")
        require(self._in_tree(row.id, message.parent), "the parent is not in this conversation")
        require(place not in self._places, "another message has this place")
        self._put(self.messages, message.id, message)
        self._put(self._messages_of, row.id, (*self._messages_of[row.id], message.id))
        self._put(self._places, place, message.id)
        self._used(row.id, message.created_ms)

    def _move_head(self, conversation: UUID, head: UUID) -> None:
        row = self._conversation(conversation)
        require(self._in_tree(conversation, head), "the head is not in this conversation")
        self._put(self.conversations, conversation, replace(row, head=head))

    def _purge_removed(self, purge: PurgeRemoved) -> None:
        row = self._conversation(purge.conversation)
        gone, emptied = set(purge.dropped), set(purge.emptied)
        require(not {row.root, row.head} & (gone | emptied), "what is shown is not purged")
        for message in gone | emptied:
            require(self._in_tree(row.id, message), "no such message")
            self._drop(self.revisions, message)
            self._drop(self.traces, (row.id, message))
            self._drop(self.summaries, message)
        for message in gone:
            old = self.messages[message]
            self._drop(self.marks, message)
            self._drop(self._places, (row.id, old.parent, old.sibling))
            self._drop(self.messages, message)
        left = tuple(m for m in self._messages_of[row.id] if m not in gone)
        self._put(self._messages_of, row.id, left)
        require(all(self.messages[m].parent not in gone for m in left), "a message would hang nowhere")
        for message in emptied:
            self._put(self.messages, message, replace(self.messages[message], body="", thoughts="", seam=-1))
            self._put(self.marks, message, MarkMessage(row.id, message, "alone"))

    def _now(self, message: StoredMessage) -> StoredMessage:
        """With its mark, and in its newest words."""
        mark = self.marks.get(message.id)
        if mark is not None:
            message = replace(message, removed=mark.removed, bookmark=mark.bookmark)
        if words := self.revisions.get(message.id):
            message = replace(message, body=words[-1].body, revised=True, seam=-1)
        return message

    def _drop_conversation(self, conversation: UUID) -> None:
        for use in [use for use in self.uses if use[1:] == ("conversation", conversation)]:
            self._drop(self.uses, use)
        for message in self._messages_of.get(conversation, ()):
            gone = self.messages[message]
            self._drop(self._places, (conversation, gone.parent, gone.sibling))
            self._drop(self.messages, message)
            self._drop(self.summaries, message)
            self._drop(self.traces, (conversation, message))
            self._drop(self.marks, message)
            self._drop(self.revisions, message)
        for generation in self._generations_of.get(conversation, ()):
            self._drop(self.chunks, generation)
            self._drop(self.generations, generation)
        self._drop(self._messages_of, conversation)
        self._drop(self._generations_of, conversation)
        self._drop(self.updated, conversation)
        owner = self.conversations[conversation].user if conversation in self.conversations else conversation
        self._drop(self.choices, (owner, conversation))
        self._drop(self.filed, conversation)
        self._drop(self.conversations, conversation)

    def _add_generation(self, row: StoredGeneration) -> None:
        conversation = self._conversation(row.conversation)
        siblings = self._generations_of[conversation.id]
        require(row.id not in self.generations, "the generation exists")
        require(row.user == conversation.user, "the conversation is another user's")
        require(self._in_tree(conversation.id, row.parent), "the parent is not in this conversation")
        require(
            all(self.generations[g].request_key != row.request_key for g in siblings),
            "the request was made before",
        )
        self._put(self.generations, row.id, row)
        self._put(self.chunks, row.id, ())
        self._put(self._generations_of, conversation.id, (*siblings, row.id))
        self._used(conversation.id, row.created_ms)

    def _append_chunk(self, chunk: AppendChunk) -> None:
        row = self._unfinished(chunk.generation)
        chunks = self.chunks[row.id]
        next_seq = chunks[-1].first_seq + len(chunks[-1].token_ids) if chunks else 0
        require(row.state != "queued", "the generation is not leased")
        require(chunk.attempt == row.attempt, "the attempt was fenced off")
        require(chunk.first_seq == next_seq, "a gap or a repetition")
        require(bool(chunk.token_ids), "a chunk holds at least one token")
        self._put(self.chunks, row.id, (*chunks, chunk))
        if row.state != "streaming":
            self._put(self.generations, row.id, replace(row, state="streaming"))

    def _end_generation(self, end: EndGeneration) -> None:
        row = self._unfinished(end.generation)
        self._put(self.generations, row.id, replace(row, state=end.state, made=end.made))
        self._put(self.chunks, row.id, ())
        if end.message is not None:
            require(end.message.conversation == row.conversation, "a message of another conversation")
            require(end.message.id == row.message, "another message than the one announced")
            self._add_message(end.message)
            self._move_head(row.conversation, end.message.id)

    # -- reads ----------------------------------------------------------------------------------

    def _session(self, conversation: UUID) -> ConversationState | None:
        row = self.conversations.get(conversation)
        if row is None or self._is_removed(conversation):
            return None
        generations = [self.generations[g] for g in self._generations_of[conversation]]
        live = max(
            (g for g in generations if g.state in UNFINISHED),
            key=lambda g: (g.created_ms, g.id),
            default=None,
        )
        chunks = self.chunks[live.id] if live else ()
        in_order = sorted(generations, key=lambda g: (g.created_ms, g.id))
        asked = [(g.request_key, g.id) for g in in_order]
        for message in self._messages_of[conversation]:
            words = self.revisions.get(message, ())
            asked += [(r.request_key, r.revision) for r in words if r.request_key is not None]
        return ConversationState(
            conversation=row,
            messages=self._oldest_first(conversation),
            summaries=tuple(
                sorted(
                    (each for each in self.summaries.values() if each.conversation == conversation),
                    key=lambda each: (each.created_ms, each.upto),
                )
            ),
            live=live,
            committed=tuple(token for c in chunks for token in c.token_ids),
            committed_text="".join(c.text for c in chunks),
            committed_thoughts="".join(c.thoughts for c in chunks),
            shelf=self._shelf(row.user),
            chosen=self._chosen(FindChosen(row.user, row.character_version, conversation)),
            request_keys=tuple(asked),
            suggestion=next((g for g in reversed(in_order) if g.made), None),
            report=self._newest_report(conversation),
        )

    def _newest_report(self, conversation: UUID) -> PromptReport | None:
        messages = reversed(self._oldest_first(conversation))
        traces = (self.traces.get((conversation, message.id)) for message in messages)
        newest = next((trace for trace in traces if trace is not None), None)
        return newest.report if newest is not None else None

    def _queue(self) -> QueueState:
        found = [g for g in self.generations.values() if g.state in UNFINISHED]
        last = sorted({day for _, day in self.spendings})[-SPENDING_DAYS:]
        spendings = sorted((day, user, n) for (user, day), n in self.spendings.items() if day in last)
        return QueueState(
            unfinished=tuple(sorted(found, key=lambda g: (g.created_ms, g.id))),
            spendings=tuple(Spending(user, day, n) for day, user, n in spendings),
            shares=tuple(sorted(self.shares.items())),
            drained=tuple(sorted(self.drained)),
        )

    def _oldest_first(self, conversation: UUID) -> tuple[StoredMessage, ...]:
        """By time of making, but a parent always before its children (a clock may go back)."""
        waiting = sorted(
            (self._now(self.messages[m]) for m in self._messages_of[conversation]),
            key=lambda m: (m.sibling != -1, m.created_ms, m.id),
        )
        placed: dict[UUID, StoredMessage] = {}
        while waiting:
            for message in waiting:
                if message.parent in placed or message.parent == message.id:
                    placed[message.id] = message
            waiting = [m for m in waiting if m.id not in placed]
        return tuple(placed.values())

    def _characters(self, user: UUID | None) -> list[CharacterRow]:
        shown = [
            self.versions[version]
            for character, version in self.current.items()
            if user is None or (self._sees(user, character) and character not in self.removed)
        ]
        shown.sort(key=lambda v: (v.created_ms, v.version))
        return [self._character(v, user) for v in shown]

    def _versions(self, query: FindVersions) -> list[VersionRow]:
        owner = self.owners.get(query.character)
        if owner is None or owner.owner != query.user:
            return []
        mine = [c.character_version for c in self.conversations.values() if c.user == query.user]
        of_it = [v for v in self.versions.values() if v.character == query.character]
        of_it.sort(key=lambda v: (v.created_ms, v.version), reverse=True)
        return [
            VersionRow(
                version=v.version,
                created_ms=v.created_ms,
                name=v.sheet.name,
                thumb=v.thumb or v.portrait,
                conversations=mine.count(v.version),
                current=self.current[query.character] == v.version,
            )
            for v in of_it
        ]

    def _versions_of(self, character: UUID) -> list[AddCharacterVersion]:
        return [v for v in self.versions.values() if v.character == character]

    def _is_used(self, character: UUID) -> bool:
        held = {row.character_version for row in self.conversations.values()}
        held |= {row.character_version for row in self.messages.values()}
        held |= {m.version for row in self.conversations.values() if row.group for m in row.group.members}
        return any(v.version in held for v in self._versions_of(character))

    def _purgeable(self, query: FindPurgeable) -> list[Purgeable]:
        gone = sorted(
            (removed_ms, character)
            for character, removed_ms in self.removed.items()
            if removed_ms < query.removed_before_ms and not self._is_used(character)
        )
        found = [character for _, character in gone][: query.limit]
        pictures = {c: {a for v in self._versions_of(c) for a in (v.portrait, v.thumb) if a} for c in found}
        return [Purgeable(character, tuple(sorted(pictures[character]))) for character in found]

    def _purge(self, write: PurgeCharacter) -> None:
        removed_ms = self.removed.get(write.character, write.removed_before_ms)
        require(removed_ms < write.removed_before_ms, "not removed so long ago")
        require(not self._is_used(write.character), "in use")
        for version in self._versions_of(write.character):
            self._drop(self.versions, version.version)
        self._drop(self.owners, write.character)
        self._drop(self.current, write.character)
        self._drop(self.removed, write.character)
        for favourite in [key for key in self.favourites if key[1] == write.character]:
            self._drop(self.favourites, favourite)
        for use in [key for key in self.uses if key[1:] == ("character", write.character)]:
            self._drop(self.uses, use)

    def _character(self, v: AddCharacterVersion, user: UUID | None) -> CharacterRow:
        owner = self.owners[v.character]
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
            favourite=user is not None and (user, v.character) in self.favourites,
            language=v.language,
        )

    def _row(self, row: StoredConversation) -> ConversationRow:
        version = self.versions[row.character_version]
        members = row.group.members if row.group is not None else ()
        filed = self.filed.get(row.id, UNFILED)
        return ConversationRow(
            id=row.id,
            title=row.title,
            character_name=version.sheet.name,
            portrait=self._portrait(row.character_version),
            updated_ms=self.updated[row.id],
            last_line=" ".join(self._now(self.messages[row.head]).body.split())[:160],
            live=any(self.generations[g].state in UNFINISHED for g in self._generations_of[row.id]),
            members=tuple(MemberFace(m.version, m.name, self._portrait(m.version), m.left) for m in members),
            character=version.character,
            character_version=version.version,
            created_ms=row.created_ms,
            folder=filed.folder,
            pinned_ms=filed.pinned_ms,
            archived_ms=filed.archived_ms,
            removed_ms=filed.removed_ms,
            tags=filed.tags,
        )

    def _portrait(self, version: UUID) -> str:
        return self.versions[version].thumb or self.versions[version].portrait
