"""Child processes that cannot outlive this one: the parent's half; the child's is actors/lifeline.py.

| | the supervisor is killed | a child ends |
| --- | --- | --- |
| Linux | PR_SET_PDEATHSIG, set by each child | its process group is killed |
| Windows | its Job Objects close, which kills | its Job Object is closed, which kills |

On Linux the kernel watches the *thread* that started a child: start them from the main thread only.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, cast

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


# -- Windows Job Objects (winnt.h, jobapi2.h); the field types have the same size everywhere -------------

JOB_OBJECT_EXTENDED_LIMIT_INFORMATION_CLASS = 9
JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION"""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION"""

    _fields_ = (
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


def kill_on_close() -> ExtendedLimits:
    limits = ExtendedLimits()
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    return limits


class Job:
    """A Job Object around one child: when its last handle closes, and we hold the only one, all die.

    The child waits for its brief on standard input, so nothing it starts can be outside the job.
    (A virtual environment's python.exe starts the real one at once; it has such a job of its own.)
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.kernel32: Any = kernel32()
        self.handle: int | None = self.kernel32.CreateJobObjectW(None, None)
        if not self.handle:
            raise last_error()
        limits = kill_on_close()
        done = self.kernel32.SetInformationJobObject(
            self.handle,
            JOB_OBJECT_EXTENDED_LIMIT_INFORMATION_CLASS,
            ctypes.byref(limits),
            ctypes.sizeof(limits),
        ) and self.kernel32.AssignProcessToJobObject(self.handle, int(getattr(process, "_handle")))  # noqa: B009
        if not done:
            error = last_error()
            process.kill()
            self.close()
            raise error

    def terminate(self) -> None:
        if self.handle is not None:
            self.kernel32.TerminateJobObject(self.handle, 1)

    def close(self) -> None:
        if self.handle is not None:
            self.kernel32.CloseHandle(self.handle)
            self.handle = None


def kernel32() -> Any:
    """The functions used, with their types: a HANDLE is as wide as a pointer."""
    library: Any = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009
    handle = ctypes.c_void_p
    for name, result, arguments in (
        ("CreateJobObjectW", handle, [handle, ctypes.c_wchar_p]),
        ("SetInformationJobObject", ctypes.c_int, [handle, ctypes.c_int, handle, ctypes.c_uint32]),
        ("AssignProcessToJobObject", ctypes.c_int, [handle, handle]),
        ("TerminateJobObject", ctypes.c_int, [handle, ctypes.c_uint]),
        ("CloseHandle", ctypes.c_int, [handle]),
    ):
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


def last_error() -> OSError:
    """The error of the last Windows call."""
    windows_error: Any = getattr(ctypes, "WinError")  # noqa: B009
    return windows_error(getattr(ctypes, "get_last_error")())  # noqa: B009
