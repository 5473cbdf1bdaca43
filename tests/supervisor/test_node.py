"""Whole trees with real processes: what a node does when its children, or it itself, misbehave."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
import zmq

from actors.intensity import Backoff
from actors.messages.control import AskStatus, KeysRotating, NodeStatus, ProcessStatus, RotateKeys, encode
from supervisor.data_folder import DataFolder
from supervisor.node_file import read_node
from supervisor.settings import NodeSettings, SupervisorSettings
from supervisor.status import ask, ask_node, ask_status
from supervisor.strategy import ChildSpec, Group, TreeSpec

ROOT = Path(__file__).parents[2]
WAIT_S = 40.0


def child(name: str, module: str = "good", **limits: Any) -> ChildSpec:
    return ChildSpec(name, f"tests.supervisor.children.{module}", **limits)


class SmallNode:
    """A node under test, and what it printed."""

    def __init__(self, data: Path, spec: TreeSpec, settings: NodeSettings) -> None:
        self.data = DataFolder(data)
        self.lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "tests.supervisor.small_node", str(data)),
                msgspec.json.encode(spec).decode(),
                msgspec.json.encode(settings).decode(),
            ],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.process.stdout.close()

    def wait_for(self, *wanted: str) -> list[str]:
        """Wait until these lines were printed, in this order, others between them allowed; all that came."""
        came: list[str] = []
        for line in wanted:
            while True:
                came.append(self.lines.get(timeout=WAIT_S))
                if came[-1] == line:
                    break
        return came

    def status(self) -> NodeStatus:
        return ask_status(self.data)

    def process_of(self, name: str) -> ProcessStatus:
        return next(process for process in self.status().processes if process.name == name)

    def status_until(self, wanted: Callable[[NodeStatus], bool]) -> NodeStatus:
        while not wanted(status := self.status()):
            pass
        return status

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()


Starter = Callable[..., SmallNode]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    nodes: list[SmallNode] = []

    def start(*groups: Group, stop_s: float = 5.0, retry_parked_s: float = 30.0, **own: Any) -> SmallNode:
        spec = TreeSpec(groups, retry_parked_s=retry_parked_s, stop_s=stop_s, backoff=Backoff(0.01, 0.05))
        node = SmallNode(tmp_path, spec, NodeSettings(supervisor=SupervisorSettings(**own)))
        nodes.append(node)
        return node

    yield start
    for node in nodes:
        node.end()


def gone(pids: list[int]) -> bool:
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


def test_children_come_up_in_order_and_the_status_tells_all_about_them(start: Starter) -> None:
    node = start(Group((child("a"),)), Group((child("bb"), child("ccc")), "rest_for_one"))
    node.wait_for("a starting", "a ready", "bb starting", "bb ready", "ccc starting", "ccc ready")
    status = node.status()
    assert status.ready
    assert [process.name for process in status.processes] == ["a", "bb", "ccc"]
    for process in status.processes:
        assert process.state == "ready"
        assert process.restarts == 0
        assert process.uptime_s > 0
        assert process.rss_mb > 5
        assert psutil.Process(process.pid).ppid() == node.process.pid
    assert node.stop() == 0


def test_a_child_learns_the_ports_of_those_that_serve_before_it_and_after_it(start: Starter) -> None:
    node = start(Group((child("a"),)), Group((child("bb"),)))
    node.wait_for("bb ready")
    status = node.status_until(lambda status: bool(status.facts["a"].get("heard")))
    assert status.facts["a"]["heard"] == ["bb ready {'main': 1002}"]
    status = node.status_until(lambda status: bool(status.facts["bb"].get("heard")))
    assert status.facts["bb"]["ports"] == {"a": {"main": 1001}}


def test_the_link_is_told_to_change_its_key_where_there_is_one(start: Starter) -> None:
    node = start(Group((child("web"),)), Group((child("link"),)))
    node.wait_for("link ready")
    told = msgspec.msgpack.decode(ask_node(node.data, encode(RotateKeys())), type=KeysRotating)
    assert told == KeysRotating(told=True)
    node.status_until(lambda status: "rotate keys" in status.facts["link"].get("heard", []))
    assert node.stop() == 0


def test_a_node_without_a_link_says_that_nobody_changes_a_key(start: Starter) -> None:
    node = start(Group((child("a"),)))
    node.wait_for("a ready")
    told = msgspec.msgpack.decode(ask_node(node.data, encode(RotateKeys())), type=KeysRotating)
    assert told == KeysRotating(told=False)


def test_a_killed_child_is_started_again_alone_with_the_ports_it_had(start: Starter) -> None:
    node = start(Group((child("a"),)), Group((child("bb"),)))
    node.wait_for("bb ready")
    before = node.status()
    os.kill(before.processes[0].pid, signal.SIGKILL)
    node.wait_for("a backoff", "a starting", "a ready")
    after = node.status_until(lambda status: bool(status.facts["a"].get("ports")))
    assert after.processes[0].restarts == 1
    assert after.processes[0].why == "was killed by SIGKILL"
    assert after.processes[0].pid != before.processes[0].pid
    assert after.facts["a"]["ports"]["a"] == {"main": 1001}
    assert after.processes[1].pid == before.processes[1].pid
    heard = ["a ready {'main': 1001}", "a down", "a ready {'main': 1001}"]
    node.status_until(lambda status: status.facts["bb"].get("heard") == heard)


def test_rest_for_one_restarts_the_one_that_died_and_those_to_its_right(start: Starter) -> None:
    node = start(Group((child("a"), child("b"), child("c")), "rest_for_one"))
    node.wait_for("c ready")
    before = {process.name: process.pid for process in node.status().processes}
    os.kill(before["b"], signal.SIGKILL)
    came = node.wait_for(
        "b backoff", "c stopping", "c waiting", "b starting", "b ready", "c starting", "c ready"
    )
    assert not [line for line in came if line.startswith("a ")]
    after = {process.name: process for process in node.status().processes}
    assert after["a"].pid == before["a"]
    assert after["b"].pid != before["b"]
    assert after["c"].pid != before["c"]
    assert after["c"].why == "started again because b was"


def test_rest_for_one_leaves_those_to_the_left_alone(start: Starter) -> None:
    node = start(Group((child("a"), child("b")), "rest_for_one"))
    node.wait_for("b ready")
    before = node.status().processes
    os.kill(before[1].pid, signal.SIGKILL)
    node.wait_for("b backoff", "b starting", "b ready")
    assert node.process_of("a").pid == before[0].pid


def test_a_child_that_hangs_is_killed_and_started_again(start: Starter) -> None:
    node = start(Group((child("a", heartbeat_limit_s=2.0),)))
    node.wait_for("a ready")
    os.kill(node.process_of("a").pid, signal.SIGSTOP)
    node.wait_for("a stopping", "a backoff", "a starting", "a ready")
    assert node.process_of("a").why == "no heartbeat for 2 s"


def test_a_child_whose_event_loop_is_blocked_counts_as_hung(start: Starter) -> None:
    node = start(Group((child("a", "blocked", heartbeat_limit_s=2.0, limit=0),)))
    node.wait_for("a ready", "a stopping", "a parked")
    assert node.process_of("a").why == "no heartbeat for 2 s"


def test_a_crash_loop_is_parked_with_its_reason_and_recovers_when_it_is_mended(start: Starter) -> None:
    node = start(Group((child("a", "crashes", limit=2),)), Group((child("b"),)), retry_parked_s=0.5)
    node.wait_for("a backoff", "a starting", "a backoff", "a starting", "a parked", "b starting", "b ready")
    status = node.status_until(lambda status: status.parked == ["a"])
    assert not status.ready
    assert status.processes[0].why == "The shelf is empty: put a file named mended there."
    (node.data.root / "mended").touch()
    node.wait_for("a ready")
    assert node.status().ready


def test_a_child_that_is_never_ready_is_killed_at_its_boot_limit(start: Starter) -> None:
    node = start(Group((child("a", "mute", boot_limit_s=1.0, limit=0),)))
    node.wait_for("a starting", "a stopping", "a parked")
    assert node.process_of("a").why == "not ready within 1 s"


def test_a_child_that_leaves_by_itself_is_started_again(start: Starter) -> None:
    node = start(Group((child("a", "leaves"),)), Group((child("b"),)))
    node.wait_for("b ready", "a backoff", "a starting")
    assert node.process_of("a").why == "ended with status 0"


def test_a_process_that_cannot_even_begin_is_parked_and_its_last_words_are_told(start: Starter) -> None:
    node = start(Group((child("a", "no_such_module", limit=1),)))
    node.wait_for("a parked")
    why = node.process_of("a").why
    assert why.startswith("ended with status 1: ")
    assert why.endswith("No module named tests.supervisor.children.no_such_module")
    assert "no_such_module" in (node.data.logs / "a.out").read_text()


def test_a_stop_goes_right_to_left_and_leaves_no_process(start: Starter) -> None:
    node = start(Group((child("a"),)), Group((child("b"), child("c")), "rest_for_one"))
    node.wait_for("c ready")
    pids = [process.pid for process in node.status().processes]
    assert node.stop() == 0
    node.wait_for("stopping", "c stopping", "c stopped", "b stopping", "b stopped", "a stopping", "a stopped")
    assert gone(pids)
    assert not (node.data.run / "node.json").exists()


def test_a_child_that_ignores_stop_is_killed_within_the_limit_of_the_whole(start: Starter) -> None:
    node = start(Group((child("a"),)), Group((child("b", "deaf"),)), stop_s=1.0)
    node.wait_for("b ready")
    pids = [process.pid for process in node.status().processes]
    assert node.stop() == 0
    node.wait_for("b stopping", "b stopped", "a stopping", "a stopped")
    assert gone(pids)
    assert "b: killed: did not stop in time" in (node.data.logs / "supervisor.log").read_text()


def test_a_second_ctrl_c_does_not_wait(start: Starter) -> None:
    node = start(Group((child("a", "deaf"),)), stop_s=1000.0)
    node.wait_for("a ready")
    node.process.send_signal(signal.SIGINT)
    node.wait_for("a stopping")
    node.process.send_signal(signal.SIGINT)
    assert node.process.wait(WAIT_S) == 0


def test_children_and_grandchildren_end_with_a_supervisor_that_is_killed(start: Starter) -> None:
    node = start(Group((child("a"),)), Group((child("b", "parent"),)), Group((child("c", "deaf"),)))
    node.wait_for("c ready")
    status = node.status()
    pids = [process.pid for process in status.processes] + [status.facts["b"]["grandchild"]]
    assert len(set(pids)) == 4
    assert all(psutil.pid_exists(pid) for pid in pids)
    node.process.kill()
    node.process.wait()
    assert gone(pids)


def test_grandchildren_end_with_a_child_that_is_killed(start: Starter) -> None:
    node = start(Group((child("a", "parent"),)))
    node.wait_for("a ready")
    grandchild = node.status().facts["a"]["grandchild"]
    os.kill(node.process_of("a").pid, signal.SIGKILL)
    assert gone([grandchild])
    node.wait_for("a backoff", "a ready")


def test_children_end_when_their_supervisor_hangs_and_come_back_with_it(start: Starter) -> None:
    node = start(Group((child("a"),)), silence_s=0.5)
    node.wait_for("a ready")
    pid = node.process_of("a").pid
    node.process.send_signal(signal.SIGSTOP)
    threading.Event().wait(1.5)
    node.process.send_signal(signal.SIGCONT)
    node.wait_for("a backoff", "a ready")
    assert node.process_of("a").pid != pid


def test_a_key_that_is_not_of_this_run_is_not_heard(start: Starter) -> None:
    node = start(Group((child("a"),)))
    node.wait_for("a ready")
    file = read_node(node.data)
    public, secret = zmq.curve_keypair()
    stranger = msgspec.structs.replace(file.control, public=public.decode(), secret=secret.decode())
    assert ask(stranger, encode(AskStatus()), 1.0) is None
    assert node.status().ready


def test_the_file_of_the_running_node_is_for_its_owner_alone(start: Starter) -> None:
    node = start(Group((child("a"),)))
    node.wait_for("a ready")
    path = node.data.run / "node.json"
    assert path.stat().st_mode & 0o777 == 0o600
    file = read_node(node.data)
    assert file.pid == node.process.pid
    assert file.ports == {"a": {"main": 1001}}
    assert len(file.token) >= 40


def test_secrets_are_in_no_log(start: Starter) -> None:
    node = start(Group((child("a"),)))
    node.wait_for("a ready")
    file = read_node(node.data)
    assert node.stop() == 0
    logs = "".join(path.read_text() for path in node.data.logs.iterdir())
    assert "ready as process" in logs
    assert file.token not in logs
    assert file.control.secret not in logs
