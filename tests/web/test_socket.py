"""The life of a WebSocket, from the greeting to the farewell."""

import asyncio
from pathlib import Path
from uuid import uuid4

import msgspec
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed

from actors.messages.chat import (
    MessageAdded,
    Open,
    Problem,
    ReplyFinished,
    ReplyText,
    SendText,
    Snapshot,
)
from tests.web.site import SETTINGS, Page, Site, run_at
from web.protocol import ConversationsChanged, Farewell, Greeting, NodeState, Welcome


def test_a_page_is_welcomed_and_told_of_the_workers(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        async with site.page(cookie) as page:
            welcome = await page.next()
            assert isinstance(welcome, Welcome)
            assert (welcome.version, welcome.user_name, welcome.boot) == (1, "Anna", site.edge.boot)
            state = await page.until(NodeState, lambda state: state.workers)
            assert state.workers[0].demonstration

    run_at(ui, test)


def test_a_message_is_answered_by_the_character(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await page.say(Open(conversation))
            snapshot = await page.until(Snapshot)
            assert [message.text for message in snapshot.messages] == ["Sit down, Anna."]
            key = uuid4()
            await page.say(SendText(conversation, key, "Good evening."))
            added = await page.until(MessageAdded)
            assert (added.message.text, added.request_key) == ("Good evening.", key)
            finished = await page.until(ReplyFinished)
            assert finished.message.text == "Hello, you."
        assert site.worker.requests[0].turn.user_name == "Anna"

    run_at(ui, test)


if __name__ == "__main__":
    _ = asyncio, msgspec, replace, ConnectionClosed, Problem, ReplyText, SETTINGS, Page, ConversationsChanged
    _ = Farewell, Greeting
