"""What the tests need of the system, from Debian's packages where we may install them."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.step import Job, Step
from deploy.troubles import NoVenvModule, ToolFailed, Trouble

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
# Debian keeps the server's programs off PATH.
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


def become_root() -> list[str] | None:
    """The words before a command that make it root's; None where there is no way that asks nothing."""
    if sys.platform == "win32" or shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") else None


def apt_install(job: Job, title: str, packages: Sequence[str]) -> None:
    """Install Debian packages. Raises a Trouble, also where this user may not."""
    prefix = become_root()
    if prefix is None:
        raise ToolFailed(
            f"{title}: missing; run `apt install {' '.join(packages)}` as root (or the like here)"
        )
    environ = {"DEBIAN_FRONTEND": "noninteractive"}
    job.run(title, [*prefix, "apt-get", "update"], log="debian", environ=environ)
    job.run(
        title,
        [*prefix, "apt-get", "install", "--yes", "--no-install-recommends", *packages],
        log="debian",
        environ=environ,
    )


def has_browser() -> bool:
    return any(shutil.which(name) for name in BROWSERS)


def has_postgres() -> bool:
    return shutil.which("initdb") is not None or any(DEBIAN_POSTGRES.glob("*/bin/initdb"))


def install_browser(job: Job) -> str | None:
    apt_install(job, CHROMIUM.title, ["chromium"])
    return None


def install_postgres(job: Job) -> str | None:
    apt_install(job, POSTGRES.title, ["postgresql"])
    return None


def install_venv_module(job: Job) -> str | None:
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    try:
        apt_install(job, VENV_MODULE.title, [package])
    except Trouble as trouble:
        raise NoVenvModule(str(trouble)) from trouble
    return None


CHROMIUM = Step(
    name="chromium",
    title="Chromium",
    is_there=lambda _job: has_browser(),
    work=install_browser,
)
POSTGRES = Step(
    name="postgres",
    title="PostgreSQL",
    is_there=lambda _job: has_postgres(),
    work=install_postgres,
)
VENV_MODULE = Step(
    name="venv_module",
    title="Python's venv module",
    is_there=lambda job: job.uv is not None or importlib.util.find_spec("ensurepip") is not None,
    work=install_venv_module,
)
