"""The bench: runs workshops (workshop.py), a few at once, each with its limits and a deadline."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from typing import Any

import msgspec

from actors.character.formats.limits import CardLimits
from actors.windows_job import Job
from web.library.settings import LibrarySettings
from web.library.work import Answer, CardRefused

MODULE = "web.library.workshop"
KEPT = ("PATH", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL")
"""Of the environment: no secret that may stand there."""
ROOM = 8_388_608  # bytes of an answer beside the card's own
CHUNK = 1_048_576

TOO_LONG = CardRefused("The file takes too long to open.", "time")
GAVE_UP = CardRefused("The file needs more memory or time than a card may.", "memory")


class BusyError(Exception):
    """As many files wait for a workshop as the settings allow: try again in a moment."""


def start_limited(
    module: str, settings: LibrarySettings, *, files: int = 1
) -> "tuple[subprocess.Popen[bytes], Job | None]":
    """A process that limits itself (limited.py); `files`: how many it may be given."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(settings.memory_bytes), str(settings.cpu_s), str(files)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
        creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
    )
    if sys.platform != "win32":
        return process, None
    return process, Job(process, memory_bytes=settings.memory_bytes, cpu_s=settings.cpu_s * files)


class Bench:
    """`answers` is what the workshop `module` says; CardRefused is always among it."""

    def __init__(
        self, settings: LibrarySettings, limits: CardLimits, module: str = MODULE, answers: Any = Answer
    ) -> None:
        self.settings = settings
        self.limits = limits
        self.module = module
        self.answers = answers
        self.free = asyncio.Semaphore(settings.at_once)
        self.waiting = 0

    async def do(self, work: Any) -> Any:
        """Whatever the file is, an answer. Raises BusyError."""
        if self.waiting >= self.settings.waiting:
            raise BusyError
        self.waiting += 1
        try:
            async with self.free:
                return await asyncio.to_thread(self.do_now, msgspec.msgpack.encode(work))
        finally:
            self.waiting -= 1

    def do_now(self, work: bytes) -> Any:
        settings = self.settings
        process, job = start_limited(self.module, settings)
        late = threading.Event()

        def too_late() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(settings.deadline_s, too_late)
        timer.start()
        giver = threading.Thread(target=give, args=(process, work), daemon=True)
        giver.start()
        try:
            said = self.listen(process)
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            giver.join()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            if job is not None:
                job.close()
        try:
            return msgspec.msgpack.decode(said, type=self.answers)
        except msgspec.DecodeError:
            return TOO_LONG if late.is_set() else GAVE_UP

    def listen(self, process: "subprocess.Popen[bytes]") -> bytes:
        """What it says, until it ends; b"" where that is more than an answer can be."""
        most = 2 * self.limits.file_bytes + ROOM
        said = bytearray()
        while process.stdout is not None and (chunk := process.stdout.read(CHUNK)):
            said += chunk
            if len(said) > most:
                return b""
        return bytes(said)


def give(process: "subprocess.Popen[bytes]", work: bytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):  # it has ended before it read all: its answer says why
            process.stdin.write(work)
            process.stdin.close()
