import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.children import run_child, run_logged
from deploy.troubles import NoPermission, ToolFailed
from tests.deploy.places import ROOT

# Sets a tool to work that starts one of its own; both tell their process id and would never end.
SET_UP = """
import os, signal, sys
from pathlib import Path
from deploy.children import run_child
from deploy.command_line import end_on_termination
signal.signal(signal.SIGTERM, end_on_termination)
TOOL = '''
import os, subprocess, sys, time
print(os.getpid(), flush=True)
subprocess.run([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"])
'''
try:
    run_child(
        [sys.executable, "-c", TOOL],
        cwd=Path(),
        environ=os.environ,
        on_line=lambda line: print(line, end="", flush=True),
    )
except KeyboardInterrupt:
    sys.exit(130)
"""


def python(code: str, said: list[str], longest_s: float = 30.0) -> int | None:
    return run_child(
        [sys.executable, "-c", code],
        cwd=ROOT,
        environ=os.environ,
        on_line=said.append,
        longest_s=longest_s,
    )


def logged(code: str, log: Path, heard: list[str]) -> str:
    return run_logged(
        "Kettle",
        [sys.executable, "-c", code],
        log,
        cwd=ROOT,
        environ=os.environ,
        tick=lambda: None,
        on_line=heard.append,
    )


def test_both_streams_arrive_line_by_line_and_the_status_is_returned() -> None:
    said: list[str] = []
    status = python("import sys; print('one', flush=True); print('two', file=sys.stderr); sys.exit(3)", said)
    assert (status, said) == (3, ["one\n", "two\n"])


def test_a_tool_that_asks_a_question_gets_the_end_of_input() -> None:
    said: list[str] = []
    assert python("import sys; print(repr(sys.stdin.read()))", said) == 0
    assert said == ["''\n"]


def test_a_tool_that_takes_too_long_is_stopped() -> None:
    assert python("import time; time.sleep(600)", [], longest_s=0.5) is None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a child that outlives its parent quietly")
def test_a_grandchild_that_holds_the_output_open_is_not_waited_for() -> None:
    code = (
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)"
    )
    said: list[str] = []
    try:
        assert python(code, said) == 0
    finally:
        os.kill(int(said[0]), signal.SIGKILL)


def test_all_that_a_tool_says_is_in_the_log_with_its_command_and_its_status(tmp_path: Path) -> None:
    heard: list[str] = []
    output = logged("print('hot water')", tmp_path / "log" / "kettle.log", heard)
    text = (tmp_path / "log" / "kettle.log").read_text()
    assert output == "hot water\n"
    assert heard == ["hot water\n"]
    assert text.startswith("$ ")
    assert text.endswith("hot water\n= 0\n")


def test_a_tool_that_fails_is_diagnosed_by_its_words_and_the_log_is_named(tmp_path: Path) -> None:
    log = tmp_path / "kettle.log"
    with pytest.raises(NoPermission) as caught:
        logged("import sys; sys.exit('error: Permission denied')", log, [])
    assert str(log) in str(caught.value)


def test_a_tool_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="Kettle: no-such-kettle is not there"):
        run_logged(
            "Kettle",
            ["no-such-kettle"],
            tmp_path / "log",
            cwd=tmp_path,
            environ=os.environ,
            tick=lambda: None,
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM for others")
def test_a_set_up_that_is_told_to_end_leaves_no_tool_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SET_UP], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as set_up:
        assert set_up.stdout is not None
        tool, grandchild = int(set_up.stdout.readline()), int(set_up.stdout.readline())
        set_up.terminate()
        assert set_up.wait(30) == 130
        # The pipe is the grandchild's stdout no more: it was read by the tool's master, who is gone.
        for pid in (tool, grandchild):
            assert ended(pid)


def ended(pid: int) -> bool:
    """Whether a process is gone, or dead and not yet fetched by its new parent."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True
