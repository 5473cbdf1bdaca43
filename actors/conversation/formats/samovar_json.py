"""Samovar JSON: a whole conversation, every branch of it, with nothing lost.

{"format": "samovar-chat", "version": 1, "title", "user_name", "character_name", "character", "created_ms",
"head", "messages": [...]}: the fields of Chat and ChatMessage. Each message has a line of its own, so that a
large file can be written and looked at piece by piece. A field that holds its default is left out.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from actors.conversation.formats.chat import (
    NOTHING,
    Chat,
    ChatLimits,
    ChatMessage,
    ReadChat,
    UnreadableChatError,
    clean,
    counted,
)
from actors.conversation.formats.moments import moment_ms
from actors.messages.generation import Role

FORMAT = "samovar-chat"
VERSION = 1


class WrittenMessage(Struct, frozen=True, omit_defaults=True):
    """A ChatMessage as it stands in the file."""

    role: Role
    text: str
    parent: int = NOTHING
    name: str = ""
    created_ms: int = 0
    thoughts: str = ""
    ended: str = ""
    tokens: int = 0
    seam: int = -1


class ReadFile(Struct, frozen=True):
    """What is asked of a file; what else stands in it is passed over."""

    format: str
    version: int
    messages: list[WrittenMessage]
    title: str = ""
    user_name: str = ""
    character_name: str = ""
    character: str = ""
    created_ms: int = 0
    head: int = NOTHING


def written(chat: Chat) -> Iterator[bytes]:
    """The file, in pieces."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "title": chat.title,
        "user_name": chat.user_name,
        "character_name": chat.character_name,
        "character": chat.character,
        "created_ms": chat.created_ms,
        "head": chat.head,
    }
    yield msgspec.json.encode(head)[:-1] + b',"messages":['
    for number, message in enumerate(chat.messages):
        fields = WrittenMessage(**msgspec.structs.asdict(message))
        yield (b",\n" if number else b"\n") + msgspec.json.encode(fields)
    yield b"\n]}\n"


def read(data: bytes, limits: ChatLimits) -> ReadChat:
    """Raises UnreadableChatError."""
    try:
        file = msgspec.json.decode(data, type=ReadFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableChatError(f"The file is no conversation of Samovar: {error}.", "no_chat") from error
    if file.format != FORMAT:
        raise UnreadableChatError("The file is no conversation of Samovar.", "no_chat")
    if file.version > VERSION:
        raise UnreadableChatError("A newer Samovar wrote this file: update this one first.", "newer_chat")
    messages = tuple(counted(iter(map(message_of, file.messages)), limits))
    for number, message in enumerate(messages):
        if not NOTHING <= message.parent < number:
            why = f"Message {number} of the file has no parent before it."
            raise UnreadableChatError(why, "chat_parent", number)
    if not NOTHING <= file.head < len(messages):
        raise UnreadableChatError("The file's head is none of its messages.", "chat_head")
    return ReadChat(
        Chat(
            title=clean(file.title),
            user_name=clean(file.user_name),
            character_name=clean(file.character_name),
            character=clean(file.character),
            created_ms=moment_ms(file.created_ms),
            head=file.head if file.head != NOTHING or not messages else len(messages) - 1,
            messages=messages,
        )
    )


def message_of(read: WrittenMessage) -> ChatMessage:
    return ChatMessage(
        parent=read.parent,
        role=read.role,
        text=clean(read.text),
        name=clean(read.name),
        created_ms=moment_ms(read.created_ms),
        thoughts=clean(read.thoughts),
        ended=clean(read.ended)[:40],
        tokens=max(0, min(read.tokens, 2**31 - 1)),
        seam=max(-1, min(read.seam, len(read.text))),
    )
