import sys
import threading
import time
import venv
from pathlib import Path

import pytest

from deploy.step import Job, Step
from deploy.testing import preparing
from deploy.testing.preparing import prepare_machine
from deploy.troubles import NoNetwork, ToolFailed
from tests.deploy.places import bare_checkout, quiet_job

WAIT_S = 30.0


@pytest.fixture
def job(tmp_path: Path) -> Job:
    checkout = bare_checkout(tmp_path)
    venv.create(checkout.venv, with_pip=False)
    return quiet_job(checkout)


def never(_job: Job) -> bool:
    return False


def with_steps(monkeypatch: pytest.MonkeyPatch, set_up: Step, system: Step) -> None:
    monkeypatch.setattr(preparing, "TEST_STEPS", (set_up,))
    monkeypatch.setattr(preparing, "SYSTEM_PACKAGES", ((system, {"browser"}),))


def meets(mine: threading.Event, other: threading.Event) -> Step:
    """Says that it works, and has worked once the other one does, too."""

    def work(_job: Job) -> str | None:
        mine.set()
        assert other.wait(WAIT_S)
        return None

    return Step("step", "A step", never, work)


def test_the_systems_packages_come_in_beside_the_set_up(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = threading.Event(), threading.Event()
    with_steps(monkeypatch, meets(one, two), meets(two, one))
    prepare_machine(job, ["unit", "browser"])
    assert "A step" in capsys.readouterr().out


def test_what_no_stage_needs_is_not_installed(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(_job: Job) -> str | None:
        raise AssertionError

    nothing = Step("nothing", "Nothing", lambda _job: True, work)
    with_steps(monkeypatch, nothing, Step("browser", "Browser", never, work))
    prepare_machine(job, ["unit"])


def test_a_package_that_cannot_be_had_is_told_and_stops_nothing(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_job: Job) -> str | None:
        raise ToolFailed("Browser: missing")

    nothing = Step("nothing", "Nothing", lambda _job: True, lambda _job: None)
    with_steps(monkeypatch, nothing, Step("browser", "Browser", never, work))
    prepare_machine(job, ["browser"])
    assert "Browser: missing" in capsys.readouterr().out


def test_what_runs_beside_a_set_up_that_fails_is_stopped(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = job.checkout.root / "begun"

    def fail(_job: Job) -> str | None:
        deadline = time.monotonic() + WAIT_S
        while not begun.exists():
            assert time.monotonic() < deadline
        raise NoNetwork("no index answers")

    def install(job: Job) -> str | None:
        code = "import pathlib, time; pathlib.Path('begun').touch(); time.sleep(600)"
        job.run("Browser", [sys.executable, "-c", code], log="browser")
        return None

    with_steps(
        monkeypatch, Step("packages", "Packages", never, fail), Step("browser", "Browser", never, install)
    )
    with pytest.raises(NoNetwork):
        prepare_machine(job, ["browser"])
