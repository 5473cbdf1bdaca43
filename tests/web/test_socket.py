"""The life of a WebSocket, from the greeting to the farewell."""

from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from actors.messages.chat import (
    Close,
    Problem,
    Snapshot,
)
from tests.web.site import SETTINGS, Page, Site, run_at
from web.protocol.frames import Farewell, Greeting, NodeState, Welcome

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
