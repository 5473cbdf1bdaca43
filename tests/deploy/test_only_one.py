import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.only_one import only_one
from deploy.troubles import SetUpIsRunning
from tests.deploy.places import ROOT

# Holds the lock, says so, and ends when its stdin ends.
HOLDER = """
import sys
from pathlib import Path
from deploy.only_one import only_one
with only_one(Path(sys.argv[1]), tell=print):
    print("held", flush=True)
    sys.stdin.read()
"""
# The same, and starts a child that inherits the lock and lives until its own stdin ends.
HOLDER_WITH_CHILD = """
import subprocess, sys
from pathlib import Path
from deploy.only_one import only_one
with only_one(Path(sys.argv[1]), tell=print) as handle:
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], pass_fds=(handle,))
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(file: Path, program: str = HOLDER) -> Generator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", program, file],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def take(file: Path, told: list[str], wait_s: float = 30.0) -> None:
    with only_one(file, tell=told.append, wait_s=wait_s):
        pass


def test_a_second_set_up_says_whom_it_waits_for_and_goes_on_when_that_one_ends(tmp_path: Path) -> None:
    told: list[str] = []
    with holding(tmp_path / "lock") as holder:

        def end_the_other(text: str) -> None:
            told.append(text)
            assert holder.stdin is not None
            holder.stdin.close()

        with only_one(tmp_path / "lock", tell=end_the_other, wait_s=30):
            assert holder.wait(30) == 0
    assert len(told) == 1
    assert f"process {holder.pid}" in told[0]


def test_a_set_up_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    with holding(tmp_path / "lock") as holder:
        holder.kill()
        holder.wait()
        told: list[str] = []
        take(tmp_path / "lock", told)
    assert told == []


def test_a_set_up_that_does_not_end_is_named_when_the_wait_is_over(tmp_path: Path) -> None:
    with (
        holding(tmp_path / "lock") as holder,
        pytest.raises(SetUpIsRunning, match=f"process {holder.pid}.*wait for it or end it"),
    ):
        take(tmp_path / "lock", [], wait_s=0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows children do not inherit the lock")
def test_a_tool_that_outlives_its_killed_set_up_still_holds_the_lock(tmp_path: Path) -> None:
    with holding(tmp_path / "lock", HOLDER_WITH_CHILD) as holder:
        holder.kill()
        holder.wait()
        with pytest.raises(SetUpIsRunning):
            take(tmp_path / "lock", [], wait_s=0)
        assert holder.stdin is not None
        holder.stdin.close()  # the last end of the child's stdin
        take(tmp_path / "lock", [])
