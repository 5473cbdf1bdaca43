"""The command line: exit statuses, one line for each failure, and `up` as people see it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import web.terminal
from actors.presets import PRESETS
from supervisor import cli
from supervisor.commands import checkout_only
from supervisor.version import version

ROOT = Path(__file__).parents[2]
WAIT_S = 40.0

UP_WITH_FIXTURES = """
import sys
from supervisor.cli import main
from supervisor import node_start
from supervisor.commands import up
from supervisor.strategy import ChildSpec, Group, TreeSpec
CHILDREN = "tests.supervisor.children."
up.WEB_MODULES = {"web": CHILDREN + "pages"}
up.GPU_MODULES = {"engine": CHILDREN + "good"}
node_start.tree_for = lambda *_: TreeSpec((
    Group((ChildSpec("web", CHILDREN + "pages"),)),
    Group((ChildSpec("engine", CHILDREN + "good"),)),
))
sys.exit(main(sys.argv[1:]))
"""


class Command:
    """`samovar up` with fixture children, in a process of its own."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", UP_WITH_FIXTURES, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )

    def read_until(self, wanted: str) -> list[str]:
        """Lines of its output, to the first that begins with `wanted`."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1].startswith(wanted):
                return lines
        raise AssertionError(f"it ended without {wanted!r}: {lines}")

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, out, err


@pytest.fixture
def commands() -> Iterator[list[Command]]:
    started: list[Command] = []
    yield started
    for command in started:
        command.process.kill()
        command.process.communicate()


def start(commands: list[Command], *words: str) -> Command:
    commands.append(Command(*words))
    return commands[-1]


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit status and the one line of a failing command."""
    try:
        status = cli.main(words)
    except SystemExit as ended:
        status = ended.code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert isinstance(status, int)
    return status, printed.err.rstrip("\n")


def test_up_tells_its_progress_and_where_to_go_and_stops_at_ctrl_c(
    commands: list[Command], tmp_path: Path
) -> None:
    up = start(commands, "up", "--data", str(tmp_path), "--port", "0")
    lines = up.read_until("Ctrl-C")
    assert lines[0] == f"Samovar {version()}, data in {tmp_path}"
    assert lines[1].startswith("  web     ready after ")
    assert lines[2].startswith("  engine  ready after ")
    assert lines[3] == "Open http://127.0.0.1:0"
    assert "ABC-123" in lines[5]
    up.process.send_signal(signal.SIGINT)
    assert up.end() == (0, "Stopping …\n", "")


