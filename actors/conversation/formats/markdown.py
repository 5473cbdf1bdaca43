"""Markdown: the shown path of a conversation, for people to read; what was written so comes in again.

What a reader does not see stands in comments: below the title who the conversation is of, behind the name of
each speaker the role, the time, and whether the quotation that follows is what the model thought. A line of a
message that looks like such a speaker has a backslash before it.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile

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
    path_of,
)
from actors.conversation.formats.moments import iso, moment_ms
from actors.messages.generation import Role
from actors.messages.remarks import remark
from actors.messages.seen import seen

MARK = b"<!-- samovar-chat "
END = " -->"
VERSION = 1
SPEAKER = re.compile(
    r"\*\*(?P<name>.*)\*\* <!-- (?P<role>user|assistant|system)"
    r"(?: (?P<at>[\dT:.Z-]+))?(?P<thinks> thinks)? -->\s*"
)
ESCAPED = re.compile(r"\\+" + SPEAKER.pattern)
QUOTE = ">"
DAY = re.compile(r"\*[\d-]+\*")
BETWEEN = 3  # lines between two days


class About(Struct, frozen=True):
    """Of the whole conversation."""

    version: int
    user_name: str = ""
    character_name: str = ""
    character: str = ""
    created_ms: int = 0


# -- writing ------------------------------------------------------------------------------------


def written(chat: Chat) -> Iterator[bytes]:
    """The file, in pieces. What a model thought stands quoted above its reply; what is for prompts and lore
    alone is left out.
    """
    yield f"# {on_one_line(chat.title or chat.character_name)}\n\n".encode()
    about = About(VERSION, chat.user_name, chat.character_name, chat.character, chat.created_ms)
    yield MARK + msgspec.json.encode(about).replace(b">", b"\\u003e") + END.encode() + b"\n"
    day = ""
    for number in path_of(chat):
        message = chat.messages[number]
        if message.created_ms and day_of(message) != day:
            day = day_of(message)
            yield f"\n---\n\n*{day}*\n".encode()
        yield f"\n{heading(chat, message)}\n\n".encode()
        if message.thoughts:
            quoted = (f"{QUOTE} {line}" if line else QUOTE for line in lines_of(message.thoughts))
            yield "\n".join((*quoted, "", "")).encode()
        lines = lines_of(seen(message.text).rstrip())
        yield "".join(("\\" if is_speaker(line) else "") + line + "\n" for line in lines).encode()


def heading(chat: Chat, message: ChatMessage) -> str:
    at = f" {iso(message.created_ms)}" if message.created_ms else ""
    thinks = " thinks" if message.thoughts else ""
    return f"**{on_one_line(speaker(chat, message))}** <!-- {message.role}{at}{thinks}{END}"


def speaker(chat: Chat, message: ChatMessage) -> str:
    if message.name:
        return message.name
    return chat.user_name if message.role == "user" else chat.character_name


def day_of(message: ChatMessage) -> str:
    return f"{datetime.fromtimestamp(message.created_ms / 1_000, UTC):%Y-%m-%d}"


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def is_speaker(line: str) -> bool:
    return bool(SPEAKER.fullmatch(line) or ESCAPED.fullmatch(line))


# -- reading ------------------------------------------------------------------------------------


def read(data: bytes, limits: ChatLimits) -> ReadChat:
    """Raises UnreadableChatError."""
    lines = lines_of(data.decode("utf-8-sig", "replace"))
    start = next((at for at, line in enumerate(lines) if line.encode().startswith(MARK)), len(lines))
    about = about_in(lines[start]) if start < len(lines) else None
    if about is None:
        raise UnreadableChatError("The file is no conversation of Samovar.", "no_chat")
    if about.version > VERSION:
        raise UnreadableChatError("A newer Samovar wrote this file: update this one first.", "newer_chat")
    messages = tuple(counted(messages_in(lines[start + 1 :]), limits))
    title = next((line.removeprefix("# ") for line in lines[:start] if line.startswith("# ")), "")
    chat = Chat(
        title=clean(title).strip(),
        user_name=clean(about.user_name),
        character_name=clean(about.character_name),
        character=clean(about.character),
        created_ms=moment_ms(about.created_ms),
        head=len(messages) - 1,
        messages=messages,
    )
    path = remark("chat_path", "The file has the shown messages alone: other versions are not in it.")
    return ReadChat(chat, (path,))


def about_in(line: str) -> About | None:
    text = line.removeprefix(MARK.decode()).strip().removesuffix(END.strip())
    try:
        return msgspec.json.decode(text, type=About)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def messages_in(lines: list[str]) -> Iterator[ChatMessage]:
    heads = [(at, found) for at, line in enumerate(lines) if (found := SPEAKER.fullmatch(line))]
    ends = [*(at for at, _ in heads), len(lines)][1:]
    times = [moment_ms(found["at"]) for _, found in heads]
    day = ""
    for number, ((at, found), end) in enumerate(zip(heads, ends, strict=True)):
        message = ChatMessage(NOTHING, role_of(found), "", created_ms=times[number])
        day = day_of(message) if message.created_ms else day
        following = times[number + 1] if number + 1 < len(times) else 0
        text = trimmed(lines[at + 1 : end])
        if following and day_of(ChatMessage(NOTHING, "user", "", created_ms=following)) != day:
            text = without_day(text)
        thoughts: list[str] = []
        if found["thinks"]:
            thoughts = list(takewhile(lambda line: line.startswith(QUOTE), text))
            text = text[len(thoughts) + 1 :]
        yield ChatMessage(
            parent=number - 1,
            role=message.role,
            text="\n".join(line[1:] if ESCAPED.fullmatch(line) else line for line in text),
            name=found["name"].strip(),
            created_ms=message.created_ms,
            thoughts="\n".join(line.removeprefix(QUOTE).removeprefix(" ") for line in thoughts),
        )


def role_of(found: "re.Match[str]") -> Role:
    match found["role"]:
        case "user":
            return "user"
        case "system":
            return "system"
        case _:
            return "assistant"


def trimmed(lines: list[str]) -> list[str]:
    """Without the empty line behind the speaker, and those behind the text."""
    first = 1 if lines and not lines[0].strip() else 0
    last = len(lines)
    while last > first and not lines[last - 1].strip():
        last -= 1
    return lines[first:last]


def without_day(lines: list[str]) -> list[str]:
    """The line between two days stands behind the last message of the first."""
    if len(lines) < BETWEEN or lines[-3] != "---" or lines[-2].strip() or not DAY.fullmatch(lines[-1]):
        return lines
    return trimmed(["", *lines[:-BETWEEN]])
