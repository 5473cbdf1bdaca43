from pathlib import Path, PurePosixPath, PureWindowsPath

from deploy.checkout import Checkout, this_checkout, venv_program
from tests.deploy.places import ROOT


def test_programs_of_an_environment_on_windows_are_in_scripts() -> None:
    venv = PureWindowsPath(r"C:\samovar\.venv")
    assert venv_program(venv, "samovar", windows=True) == PureWindowsPath(
        r"C:\samovar\.venv\Scripts\samovar.exe"
    )


def test_programs_of_an_environment_elsewhere_are_in_bin() -> None:
    venv = PurePosixPath("/samovar/.venv")
    assert venv_program(venv, "python", windows=False) == PurePosixPath("/samovar/.venv/bin/python")


def test_this_checkout_is_the_one_of_the_project_file() -> None:
    assert this_checkout().root == ROOT
    assert (this_checkout().root / "pyproject.toml").is_file()


def test_lock_files_are_named_for_their_set(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, tmp_path)
    assert checkout.lock("runtime") == tmp_path / "requirements" / "runtime.lock"
