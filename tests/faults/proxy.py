"""The bad line: a TCP proxy between GPU box and web node, which cuts, swallows, delays and throttles.

A black hole takes connections and lets nothing through, either way; after it what was sent arrives, as
TCP sends again, or the connections are reset, as by a router that forgot them. Half-open: one end is closed,
the other is left open and hears nothing; who dials anew gets through.
"""

import asyncio
import contextlib
import socket
import struct

CHUNK = 65_536
PIECE_S = 0.02  # a throttled line passes on what it may in so long
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST


class Line:
    """One connection of the box, and the one to the web node behind it."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near = near
        self.far = far
        self.cut = False  # nothing is passed on any more, whatever comes


class BadLine:
    """Listens on `host`, and passes on to `target` what the state of the line allows."""

    def __init__(self, host: str, target: tuple[str, int]) -> None:
        self.host = host
        self.target = target
        self.port = 0
        self.lines: set[Line] = set()
        self.open = asyncio.Event()
        self.open.set()
        self.delay_s = 0.0
        self.bytes_per_s = 0.0  # 0: as many as there are
        self.holes = 0
        self.server: asyncio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.accepted, self.host, 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    # -- passing on ---------------------------------------------------------------------------

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served by a task")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            await self.serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            reset(writer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        line = Line(writer, far_writer)
        self.lines.add(line)
        there = asyncio.create_task(self.pump(line, reader, far_writer))
        back = asyncio.create_task(self.pump(line, far_reader, writer))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            if line.cut:  # half-open: the end that is left stays so until it is closed
                await asyncio.wait((there, back))
        finally:
            self.lines.discard(line)
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            reset(writer)
            reset(far_writer)

    async def pump(self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the end of either side."""
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if line.cut:
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self.open.wait()
                await self.pass_on(line, data, writer)

    async def pass_on(self, line: Line, data: bytes, writer: asyncio.StreamWriter) -> None:
        """In pieces, where the line is throttled: so it is as fast as before as soon as it is over."""
        while data and not line.cut:
            rate = self.bytes_per_s
            size = max(1, int(rate * PIECE_S)) if rate else len(data)
            piece, data = data[:size], data[size:]
            writer.write(piece)
            await writer.drain()
            if rate:
                await asyncio.sleep(len(piece) / rate)

    # -- faults -------------------------------------------------------------------------------

    def reset(self) -> None:
        """Both ends of every connection are told at once."""
        for line in list(self.lines):
            reset(line.near)
            reset(line.far)

    async def black_hole(self, seconds: float, *, forgotten: bool) -> None:
        """`forgotten`: the connections of before do not outlive it."""
        before = list(self.lines)
        self.holes += 1
        self.open.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.holes -= 1
            if forgotten:
                for line in before:
                    reset(line.near)
                    reset(line.far)
            if not self.holes:
                self.open.set()

    async def half_open(self, seconds: float, *, web_left: bool) -> None:
        """One end is closed now, the one that is left after so many seconds."""
        before = list(self.lines)
        for line in before:
            line.cut = True
            reset(line.near if web_left else line.far)
        await asyncio.sleep(seconds)
        for line in before:
            reset(line.near)
            reset(line.far)

    async def delay(self, seconds: float, by_s: float) -> None:
        self.delay_s = by_s
        await asyncio.sleep(seconds)
        self.delay_s = 0.0

    async def throttle(self, seconds: float, bytes_per_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        await asyncio.sleep(seconds)
        self.bytes_per_s = 0.0


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection by RST."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
