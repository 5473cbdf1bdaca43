"""Exporting: a conversation as a file, or all of them as a zip, in pieces: one conversation is in memory at a
time, and of the file no more than a piece.
"""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID

from actors.conversation.formats import markdown, samovar_json, sillytavern
from actors.conversation.formats.chat import Chat
from actors.conversation.formats.chat_rows import chat_of
from actors.messages.conversations import ChatFound
from web.records import Records

WRITERS: dict[str, tuple[Callable[[Chat], Iterator[bytes]], str, str]] = {
    "json": (samovar_json.written, "json", "application/json"),
    "jsonl": (sillytavern.written, "jsonl", "application/x-ndjson"),
    "markdown": (markdown.written, "md", "text/markdown; charset=utf-8"),
}
"""What a conversation is exported as → its writer, the suffix of the file, its type."""

PIECE = 65_536  # bytes, about
LETTERS = 80  # of a file's name


def chat_found(found: ChatFound) -> Chat:
    return chat_of(found.conversation, found.messages, dict(found.names))


async def pieces(chat: Chat, form: str) -> AsyncIterator[bytes]:
    """The file; others have their turn between the pieces."""
    piece = bytearray()
    for part in WRITERS[form][0](chat):
        piece += part
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
            await asyncio.sleep(0)
    yield bytes(piece)


async def zipped(records: Records, user: UUID, conversations: list[UUID], form: str) -> AsyncIterator[bytes]:
    """All of them, each as a file of its own."""
    out = Outlet()
    names: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for conversation in conversations:
            found = await records.chat(conversation, user)
            if found is None:
                continue  # removed meanwhile
            chat = chat_found(found)
            name = free_name(file_name(chat.title or chat.character_name), WRITERS[form][1], names)
            with archive.open(name, "w", force_zip64=True) as entry:
                async for piece in pieces(chat, form):
                    await asyncio.to_thread(entry.write, piece)
                    if out.size >= PIECE:
                        yield out.taken()
            yield out.taken()
    yield out.taken()


class Outlet(io.RawIOBase):
    """A file that cannot be wound back: what is written to it is taken away piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._piece = bytearray()
        self._written = 0

    @property
    def size(self) -> int:
        return len(self._piece)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._piece += data
        self._written += len(data)
        return len(data)

    def taken(self) -> bytes:
        piece = bytes(self._piece)
        self._piece.clear()
        return piece


def file_name(title: str) -> str:
    """Of a title: without what some system does not take in a name."""
    letters = "".join(c if c.isprintable() and c not in '<>:"/\\|?*' else " " for c in title)
    return " ".join(letters.split())[:LETTERS].strip(". ") or "conversation"


def free_name(name: str, suffix: str, names: set[str]) -> str:
    number = 1
    free = f"{name}.{suffix}"
    while free.casefold() in names:
        number += 1
        free = f"{name} ({number}).{suffix}"
    names.add(free.casefold())
    return free
