"""`samovar chat`, against a running server."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection

from actors.messages.generation import GenerateReply, Sampling
from actors.presets import PRESETS
from tests.web.site import SETTINGS, TOKEN, Site, run_at
from web import terminal
from web.protocol.frames import Greeting
from web.terminal import chat


def write_node(data: Path, **fields: Any) -> None:
    (data / "run").mkdir(parents=True, exist_ok=True)
    (data / "run" / "node.json").write_text(json.dumps({"pid": os.getpid(), "token": TOKEN, **fields}))


async def ask(
    site: Site,
    data: Path,
    text: str = "Hi",
    character: str | None = None,
    seed: int | None = 7,
    wait_s: float = 20,
    sampling: Sampling = Sampling(),  # noqa: B008 - frozen
) -> int:
    await asyncio.to_thread(write_node, data, url=site.origin)
    return await asyncio.to_thread(chat, data, text, character, seed, wait_s, sampling)


def test_a_reply_is_written_to_standard_output(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        await site.character()
        assert await ask(site, tmp_path) == 0
        assert capsys.readouterr() == ("Hello, you.\n", "")
        assert not site.disk.logins

    run_at(ui, test)


@pytest.mark.parametrize("terminal", [True, False])
def test_thoughts_are_dimmed_on_a_terminal_and_never_on_standard_output(
    ui: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)

    async def test(site: Site) -> None:
        await site.character()
        site.worker.words = None
        asked = asyncio.create_task(ask(site, tmp_path))
        request = await site.worker.request()
        site.worker.think(request, 0, ("Hm, ", "so."))
        site.worker.speak(request, 2, ("Hello, ", "you."))
        site.worker.end(request, 4)
        assert await asked == 0
        out, error = capsys.readouterr()
        assert out == "Hello, you.\n"
        shown = error.replace("\x1b[2m", "").replace("\x1b[0m", "")
        assert shown == ("Hm, so.\n\n" if terminal else "")
        assert ("\x1b[2m" in error) is terminal

    run_at(ui, test)


def test_a_reply_that_was_taken_up_inexactly_says_so_beside_standard_output(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        await site.character()
        site.worker.words, site.worker.exact = None, False
        asked = asyncio.create_task(ask(site, tmp_path))
        request = await site.worker.request()
        site.worker.speak(request, 0, ("Hello, ",))
        request = await site.worker.lose(request)
        assert len(request.committed) == 1
        site.worker.speak(request, 1, ("you.",))
        site.worker.end(request, 2)
        assert await asked == 0
        out, error = capsys.readouterr()
        assert out == "Hello, you.\n"
        assert "taken up again after an interruption" in error

    run_at(ui, test)


def test_the_same_seed_asks_the_same_of_the_worker(ui: Path, tmp_path: Path) -> None:
    def asked(request: GenerateReply) -> tuple[Any, ...]:
        turn = replace(request.turn, now_ms=0)
        return turn, request.sampling, request.seed, request.committed

    async def test(site: Site) -> None:
        await site.character("Vesna", "Sit down, {{user}}.")
        assert await ask(site, tmp_path) == 0
        assert await ask(site, tmp_path) == 0
        first, second = site.worker.requests
        assert asked(first) == asked(second)
        assert first.conversation != second.conversation
        assert (first.seed, first.sampling, first.turn.user_name) == (7, Sampling(), "You")
        assert [said.text for said in first.turn.history] == ["Sit down, You.", "Hi"]

    run_at(ui, test)


def test_the_sampling_of_the_call_reaches_the_worker(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        await site.character()
        assert await ask(site, tmp_path, sampling=PRESETS["greedy"]) == 0
        assert site.worker.requests[0].sampling == PRESETS["greedy"]

    run_at(ui, test)


def test_a_character_is_found_by_its_name_in_any_case(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        await site.character("Vesna")
        fennick = await site.character("Fennick")
        assert await ask(site, tmp_path, character="fennick") == 0
        assert site.worker.requests[0].turn.character == fennick

    run_at(ui, test)


def test_a_character_that_is_not_there_is_a_mistake_in_the_call(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        await site.character("Vesna")
        assert await ask(site, tmp_path, character="Nobody") == 2
        assert capsys.readouterr() == ("", "No character is called 'Nobody'. There are: Vesna.\n")

    run_at(ui, test)


async def interrupted(site: Site, data: Path, interrupt: Callable[[], Any]) -> int:
    """A chat that is interrupted after two of three words."""
    await site.character()
    site.worker.words = None
    asking = asyncio.create_task(ask(site, data))
    request = await site.worker.request()
    site.worker.speak(request, 0, ("One", " two"))
    await interrupt()
    site.worker.speak(request, 2, (" three",))
    site.worker.end(request, 3)
    return await asking


def test_a_server_that_restarts_in_the_middle_is_dialled_again_and_nothing_is_lost_or_twice(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        assert await interrupted(site, tmp_path, site.restart) == 0
        assert capsys.readouterr() == ("One two three\n", "")

    run_at(ui, test)


def test_a_connection_that_breaks_in_the_middle_is_dialled_again(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        async def cut() -> None:
            assert site.server.uvicorn is not None
            for connection in list(site.server.uvicorn.server_state.connections):
                connection.transport.abort()
            await site.gone.get()

        assert await interrupted(site, tmp_path, cut) == 0
        assert capsys.readouterr() == ("One two three\n", "")

    run_at(ui, test)


def test_a_login_that_ends_in_the_middle_is_made_again(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        async def log_out() -> None:
            site.disk.logins.clear()
            await site.restart()

        assert await interrupted(site, tmp_path, log_out) == 0
        assert capsys.readouterr() == ("One two three\n", "")

    run_at(ui, test)


def test_a_farewell_that_comes_before_the_greeting_is_read(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(site: Site) -> None:
        farewells: list[None] = []
        say = terminal.say

        async def say_late(socket: ClientConnection, frame: Any) -> None:
            if isinstance(frame, Greeting) and site.disk.logins == {}:
                await socket.wait_closed()
                farewells.append(None)
            await say(socket, frame)

        async def log_out() -> None:
            site.disk.logins.clear()
            await site.restart()

        monkeypatch.setattr(terminal, "say", say_late)
        assert await interrupted(site, tmp_path, log_out) == 0
        assert capsys.readouterr() == ("One two three\n", "")
        assert len(farewells) == 1

    run_at(ui, test)


def test_a_reply_that_fails_is_one_clear_line(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        await site.character()
        site.worker.words = None
        asking = asyncio.create_task(ask(site, tmp_path))
        request = await site.worker.request()
        site.worker.speak(request, 0, ("One",))
        site.worker.end(request, 1, "failed")
        assert await asking == 1
        assert capsys.readouterr() == ("One\n", "The reply is not complete: failed.\n")

    run_at(ui, test)


def test_a_reply_that_takes_too_long_is_one_clear_line(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        await site.character()
        site.worker.words = None
        assert await ask(site, tmp_path, wait_s=0.5) == 1
        out, error = capsys.readouterr()
        assert out == ""
        assert error == "No complete reply within 0.5 s: `samovar status` shows whether a worker is there.\n"

    run_at(ui, test)


def test_without_characters_it_says_so(ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def test(site: Site) -> None:
        assert await ask(site, tmp_path) == 1
        assert capsys.readouterr().err == "This node has no characters.\n"

    run_at(ui, test)


def test_a_control_token_of_another_start_is_refused_in_words(
    ui: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(site: Site) -> None:
        await asyncio.to_thread(write_node, tmp_path, url=site.origin, token="an old one")
        assert await asyncio.to_thread(chat, tmp_path, "Hi", None, None, 20.0, Sampling()) == 1
        assert capsys.readouterr().err == "The control token opens this node from its own machine only.\n"

    run_at(ui, test)


def test_behind_a_proxy_the_node_is_reached_past_it(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        await site.character()
        ports = {"web": {"http": site.server.port}}
        await asyncio.to_thread(write_node, tmp_path, url="https://chat.example.org", ports=ports)
        assert await asyncio.to_thread(chat, tmp_path, "Hi", None, None, 20.0, Sampling()) == 0

    run_at(ui, test, replace(SETTINGS, behind_proxy=True, hosts=("chat.example.org",)))


def test_no_node_and_a_node_that_is_gone_are_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chat(tmp_path, "Hi", None, None, 5.0, Sampling()) == 1
    assert "start one with `samovar up`" in capsys.readouterr().err
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_node(tmp_path, pid=ended.pid, url="http://127.0.0.1:1")
    assert chat(tmp_path, "Hi", None, None, 5.0, Sampling()) == 1
    assert "is gone" in capsys.readouterr().err
    (tmp_path / "run" / "node.json").write_text("{")
    assert chat(tmp_path, "Hi", None, None, 5.0, Sampling()) == 1
    assert capsys.readouterr().err.count("\n") == 1
    write_node(tmp_path, url="")
    assert chat(tmp_path, "Hi", None, None, 5.0, Sampling()) == 1
    assert "samovar status" in capsys.readouterr().err
