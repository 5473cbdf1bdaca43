"""Readers: the processes in which files are read (workshop.py). Each reads the files of one user, with limits
and a deadline for each file; a few are kept for the next file, as a folder that moves in has thousands.
"""

import asyncio
import contextlib
import subprocess
from uuid import UUID

import msgspec

from actors.messages.remarks import Remark, remark
from actors.windows_job import Job
from web.files.work import Answer, FileRefused, Work
from web.library.bench import ROOM, BusyError, start_limited
from web.library.limited import LENGTH
from web.library.settings import LibrarySettings

MODULE = "web.files.workshop"
FILES = 500  # that one process reads: then another one takes its place
CHUNK = 1_048_576

TOO_LONG = FileRefused(remark("time", "The file takes too long to open."))
GAVE_UP = FileRefused(remark("file_memory", "The file needs more memory or time than one may."))


class Reader:
    """One process, for one user. `read` waits: not for the loop of events."""

    def __init__(self, user: UUID, settings: LibrarySettings, module: str) -> None:
        self.user = user
        self.settings = settings
        self.module = module
        self.process: subprocess.Popen[bytes] | None = None
        self.job: Job | None = None
        self.files = 0
        self.is_late = False

    def read(self, work: Work) -> Answer:
        """Whatever the file is, an answer. Afterwards the process is there only where all was well."""
        if self.process is None:
            self.process, self.job = start_limited(self.module, self.settings, files=FILES)
        process = self.process
        if self.is_late:  # it was before the process was there
            process.kill()
        give(process, msgspec.msgpack.encode(work))
        answer = answer_in(said(process, 2 * len(work.data) + ROOM))
        self.files += 1
        if answer is None or self.is_late or is_exhausted(answer) or self.files == FILES:
            self.close()
        if answer is None:
            return TOO_LONG if self.is_late else GAVE_UP
        return answer

    def end(self) -> None:
        """The time of a file is over."""
        self.is_late = True
        if self.process is not None:
            self.process.kill()

    def close(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        if self.job is not None:
            self.job.close()


def give(process: "subprocess.Popen[bytes]", work: bytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):  # it has ended before it read all: its answer says why
            process.stdin.write(LENGTH.pack(len(work)))
            process.stdin.write(work)
            process.stdin.flush()


def said(process: "subprocess.Popen[bytes]", most: int) -> bytes:
    """The next answer; b"" where it ended before, or where that is more than an answer can be."""
    if process.stdout is None:
        return b""
    head = process.stdout.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return b""
    (length,) = LENGTH.unpack(head)
    if length > most:
        return b""
    data = bytearray()
    while len(data) < length and (chunk := process.stdout.read(min(CHUNK, length - len(data)))):
        data += chunk
    return bytes(data)


def answer_in(data: bytes) -> Answer | None:
    try:
        return msgspec.msgpack.decode(data, type=Answer)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def is_exhausted(answer: Answer) -> bool:
    return isinstance(answer, FileRefused) and answer.why.code == GAVE_UP.why.code


def why_of(answer: Answer) -> Remark:
    """Why there is no other answer."""
    return answer.why if isinstance(answer, FileRefused) else GAVE_UP.why


class Readers:
    def __init__(self, settings: LibrarySettings, module: str = MODULE) -> None:
        self.settings = settings
        self.module = module
        self.free = asyncio.Semaphore(settings.at_once)
        self.waiting = 0
        self.idle: list[Reader] = []  # the one used last comes last
        self.timer: asyncio.TimerHandle | None = None

    async def read(self, work: Work, user: UUID) -> Answer:
        """Raises BusyError."""
        if self.waiting >= self.settings.waiting:
            raise BusyError
        self.waiting += 1
        try:
            async with self.free:
                reader = self.reader_of(user)
                loop = asyncio.get_running_loop()
                timer = loop.call_later(self.settings.deadline_s, reader.end)
                try:
                    answer = await asyncio.to_thread(reader.read, work)
                except asyncio.CancelledError:
                    reader.end()
                    raise
                finally:
                    timer.cancel()
                if reader.process is not None:
                    self.idle.append(reader)
                self.rest()
                return answer
        finally:
            self.waiting -= 1

    def reader_of(self, user: UUID) -> Reader:
        """One that reads for the user already, else a new one; the idle one that waits longest gives way."""
        mine = next((one for one in self.idle if one.user == user), None)
        if mine is not None:
            self.idle.remove(mine)
            return mine
        while len(self.idle) >= self.settings.at_once:
            self.idle.pop(0).close()
        return Reader(user, self.settings, self.module)

    def rest(self) -> None:
        """Those that nobody needs for a while end."""
        if self.timer is not None:
            self.timer.cancel()
        self.timer = asyncio.get_running_loop().call_later(self.settings.reader_idle_s, self.close)

    def close(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        while self.idle:
            self.idle.pop().close()
