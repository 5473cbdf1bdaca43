"""Markdown: the shown path of a conversation, for people to read."""

from collections.abc import Iterator
from datetime import UTC, datetime

from actors.conversation.formats.chat import Chat, ChatMessage, path_of
from actors.messages.seen import seen


def written(chat: Chat) -> Iterator[bytes]:
    """The file, in pieces. What a model thought stands folded above its reply, as the page shows it; what
    is for prompts and lore alone is left out.
    """
    yield f"# {on_one_line(chat.title or chat.character_name)}\n".encode()
    day = ""
    for number in path_of(chat):
        message = chat.messages[number]
        moment = datetime.fromtimestamp(message.created_ms / 1_000, UTC)
        if message.created_ms and f"{moment:%Y-%m-%d}" != day:
            day = f"{moment:%Y-%m-%d}"
            yield f"\n---\n\n*{day}*\n".encode()
        yield f"\n**{on_one_line(speaker(chat, message))}**\n\n".encode()
        if message.thoughts:
            quoted = "\n".join(f"> {line}".rstrip() for line in message.thoughts.splitlines())
            yield f"{quoted}\n\n".encode()
        yield f"{seen(message.text).rstrip()}\n".encode()


def speaker(chat: Chat, message: ChatMessage) -> str:
    if message.name:
        return message.name
    return chat.user_name if message.role == "user" else chat.character_name


def on_one_line(text: str) -> str:
    return " ".join(text.split())
