"""The life of a WebSocket, from the greeting to the farewell."""

import asyncio
import socket
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin

from actors.addresses import SOCKETS
from actors.messages.chat import (
    Awake,
    Close,
    ConversationGone,
    MessageAdded,
    Older,
    OlderMessages,
    Open,
    Problem,
    Regenerate,
    ReplyFinished,
    ReplyState,
    ReplyText,
    SendText,
    ShownMessage,
    Snapshot,
)
from actors.messages.generation import Sampling
from tests.web.site import SETTINGS, Page, Site, run_at
from web.protocol import ConversationsChanged, Farewell, Greeting, NodeState, Welcome
from web.socket import ClosedDoor


async def opened(page: Page, conversation: UUID) -> Snapshot:
    await page.say(Open(conversation))
    return await page.until(Snapshot)


# -- greeting and farewell ----------------------------------------------------------------------


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


def test_nobody_is_told_to_log_in(ui: Path) -> None:
    async def test(site: Site) -> None:
        for cookie in ("", "__Host-samovar=made-up"):
            async with site.page(cookie) as page:
                farewell = await page.next()
                assert isinstance(farewell, Farewell)
                assert (farewell.code, farewell.again) == ("login", False)
                assert await page.closed() == 1008

    run_at(ui, test)


@pytest.mark.parametrize("version", [-1, 0, 2, 99])
def test_another_version_is_refused_with_clear_words(ui: Path, version: int) -> None:
    async def test(site: Site) -> None:
        async with site.dial(await site.person("Anna")) as raw:
            page = Page(raw)
            await page.say(Greeting(version))
            farewell = await page.next()
            assert (farewell.code, farewell.again) == ("version", False)
            assert str(version) in farewell.text
            assert await page.closed() == 1008

    run_at(ui, test)


@pytest.mark.parametrize("first", ['{"type":"open"}', "no json", "[]", b"", b"\x00\xff"])
def test_a_first_frame_that_is_no_greeting_ends_the_socket(ui: Path, first: str | bytes) -> None:
    async def test(site: Site) -> None:
        async with site.dial(await site.person("Anna")) as raw:
            page = Page(raw)
            await raw.send(first)
            assert (await page.next()).code == "version"
            assert await page.closed() == 1008

    run_at(ui, test)


def test_a_page_that_never_greets_is_sent_away(ui: Path) -> None:
    async def test(site: Site) -> None:
        async with site.dial(await site.person("Anna")) as raw:
            page = Page(raw)
            assert (await page.next()).text == "No greeting came."
            await page.closed()
        assert not site.edge.sockets.open

    run_at(ui, test, replace(SETTINGS, greeting_s=0.05))


