"""The bad line, between two real sockets."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tests.faults.proxy import BadLine

HOST = "127.0.0.1"


class Ends(NamedTuple):
    line: BadLine
    here: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    there: tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected() -> AsyncGenerator[Ends]:
    accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.put_nowait((reader, writer))

    server = await asyncio.start_server(accept, HOST, 0)
    line = BadLine(HOST, server.sockets[0].getsockname())
    await line.start()
    here = await asyncio.open_connection(HOST, line.port)
    there = await accepted.get()
    here[1].write(b"!")  # the line stands when something has come through
    assert await there[0].readexactly(1) == b"!"
    try:
        yield Ends(line, here, there)
    finally:
        here[1].close()
        there[1].close()
        await line.close()
        server.close()


def in_time(scenario: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await scenario

    asyncio.run(limited())


async def is_reset(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionResetError:
        return True


def test_it_passes_on_both_ways() -> None:
    async def scenario() -> None:
        async with connected() as ends:
            ends.here[1].write(b"question")
            assert await ends.there[0].readexactly(8) == b"question"
            ends.there[1].write(b"answer")
            assert await ends.here[0].readexactly(6) == b"answer"

    in_time(scenario())


def test_a_reset_is_noticed_at_both_ends() -> None:
    async def scenario() -> None:
        async with connected() as ends:
            ends.line.reset()
            assert await is_reset(ends.here[0])
            assert await is_reset(ends.there[0])

    in_time(scenario())


def test_a_black_hole_lets_nothing_through_and_then_all_of_it() -> None:
    async def scenario() -> None:
        async with connected() as ends:
            hole = asyncio.create_task(ends.line.black_hole(0.2, forgotten=False))
            await asyncio.sleep(0)
            ends.here[1].write(b"kept")
            arriving = asyncio.create_task(ends.there[0].readexactly(4))
            done, _ = await asyncio.wait({hole, arriving}, return_when=asyncio.FIRST_COMPLETED)
            assert done == {hole}
            assert await arriving == b"kept"

    in_time(scenario())


def test_a_router_that_forgot_resets_what_was_there() -> None:
    async def scenario() -> None:
        async with connected() as ends:
            await ends.line.black_hole(0.05, forgotten=True)
            assert await is_reset(ends.here[0])

    in_time(scenario())


def test_half_open_tells_one_end_alone() -> None:
    async def scenario() -> None:
        async with connected() as ends:
            fault = asyncio.create_task(ends.line.half_open(0.3, web_left=False))
            assert await is_reset(ends.there[0])
            ends.here[1].write(b"into the void")
            silent = asyncio.create_task(is_reset(ends.here[0]))
            assert not fault.done()
            assert not silent.done()
            await fault
            assert await silent

    in_time(scenario())


def test_a_throttled_line_is_as_fast_as_before_when_it_is_over() -> None:
    async def scenario() -> None:
        async with connected() as ends:
            much = bytes(10_000)
            slow = asyncio.create_task(ends.line.throttle(0.1, 10.0))
            await asyncio.sleep(0)
            ends.here[1].write(much)  # at this rate it would take a quarter of an hour
            await slow
            assert await ends.there[0].readexactly(len(much)) == much

    in_time(scenario())
