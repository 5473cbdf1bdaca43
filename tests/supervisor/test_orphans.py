import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from actors import windows_job
from actors.windows_job import (
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    BasicLimits,
    ExtendedLimits,
    Job,
    kill_on_close,
)
from supervisor.orphans import OUT_LIMIT_BYTES, Leash

WAIT_S = 30.0

WITH_GRANDCHILD = """
import subprocess, sys
grandchild = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
print(grandchild.pid, flush=True)
sys.stdin.readline()
"""


def start(tmp_path: Path, code: str) -> Leash:
    return Leash([sys.executable, "-c", code], dict(os.environ), tmp_path / "out")


def first_line(tmp_path: Path) -> str:
    """What the child prints first, as soon as it is there."""
    while not (text := (tmp_path / "out").read_text()).endswith("\n"):
        pass
    return text


def gone(*pids: int) -> bool:
    """Wait until none of these processes runs; one that init has not reaped yet does not."""
    until = time.monotonic() + WAIT_S
    while any(runs(pid) for pid in pids):
        if time.monotonic() > until:
            return False
    return True


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_child_is_told_over_its_standard_input_and_its_output_is_kept(tmp_path: Path) -> None:
    leash = start(tmp_path, "import sys; print('got', sys.stdin.readline()); sys.exit(7)")
    leash.tell(b"word\n")
    assert leash.wait() == 7
    assert (tmp_path / "out").read_text().split() == ["got", "word"]


def test_output_is_appended_until_it_has_grown_large(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before ")
    start(tmp_path, "print('after')").wait()
    assert (tmp_path / "out").read_text() == "before after\n"
    (tmp_path / "out").write_text("x" * (OUT_LIMIT_BYTES + 1))
    start(tmp_path, "print('anew')").wait()
    assert (tmp_path / "out").read_text() == "anew\n"


def test_its_last_words_are_its_own_last_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("words of an earlier one\n")
    leash = start(tmp_path, "")
    leash.wait()
    assert leash.last_words() == ""
    leash = start(tmp_path, "print('x' * 10_000); print(' mended? '); print()")
    leash.wait()
    assert leash.last_words() == "mended?"


def test_what_a_child_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    leash = start(tmp_path, WITH_GRANDCHILD)
    grandchild = int(first_line(tmp_path))
    assert psutil.pid_exists(grandchild)
    leash.tell(b"\n")
    assert leash.wait() == 0
    assert gone(grandchild)


def test_a_kill_ends_the_child_and_all_that_it_started(tmp_path: Path) -> None:
    leash = start(tmp_path, WITH_GRANDCHILD)
    grandchild = int(first_line(tmp_path))
    leash.kill()
    assert leash.wait() == -signal.SIGKILL
    assert gone(grandchild)


def test_a_kill_of_what_has_ended_is_harmless(tmp_path: Path) -> None:
    leash = start(tmp_path, "")
    assert leash.wait() == 0
    leash.kill()


def test_a_child_that_does_not_read_any_more_is_told_in_vain(tmp_path: Path) -> None:
    leash = start(
        tmp_path, "import os; os.close(0); print('closed', flush=True); import time; time.sleep(60)"
    )
    first_line(tmp_path)
    leash.tell(b"x" * 1_000_000)
    leash.kill()
    leash.wait()


def test_a_program_that_does_not_exist_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Leash([str(tmp_path / "nothing")], {}, tmp_path / "out")


def test_children_are_started_from_the_main_thread_only(tmp_path: Path) -> None:
    caught: list[BaseException] = []

    def try_it() -> None:
        try:
            start(tmp_path, "")
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    assert [str(error) for error in caught] == ["children are started from the main thread only"]


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="figures of 64-bit Windows")
def test_the_job_limits_have_the_layout_of_windows() -> None:
    """Offsets of winnt.h on 64-bit Windows, where LARGE_INTEGER and SIZE_T have 8 bytes and DWORD 4."""
    assert BasicLimits.LimitFlags.offset == 16
    assert BasicLimits.MinimumWorkingSetSize.offset == 24
    assert BasicLimits.Affinity.offset == 48
    assert ctypes.sizeof(BasicLimits) == 64
    assert ExtendedLimits.IoInfo.offset == 64
    assert ExtendedLimits.ProcessMemoryLimit.offset == 112
    assert ctypes.sizeof(ExtendedLimits) == 144
    assert kill_on_close().BasicLimitInformation.LimitFlags == JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE


def test_a_job_bounds_memory_and_processor_time_where_it_is_told_to() -> None:
    limits = kill_on_close(memory_bytes=1_000_000, cpu_s=20)
    assert limits.BasicLimitInformation.LimitFlags == 0x2000 | 0x100 | 0x2
    assert limits.BasicLimitInformation.PerProcessUserTimeLimit == 200_000_000  # of 100 ns
    assert limits.ProcessMemoryLimit == 1_000_000


class PlayedKernel32:
    """Answers like Windows; `failing` names the call that fails."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.calls.append((name, *arguments))
            if name == self.failing:
                return 0
            return 77 if name == "CreateJobObjectW" else 1

        return call


class PlayedProcess:
    _handle = 42
    killed = False

    def kill(self) -> None:
        self.killed = True


def played_job(monkeypatch: pytest.MonkeyPatch, kernel: PlayedKernel32, process: PlayedProcess) -> Job:
    monkeypatch.setattr(windows_job, "kernel32", lambda: kernel)
    monkeypatch.setattr(windows_job, "last_error", lambda: OSError("access denied"))
    played: Any = process
    return Job(played)


def test_a_job_takes_the_process_in_and_is_closed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = PlayedKernel32()
    job = played_job(monkeypatch, kernel, PlayedProcess())
    job.terminate()
    job.close()
    job.close()
    job.terminate()
    assert [call[0] for call in kernel.calls] == [
        "CreateJobObjectW",
        "SetInformationJobObject",
        "AssignProcessToJobObject",
        "TerminateJobObject",
        "CloseHandle",
    ]
    assert kernel.calls[1][1:3] == (77, 9)
    assert kernel.calls[1][4] == ctypes.sizeof(ExtendedLimits)
    assert kernel.calls[2][1:] == (77, 42)


@pytest.mark.parametrize("failing", ["SetInformationJobObject", "AssignProcessToJobObject"])
def test_a_process_that_cannot_be_put_in_a_job_does_not_run_on(
    monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    kernel, process = PlayedKernel32(failing), PlayedProcess()
    with pytest.raises(OSError, match="access denied"):
        played_job(monkeypatch, kernel, process)
    assert process.killed
    assert kernel.calls[-1] == ("CloseHandle", 77)


def test_a_lifeline_to_a_parent_that_is_gone_already_ends_the_process() -> None:
    code = "import sys, actors.lifeline as life; life.die_with_parent(int(sys.argv[1])); print('on')"
    root = str(Path(__file__).parents[2])
    for parent, status, out in ((os.getpid(), 0, "on\n"), (1, 3, "")):
        ended = subprocess.run(
            [sys.executable, "-c", code, str(parent)],
            env={**os.environ, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        assert (ended.returncode, ended.stdout) == (status, out)
