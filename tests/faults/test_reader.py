"""The reader's questions over HTTP: an answer that was cut short is none."""

import asyncio

import pytest

from tests.faults.reader import CutError, ReaderOrder, post

WHOLE = b'HTTP/1.1 201 \r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{"id":1}'


async def answer_to(sent: bytes) -> tuple[int, str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        order = ReaderOrder(0, "127.0.0.1", port, "", "", (), 0)
        return await post(order, "/api/conversations", {})


def test_a_whole_answer_is_taken() -> None:
    assert asyncio.run(answer_to(WHOLE)) == (201, '{"id":1}')


@pytest.mark.parametrize("length", [0, 10, WHOLE.index(b"\r\n\r\n") + 2, len(WHOLE) - 8, len(WHOLE) - 1])
def test_one_that_was_cut_anywhere_is_none(length: int) -> None:
    with pytest.raises(CutError):
        asyncio.run(answer_to(WHOLE[:length]))
