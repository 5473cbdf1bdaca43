"""One set-up at a time in a checkout, by a lock that the operating system drops when its holder dies."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

from deploy.troubles import SetUpIsRunning

WAIT_S = 1200.0
LOOK_AGAIN_S = 0.2

if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes, and a locked byte cannot be read: lock one far behind the text.
    FAR = 1 << 30

    def try_lock(handle: int) -> bool:
        os.lseek(handle, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def holder(file: Path) -> str:
    """The process id in the lock file, for people."""
    return file.read_text(encoding="ascii", errors="replace").strip() or "unknown"


@contextlib.contextmanager
def only_one(file: Path, *, tell: Callable[[str], None], wait_s: float = WAIT_S) -> Generator[int]:
    """Hold the lock `file`; wait for another holder, and say so. Yields the lock's file descriptor.

    On POSIX a child that inherits the descriptor holds the lock too: when a set-up is killed while pip
    still writes, the next set-up waits until that pip has ended.
    Raises SetUpIsRunning when the other one does not end within `wait_s` seconds.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + wait_s
        told = False
        while not try_lock(handle):
            if not told:
                tell(f"another set-up is at work here (process {holder(file)}): waiting for it")
                told = True
            if time.monotonic() >= deadline:
                raise SetUpIsRunning(
                    f"another set-up (process {holder(file)}) is still at work here: "
                    "wait for it or end it, then run the same again"
                )
            time.sleep(LOOK_AGAIN_S)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{os.getpid()}\n".encode("ascii"))
        yield handle
    finally:
        os.close(handle)
