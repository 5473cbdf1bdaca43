"""Importing: a file becomes a conversation of one user, whole or not at all.

It is written in steps, so that others can write between them, and hidden until the last one: what a kill
leaves of it is dropped with the removed ones.
"""

from pathlib import PurePath
from uuid import UUID

from actors.conversation.formats.chat import Chat, ChatLimits, ReadChat, UnreadableChatError, path_of
from actors.conversation.formats.chat_rows import ChatRows, rows_of
from actors.messages.archive import Write
from actors.messages.conversations import AddConversation, AddMessages, MoveHead
from actors.messages.filing import RemoveConversation
from actors.messages.library import CharacterRow
from actors.world import World
from web.files.readers import Readers, why_of
from web.files.work import ChatTaken, ReadChatFile
from web.library.importing import Upload
from web.protocol.conversations import ImportedChat
from web.records import ConflictError, Records

AT_ONCE = 200  # messages of one transaction
NAME = 200  # characters of a file's name


class ChatImports:
    def __init__(self, records: Records, world: World, limits: ChatLimits, readers: Readers) -> None:
        self.records = records
        self.world = world
        self.limits = limits
        self.readers = readers

    async def take_in(self, upload: Upload, user: UUID, user_name: str, chosen: UUID | None) -> ImportedChat:
        """`chosen`: the version that answers in it; None: the one that the file names."""
        name = PurePath(upload.name.replace("\\", "/")).name[:NAME]
        try:
            read = await self.read(upload.data, user)
        except UnreadableChatError as error:
            why = error.remark
            return ImportedChat(name, "refused", why.text, code=why.code, facts=why.facts)
        chat = read.chat
        character = chosen or await self.character_of(chat, user)
        if character is None:
            why = f"You have no character named {chat.character_name}." if chat.character_name else ""
            return ImportedChat(name, "character", why, character_name=chat.character_name)
        rows = rows_of(chat, user, character, self.world.new_id, self.world.utc_ms(), user_name=user_name)
        try:
            await self.write(rows)
        except ConflictError as error:
            return ImportedChat(name, "refused", f"It cannot be stored: {error}")
        return report(name, read, rows)

    async def read(self, data: bytes, user: UUID) -> ReadChat:
        """Raises UnreadableChatError, BusyError."""
        answer = await self.readers.read(ReadChatFile(data, self.limits), user)
        if isinstance(answer, ChatTaken):
            return answer.read
        why = why_of(answer)
        raise UnreadableChatError(why.text, why.code, *why.facts)

    async def character_of(self, chat: Chat, user: UUID) -> UUID | None:
        """The version that the chat was held with, where it is here; else the character of that name."""
        try:
            version = UUID(chat.character)
        except ValueError:
            version = None
        if version is not None and await self.records.character(version, user) is not None:
            return version
        named = [row for row in await self.records.characters(user) if same_name(row, chat)]
        named.sort(key=lambda row: (row.owner == user, row.created_ms))
        return named[-1].version if named else None

    async def write(self, rows: ChatRows, *more: Write) -> None:
        """`more` is done in the last step. Raises ConflictError, StorageTroubleError."""
        conversation = rows.conversation.id
        hidden = RemoveConversation(conversation, self.world.utc_ms())
        await self.records.commit(AddConversation(rows.conversation), hidden)
        for start in range(0, len(rows.messages), AT_ONCE):
            await self.records.commit(AddMessages(conversation, rows.messages[start : start + AT_ONCE]))
        await self.records.commit(
            MoveHead(conversation, rows.head), *more, RemoveConversation(conversation, 0)
        )


def same_name(row: CharacterRow, chat: Chat) -> bool:
    return bool(chat.character_name) and row.name.strip().casefold() == chat.character_name.strip().casefold()


def report(name: str, read: ReadChat, rows: ChatRows) -> ImportedChat:
    return ImportedChat(
        name=name,
        status="imported",
        warnings=read.warnings,
        conversation=rows.conversation.id,
        title=rows.conversation.title,
        character_name=read.chat.character_name,
        messages=len(path_of(read.chat)),
        versions=len(read.chat.messages),
    )