def test_a_page_too_many_is_sent_away_and_the_others_stay(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        async with site.page(cookie) as first, site.page(cookie) as second:
            await first.until(Welcome)
            await second.until(Welcome)
            async with site.page(cookie) as third:
                assert (await third.next()).code == "too_many"
            async with site.page(await site.person("Boris")) as other:
                assert isinstance(await other.next(), Welcome)
            await first.say(Greeting(1))
            await first.until(Problem)

    run_at(ui, test, replace(SETTINGS, sockets_per_user=2))


def test_a_server_that_goes_down_says_so_and_that_dialling_again_helps(ui: Path) -> None:
    async def test(site: Site) -> None:
        async with site.page(await site.person("Anna")) as page:
            await page.until(Welcome)
            await site.server.stop()
            farewell = await page.until(Farewell)
            assert (farewell.code, farewell.again) == ("going_down", True)
            assert await page.closed() == 1001

    run_at(ui, test)


def test_logging_out_closes_the_sockets_of_that_login_alone(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        other = await site.person("Boris")
        async with site.page(cookie) as page, site.page(cookie) as tab, site.page(other) as stays:
            for one in (page, tab, stays):
                await one.until(Welcome)
            await site.call("POST", "/api/logout", cookie=cookie)
            for one in (page, tab):
                assert (await one.until(Farewell)).code == "login"
                assert await one.closed() == 1008
            await stays.say(Greeting(1))
            await stays.until(Problem)
            async with site.page(cookie) as late:
                assert (await late.next()).code == "login"

    run_at(ui, test)


def test_a_login_that_ended_elsewhere_closes_its_sockets(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        async with site.page(cookie) as page:
            await page.until(Welcome)
            site.disk.logins.clear()
            assert (await page.until(Farewell)).code == "login"

    run_at(ui, test, replace(SETTINGS, login_check_s=0.05))


# -- frames -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"fly"}',
        '{"type":"open"}',
        '{"type":"open","conversation":"x"}',
        '{"type":"send","conversation":1}',
        "{",
        "null",
        "",
        b"",
        b"\xff\xfe",
        '{"type":"greeting","version":1}',
        '{"type":"welcome","version":1}',
    ],
)
def test_a_frame_that_is_not_understood_is_one_clear_problem(ui: Path, frame: str | bytes) -> None:
    async def test(site: Site) -> None:
        async with site.page(await site.person("Anna")) as page:
            await page.until(Welcome)
            await page.socket.send(frame)
            await page.socket.send('{"type":"last"}')
            first = await page.until(Problem)
            last = await page.until(Problem)
            assert first.code == "bad_request"
            assert "last" in last.text

    run_at(ui, test)


def test_a_frame_that_is_too_large_ends_the_socket(ui: Path) -> None:
    async def test(site: Site) -> None:
        async with site.page(await site.person("Anna")) as page:
            await page.until(Welcome)
            await page.socket.send("x" * (SETTINGS.frame_bytes + 1))
            assert await page.closed() == 1009

    run_at(ui, test)


def test_fields_of_a_newer_client_are_passed_over(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await page.socket.send(f'{{"type":"open","conversation":"{conversation}","theme":"dark"}}')
            assert (await page.until(Snapshot)).conversation == conversation

    run_at(ui, test)


@pytest.mark.parametrize(
    "fields",
    [
        '"seed":-1',
        '"seed":9223372036854775808',
        '"sampling":[0.8,40,0.95,0.05,1.1,[],1000000]',
        '"sampling":[99]',
        '"sampling":[0.8,-1]',
        '"sampling":[0.8,40,0.95,0.05,1.1,[""]]',
        '"sampling":[0.8,40,0.95,0.05,1.1,[],512,64,1.5]',
    ],
)
def test_what_is_out_of_range_never_reaches_a_worker(ui: Path, fields: str) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            key = uuid4()
            await page.socket.send(
                f'{{"type":"send","conversation":"{conversation}","request_key":"{key}","text":"Hi",{fields}}}'
            )
            problem = await page.until(Problem)
            assert (problem.code, problem.request_key) == ("bad_request", key)
        assert not site.worker.requests

    run_at(ui, test)


def test_a_page_that_commands_too_fast_is_slowed_down_and_then_sent_away(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await page.until(Welcome)
            for _ in range(5):
                await page.say(Close(conversation))
            problem = await page.until(Problem)
            assert (problem.code, problem.conversation) == ("too_many", conversation)
            for _ in range(5):
                await page.say(Close(conversation))
            assert (await page.until(Farewell)).code == "too_many"
            await page.closed()

    run_at(ui, test, replace(SETTINGS, commands_burst=4, commands_per_s=0.001))


# -- conversations ------------------------------------------------------------------------------


def test_a_message_is_answered_by_the_character(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            snapshot = await opened(page, conversation)
            assert [message.text for message in snapshot.messages] == ["Sit down, Anna."]
            key = uuid4()
            await page.say(SendText(conversation, key, "Good evening."))
            added = await page.until(MessageAdded)
            assert (added.message.text, added.request_key) == ("Good evening.", key)
            finished = await page.until(ReplyFinished)
            assert finished.message.text == "Hello, you."
        assert site.worker.requests[0].turn.user_name == "Anna"

    run_at(ui, test)


def test_sampling_and_seed_reach_the_worker_as_they_were_sent(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await opened(page, conversation)
            sampling = Sampling(temperature=0.0, max_tokens=7)
            await page.say(SendText(conversation, uuid4(), "Hi", sampling=sampling, seed=7))
            await page.until(ReplyFinished)
        assert (site.worker.requests[0].sampling, site.worker.requests[0].seed) == (sampling, 7)

    run_at(ui, test)


def test_a_second_page_sees_the_same_reply_at_the_same_time(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.worker.words = None
        async with site.page(cookie) as page, site.page(cookie) as tab:
            await opened(page, conversation)
            await opened(tab, conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            request = await site.worker.request()
            site.worker.speak(request, 0, ("One", " two"))
            site.worker.end(request, 2)
            for one in (page, tab):
                assert (await one.until(ReplyFinished)).message.text == "One two"
                texts = [event.text for event in one.seen if isinstance(event, ReplyText)]
                assert "One two".startswith("".join(texts))

    run_at(ui, test)


def test_a_page_that_comes_back_reads_on_where_it_stopped(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.worker.words = None
        async with site.page(cookie) as page:
            await opened(page, conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            request = await site.worker.request()
            site.worker.speak(request, 0, ("One",))
            first = await page.until(ReplyText)
        site.worker.speak(request, 1, (" two",))
        async with site.page(cookie) as page:
            await page.say(Open(conversation, first.generation, first.next_seq))
            live = (await page.until(Snapshot)).live
            assert live is not None
            assert live.seq == first.next_seq
            text = live.text
            site.worker.speak(request, 2, (" three",))
            while not text.endswith("three"):
                more = await page.until(ReplyText)
                text += more.text
            assert first.text + text == "One two three"
            site.worker.end(request, 3)
            assert (await page.until(ReplyFinished)).message.text == "One two three"

    run_at(ui, test)


def test_a_reply_that_was_taken_up_inexactly_says_where_while_it_comes_and_afterwards(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.worker.words, site.worker.exact = None, False
        async with site.page(cookie) as page:
            await opened(page, conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            request = await site.worker.request()
            site.worker.speak(request, 0, ("One",))
            await page.until(ReplyText)
            request = await site.worker.lose(request)
            assert len(request.committed) == 1
            site.worker.speak(request, 1, (" two",))
            while (await page.until(ReplyState)).live.seam != len("One"):
                pass
            async with site.page(cookie) as tab:
                live = (await opened(tab, conversation)).live
                assert live is not None
                assert live.seam == len("One")
            site.worker.end(request, 2)
            assert (await page.until(ReplyFinished)).message.seam == len("One")
        async with site.page(cookie) as page:
            assert (await opened(page, conversation)).messages[-1].seam == len("One")

    run_at(ui, test)


def test_a_session_that_was_made_anew_is_opened_again_for_its_readers(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        other = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await opened(page, conversation)
            await opened(page, other)
            await page.say(Close(other))
            await page.say(Greeting(1))
            await page.until(Problem)
            site.runtime.tell(SOCKETS, Awake(other), "session")
            site.runtime.tell(SOCKETS, Awake(conversation), "session")
            assert (await page.until(Snapshot)).conversation == conversation

    run_at(ui, test)


def test_what_belongs_to_others_is_as_if_it_were_not_there(ui: Path) -> None:
    async def test(site: Site) -> None:
        version = await site.character()
        mine = await site.conversation(await site.person("Anna"), version)
        async with site.page(await site.person("Boris")) as page:
            await page.say(Open(mine))
            of_another = await page.until(Problem)
            await page.say(Open(uuid4()))
            of_nobody = await page.until(Problem)
            assert (of_another.code, of_another.text) == (of_nobody.code, of_nobody.text)
            await page.say(SendText(mine, uuid4(), "Hi"))
            assert (await page.until(Problem)).code == "not_found"
        assert not site.worker.requests

    run_at(ui, test)


def test_only_so_many_conversations_are_open_at_once(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        version = await site.character()
        first, second, third = [await site.conversation(cookie, version) for _ in range(3)]
        async with site.page(cookie) as page:
            await opened(page, first)
            await opened(page, second)
            await opened(page, first)
            await page.say(Open(third))
            assert (await page.until(Problem)).code == "too_many"
            await page.say(Close(first))
            assert (await opened(page, third)).conversation == third

    run_at(ui, test, replace(SETTINGS, open_conversations=2))


def test_the_list_of_conversations_is_told_to_have_changed_to_its_user_alone(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        version = await site.character()
        async with site.page(cookie) as page, site.page(await site.person("Boris")) as other:
            await other.until(Welcome)
            await page.until(Welcome)
            conversation = await site.conversation(cookie, version)
            await page.until(ConversationsChanged)
            path = f"/api/conversations/{conversation}"
            assert (await site.call("PATCH", path, {"title": "Tea"}, cookie)).status == 204
            await page.until(ConversationsChanged)
            await opened(page, conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            await page.until(ReplyFinished)
            await page.until(ConversationsChanged)
            assert (await site.call("DELETE", path, cookie=cookie)).status == 204
            await page.until(ConversationGone)
            await page.until(ConversationsChanged)
            await other.say(Greeting(1))
            await other.until(Problem)
            assert not any(isinstance(event, ConversationsChanged) for event in other.seen)

    run_at(ui, test)


def test_a_page_that_leaves_is_forgotten_by_the_sessions_it_read(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await opened(page, conversation)
            session = site.runtime.cells[f"session/{conversation.hex}"].actor
            assert getattr(session, "readers", None)
        async with site.page(cookie) as page:  # by now the first one is gone
            await page.until(Welcome)
            await site.gone.get()
            await page.say(Regenerate(conversation, uuid4(), uuid4()))
            await page.until(Problem)
            assert getattr(session, "readers", None) == set()

    run_at(ui, test)


def test_a_storage_that_is_away_is_a_problem_and_not_the_end(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.edge.ownership.forget(conversation)
        async with site.page(cookie) as page:
            await page.until(Welcome)
            site.storage.kill()
            await page.say(Open(conversation))
            problem = await page.until(Problem)
            assert (problem.code, problem.conversation) == ("storage", conversation)

    run_at(ui, test, replace(SETTINGS, ask_s=0.05))


# -- slow readers -------------------------------------------------------------------------------


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
            await opened(slow, conversation)
            await opened(page, conversation)
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
            await opened(slow, conversation)
            await opened(page, conversation)
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
            mine.door = ClosedDoor()  # in one turn of the loop nothing is sent then
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


# -- the way in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    ["", "null", "http://evil.example", "http://127.0.0.1:1", "https://{host}", "http://{host}.evil.example"],
)
def test_a_socket_of_another_site_is_refused(ui: Path, origin: str) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        with pytest.raises(InvalidStatus) as refused:
            async with site.dial(cookie, origin=origin.format(host=site.host)):
                pass
        assert refused.value.response.status_code == 403
        assert "Content-Security-Policy" in refused.value.response.headers

    run_at(ui, test)


def test_a_socket_at_another_address_is_refused(ui: Path) -> None:
    async def test(site: Site) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{site.host}/api/ws", origin=Origin(site.origin), proxy=None):
                pass
        assert refused.value.response.status_code == 400

    run_at(ui, test)


def test_a_reply_announces_itself_before_its_first_word(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await opened(page, conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            await page.until(ReplyFinished)
            kinds: list[type[object]] = [type(event) for event in page.seen]
            assert kinds.index(MessageAdded) < kinds.index(ReplyState)
            if ReplyText in kinds:
                assert kinds.index(ReplyState) < kinds.index(ReplyText)

    run_at(ui, test)
