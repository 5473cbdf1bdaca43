"""A reader's WebSocket, cheap enough that two hundred of them hardly count: frames are noted with the time
they came, and read when the measuring is over. RFC 6455, as far as a server without extensions needs it.
"""

import asyncio
import base64
import os
import struct
import time
from collections.abc import Callable
from contextlib import suppress

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FIN = 0x80
MASKED = 0x80


class NoSocketError(Exception):
    """The server did not take the socket, or closed it."""


def handshake(host: str, origin: str, cookie: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\n"
        f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def client_frame(opcode: int, payload: bytes) -> bytes:
    """One frame, masked with zeros: the mask is there for proxies, and here is none."""
    size = len(payload)
    if size < 126:
        head = bytes([FIN | opcode, MASKED | size])
    else:
        head = struct.pack("!BBH", FIN | opcode, MASKED | 126, size)
    return head + bytes(4) + payload


class Reader(asyncio.Protocol):
    """`heard(time_ns, payload)` gets every text frame, on the monotonic clock."""

    def __init__(self, hello: bytes, heard: Callable[[int, bytes], None]) -> None:
        self.hello = hello
        self.heard = heard
        self.buffer = bytearray()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.hello)

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.opened, self.closed):
            if not future.done():
                future.set_exception(NoSocketError(f"the connection was closed: {exc or self.buffer[:100]}"))
                future.exception()  # whoever waits is told; nobody has to

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        self.buffer += data
        if not self.opened.done() and not self.switched():
            return
        while (frame := self.next_frame()) is not None:
            opcode, payload = frame
            if opcode == TEXT:
                self.heard(now_ns, payload)
            elif opcode == PING:
                self.transport.write(client_frame(PONG, payload))
            elif opcode == CLOSE:
                self.transport.close()

    def switched(self) -> bool:
        head, found, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        if not found:
            return False
        if b" 101 " not in head.splitlines()[0] + b" ":
            self.transport.close()
            return False
        self.buffer = bytearray(rest)
        self.opened.set_result(None)
        return True

    def next_frame(self) -> tuple[int, bytes] | None:
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1], 2
        if size == 126:
            if len(buffer) < 4:
                return None
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            if len(buffer) < 10:
                return None
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + size:
            return None
        opcode, payload = buffer[0] & 0xF, bytes(buffer[start : start + size])
        del buffer[: start + size]
        return opcode, payload

    def say(self, text: bytes) -> None:
        self.transport.write(client_frame(TEXT, text))

    async def close(self) -> None:
        self.transport.close()
        with suppress(NoSocketError):
            await self.closed
