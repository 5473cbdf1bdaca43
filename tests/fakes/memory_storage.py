"""MemoryStorage: the storage port over a MemoryDisk, without an event loop.

All waiting goes through `schedule(after_s, call)`, so it runs under a virtual clock; with
`loop.call_later` it runs on the real one. One writer: a transaction begins when the answer to the
one before was told. Reads do not wait for writes.

A kill between a commit and its answer keeps the rows and loses the answer, like the real thing.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from actors.messages.archive import QueryDone, QueryFailed, RunQuery, RunWrites, WritesDone, WritesFailed
from tests.fakes.memory_disk import Forbidden, MemoryDisk

STORAGE = "storage"

Tell = Callable[[str, Any, str], object]
Schedule = Callable[[float, Callable[[], object]], object]


def two_ms() -> float:
    return 0.002


class MemoryStorage:
    """Serves the address "storage". `latency` gives the seconds of each step: a write takes two
    (to the commit, and to its answer), a read one.
    """

    def __init__(
        self,
        disk: MemoryDisk,
        tell: Tell,
        schedule: Schedule,
        latency: Callable[[], float] = two_ms,
    ) -> None:
        self.disk = disk
        self._tell = tell
        self._schedule = schedule
        self._latency = latency
        self._waiting: deque[tuple[str, RunWrites]] = deque()
        self._writing = False
        self._dead = False
        self._failures: deque[str] = deque()
        self._lost_answers = 0

    # -- the port -------------------------------------------------------------------------------

    def deliver(self, address: str, message: Any, sender: str) -> None:
        match message:
            case RunWrites():
                self._waiting.append((sender, message))
                self._start_next()
            case RunQuery():
                self._schedule(self._latency(), lambda: self._read(sender, message))
            case _:
                raise TypeError(f"{address} does not understand {type(message).__name__}")

    # -- faults ---------------------------------------------------------------------------------

    def kill(self) -> None:
        """The process is gone: what is not committed is lost, and so is every answer under way."""
        self._dead = True
        self._waiting.clear()

    def fail_next_write(self, why: str = "the disk is full") -> None:
        """The next transaction writes nothing and fails, through no fault of the data."""
        self._failures.append(why)

    def lose_next_answer(self) -> None:
        """The next transaction commits and is never answered."""
        self._lost_answers += 1

    # -- one writer -----------------------------------------------------------------------------

    def _start_next(self) -> None:
        if self._waiting and not self._writing and not self._dead:
            self._writing = True
            sender, message = self._waiting.popleft()
            self._schedule(self._latency(), lambda: self._commit(sender, message))

    def _commit(self, sender: str, message: RunWrites) -> None:
        if self._dead:
            return
        answer: WritesDone | WritesFailed
        if self._failures:
            answer = WritesFailed(message.number, self._failures.popleft(), conflict=False)
        else:
            try:
                self.disk.write(message.writes)
                answer = WritesDone(message.number)
            except Forbidden as forbidden:
                answer = WritesFailed(message.number, str(forbidden), conflict=True)
        self._schedule(self._latency(), lambda: self._answer(sender, answer))

    def _answer(self, sender: str, answer: WritesDone | WritesFailed) -> None:
        if self._dead:
            return
        self._writing = False
        if isinstance(answer, WritesDone) and self._lost_answers:
            self._lost_answers -= 1
        else:
            self._tell(sender, answer, STORAGE)
        self._start_next()

    def _read(self, sender: str, message: RunQuery) -> None:
        if self._dead:
            return
        try:
            answer = QueryDone(message.number, self.disk.read(message.query))
        except ValueError as error:
            answer = QueryFailed(message.number, str(error))
        self._tell(sender, answer, STORAGE)
