import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor import spares as module
from supervisor.hush import hush, may_come_back
from supervisor.orphans import Leash
from supervisor.spares import Spares

CHILD = "tests.supervisor.children.good"


def nothing_there(_module: str) -> list[str]:
    return ["/nothing/there"]


@pytest.fixture
def spares(tmp_path: Path) -> Iterator[Spares]:
    with Spares(tmp_path) as some:
        yield some


def take(spares: Spares) -> Leash:
    leash = spares.take("a")
    assert leash is not None
    return leash


def test_a_spare_waits_for_its_brief_and_is_taken_once(spares: Spares) -> None:
    spares.start("a", CHILD)
    leash = take(spares)
    assert spares.take("a") is None
    leash.stdin.close()  # what it wants is a brief
    assert leash.wait() == 2
    assert leash.last_words().startswith("No brief on standard input")


def test_there_is_one_of_a_name(spares: Spares) -> None:
    spares.start("a", CHILD)
    first = spares.waiting["a"]
    spares.start("a", CHILD)
    assert take(spares) is first
    first.kill()
    first.wait()


def test_one_that_has_ended_is_no_spare(spares: Spares) -> None:
    spares.start("a", "tests.supervisor.no_such_module")
    os.waitid(os.P_PID, spares.waiting["a"].pid, os.WEXITED | os.WNOWAIT)
    assert spares.take("a") is None


def test_what_nobody_took_ends_with_the_context(tmp_path: Path) -> None:
    with Spares(tmp_path) as spares:
        spares.start("a", CHILD)
        leash = spares.waiting["a"]
        assert not leash.ended()
    assert leash.process.returncode == -signal.SIGKILL


def test_one_that_cannot_be_started_is_left_to_its_turn(
    spares: Spares, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "command", nothing_there)
    spares.start("a", CHILD)
    assert spares.take("a") is None
    assert "a cannot be started before its turn" in caplog.text


def test_one_that_is_not_wanted_any_more_ends(spares: Spares) -> None:
    spares.start("a", CHILD)
    leash = spares.waiting["a"]
    spares.drop("a")
    assert leash.process.returncode == -signal.SIGKILL
    assert spares.take("a") is None
    spares.drop("a")  # there is none


@pytest.mark.skipif(sys.platform != "linux", reason="SCHED_IDLE is Linux's")
def test_one_that_loads_ahead_gives_way_until_it_is_taken(
    spares: Spares, monkeypatch: pytest.MonkeyPatch
) -> None:
    spares.start("a", CHILD, hushed=True)
    pid = spares.waiting["a"].pid
    assert os.sched_getscheduler(pid) == (os.SCHED_IDLE if may_come_back() else os.SCHED_OTHER)
    leash = take(spares)
    threads = [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
    assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_OTHER}
    leash.kill()
    leash.wait()
    spares.start("a", CHILD)
    assert os.sched_getscheduler(spares.waiting["a"].pid) == os.SCHED_OTHER
    monkeypatch.setattr("supervisor.hush.may_come_back", lambda: False)
    assert not hush(spares.waiting["a"].pid)
    assert os.sched_getscheduler(spares.waiting["a"].pid) == os.SCHED_OTHER


@pytest.mark.skipif(sys.platform != "linux", reason="SCHED_IDLE is Linux's")
def test_the_way_back_takes_a_capability_or_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = tmp_path / "status"
    limits = (0, 0)

    def getrlimit(_: int) -> tuple[int, int]:
        return limits

    monkeypatch.setattr("resource.getrlimit", getrlimit)
    status.write_text("Name:\tx\nCapEff:\t0000000000800000\n")
    assert may_come_back(status)
    status.write_text("Name:\tx\nCapEff:\t0000000000000000\n")
    assert not may_come_back(status)
    assert not may_come_back(tmp_path / "none")
    limits = (20, 20)
    assert may_come_back(status)
