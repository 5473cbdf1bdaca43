"""Windows Job Objects (winnt.h, jobapi2.h): what ends and bounds a child. The field types have the same size
everywhere, so that the layouts are tested on every system.
"""

import ctypes
import subprocess
from typing import Any

JOB_OBJECT_EXTENDED_LIMIT_INFORMATION_CLASS = 9
JOB_OBJECT_LIMIT_PROCESS_TIME = 0x2
JOB_OBJECT_LIMIT_PROCESS_MEMORY = 0x100
JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000
TICKS_PER_S = 10_000_000  # of 100 ns


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


def kill_on_close(memory_bytes: int = 0, cpu_s: int = 0) -> ExtendedLimits:
    """0: no such limit."""
    limits = ExtendedLimits()
    basic = limits.BasicLimitInformation
    basic.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    if memory_bytes:
        basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY
        limits.ProcessMemoryLimit = memory_bytes
    if cpu_s:
        basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME
        basic.PerProcessUserTimeLimit = cpu_s * TICKS_PER_S
    return limits


class Job:
    """A Job Object around one child: when its last handle closes, and we hold the only one, all die.

    The child waits for its brief on standard input, so nothing it starts can be outside the job.
    (A virtual environment's python.exe starts the real one at once; it has such a job of its own.)
    """

    def __init__(self, process: "subprocess.Popen[bytes]", *, memory_bytes: int = 0, cpu_s: int = 0) -> None:
        """Each process in it may have so much memory and processor time; 0: as it likes. Raises OSError."""
        self.kernel32: Any = kernel32()
        self.handle: int | None = self.kernel32.CreateJobObjectW(None, None)
        if not self.handle:
            raise last_error()
        limits = kill_on_close(memory_bytes, cpu_s)
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
