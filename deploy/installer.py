"""Installs locked packages, with uv where it is, else with pip: the same lock files for both."""

import contextlib
import re
from collections.abc import Generator
from pathlib import Path

from deploy.checkout import Checkout
from deploy.step import Job
from deploy.troubles import HashMismatch, NoNetwork, UntrustedCertificate

# pip: "Collecting x==1", "Requirement already satisfied: x"; uv: " + x==1" for each one installed.
ONE_PACKAGE = re.compile(r"^(Collecting |Requirement already satisfied: | \+ )")
ENVIRONMENT = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
    "PYTHONUTF8": "1",
    # uv trusts the system's certificates as pip does, so that a firm's proxy is no trouble.
    "UV_NATIVE_TLS": "1",
    "UV_SYSTEM_CERTS": "1",
    "UV_NO_PROGRESS": "1",
}


def packages_in(lock: Path) -> int:
    """How many packages a lock file names."""
    return sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Za-z0-9]", line))


def has_pip(checkout: Checkout) -> bool:
    return any(checkout.venv.glob("[Ll]ib/**/site-packages/pip/__main__.py"))


def ensure_pip(job: Job) -> None:
    """An environment that uv made has no pip."""
    if not has_pip(job.checkout):
        job.run("pip", [job.checkout.python, "-I", "-m", "ensurepip"], log="environment")


def install_command(job: Job) -> list[str | Path]:
    """The start of a command that installs into the checkout's environment."""
    if job.uv:
        return [job.uv, "pip", "install", "--python", job.checkout.python]
    ensure_pip(job)
    return [job.checkout.python, "-m", "pip", "install", "--progress-bar", "off"]


def locked(job: Job, *names: str) -> list[str | Path]:
    """The arguments that name lock files and insist on their hashes.

    A lock names everything, so nothing is resolved: some pips would look for the newest release of a
    package that is asked for with an extra, and refuse it because it is not the one in the lock.
    """
    arguments: list[str | Path] = ["--require-hashes", "--no-deps"]
    for name in names:
        arguments += ["-r", job.checkout.lock(name)]
    return arguments


def cut_off_marker(checkout: Checkout) -> Path:
    return checkout.venv / ".samovar" / "installing"


@contextlib.contextmanager
def writing_into_the_environment(checkout: Checkout) -> Generator[None]:
    """Mark the environment while packages are written into it.

    An installation that is cut off can leave half a package that pip takes for a whole one. An environment
    that still bears the mark is therefore made anew. Failures that come before the first file is
    written take the mark away.
    """
    marker = cut_off_marker(checkout)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    try:
        yield
    except (NoNetwork, HashMismatch, UntrustedCertificate):
        marker.unlink(missing_ok=True)
        raise
    marker.unlink()


def install_locked(job: Job, title: str, *names: str, log: str) -> None:
    """Install the packages of the lock files `names` into the environment."""
    total = sum(packages_in(job.checkout.lock(name)) for name in names)
    seen = 0

    def on_line(line: str) -> None:
        nonlocal seen
        if ONE_PACKAGE.match(line):
            seen += 1
            job.progress.count(min(seen, total), total)

    with writing_into_the_environment(job.checkout):
        job.run(
            title,
            [*install_command(job), *locked(job, *names)],
            log=log,
            environ=ENVIRONMENT,
            on_line=on_line,
        )
    job.progress.no_count()


def unpack_locked(job: Job, title: str, name: str, folder: Path, *, log: str) -> None:
    """Unpack the packages of one lock file into `folder`, without what they depend on."""
    job.run(
        title,
        [
            *install_command(job),
            "--no-deps",
            "--no-cache" if job.uv else "--no-cache-dir",
            "--target",
            folder,
            *locked(job, name),
        ],
        log=log,
        environ=ENVIRONMENT,
    )
