"""The tables of the fake storage's memory, in plain dicts, and how a change to them is undone.

The rules of each table stand in the parts beside this file. They share no code with storage/, so that the
contract tests compare two independent readings.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from actors.messages.accounts import AddAccount, AddLogin
from actors.messages.choices import Choices
from actors.messages.choosing import PutPersona, PutPreset
from actors.messages.conversations import (
    MarkMessage,
    ReviseMessage,
    StoredConversation,
    StoredMessage,
    StoredSummary,
)
from actors.messages.filing import AddFolder
from actors.messages.library import AddCharacterVersion, ShareCharacter
from actors.messages.lore import Scope
from actors.messages.lorebooks import SaveLorebook
from actors.messages.replies import AppendChunk, ReplyTrace, StoredGeneration
from actors.messages.shares import DrainBox

K = TypeVar("K")
V = TypeVar("V")


class Forbidden(Exception):  # noqa: N818 - a refusal by the rules
    """The data forbids the write: it becomes WritesFailed(conflict=True)."""


def require(holds: bool, why: str) -> None:
    if not holds:
        raise Forbidden(why)


class Filed(Struct, frozen=True):
    """How the user has ordered a conversation."""

    folder: UUID | None = None
    pinned_ms: int = 0
    archived_ms: int = 0
    removed_ms: int = 0
    tags: tuple[str, ...] = ()


UNFILED = Filed()


class Tables:
    """Tables as dicts. A write changes them by `put` and `drop` alone: `undo` undoes all since `begin`."""

    def __init__(self) -> None:
        self.accounts: dict[UUID, AddAccount] = {}
        self.logins: dict[bytes, AddLogin] = {}
        self.versions: dict[UUID, AddCharacterVersion] = {}
        self.owners: dict[UUID, ShareCharacter] = {}  # character → whose it is, and who sees it
        self.current: dict[UUID, UUID] = {}  # character → version
        self.removed: dict[UUID, int] = {}  # character, persona or preset → when
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
        self.filed: dict[UUID, Filed] = {}  # by conversation
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
        self.messages_in: dict[UUID, tuple[UUID, ...]] = {}  # by conversation, as the next
        self.generations_in: dict[UUID, tuple[UUID, ...]] = {}
        self.places: dict[tuple[UUID, UUID, int], UUID] = {}  # (conversation, parent, sibling)
        self._undo: list[Callable[[], object]] = []

    def begin(self) -> None:
        self._undo = []

    def undo(self) -> None:
        for undo in reversed(self._undo):
            undo()

    def put(self, table: dict[K, V], key: K, value: V) -> None:
        if key in table:
            before = table[key]
            self._undo.append(lambda: table.__setitem__(key, before))
        else:
            self._undo.append(lambda: table.pop(key, None))
        table[key] = value

    def drop(self, table: dict[K, V], key: K) -> None:
        if key in table:
            before = table.pop(key)
            self._undo.append(lambda: table.__setitem__(key, before))


# -- what several parts ask ---------------------------------------------------------------------


def conversation_of(tables: Tables, conversation: UUID) -> StoredConversation:
    require(conversation in tables.conversations, "no such conversation")
    return tables.conversations[conversation]


def in_tree(tables: Tables, conversation: UUID, message: UUID) -> bool:
    return message in tables.messages and tables.messages[message].conversation == conversation


def mark_used(tables: Tables, conversation: UUID, at_ms: int) -> None:
    tables.put(tables.updated, conversation, max(tables.updated[conversation], at_ms))
