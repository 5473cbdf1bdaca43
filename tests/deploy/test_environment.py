import subprocess
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.installer import cut_off_marker, has_pip
from deploy.step import Job, go_through
from deploy.steps import environment
from deploy.troubles import NoVenvModule, Trouble
from tests.deploy.places import bare_checkout, quiet_job, shown

# Stands in for the module venv: the same without pip, in a tenth of a second.
QUICK = """
import pathlib, sys
sys.path.remove(str(pathlib.Path(__file__).parent))
import venv
venv.create(sys.argv[1])
"""
NO_MODULE = """raise ModuleNotFoundError("No module named 'venv'")"""
DEBIAN = """
import sys
print(
    "The virtual environment was not created successfully because ensurepip is not",
    "available.  On Debian/Ubuntu systems, you need to install the python3-venv",
    "package using the following command.",
    "",
    "    apt install python3.11-venv",
    sep=chr(10),
)
sys.exit(1)
"""


def job_with_venv_module(folder: Path, text: str) -> Job:
    """A job for which `python -m venv` runs this text."""
    shadow = folder / "shadow"
    shadow.mkdir()
    (shadow / "venv.py").write_text(text)
    return quiet_job(bare_checkout(folder), PYTHONPATH=str(shadow))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return job_with_venv_module(tmp_path, QUICK)


def make_quickly(job: Job) -> None:
    """An environment without pip, as somebody else may have made it."""
    venv.create(job.checkout.venv, with_pip=False)


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    job = quiet_job(bare_checkout(tmp_path))
    assert go_through([environment.STEP], job) == 1
    prefix = subprocess.run(
        [job.checkout.python, "-c", "import sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(prefix) == job.checkout.venv
    assert has_pip(job.checkout)
    assert not cut_off_marker(job.checkout).exists()
    assert go_through([environment.STEP], job) == 0


@pytest.mark.parametrize("text", [NO_MODULE, DEBIAN])
def test_a_python_without_the_venv_module_is_told_with_the_remedy(tmp_path: Path, text: str) -> None:
    bare = job_with_venv_module(tmp_path, text)
    with pytest.raises(NoVenvModule, match="apt install python3-venv") as caught:
        go_through([environment.STEP], bare)
    assert "\n" not in str(caught.value)
    assert environment.STEP.is_due(bare)


def test_an_environment_that_somebody_made_is_kept(job: Job) -> None:
    make_quickly(job)
    (job.checkout.venv / "theirs").touch()
    go_through([environment.STEP], job)
    assert (job.checkout.venv / "theirs").exists()
    assert "kept" in shown(job)


def test_an_environment_whose_python_is_gone_is_made_anew(job: Job) -> None:
    make_quickly(job)
    go_through([environment.STEP], job)
    job.checkout.python.unlink()
    assert go_through([environment.STEP], job) == 1
    assert job.checkout.python.exists()


def test_an_environment_in_which_an_installation_was_cut_off_is_made_anew(job: Job) -> None:
    make_quickly(job)
    go_through([environment.STEP], job)
    cut_off_marker(job.checkout).touch()
    (job.checkout.venv / "half").touch()
    assert go_through([environment.STEP], job) == 1
    assert not (job.checkout.venv / "half").exists()
    assert not cut_off_marker(job.checkout).exists()


def test_an_environment_that_was_moved_with_its_checkout_is_made_anew(job: Job, tmp_path: Path) -> None:
    make_quickly(job)
    go_through([environment.STEP], job)
    moved = bare_checkout(tmp_path / "elsewhere")
    job.checkout.venv.rename(moved.venv)
    (moved.venv / "stale").touch()
    assert go_through([environment.STEP], replace(job, checkout=moved)) == 1
    assert not (moved.venv / "stale").exists()


def test_a_file_in_the_place_of_the_environment_is_not_deleted(job: Job) -> None:
    job.checkout.venv.write_text("mine")
    with pytest.raises(Trouble, match="in the way"):
        go_through([environment.STEP], job)
    assert job.checkout.venv.read_text() == "mine"
