"""A node from the outside: its status, its end, and what a kill leaves behind."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.system.running_node import RunningNode, running_node

pytestmark = pytest.mark.timeout(300)


def test_the_status_names_every_part(node: RunningNode) -> None:
    status = node.status()
    assert status is not None
    assert status["ready"] is True
    assert [row["name"] for row in status["processes"]] == ["web", "link", "engine", "health"]
    for row in status["processes"]:
        assert row["state"] == "ready"
        assert row["pid"] > 0
        assert row["rss_mb"] > 1
        assert row["restarts"] == 0
        assert row["uptime_s"] >= 0
    (worker,) = status["workers"]
    assert worker["slots"] >= 1
    assert worker["busy"] == 0
    assert worker["engine"]
    assert worker["model"]
    assert status["queue"] == {"waiting": 0, "running": 0}
    assert status["crypto"] in {"rust", "python"}
    assert status["version"]


def test_an_unknown_character_is_one_clear_line(node: RunningNode) -> None:
    done = node.command("chat", "--character", "Nobody Of That Name", "Hello")
    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_second_node_on_the_same_data_is_refused(node: RunningNode) -> None:
    done = node.command("up", "--port", "0")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_everything_stops_within_five_seconds(data: Path) -> None:
    with running_node(data) as node:
        family = node.family()
        assert node.stop() < 5.0
        assert not [process for process in family if process.is_running()]


def test_nothing_outlives_a_killed_supervisor(data: Path) -> None:
    with running_node(data) as node:
        family = node.family()
        os.kill(node.pid, signal.SIGKILL)
        assert node.process is not None
        node.process.wait(timeout=10)
        _, alive = psutil.wait_procs(family[1:], timeout=10)
        assert alive == []


def test_a_node_that_was_killed_starts_again_and_keeps_its_conversations(data: Path) -> None:
    with running_node(data) as node:
        first = node.command("chat", "--seed", "7", "Name three fruits.")
        assert first.returncode == 0, first.stderr
        os.kill(node.pid, signal.SIGKILL)
        assert node.process is not None
        node.process.wait(timeout=10)
    with running_node(data) as node:
        again = node.command("chat", "--seed", "7", "Name three fruits.")
        assert again.stdout == first.stdout
