"""Files of strangers are read in a process of its own: what it does to that, it does not to us."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

import psutil
import pytest
from msgspec.structs import replace

from actors.character.formats.limits import CardLimits
from actors.conversation.formats.chat import ChatLimits
from tests.web.site import SETTINGS, Site, run_at
from web.files import readers as readers_module
from web.files.readers import GAVE_UP, TOO_LONG, Readers
from web.files.work import (
    Answer,
    ChatTaken,
    FileRefused,
    GroupTaken,
    PresetTaken,
    ReadChatFile,
    ReadGroupFile,
    ReadPresetFile,
    ReadSettingsFile,
    SettingsTaken,
    Work,
)
from web.library.bench import BusyError
from web.library.settings import LibrarySettings

T = TypeVar("T")
ANN, BOB = UUID(int=1), UUID(int=2)
MEGABYTE = 1_000_000
NARROW = LibrarySettings(memory_bytes=300 * MEGABYTE)
DEPTH = 200_000
DEEP = b"[" * DEPTH + b"]" * DEPTH
DEEP_OBJECT = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH
BOMB = b'{"prompts":[' + b"[]," * (10 * MEGABYTE) + b"[]]}"
"""30 MB, and a gigabyte as Python's lists."""
DIGITS = b"9" * 100_000
GOOD = b'{"user_name":"Ann","character_name":"Vesna"}\n{"name":"Ann","is_user":true,"mes":"Tea?"}\n'
GREAT = 16 * MEGABYTE


def chat(data: bytes) -> ReadChatFile:
    return ReadChatFile(data, ChatLimits())


def settings(data: bytes) -> ReadSettingsFile:
    return ReadSettingsFile(data, CardLimits(), 64 * MEGABYTE)


def group(data: bytes) -> ReadGroupFile:
    return ReadGroupFile(data, "we", CardLimits(), 64 * MEGABYTE)


def with_readers(
    test: Callable[[Readers], Awaitable[T]], limits: LibrarySettings | None = None, module: str = ""
) -> T:
    async def main() -> T:
        readers = Readers(limits or LibrarySettings())
        readers.module = module or readers.module
        try:
            return await test(readers)
        finally:
            readers.close()

    return asyncio.run(main())


def children() -> list[psutil.Process]:
    mine = psutil.Process().children()
    return [one for one in mine if any("web.files" in part or "stuck" in part for part in one.cmdline())]


HOSTILE: dict[str, Work] = {
    "a deep chat": chat(b'{"mes":' + DEEP + b"}"),
    "a deep line of a chat": chat(b'{"user_name":"A"}\n{"mes":"x","extra":' + DEEP_OBJECT + b"}"),
    "a deep chat of Samovar": chat(b'{"format":"samovar-chat","version":1,"messages":' + DEEP + b"}"),
    "a chat of one gigantic line": chat(b'{"mes":"' + b"x" * (40 * MEGABYTE) + b'"}'),
    "a chat that never ends a line": chat(b'{"mes":"' + b"x" * (40 * MEGABYTE)),
    "a chat with huge numbers": chat(
        b'{"chat_metadata":{"note_prompt":"x","note_depth":' + DIGITS + b"}}"
        b'\n{"mes":"x","swipe_id":' + DIGITS + b',"send_date":1e999}'
    ),
    "a chat with numbers that no message holds": chat(
        b'{"chat_metadata":{"note_prompt":"x","note_depth":' + b"9" * 40 + b',"other":' + b"9" * 40 + b"}}"
        b'\n{"mes":"x","swipes":["x","y"],"swipe_id":' + b"9" * 40 + b"}"
    ),
    "a deep preset": ReadPresetFile(DEEP_OBJECT),
    "a preset with huge numbers": ReadPresetFile(b'{"temp":' + DIGITS + b"}"),
    "a preset with numbers out of bounds": ReadPresetFile(b'{"temp":1e999,"top_k":' + b"9" * 400 + b"}"),
    "deep settings": settings(DEEP_OBJECT),
    "settings with huge numbers": settings(b'{"power_user":' + DIGITS + b"}"),
    "a deep group": group(b'{"members":' + DEEP + b"}"),
    "a group with huge numbers": group(b'{"members":["a.png"],"activation_strategy":' + b"9" * 400 + b"}"),
    "a preset that fills memory": ReadPresetFile(BOMB),
    "settings that fill memory": settings(BOMB),
    "a chat that fills memory": chat(b'{"mes":"x","swipe_info":' + BOMB[:GREAT].rsplit(b",", 1)[0] + b"]}}"),
}


