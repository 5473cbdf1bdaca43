import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.step import Job, go_through
from deploy.testing import debian
from deploy.testing.debian import CHROMIUM, POSTGRES, VENV_MODULE, apt_install, become_root
from deploy.troubles import NoNetwork, NoVenvModule, ToolFailed
from tests.deploy.places import bare_checkout, fake_program, quiet_job

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Debian's package manager")

APT = """
import os, pathlib, sys
with pathlib.Path(__file__).with_name("calls").open("a") as calls:
    print(os.environ["DEBIAN_FRONTEND"], *sys.argv[1:], file=calls)
if "chromium" in sys.argv:
    pathlib.Path(__file__).with_name("chromium").touch(0o755)
"""
AWAY = """
import sys
sys.exit("W: Failed to fetch http://deb.example/InRelease  Temporary failure resolving 'deb.example'")
"""


def nothing_found(_name: str) -> None:
    """No module is there."""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; holds an apt-get that writes down its calls. We are root."""
    folder = fake_program(tmp_path / "programs", "apt-get", APT).parent
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    return folder


@pytest.fixture
def job(tmp_path: Path, programs: Path) -> Job:
    job = quiet_job(bare_checkout(tmp_path))
    return replace(job, environ={**job.environ, "PATH": str(programs)})


def test_the_browser_is_installed_when_there_is_none(job: Job, programs: Path) -> None:
    assert go_through([CHROMIUM], job) == 1
    assert (programs / "calls").read_text().splitlines() == [
        "noninteractive update",
        "noninteractive install --yes --no-install-recommends chromium",
    ]
    assert go_through([CHROMIUM], job) == 0


def test_a_user_without_rights_is_told_what_root_must_do(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    assert become_root() is None
    with pytest.raises(ToolFailed, match="run `apt install chromium` as root"):
        apt_install(job, "Chromium", ["chromium"])


def test_a_user_with_sudo_is_never_asked_for_a_password(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(programs, "sudo", "")
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    assert become_root() == ["sudo", "-n"]


def test_a_system_without_apt_is_told_what_is_missing(job: Job, programs: Path) -> None:
    (programs / "apt-get").unlink()
    with pytest.raises(ToolFailed, match="missing"):
        go_through([CHROMIUM], job)


def test_postgresql_is_found_off_path_where_debian_keeps_it(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "DEBIAN_POSTGRES", tmp_path / "postgresql")
    assert POSTGRES.is_due(job)
    fake_program(tmp_path / "postgresql" / "15" / "bin", "initdb", "")
    assert not POSTGRES.is_due(job)


def test_the_venv_module_is_not_asked_for_where_it_is(job: Job, programs: Path) -> None:
    assert go_through([VENV_MODULE], job) == 0
    assert not (programs / "calls").exists()


def test_a_missing_venv_module_is_installed_for_this_python(
    job: Job, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian.importlib.util, "find_spec", nothing_found)
    go_through([VENV_MODULE], job)
    package = f"python3.{sys.version_info.minor}-venv"
    assert (programs / "calls").read_text().splitlines()[-1].endswith(package)
    assert go_through([VENV_MODULE], replace(job, uv="uv")) == 0


def test_a_venv_module_that_cannot_be_had_is_a_trouble_of_its_own(
    job: Job, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian.importlib.util, "find_spec", nothing_found)
    fake_program(programs, "apt-get", AWAY)
    with pytest.raises(NoVenvModule, match="look at the network"):
        go_through([VENV_MODULE], job)


def test_without_a_network_the_browser_is_not_installed_and_the_line_says_why(
    job: Job, programs: Path
) -> None:
    fake_program(programs, "apt-get", AWAY)
    with pytest.raises(NoNetwork, match="Chromium"):
        go_through([CHROMIUM], job)
