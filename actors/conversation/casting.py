"""Casting: who is in a conversation, at its beginning and later. The characters' sheets are asked for first,
and then the change is made in one piece. Pure.
"""

from collections.abc import Callable
from uuid import UUID

import msgspec
from msgspec import Struct

from actors import addresses
from actors.conversation.beginning import beginning
from actors.conversation.group_change import group_of, unknown, wish_refusal
from actors.conversation.message_tree import MessageTree
from actors.effects import Effect, Send
from actors.messages.archive import Write
from actors.messages.chat import ChangeGroup, ProblemCode, StartConversation
from actors.messages.conversations import SetGroup, StoredConversation, StoredMessage
from actors.messages.generation import CharacterSheet, SheetMissing, SheetWanted
from actors.settings import SessionSettings
from actors.world import World

Command = StartConversation | ChangeGroup
Refusal = tuple[ProblemCode, str]


class Cast(Struct, frozen=True):
    """What is to be written, and what the conversation is then; `added` are greetings."""

    conversation: StoredConversation
    added: tuple[StoredMessage, ...]
    writes: Callable[[], tuple[Write, ...]]


class Casting:
    """One command at a time."""

    def __init__(self, conversation: UUID, settings: SessionSettings, world: World) -> None:
        self.id = conversation
        self.settings = settings
        self.world = world
        self.command: Command | None = None
        self.wanted: dict[UUID, CharacterSheet | None] = {}  # in the order in which they were named
        self.missing = False

    @property
    def starter(self) -> UUID | None:
        """Whose conversation is about to begin."""
        return self.command.user if isinstance(self.command, StartConversation) else None

    def refusal(self, command: Command, conversation: StoredConversation | None) -> Refusal | None:
        wish = command.group if isinstance(command, StartConversation) else command.wish
        if self.command is not None:
            return "busy", "Another such change is under way."
        if isinstance(command, StartConversation) and conversation is not None:
            return "busy", "This conversation exists already."
        if isinstance(command, ChangeGroup) and conversation is None:
            return "not_found", "There is no such conversation; it may have been deleted."
        return wish_refusal(wish, self.settings) if wish is not None else None

    def ask(self, command: Command, conversation: StoredConversation | None) -> list[Effect]:
        """For the sheets that the command needs; nothing where they are known."""
        self.command, self.missing = command, False
        match command:
            case StartConversation(group=group):
                wanted = unknown(group, None) if group is not None else [command.character_version]
            case ChangeGroup(wish):
                wanted = unknown(wish, conversation.group if conversation is not None else None)
        self.wanted = dict.fromkeys(wanted)
        return [Send(addresses.character(version), SheetWanted(version)) for version in wanted]

    def take(self, sheet: CharacterSheet | SheetMissing) -> None:
        if sheet.character in self.wanted:
            self.missing = self.missing or isinstance(sheet, SheetMissing)
            self.wanted[sheet.character] = sheet if isinstance(sheet, CharacterSheet) else None

    def complete(self) -> Command | None:
        """The command, when all sheets are there, or one is missing; it is under way no more."""
        ready = self.missing or None not in self.wanted.values()
        command, self.command = self.command, None if ready else self.command
        return command if ready else None

    def cast(
        self, command: Command, conversation: StoredConversation | None, tree: MessageTree
    ) -> Cast | Refusal:
        sheets = {version: sheet for version, sheet in self.wanted.items() if sheet is not None}
        if self.missing:
            return "not_found", "There is no such character."
        if isinstance(command, StartConversation):
            begun = beginning(self.id, command, sheets, self.world)
            return Cast(begun.conversation, begun.greetings, begun.writes)
        if conversation is None:
            return "not_found", "There is no such conversation; it may have been deleted."
        group = group_of(command.wish, sheets, conversation.group, tree.speakers())
        changed = msgspec.structs.replace(conversation, group=group)
        return Cast(changed, (), lambda: (SetGroup(self.id, group),))