@pytest.mark.parametrize("work", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_answered_and_harms_nobody(work: Work) -> None:
    async def test(readers: Readers) -> tuple[Answer, Answer, int]:
        before = psutil.Process().memory_info().rss
        answer = await readers.read(work, ANN)
        grown = psutil.Process().memory_info().rss - before
        return answer, await readers.read(chat(GOOD), ANN), grown

    answer, good, grown = with_readers(test, NARROW)
    if isinstance(answer, FileRefused):
        assert answer.why.code
        assert answer.why.text
        assert "\n" not in answer.why.text
    assert isinstance(good, ChatTaken)
    assert [message.text for message in good.read.chat.messages] == ["Tea?"]
    assert grown < 3 * len(work.data) + 20 * MEGABYTE
    assert children() == []


def test_a_file_that_needs_too_much_memory_is_refused_with_a_line() -> None:
    async def test(readers: Readers) -> Answer:
        return await readers.read(ReadPresetFile(BOMB), ANN)

    answer = with_readers(test, NARROW)
    assert isinstance(answer, FileRefused)
    assert answer == GAVE_UP


def test_a_file_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stuck.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def test(readers: Readers) -> Answer:
        return await readers.read(chat(GOOD), ANN)

    assert with_readers(test, LibrarySettings(deadline_s=0.5), "stuck") == TOO_LONG
    assert children() == []


@pytest.mark.parametrize(
    "said",
    ["b''", "b'\\xff' * 8", "(5).to_bytes(8, 'big') + b'no'", "(3).to_bytes(8, 'big') + b'\\xc1\\xc1\\xc1'"],
    ids=["nothing", "a length without end", "less than it says", "no message"],
)
def test_a_process_that_lies_is_not_believed(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stuck.py").write_text(f"import sys\nsys.stdout.buffer.write({said})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def test(readers: Readers) -> Answer:
        return await readers.read(chat(GOOD), ANN)

    assert with_readers(test, module="stuck") == GAVE_UP
    assert children() == []


def test_one_process_reads_many_files_of_one_user_and_none_of_another() -> None:
    async def test(readers: Readers) -> tuple[set[int], set[int]]:
        used: dict[UUID, set[int]] = {ANN: set(), BOB: set()}
        for _ in range(5):
            for user in (ANN, BOB):
                assert isinstance(await readers.read(chat(GOOD), user), ChatTaken)
                used[user].update(one.process.pid for one in readers.idle if one.process and one.user == user)
        return used[ANN], used[BOB]

    hers, his = with_readers(test)
    assert (len(hers), len(his), hers & his) == (1, 1, set())
    assert children() == []


def test_a_process_is_replaced_after_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers_module, "FILES", 2)

    async def test(readers: Readers) -> list[int]:
        kept: list[int] = []
        for _ in range(4):
            assert isinstance(await readers.read(chat(GOOD), ANN), ChatTaken)
            kept.append(len(readers.idle))
        return kept

    assert with_readers(test) == [1, 0, 1, 0]


def test_a_process_that_nobody_needs_ends() -> None:
    async def test(readers: Readers) -> None:
        await readers.read(chat(GOOD), ANN)
        assert len(children()) == 1
        async with asyncio.timeout(20):
            while children():  # noqa: ASYNC110 - the process is another's
                await asyncio.sleep(0.05)

    with_readers(test, LibrarySettings(reader_idle_s=0.1))


def test_more_files_than_may_wait_are_refused_for_the_moment() -> None:
    async def test(readers: Readers) -> None:
        first = asyncio.create_task(readers.read(chat(GOOD), ANN))
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await readers.read(chat(GOOD), ANN)
        assert isinstance(await first, ChatTaken)

    with_readers(test, LibrarySettings(waiting=1))


def test_all_kinds_of_files_are_read_as_they_are_meant() -> None:
    async def test(readers: Readers) -> None:
        preset = await readers.read(ReadPresetFile(b'{"temp":0.5,"prompts":[{"content":"Hi."},{}]}'), ANN)
        assert isinstance(preset, PresetTaken)
        assert (preset.read.settings.temperature, preset.prompts) == (0.5, 1)
        persona = {"power_user": {"personas": {"a.png": "Mira"}, "default_persona": "a.png"}}
        habits = await readers.read(settings(json.dumps(persona).encode()), ANN)
        assert isinstance(habits, SettingsTaken)
        assert [one.name for one in habits.habits.personas.values()] == ["Mira"]
        we = {"name": "We", "members": ["a.png", "b.png"], "disabled_members": ["b.png"], "chats": ["c"]}
        found = await readers.read(group(json.dumps(we).encode()), ANN)
        assert isinstance(found, GroupTaken)
        assert (found.found.name, found.found.members, found.found.muted) == (
            "We",
            ("a.png", "b.png"),
            frozenset({"b.png"}),
        )
        noted = b'{"chat_metadata":{"note_prompt":"Rain.","note_depth":2,"big":[1,[2]]}}\n{"mes":"x"}'
        read = await readers.read(chat(noted), ANN)
        assert isinstance(read, ChatTaken)
        assert dict(read.read.about) == {"note_prompt": "Rain.", "note_depth": 2}

    with_readers(test)


def test_a_hostile_conversation_and_preset_are_refused_and_the_next_ones_come_in(
    ui: Path, tmp_path: Path
) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        version = await site.character("Vesna", "Sit down.")
        path = f"/api/conversations/import?character={version}"
        headers: dict[str, str | None] = {
            "Content-Type": "application/octet-stream",
            "X-File-Name": quote("chat.jsonl"),
        }
        bad = b'{"format":"samovar-chat","version":1,"messages":' + DEEP + b"}"
        (refused,) = (await site.call("POST", path, bad, cookie, headers)).json["files"]
        assert (refused["status"], refused["code"]) == ("refused", "no_chat")
        (taken,) = (await site.call("POST", path, GOOD, cookie, headers)).json["files"]
        assert (taken["status"], taken["messages"]) == ("imported", 1)
        odd = await site.call("POST", "/api/presets/import", {"name": "A", "data": "[" * 50_000}, cookie)
        assert (odd.status, odd.json["code"]) == (400, "preset")
        fine = {"name": "A", "data": '{"temp": 0.5}'}
        assert (await site.call("POST", "/api/presets/import", fine, cookie)).status == 201

    run_at(ui, test, replace(SETTINGS), data=tmp_path)
