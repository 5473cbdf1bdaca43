"""A real node for tests: `samovar up` on a data folder and a port of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import psutil

from supervisor.commands.status import as_json
from supervisor.data_folder import DataFolder
from supervisor.errors import OperatorError
from supervisor.status import ask_status

ROOT = Path(__file__).resolve().parents[2]
READY_S = 120.0  # the first start of a machine may build the graph
COMMAND_S = 180.0
LOOK_S = 0.05
ENGINE = {
    # Not what a card or a benchmark here would choose: replies are compared bit for bit.
    "SAMOVAR_ENGINE_RUNTIME": "onnxruntime",
    # Tests run on every core, and threads that wait for each other within a step would take them away.
    "SAMOVAR_ENGINE_THREADS": "1",
}


class NodeTroubleError(AssertionError):
    """The node did not do what the test needs; the text holds what it printed."""


def samovar(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "supervisor.cli", *arguments]


class RunningNode:
    """Started by `running_node`; `data` is its data folder."""

    def __init__(self, data: Path, role: str = "all") -> None:
        self.data = data
        self.role = role
        self.output = data.with_name(f"{data.name}.out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = samovar("up", "--role", self.role, "--data", str(self.data), "--port", "0")
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **ENGINE},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait_for(lambda status: bool(status["ready"]), READY_S)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `samovar …` against this node to its end."""
        return subprocess.run(
            samovar(*arguments, "--data", str(self.data)),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `samovar …` against this node."""
        return subprocess.Popen(
            samovar(*arguments, "--data", str(self.data)),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def status(self) -> dict[str, Any] | None:
        """The status as `samovar status --json` prints it; None while the node does not answer.

        Asked from here: a node that starts would share its cores with the start of one command after another.
        """
        try:
            return json.loads(json.dumps(as_json(ask_status(DataFolder(self.data)))))
        except OperatorError:
            return None

    def wait_for(self, holds: Callable[[dict[str, Any]], bool], within_s: float = READY_S) -> dict[str, Any]:
        """The first status for which `holds(status)`."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise NodeTroubleError(f"the node ended: {self.said()}")
            status = self.status()
            if status is not None and holds(status):
                return status
            time.sleep(LOOK_S)
        raise NodeTroubleError(f"not within {within_s:g} s: {self.said()} {self.status()}")

    def said(self) -> str:
        return self.output.read_text()[-4000:]

    def process_id(self, name: str) -> int:
        status = self.status()
        assert status is not None
        return next(row["pid"] for row in status["processes"] if row["name"] == name)

    def kill(self, name: str) -> None:
        """kill -9 of one of its processes."""
        os.kill(self.process_id(name), signal.SIGKILL)

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        parent = psutil.Process(self.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self) -> float:
        """SIGTERM; seconds until it had ended."""
        assert self.process is not None
        before = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return time.monotonic() - before

    def end(self) -> None:
        """Whatever state it is in: leave nothing behind."""
        if self.process is None or self.process.poll() is not None:
            return
        family = self.family()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)
        self.process.wait(timeout=10)


@contextlib.contextmanager
def running_node(data: Path) -> Generator[RunningNode]:
    node = RunningNode(data)
    try:
        node.start()
        yield node
    finally:
        node.end()
