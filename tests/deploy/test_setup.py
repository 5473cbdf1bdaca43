import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.setup import MISLEADING, RUNTIME_STEPS, TEST_STEPS, job_for, set_up, trouble_of
from deploy.step import Job, Step
from deploy.troubles import DiskFull, NoPermission, Trouble
from tests.deploy.places import ROOT, bare_checkout, quiet_job, shown

# Three steps; the second says that it is in the middle, and goes on when its stdin ends.
THREE_STEPS = """
import sys
from pathlib import Path
from deploy.checkout import Checkout
from deploy.setup import set_up
from deploy.step import Step
from tests.deploy.places import quiet_job
root = Path(sys.argv[1])

def step(name, blocks=False):
    def work(job):
        with (root / "done").open("a") as out:
            out.write(name)
        if blocks:
            print("in the middle", flush=True)
            sys.stdin.read()
        (root / name).touch()
    return Step(name, name, lambda job: (root / name).exists(), work, lambda job: "1")

set_up(quiet_job(Checkout(root, root / "cache")), [step("a"), step("b", blocks=True), step("c")])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_set_up_killed_in_the_middle_goes_on_with_the_step_it_was_in(tmp_path: Path) -> None:
    checkout = bare_checkout(tmp_path)
    command = [sys.executable, "-c", THREE_STEPS, checkout.root]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "in the middle\n"
        first.kill()
        assert first.wait() == -signal.SIGKILL
    assert (checkout.root / "done").read_text() == "ab"
    subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)
    assert (checkout.root / "done").read_text() == "abbc"
    subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)
    assert (checkout.root / "done").read_text() == "abbc"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return quiet_job(bare_checkout(tmp_path))


def test_a_step_that_needs_more_room_than_there_is_stops_the_set_up_before_any_work(job: Job) -> None:
    did: list[str] = []
    steps = [
        Step("small", "Small", lambda _job: bool(did), lambda _job: did.append("small")),
        Step("huge", "Huge", lambda _job: False, lambda _job: None, checkout_mb=10**12),
    ]
    with pytest.raises(DiskFull, match="make room"):
        set_up(job, steps)
    assert did == []


def test_what_the_operating_system_refuses_is_one_line_with_the_place() -> None:
    denied = trouble_of(PermissionError(13, "Permission denied", "/opt/samovar/.setup"))
    assert isinstance(denied, NoPermission)
    assert "/opt/samovar/.setup" in str(denied)
    full = trouble_of(OSError(28, "No space left on device", "/opt/samovar/.venv"))
    assert isinstance(full, DiskFull)
    assert str(trouble_of(OSError(5, "Input/output error", "/x"))) == "/x: Input/output error"


def test_a_refusal_in_the_middle_of_a_step_reaches_the_person_as_a_trouble(job: Job) -> None:
    def work(_job: Job) -> str | None:
        (job.checkout.root / "missing" / "file").write_text("")
        return None

    with pytest.raises(Trouble, match="No such file"):
        set_up(job, [Step("a", "A", lambda _job: False, work)])


def test_the_whole_time_is_told_once_when_something_was_done_and_not_else(job: Job) -> None:
    made: list[str] = []
    step = Step("a", "A", lambda _job: bool(made), lambda _job: made.append("a"))
    assert set_up(job, [step]) == 1
    assert set_up(job, [step]) == 0
    assert shown(job).count("set up in") == 1


def test_variables_that_point_to_another_environment_do_not_reach_the_tools(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in MISLEADING:
        monkeypatch.setenv(name, "/elsewhere")
    assert not set(MISLEADING) & set(job_for(job.checkout, job.progress).environ)


def test_every_step_has_a_name_of_its_own_and_the_tests_need_all_that_running_needs() -> None:
    for steps in (RUNTIME_STEPS, TEST_STEPS):
        names = [step.name for step in steps]
        assert len(set(names)) == len(names)
    assert {step.name for step in RUNTIME_STEPS} < {step.name for step in TEST_STEPS}
