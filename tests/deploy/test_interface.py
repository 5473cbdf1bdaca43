import os
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.step import Job, go_through
from deploy.steps.interface import BUILD, NODE, NODE_FOR_TESTS, PACKAGES, PACKAGES_FOR_TESTS
from deploy.troubles import ToolFailed
from tests.deploy.places import bare_checkout, fake_program, quiet_job

STEPS = (NODE, PACKAGES, BUILD)
# Writes what the real ones write, and a line for each call.
NPM = """
import pathlib, shutil, sys
with open("../calls", "a") as calls:
    print(*sys.argv[1:3], file=calls)
if sys.argv[1] == "ci":
    pathlib.Path("node_modules").mkdir(exist_ok=True)
    pathlib.Path("node_modules/.package-lock.json").touch()
if sys.argv[2] == "build":
    pathlib.Path("dist").mkdir(exist_ok=True)
    shutil.copy("index.html", "dist")
"""
BROKEN_NPM = "import sys; sys.exit('npm error Exit handler never called!')"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job with an interface to build, and a Node.js and an npm of ours on PATH."""
    job = quiet_job(bare_checkout(tmp_path))
    job.checkout.ui.mkdir(parents=True)
    (job.checkout.ui / "index.html").write_text("one")
    (job.checkout.ui / "package-lock.json").write_text("{}")
    programs = fake_program(tmp_path / "programs", "node", "print('v20.20.2')").parent
    fake_program(programs, "npm", NPM)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    return replace(job, environ={**job.environ, "PATH": os.environ["PATH"]})


def calls(job: Job) -> list[str]:
    """The calls of npm so far; they are forgotten."""
    file = job.checkout.ui.parent / "calls"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def test_the_interface_is_built_once_from_its_locked_packages(job: Job) -> None:
    assert go_through(STEPS, job) == 2
    assert calls(job) == ["ci --no-fund", "run build"]
    assert (job.checkout.ui / "dist" / "index.html").read_text() == "one"
    assert go_through(STEPS, job) == 0
    assert calls(job) == []


def test_a_changed_source_is_built_without_fetching_packages_again(job: Job) -> None:
    go_through(STEPS, job)
    calls(job)
    (job.checkout.ui / "index.html").write_text("two")
    go_through(STEPS, job)
    assert calls(job) == ["run build"]
    assert (job.checkout.ui / "dist" / "index.html").read_text() == "two"


def test_changed_packages_are_fetched_and_built(job: Job) -> None:
    go_through(STEPS, job)
    calls(job)
    (job.checkout.ui / "package-lock.json").write_text("{ }")
    go_through(STEPS, job)
    assert calls(job) == ["ci --no-fund", "run build"]


def test_an_interface_that_is_built_needs_no_packages_but_its_tests_do(job: Job) -> None:
    go_through(STEPS, job)
    calls(job)
    (job.checkout.ui / "node_modules" / ".package-lock.json").unlink()
    assert go_through(STEPS, job) == 0
    assert go_through((NODE_FOR_TESTS, PACKAGES_FOR_TESTS, BUILD), job) == 1
    assert calls(job) == ["ci --no-fund"]


def test_a_build_that_fails_names_its_log_and_is_due_again(job: Job, tmp_path: Path) -> None:
    go_through(STEPS, job)
    fake_program(tmp_path / "programs", "npm", BROKEN_NPM)
    (job.checkout.ui / "index.html").write_text("two")
    with pytest.raises(ToolFailed, match=r"Browser interface failed: .* \(log: .*interface\.log\)"):
        go_through(STEPS, job)
    assert BUILD.is_due(job)
