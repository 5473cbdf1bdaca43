from dataclasses import replace
from pathlib import Path

import pytest

from deploy.setup import RUNTIME_STEPS
from deploy.step import Job, always, go_through
from deploy.steps import nvidia
from deploy.troubles import HashMismatch, Trouble
from tests.deploy.places import bare_checkout, quiet_job, shown


def test_there_are_packages_for_linux_and_windows_on_usual_processors() -> None:
    assert nvidia.has_packages("linux", "x86_64")
    assert nvidia.has_packages("win32", "AMD64")
    assert not nvidia.has_packages("linux", "aarch64")
    assert not nvidia.has_packages("darwin", "x86_64")


def test_a_machine_without_packages_installs_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_packages(*_: object) -> bool:
        return False

    monkeypatch.setattr(nvidia, "has_packages", no_packages)
    assert nvidia.STEP in RUNTIME_STEPS
    assert not nvidia.STEP.is_due(quiet_job(bare_checkout(tmp_path)))


def test_without_the_packages_the_set_up_goes_on_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Trouble("no network")

    monkeypatch.setattr(nvidia, "install_locked", refuse)

    def never(_job: Job) -> bool:
        return False

    job = quiet_job(bare_checkout(tmp_path))
    step = replace(nvidia.STEP, needed=always, fingerprint=None, is_there=never)
    assert go_through([step], job) == 1
    assert "the other engines serve" in shown(job)


def test_packages_that_are_not_the_locked_ones_stop_the_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise HashMismatch("another file")

    monkeypatch.setattr(nvidia, "install_locked", refuse)
    with pytest.raises(HashMismatch):
        nvidia.work(quiet_job(bare_checkout(tmp_path)))
