"""The process of the readers: `python -m tests.faults.readers FOLDER`, orders in FOLDER/readers.json.

On standard input, one word a line: `calm` each asks each of its tasks once, with no trouble of its own;
`trouble` they ask again and again, and cut their own connections where their order says so; `drain` no
new questions. On standard output a line of JSON ten times a second.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from tests.faults.reader import Reader, ReaderOrder

TELL_S = 0.1
BEHIND_S = 1.0


class Readers:
    def __init__(self, folder: Path) -> None:
        orders = msgspec.json.decode((folder / "readers.json").read_bytes(), type=list[ReaderOrder])
        self.logs = [(folder / f"reader-{order.number:04}.log").open("w") for order in orders]
        self.readers = [Reader(order, log) for order, log in zip(orders, self.logs, strict=True)]
        self.draining = False
        self.asking: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        commands = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        telling = asyncio.create_task(self.tell())
        telling.add_done_callback(lambda _: commands.feed_eof())  # a reader failed: end, and say so
        while word := (await commands.readline()).decode().strip():
            match word:
                case "calm":
                    self.begin(self.once)
                case "trouble":
                    self.begin(self.on_and_on)
                case "drain":
                    self.draining = True
                case _:
                    raise ValueError(word)
        if telling.done():
            telling.result()
        telling.cancel()
        for task in self.asking:
            task.cancel()
        for log in self.logs:
            log.close()

    def begin(self, what: Callable[[Reader], Coroutine[Any, Any, None]]) -> None:
        self.asking = {asyncio.create_task(what(reader)) for reader in self.readers}

    async def once(self, reader: Reader) -> None:
        for _ in reader.order.tasks:
            await reader.ask()

    async def on_and_on(self, reader: Reader) -> None:
        reader.troubled = True
        await asyncio.sleep(reader.draw.uniform(0, 2))
        while not self.draining:
            await reader.ask()

    async def tell(self) -> None:
        while True:
            await asyncio.sleep(TELL_S)
            for task in self.asking:
                if task.done():
                    task.result()
            now = time.monotonic()
            live = [
                reader.following.newest_s
                for reader in self.readers
                if reader.following and reader.following.most
            ]
            told = {
                "asking": sum(not task.done() for task in self.asking),
                "live": len(live),
                "behind": sum(now - newest > BEHIND_S for newest in live),
                "oldest_ns": int(1e9 * min(live, default=now)),  # who has waited longest for a token, since
                "replies": sum(reader.replies for reader in self.readers),
                "reconnects": sum(reader.reconnects for reader in self.readers),
            }
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            for log in self.logs:
                log.flush()


def main() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Readers(Path(sys.argv[1])).run())


if __name__ == "__main__":
    main()
