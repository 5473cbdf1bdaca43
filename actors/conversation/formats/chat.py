"""Chat: a conversation between its rows and a file, the same for every format.

Its messages are named by their place in the list, so that the same conversation gives the same file again,
whatever ids its rows have.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from actors.messages.generation import Role
from actors.messages.remarks import Remark, remark

NOTHING = -1
"""The parent of a first message; the head of a chat without messages."""


class ChatMessage(Struct, frozen=True):
    """`parent` is the number of an earlier message, or NOTHING; those of one parent are versions of one
    place, oldest first. `name` is who speaks."""

    parent: int
    role: Role
    text: str
    name: str = ""
    created_ms: int = 0
    thoughts: str = ""
    ended: str = ""
    tokens: int = 0
    seam: int = -1


class Chat(Struct, frozen=True):
    """`head` is the last message of the shown path. `character` is the id of a version, or ""."""

    title: str
    user_name: str
    character_name: str
    character: str
    created_ms: int
    head: int
    messages: tuple[ChatMessage, ...]


class ChatLimits(Struct, frozen=True):
    """What a file may hold."""

    messages: int = 100_000  # versions of a place count
    text_chars: int = 400_000  # of one message
    line_bytes: int = 16_777_216  # of a format that has lines


class ReadChat(Struct, frozen=True):
    """A chat out of a file; `warnings` say what was not taken as it stood. `cards`: for each message the file
    of the card that spoke it, where the chat's file says so. `about`: what else SillyTavern says of it."""

    chat: Chat
    warnings: tuple[Remark, ...] = ()
    cards: tuple[str, ...] = ()
    about: Mapping[str, Any] = {}


class UnreadableChatError(Exception):
    """The file holds no conversation that can be read; the text says why, in one line, `code` and `facts` as
    in a Remark."""

    def __init__(self, text: str, code: str, *facts: object) -> None:
        super().__init__(text)
        self.remark = remark(code, text, *facts)


def path_of(chat: Chat) -> list[int]:
    """The shown path, from the first message to the head."""
    path: list[int] = []
    at = chat.head
    while at != NOTHING:
        path.append(at)
        at = chat.messages[at].parent
    path.reverse()
    return path


def places_of(chat: Chat) -> dict[int, list[int]]:
    """Parent → its children, oldest first."""
    places: dict[int, list[int]] = {}
    for number, message in enumerate(chat.messages):
        places.setdefault(message.parent, []).append(number)
    return places


def counted(messages: Iterator[ChatMessage], limits: ChatLimits) -> Iterator[ChatMessage]:
    """The messages, within the limits. Raises UnreadableChatError."""
    for number, message in enumerate(messages, start=1):
        if number > limits.messages:
            raise too_many_messages(limits)
        if max(len(message.text), len(message.thoughts)) > limits.text_chars:
            most = limits.text_chars
            raise UnreadableChatError(
                f"Message {number} of the file has more than {most:,} characters.", "chat_text", number, most
            )
        yield message


def too_many_messages(limits: ChatLimits) -> UnreadableChatError:
    most = limits.messages
    return UnreadableChatError(f"The file has more than {most:,} messages.", "chat_messages", most)


def clean(value: object) -> str:
    """Text that can be stored, whatever a file has in its place: halves of characters are replaced."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
