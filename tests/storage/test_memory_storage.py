"""The fake storage port passes the contract, and its faults are the ones it promises."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from actors.messages.accounts import FindAccounts
from actors.messages.archive import QueryDone, RunQuery, RunWrites, WritesDone, WritesFailed
from tests.fakes.memory_disk import MemoryDisk
from tests.fakes.memory_storage import MemoryStorage
from tests.storage.contract import StorageContract
from tests.storage.store import ACCOUNT, OpenPort, Port, Tell, uid


class TestMemoryStorage(StorageContract):
    def opener(self, folder: Path) -> OpenPort:
        disk = MemoryDisk()

        @asynccontextmanager
        async def opened(tell: Tell) -> AsyncGenerator[Port]:
            loop = asyncio.get_running_loop()
            port = MemoryStorage(disk, tell, loop.call_later, latency=lambda: 0.0)
            yield port
            port.kill()

        return opened


class Clock:
    """A virtual clock: calls run in the order of their time, when `run` is called."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[float, int, Callable[[], object]]] = []
        self.count = 0

    def schedule(self, after_s: float, call: Callable[[], object]) -> None:
        self.count += 1
        self.calls.append((self.now + after_s, self.count, call))

    def step(self) -> None:
        self.calls.sort(key=lambda c: c[:2])
        self.now, _, call = self.calls.pop(0)
        call()

    def run(self) -> None:
        while self.calls:
            self.step()


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.disk = MemoryDisk()
        self.answers: list[Any] = []
        self.port = self.start()

    def start(self) -> MemoryStorage:
        return MemoryStorage(
            self.disk, lambda to, message, sender: self.answers.append(message), self.clock.schedule
        )

    def write(self, number: int, account: UUID) -> None:
        write = replace(ACCOUNT, id=account, name=str(number))
        self.port.deliver("storage", RunWrites(number, (write,)), "archive")


def test_a_kill_before_the_commit_loses_the_write() -> None:
    bench = Bench()
    bench.write(1, uid(1))
    bench.port.kill()
    bench.clock.run()
    assert bench.disk.accounts == {}
    assert bench.answers == []


def test_a_kill_between_commit_and_answer_keeps_the_write_and_loses_the_answer() -> None:
    bench = Bench()
    bench.write(1, uid(1))
    bench.write(2, uid(2))
    bench.clock.step()
    bench.port.kill()
    bench.clock.run()
    assert list(bench.disk.accounts) == [uid(1)]
    assert bench.answers == []
    bench.port = bench.start()
    bench.port.deliver("storage", RunQuery(3, FindAccounts()), "archive")
    bench.clock.run()
    (answer,) = bench.answers
    assert isinstance(answer, QueryDone)
    assert [a.id for a in answer.result] == [uid(1)]


def test_a_full_disk_writes_nothing_and_the_next_write_is_done() -> None:
    bench = Bench()
    bench.port.fail_next_write()
    bench.write(1, uid(1))
    bench.write(2, uid(2))
    bench.clock.run()
    assert bench.answers == [WritesFailed(1, "the disk is full", conflict=False), WritesDone(2)]
    assert list(bench.disk.accounts) == [uid(2)]


def test_a_lost_answer_leaves_the_write_in_place_and_does_not_stop_the_writer() -> None:
    bench = Bench()
    bench.port.lose_next_answer()
    bench.write(1, uid(1))
    bench.write(2, uid(2))
    bench.clock.run()
    assert bench.answers == [WritesDone(2)]
    assert list(bench.disk.accounts) == [uid(1), uid(2)]


def test_a_read_does_not_wait_for_the_writes_before_it() -> None:
    bench = Bench()
    bench.write(1, uid(1))
    bench.port.deliver("storage", RunQuery(2, FindAccounts()), "archive")
    bench.clock.run()
    assert [a.number for a in bench.answers] == [2, 1]
