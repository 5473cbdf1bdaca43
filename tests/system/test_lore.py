"""A whole node: a card with lore and a lorebook of its reader's fire in a chat, and the engine's prompt has
both.
"""

import asyncio
import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import msgspec
import pytest

from actors.messages.chat import ReplyFinished, SendText
from actors.messages.generation import Sampling
from tests.system.running_node import RunningNode, running_node
from web.protocol.lorebooks import Lorebook, LorebookAttach
from web.protocol.prompts import MessageTrace, PromptPart
from web.reply_reader import ReplyReader, Step
from web.terminal import Terminal

pytestmark = pytest.mark.timeout(300)

CARD: dict[str, Any] = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Marfa",
        "description": "Keeps an inn.",
        "first_mes": "Come in.",
        "character_book": {
            "extensions": {},
            "entries": [
                {"keys": ["samovar"], "content": "The samovar is of copper.", "extensions": {},
                 "enabled": True, "insertion_order": 10},
            ],
        },
        "extensions": {},
    },
}  # fmt: skip
BOOK = {
    "entries": {
        "0": {"uid": 0, "key": ["harbour"], "content": "The harbour is frozen.", "comment": "Harbour"},
        "1": {"uid": 1, "key": ["forest"], "content": "The forest is dark."},
        "2": {
            "uid": 2,
            "key": ["/tea|coffee/i"],
            "content": "@@depth 0\nTea is served black.",
            "comment": "Tea",
        },
    }
}


class Following(ReplyReader):
    """Also knows the id of the reply's message."""

    message: UUID | None = None

    def take(self, event: Any) -> Step:
        if isinstance(event, ReplyFinished) and event.message is not None:
            self.message = event.message.id
        return super().take(event)


def bring(terminal: Terminal, path: str, name: str, tree: Any) -> dict[str, Any]:
    """A file goes in; what became of it."""
    place = urlsplit(terminal.door.origin)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    headers = {
        "Origin": terminal.door.origin,
        "Cookie": terminal.cookie,
        "Content-Type": "application/octet-stream",
        "X-File-Name": quote(name),
    }
    try:
        connection.request("POST", path, json.dumps(tree).encode(), headers)
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    (report,) = answer["files"]
    assert report["status"] == "imported", report
    return report


async def talk(node: RunningNode) -> tuple[list[Lorebook], tuple[PromptPart, ...]]:
    """The reader's books, and the parts of the prompt of a reply."""
    terminal = Terminal(node.data, Sampling(max_tokens=4, temperature=0.0))
    await terminal.log_in()
    bring(terminal, "/api/characters/import", "marfa.json", CARD)
    book = bring(terminal, "/api/lorebooks/import", "Travels.json", BOOK)["book"]
    begun: SendText = await terminal.begin("Is the Samovar on? I come from the harbour, for tea.", "Marfa", 7)
    attach = LorebookAttach("conversation", begun.conversation, attached=True)
    await terminal.request("PUT", f"/api/lorebooks/{book}/uses", attach)
    reader = Following(begun)
    await terminal.follow(reader)
    path = f"/api/conversations/{begun.conversation}/messages/{reader.message}/trace"
    trace = msgspec.json.decode(await terminal.request("GET", path), type=MessageTrace)
    books = msgspec.json.decode(await terminal.request("GET", "/api/lorebooks"), type=list[Lorebook])
    return books, trace.parts


def test_the_lore_of_card_and_reader_is_in_the_prompt_that_the_engine_computed(tmp_path: Path) -> None:
    with running_node(tmp_path / "data") as node:
        (book,), parts = asyncio.run(talk(node))
    assert (book.name, book.entries) == ("Travels", 3)
    lore = {part.excerpt: part for part in parts if part.kind == "lore" and part.kept}
    assert set(lore) == {"The samovar is of copper.", "The harbour is frozen.", "Tea is served black."}
    assert lore["The samovar is of copper."].source == "lore of the character's book"
    assert lore["The harbour is frozen."].source == "lore of the book “Travels”"
    assert lore["The harbour is frozen."].key == "harbour"
    assert lore["Tea is served black."].key == "/tea|coffee/i"
    assert all(part.tokens > 0 for part in lore.values())
    places = [part.excerpt for part in parts if part.kept]
    assert places.index("The samovar is of copper.") < places.index("Tea is served black.")