def test_status_as_json_is_one_object_and_nothing_else(
    commands: list[Command], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start(commands, "up", "--data", str(tmp_path), "--port", "0").read_until("Ctrl-C")
    assert cli.main(["status", "--data", str(tmp_path), "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    shown = json.loads(printed.out)
    assert shown["ready"] is True
    assert [process["name"] for process in shown["processes"]] == ["web", "engine"]
    assert shown["workers"][0]["name"] == "desk"
    assert cli.main(["status", "--data", str(tmp_path)]) == 0
    assert f"Samovar {version()} · ready" in capsys.readouterr().out


def test_a_second_node_on_the_same_folder_is_refused(
    commands: list[Command], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start(commands, "up", "--data", str(tmp_path), "--port", "0").read_until("Ctrl-C")
    second = start(commands, "up", "--data", str(tmp_path), "--port", "0")
    status, out, err = second.end()
    assert status == 1
    assert (
        err == f"samovar: A node runs on {tmp_path} already. Stop it, or give another folder with --data.\n"
    )
    assert "ready" not in out
    assert cli.main(["status", "--data", str(tmp_path)]) == 0
    capsys.readouterr()


def test_up_with_a_port_that_is_taken_fails_before_anything_serves(
    commands: list[Command], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = start(commands, "up", "--data", str(tmp_path), "--port", str(port)).end()
    assert status == 1
    assert err.startswith(f"samovar: Port {port} on 127.0.0.1 cannot be used (Address already in use)")
    assert err.count("\n") == 1
    assert {file.stat().st_size for file in (tmp_path / "logs").iterdir()} == {0}  # of spares, gone


def test_up_refuses_a_setting_that_does_not_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMOVAR_WEB_PROT", "1")
    assert cli.main(["up", "--data", str(tmp_path)]) == 1
    expected = "samovar: SAMOVAR_WEB_PROT: there is no key web.prot; did you mean port?\n"
    assert capsys.readouterr().err == expected


def test_up_makes_the_settings_file_at_the_first_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, line = failure(capsys, "up", "--data", str(tmp_path), "--role", "gpu")
    assert status == 1
    assert "samovar join" in line
    assert "# port = 8080" in (tmp_path / "samovar.toml").read_text()


def test_up_refuses_a_model_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "none.gguf"
    status, line = failure(capsys, "up", "--data", str(tmp_path), "--model", str(model))
    assert status == 1
    assert line.startswith(f"samovar: there is no model file at {model}; name one with --model PATH")


def test_commands_to_a_node_that_does_not_run_say_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True, write=sys.stdout.write))
    for command in ("status", "console", "pair", "boxes"):
        status, line = failure(capsys, command, "--data", str(tmp_path))
        assert status == 1
        assert line == f"samovar: No node runs on {tmp_path}. Start one with: samovar up"


def test_the_folder_may_come_from_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMOVAR_DATA", str(tmp_path / "there"))
    assert f"{tmp_path / 'there'}." in failure(capsys, "status")[1]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "samovar: the following arguments are required: COMMAND. See: samovar --help"),
        (
            ("up", "--port", "x"),
            'samovar up: argument --port: "x" is not a whole number from 0 to 65535. See: samovar up --help',
        ),
        (
            ("chat", "--timeout", "-1", "hi"),
            'samovar chat: argument --timeout: "-1" is not a number of seconds. See: samovar chat --help',
        ),
        (
            ("chat", "--preset", "xyz", "hi"),
            (
                "samovar chat: argument --preset: there is no preset xyz; there are greedy, precise, steady, "
                "balanced, creative. See: samovar chat --help"
            ),
        ),
        (
            ("status", "--bogus"),
            "samovar: unrecognized arguments: --bogus. See: samovar --help",
        ),
        (("console",), "samovar: console needs a terminal; elsewhere use: samovar status"),
    ],
)
def test_a_mistake_in_the_call_is_one_line_and_status_2(
    words: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure(capsys, *words) == (2, line)


def test_an_unknown_command_is_a_mistake_that_names_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, line = failure(capsys, "brew")
    assert status == 2
    assert all(name in line for name in ("up", "status", "console", "chat", "simulate"))


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"samovar {version()}\n"


def test_chat_hands_its_arguments_to_the_terminal_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[object, ...]] = []

    def chat(*arguments: object) -> int:
        called.append(arguments)
        return 1

    monkeypatch.setattr(web.terminal, "chat", chat)
    words = [
        "chat",
        "--data",
        str(tmp_path),
        "--character",
        "Mara",
        "--seed",
        "7",
        "--timeout",
        "9",
        "--preset",
        "steady",
        "Hi there",
    ]
    assert cli.main(words) == 1
    assert called == [(tmp_path, "Hi there", "Mara", 7, 9.0, PRESETS["steady"])]
    cli.main(["chat", "--data", str(tmp_path), "Hi"])
    assert called[1] == (tmp_path, "Hi", None, None, 600.0, PRESETS["balanced"])


def found_none(_name: str) -> None:
    """As where there are no tests."""


def test_simulate_runs_from_a_checkout_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout_only, "checkout_test_module", found_none)
    status, line = failure(capsys, "simulate")
    assert status == 1
    assert "from a checkout" in line


def test_simulate_hands_its_arguments_to_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[int, bool]] = []

    def run(seeds: int, as_json: bool) -> int:
        called.append((seeds, as_json))
        return 1

    monkeypatch.setitem(sys.modules, "tests.sim.run", SimpleNamespace(main=run))  # pyright: ignore[reportArgumentType]
    assert cli.main(["simulate", "--seeds", "3", "--json"]) == 1
    assert called == [(3, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_the_console_shows_the_node_live_until_ctrl_c(commands: list[Command], tmp_path: Path) -> None:
    start(commands, "up", "--data", str(tmp_path), "--port", "0").read_until("Ctrl-C")
    outer, inner = os.openpty()
    console = subprocess.Popen(
        [sys.executable, "-P", "-m", "supervisor.cli", "console", "--data", str(tmp_path)],
        stdout=inner,
        stderr=inner,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(inner)
    seen = b""
    while seen.count(b"Queue: 0 waiting") < 2:
        seen += os.read(outer, 65536)
    console.send_signal(signal.SIGINT)
    assert console.wait(WAIT_S) == 0
    os.close(outer)


def test_a_reader_that_has_enough_is_no_traceback(commands: list[Command], tmp_path: Path) -> None:
    start(commands, "up", "--data", str(tmp_path), "--port", "0").read_until("Ctrl-C")
    read, write = os.pipe()
    os.close(read)
    status = subprocess.run(
        [sys.executable, "-P", "-m", "supervisor.cli", "status", "--data", str(tmp_path)],
        stdout=write,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        check=False,
        timeout=WAIT_S,
    )
    os.close(write)
    assert status.stderr == b""
    assert status.returncode == 1


LOADED = """
import sys
from supervisor.cli import COMMANDS, parser
parser("up")
names = {name for name, _ in COMMANDS}
print(*sorted(name for name in names if f"supervisor.commands.{name}" in sys.modules))
"""


def test_the_supervisor_loads_no_command_but_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["up"]


@pytest.mark.parametrize("name", [name for name, _ in cli.COMMANDS])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: samovar {name}" in capsys.readouterr().out
