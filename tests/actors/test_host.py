"""The child's end of supervision, with real processes and a supervisor played by the test."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import zmq

from actors.messages.control import (
    Alive,
    ChildBrief,
    ChildDown,
    ChildReady,
    Dial,
    Failed,
    FromChild,
    Heartbeat,
    Hello,
    Ready,
    Stop,
    ToChild,
    encode,
    to_supervisor,
)

ROOT = Path(__file__).parents[2]
BOOT = UUID(int=7)


@dataclass
class PlayedSupervisor:
    """Speaks with one child over the real socket; the test decides what is said."""

    data: Path
    silence_s: float = 30.0
    pid: int = field(default_factory=os.getpid)

    def __post_init__(self) -> None:
        (self.data / "logs").mkdir(exist_ok=True)
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.linger = 0
        public, secret = zmq.curve_keypair()
        self.router.curve_server = True
        self.router.curve_publickey, self.router.curve_secretkey = public, secret
        port = self.router.bind_to_random_port("tcp://127.0.0.1")
        mine, my_secret = zmq.curve_keypair()
        self.keys = Dial(
            f"tcp://127.0.0.1:{port}", public.decode(), mine.decode(), my_secret.decode(), "good"
        )
        self.address = b""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, module: str) -> "subprocess.Popen[bytes]":
        brief = ChildBrief(
            name="good",
            node=UUID(int=1),
            boot=BOOT,
            supervisor_pid=self.pid,
            control=self.keys,
            version="1",
            data=str(self.data),
            settings={},
            heartbeat_s=0.02,
            silence_s=self.silence_s,
        )
        with (self.data / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", f"tests.supervisor.children.{module}"],
                stdin=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(brief) + b"\n")
        self.process.stdin.flush()
        return self.process

    def hear(self) -> FromChild:
        assert self.router.poll(20_000), "the child says nothing"
        self.address, payload = self.router.recv_multipart()
        message = to_supervisor.decode(payload)
        assert isinstance(message, FromChild)
        return message

    def hear_until(self, wanted: Callable[[FromChild], bool]) -> FromChild:
        while not wanted(message := self.hear()):
            pass
        return message

    def say(self, message: ToChild) -> None:
        self.router.send_multipart([self.address, encode(message)])

    def log(self) -> str:
        return (self.data / "logs" / "good.log").read_text()

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdin is not None
            self.process.stdin.close()
        self.context.destroy(0)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[PlayedSupervisor]:
    played = PlayedSupervisor(tmp_path)
    yield played
    played.end()


def test_a_child_says_hello_then_ready_with_its_ports_then_beats_with_its_facts(
    supervisor: PlayedSupervisor,
) -> None:
    process = supervisor.start("good")
    assert supervisor.hear() == Hello(process.pid)
    ready = supervisor.hear_until(lambda message: isinstance(message, Ready))
    assert isinstance(ready, Ready)
    assert ready.ports == {"main": 1004}
    beat = supervisor.hear()
    assert isinstance(beat, Heartbeat)
    assert beat.facts["boot"] == str(BOOT)


def test_a_child_that_is_told_to_stop_ends_with_status_0(supervisor: PlayedSupervisor) -> None:
    process = supervisor.start("good")
    supervisor.hear_until(lambda message: isinstance(message, Ready))
    supervisor.say(Stop(within_s=5))
    assert process.wait(20) == 0
    assert "told to stop within 5.0 s" in supervisor.log()


def test_notices_about_other_children_reach_the_callback_in_order(supervisor: PlayedSupervisor) -> None:
    supervisor.start("good")
    supervisor.hear()
    supervisor.say(ChildReady("link", {"engine": 5}))
    supervisor.say(Alive())
    supervisor.say(ChildDown("link", "killed"))
    heard = ["link ready {'engine': 5}", "link down"]
    supervisor.hear_until(lambda message: isinstance(message, Heartbeat) and message.facts["heard"] == heard)


def test_a_child_whose_standard_input_closes_ends_at_once(supervisor: PlayedSupervisor) -> None:
    process = supervisor.start("good")
    supervisor.hear_until(lambda message: isinstance(message, Ready))
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 3
    assert "the supervisor is gone: ending" in supervisor.log()


def test_a_child_with_a_hung_event_loop_still_ends_with_its_supervisor(
    supervisor: PlayedSupervisor,
) -> None:
    process = supervisor.start("blocked")
    supervisor.hear_until(lambda message: isinstance(message, Ready))
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 3


def test_a_child_ends_when_the_supervisor_falls_silent(tmp_path: Path) -> None:
    supervisor = PlayedSupervisor(tmp_path, silence_s=0.5)
    try:
        process = supervisor.start("good")
        supervisor.hear_until(lambda message: isinstance(message, Ready))
        assert process.wait(20) == 3
        assert "nothing from the supervisor for 0.5 s: ending" in supervisor.log()
    finally:
        supervisor.end()


def test_a_supervisor_that_answers_keeps_its_child(tmp_path: Path) -> None:
    supervisor = PlayedSupervisor(tmp_path, silence_s=1.0)
    try:
        process = supervisor.start("good")
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            supervisor.hear()
            supervisor.say(Alive())
        assert process.poll() is None
    finally:
        supervisor.end()


def test_the_silence_limit_is_not_reached_by_a_child_that_was_itself_asleep(tmp_path: Path) -> None:
    supervisor = PlayedSupervisor(tmp_path, silence_s=1.0)
    try:
        process = supervisor.start("good")
        supervisor.hear_until(lambda message: isinstance(message, Ready))
        supervisor.say(Alive())
        process.send_signal(signal.SIGSTOP)
        threading.Event().wait(2.5)
        process.send_signal(signal.SIGCONT)
        supervisor.hear_until(lambda message: isinstance(message, Heartbeat))
        supervisor.say(Alive())
        assert process.poll() is None
    finally:
        supervisor.end()


def test_a_child_that_cannot_serve_says_why_in_one_line_and_ends_with_status_1(
    supervisor: PlayedSupervisor,
) -> None:
    process = supervisor.start("crashes")
    failed = supervisor.hear_until(lambda message: isinstance(message, Failed))
    assert failed == Failed("The shelf is empty: put a file named mended there.")
    assert process.wait(20) == 1


def test_a_bug_leaves_its_traceback_in_the_log_on_one_line(supervisor: PlayedSupervisor) -> None:
    process = supervisor.start("buggy")
    failed = supervisor.hear_until(lambda message: isinstance(message, Failed))
    assert failed == Failed("ZeroDivisionError: division by zero")
    assert process.wait(20) == 1
    lines = [line for line in supervisor.log().splitlines() if "ZeroDivisionError" in line]
    assert len(lines) == 1
    assert "Traceback" in lines[0]


def test_a_child_whose_parent_is_not_the_supervisor_of_its_brief_ends_at_once(
    tmp_path: Path,
) -> None:
    supervisor = PlayedSupervisor(tmp_path, pid=1)
    try:
        assert supervisor.start("good").wait(20) == 3
    finally:
        supervisor.end()


def test_a_child_without_a_brief_says_who_starts_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "tests.supervisor.children.good"],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert ended.returncode == 2
    assert ended.stderr == "No brief on standard input: this process is started by `samovar up`.\n"


def test_a_brief_is_one_line_of_json(supervisor: PlayedSupervisor) -> None:
    brief = ChildBrief("a", BOOT, BOOT, 1, supervisor.keys, "1", "a\nb", {"web": {"port": 1}})
    line = msgspec.json.encode(brief)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=ChildBrief) == brief
    assert json.loads(line)["settings"]["web"]["port"] == 1
