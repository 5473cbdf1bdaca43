"""Pages that do not read what they are sent: bounded, no hindrance to others, and cut off in the end."""

import asyncio
import socket
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError
from websockets.typing import Origin

from actors.messages.chat import (
    Older,
    OlderMessages,
    Problem,
    ReplyFinished,
    SendText,
    ShownMessage,
    Snapshot,
)
from tests.web.site import SETTINGS, Page, Site, run_at
from web.protocol.frames import Farewell, Greeting, Welcome


def sluggish(site: Site, cookie: str) -> connect:
    """A page whose end of the line holds next to nothing while it does not read."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    line.connect(("127.0.0.1", site.server.port))
    return connect(
        f"ws://{site.host}/ws",
        sock=line,
        origin=Origin(site.origin),
        additional_headers={"Cookie": cookie},
        compression=None,
        max_queue=1,
        max_size=2**26,
        ping_interval=None,
        close_timeout=0,
    )


# A line that was full for seconds needs seconds until TCP tries it again, and pings wait behind.
PATIENT = replace(SETTINGS, commands_burst=1_000, ping_s=60.0)
REPLY = "x" * 100_000
REPLIES = 20


async def whole(page: Page, snapshot: Snapshot) -> tuple[ShownMessage, ...]:
    """The messages of the path, of which a Snapshot has the newest."""
    messages, before = snapshot.messages, snapshot.before
    while before:
        await page.say(Older(snapshot.conversation, messages[0].id))
        older = await page.until(OlderMessages)
        messages, before = older.messages + messages, older.before
    return messages


async def talk_past(site: Site, page: Page, conversation: UUID) -> UUID:
    """Have 3 MB said in the conversation; the attentive page sees every reply whole. The last one."""
    site.worker.words = (REPLY[:60_000], REPLY[60_000:])
    last = conversation
    for number in range(REPLIES):
        await page.say(SendText(conversation, uuid4(), f"More! ({number})"))
        finished = await page.until(ReplyFinished)
        assert finished.message.text == REPLY
        last = finished.message.id
    return last


def test_a_slow_reader_is_bounded_hinders_nobody_and_has_it_all_in_the_end(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with sluggish(site, cookie) as raw, site.page(cookie) as page:
            slow = Page(raw)
            await slow.say(Greeting(1))
            await slow.opened(conversation)
            await page.opened(conversation)
            outbox = next(iter(site.edge.sockets.open.values())).outbox
            last = await talk_past(site, page, conversation)
            assert outbox.dropped > 0
            assert outbox.size <= SETTINGS.outbox_bytes
            assert len(outbox.entries) <= SETTINGS.outbox_events
            snapshot = await slow.until(Snapshot, lambda event: event.messages[-1].id == last)
            messages = await whole(slow, snapshot)
            replies = [message for message in messages if message.role == "assistant"]
            assert len(replies) == 1 + REPLIES
            assert {message.text for message in replies[1:]} == {REPLY}
            site.worker.words = ("Well.",)
            await slow.say(SendText(conversation, uuid4(), "Again"))
            assert (await slow.until(ReplyFinished)).message.text == "Well."

    run_at(ui, test, PATIENT)


def test_a_reader_that_takes_nothing_is_cut_off_when_its_login_ends(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        other = await site.log_in((await site.edge.records.accounts())[-1])
        conversation = await site.conversation(cookie, await site.character())
        async with sluggish(site, cookie) as raw, site.page(other) as page:
            slow = Page(raw)
            await slow.say(Greeting(1))
            await slow.opened(conversation)
            await page.opened(conversation)
            await talk_past(site, page, conversation)
            await site.call("POST", "/api/logout", cookie=cookie)
            assert (await site.gone.get()).account.name == "Anna"
            with pytest.raises(ConnectionClosedError) as cut:
                await slow.until(Farewell)
            assert cut.value.rcvd is None  # not even a closing frame got through
            await page.say(Greeting(1))
            await page.until(Problem)

    run_at(ui, test, PATIENT)


def test_a_reader_that_takes_nothing_and_causes_more_is_sent_away(ui: Path) -> None:
    async def test(site: Site) -> None:
        async with site.page(await site.person("Anna")) as page:
            await page.until(Welcome)
            (mine,) = site.edge.sockets.open.values()
            mine.door = None  # in one turn of the loop nothing is sent then
            for _ in range(SETTINGS.outbox_events + 1):
                mine.deliver(Problem("bad_request", "No."))
            assert (await page.until(Farewell)).code == "too_many"
            await page.closed()

    run_at(ui, test)


def test_a_page_that_answers_no_ping_is_cut_off(ui: Path) -> None:
    async def test(site: Site) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        head = (
            f"GET /ws HTTP/1.1\r\nHost: {site.host}\r\nOrigin: {site.origin}\r\n"
            f"Cookie: {await site.person('Anna')}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        writer.write(head.encode())
        assert b" 101 " in await reader.readline()
        await reader.read()  # until it is cut
        await site.gone.get()
        writer.close()

    run_at(ui, test, replace(SETTINGS, ping_s=0.05))
