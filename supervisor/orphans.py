"""Child processes that cannot outlive this one: the parent's half; the child's is actors/lifeline.py.

| | the supervisor is killed | a child ends |
| --- | --- | --- |
| Linux | PR_SET_PDEATHSIG, set by each child | its process group is killed |
| Windows | its Job Objects close, which kills | its Job Object is closed, which kills |

On Linux the kernel watches the *thread* that started a child: start them from the main thread only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

from actors.windows_job import Job

OUT_LIMIT_BYTES = 1_000_000
LAST_WORDS_BYTES = 500


class Leash:
    """A running child and all that it started."""

    def __init__(self, command: list[str], environ: dict[str, str], out: Path) -> None:
        """Start it; its output goes to the end of `out`, its standard input is a pipe. Raises OSError."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are started from the main thread only")
        self.out = out
        with open_out(out) as file:
            self.out_from = file.tell()
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environ,
                # Out of the terminal's reach: Ctrl-C is for the supervisor, which then stops the children.
                start_new_session=sys.platform != "win32",
                creationflags=creation_flags(),
            )
        self.stdin = cast("IO[bytes]", self.process.stdin)  # it is a pipe
        self.job = Job(self.process) if sys.platform == "win32" else None
        self._guard = threading.Lock()
        self._gone = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def tell(self, data: bytes) -> None:
        """Write to its standard input, which stays open. Blocks while the child does not read."""
        with contextlib.suppress(OSError):  # it is gone already; wait() says so
            self.stdin.write(data)
            self.stdin.flush()

    def ended(self) -> bool:
        """Whether it has; wait() then returns at once."""
        if sys.platform == "win32":
            return self.process.poll() is not None
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def wait(self) -> int:
        """Block until it has ended, end what it left behind, and return its exit code."""
        if sys.platform != "win32":
            # Not reaped yet, its number still stands for its process group.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        else:
            self.process.wait()
        with self._guard:
            self._kill_all()
            code = self.process.wait()
            self._gone = True
        if self.job is not None:
            self.job.close()
        with contextlib.suppress(OSError):
            self.stdin.close()
        return code

    def last_words(self) -> str:
        """The last line of its output; "" when it was silent, or the file cannot be read."""
        try:
            with self.out.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(self.out_from, end - LAST_WORDS_BYTES))
                lines = file.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""

    def kill(self) -> None:
        """End it and all that it started, now. Harmless when it has ended."""
        with self._guard:
            if not self._gone:
                self._kill_all()

    def _kill_all(self) -> None:
        if self.job is not None:
            self.job.terminate()
        elif sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


def creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return 0


def open_out(path: Path) -> IO[bytes]:
    """Open for appending; start anew when it has grown large."""
    large = path.exists() and path.stat().st_size > OUT_LIMIT_BYTES
    return path.open("wb" if large else "ab")
