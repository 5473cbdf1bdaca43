import signal
import socket
import subprocess
import sys
from collections.abc import Generator

import pytest

from deploy import command_line
from deploy.troubles import NoNetwork
from tests.deploy.places import ROOT


def deploy(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_port_that_is_taken_is_one_line_before_any_work() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = deploy("run", "--port", str(port))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith(f"samovar: port {port} is taken")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("run", "--port", "tea"), ("test", "--only", "speed"), ("setup", "--fast"), ("brew",), ()]
)
def test_a_mistake_in_the_call_ends_with_status_2(arguments: tuple[str, ...]) -> None:
    answer = deploy(*arguments)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr


def test_the_set_up_needs_the_standard_library_alone() -> None:
    # -S: without site-packages; -I: without anything of the user's.
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import deploy.command_line, deploy.cache"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


@pytest.fixture
def own_signals() -> Generator[None]:
    """Gives the test run its handler of SIGTERM back."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.usefixtures("own_signals")
def test_an_interruption_ends_with_130_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "perform", interrupt)
    assert command_line.main([]) == 130
    assert "goes on where this one stopped" in capsys.readouterr().err


@pytest.mark.usefixtures("own_signals")
def test_a_trouble_is_one_line_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_arguments: object) -> int:
        raise NoNetwork("no index answers")

    monkeypatch.setattr(command_line, "perform", fail)
    assert command_line.main([]) == 1
    assert capsys.readouterr().err == "samovar: no index answers\n"


def test_the_node_takes_this_process_s_place_with_all_arguments() -> None:
    code = (
        "import sys; from pathlib import Path; from deploy.running import become; "
        "sys.exit(become(Path(sys.executable), ['-c', 'import os, sys; print(os.getpid(), *sys.argv[1:]); "
        "sys.exit(7)', 'up', '--port', '9000']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        said, _ = process.communicate()
    assert process.returncode == 7
    pid, *arguments = said.split()
    assert arguments == ["up", "--port", "9000"]
    if sys.platform != "win32":
        assert int(pid) == process.pid
