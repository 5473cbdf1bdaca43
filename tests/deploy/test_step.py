from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.stamps import fingerprint
from deploy.step import Job, Step, go_through
from deploy.troubles import ToolFailed
from tests.deploy.places import bare_checkout, quiet_job, shown


class Kettle:
    """A step that copies `water` to `tea`, and counts how often it did."""

    def __init__(self, job: Job) -> None:
        self.water = job.checkout.root / "water"
        self.tea = job.checkout.root / "tea"
        self.water.write_text("cold")
        self.boiled = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def work(self, _job: Job) -> str | None:
        self.boiled += 1
        text = self.water.read_text()
        self.meanwhile()
        self.tea.write_text(text)
        return "ready"

    def step(self, *, stamped: bool = True) -> Step:
        return Step(
            name="kettle",
            title="Tea",
            is_there=lambda _job: self.tea.exists(),
            work=self.work,
            fingerprint=(lambda _job: fingerprint(self.water)) if stamped else None,
        )


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return quiet_job(bare_checkout(tmp_path))


def test_a_finished_step_is_not_done_again(job: Job) -> None:
    kettle = Kettle(job)
    assert go_through([kettle.step()], job) == 1
    assert go_through([kettle.step()], job) == 0
    assert kettle.boiled == 1


def test_a_step_is_done_again_when_what_it_was_made_from_changes(job: Job) -> None:
    kettle = Kettle(job)
    go_through([kettle.step()], job)
    kettle.water.write_text("fresh")
    assert go_through([kettle.step()], job) == 1
    assert kettle.tea.read_text() == "fresh"


def test_a_step_is_done_again_when_its_result_is_gone(job: Job) -> None:
    kettle = Kettle(job)
    go_through([kettle.step()], job)
    kettle.tea.unlink()
    assert go_through([kettle.step()], job) == 1


def test_a_change_during_the_work_is_not_taken_for_done(job: Job) -> None:
    kettle = Kettle(job)

    def change() -> None:
        kettle.water.write_text("changed")

    kettle.meanwhile = change
    go_through([kettle.step()], job)
    kettle.meanwhile = lambda: None
    assert go_through([kettle.step()], job) == 1
    assert kettle.tea.read_text() == "changed"


def fail(_job: Job) -> str | None:
    raise ToolFailed("the kettle leaks")


def test_a_step_that_fails_is_due_again_and_stops_those_after_it(job: Job) -> None:
    kettle = Kettle(job)
    broken = Step("broken", "Cups", is_there=lambda _job: True, work=fail, fingerprint=lambda _job: "1")
    with pytest.raises(ToolFailed, match="leaks"):
        go_through([broken, kettle.step()], job)
    assert kettle.boiled == 0
    assert broken.is_due(job)
    assert "FAILED Cups" in shown(job)


def test_a_step_that_fails_after_it_once_succeeded_loses_its_stamp(job: Job) -> None:
    kettle = Kettle(job)
    go_through([kettle.step()], job)
    kettle.water.write_text("fresh")
    with pytest.raises(ToolFailed):
        go_through([Step("kettle", "Tea", kettle.step().is_there, fail, kettle.step().fingerprint)], job)
    kettle.water.write_text("cold")
    assert kettle.step().is_due(job)


def test_a_step_that_nothing_asks_for_is_left_out(job: Job) -> None:
    kettle = Kettle(job)
    step = Step("kettle", "Tea", kettle.step().is_there, kettle.work, needed=lambda _job: False)
    assert go_through([step], job) == 0
    assert not kettle.tea.exists()


def test_a_step_without_a_fingerprint_is_done_when_its_result_is_there(job: Job) -> None:
    kettle = Kettle(job)
    kettle.tea.write_text("left by somebody else")
    assert go_through([kettle.step(stamped=False)], job) == 0


def test_the_stamp_of_a_step_in_the_environment_goes_with_the_environment(job: Job) -> None:
    step = Step("pip", "Packages", lambda _job: True, lambda _job: None, lambda _job: "1", in_venv=True)
    go_through([step], job)
    assert step.stamp(job.checkout).is_relative_to(job.checkout.venv)
