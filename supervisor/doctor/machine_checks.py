"""Checks of the machine below the node: Python, packages, libzmq, clock."""

import re
from collections.abc import Iterator

import zmq

from deploy.release import lock_text
from rust_crypto.seal import implementation
from supervisor.doctor.finding import Finding, ok, problem, warning
from supervisor.doctor.subject import Role, Subject

OLDEST = (3, 11)
LOCKS: dict[Role, str] = {"all": "runtime", "web": "web", "gpu": "gpu"}
NAMED = 4  # packages that are named; of further ones only the number


def python(subject: Subject) -> Iterator[Finding]:
    doors = subject.doors
    version = ".".join(map(str, doors.python))
    if doors.python[:2] < OLDEST:
        yield problem(
            "Python", f"{version} is too old", "install Python 3.11 or newer, and Samovar again with it"
        )
    elif doors.bits != "64bit":
        yield problem("Python", f"{version} is a {doors.bits} one", "install the 64-bit Python")
    elif doors.system == "win32" and "windowsapps" in str(doors.base_prefix).lower():
        yield problem(
            "Python",
            f"{version} is the Microsoft Store's: it hides the data folder where no service finds it",
            "install Python from python.org, then run install.ps1 again",
        )
    else:
        yield ok("Python", f"{version}, {doors.executable}")


def packages(subject: Subject) -> Iterator[Finding]:
    """Against the lock of the role. A package that is for some platforms only may be missing here."""
    try:
        lock = lock_text(LOCKS[subject.role])
    except OSError:
        lock = lock_text("web") + lock_text("gpu")
    missing: list[str] = []
    other: list[str] = []
    for name, version, marker in re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)( ;)?", lock, re.MULTILINE):
        found = subject.doors.installed(name)
        if found is None and not marker:
            missing.append(name)
        elif found is not None and found != version and not marker:
            other.append(f"{name} {found} (locked: {version})")
    again = "install again: install.sh, install.ps1, or `python3 -m deploy setup` in a checkout"
    if missing:
        yield problem("packages", f"missing: {some(missing)}", again)
    if other:
        yield warning("packages", f"not the locked ones: {some(other)}", again)
    if not missing and not other:
        yield ok("packages", "as locked")


def some(names: list[str]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def encryption(_subject: Subject) -> Iterator[Finding]:
    if zmq.has("curve"):
        yield ok("link encryption", f"CURVE, libzmq {zmq.zmq_version()}")
    else:
        yield problem(
            "link encryption",
            "this libzmq was built without CURVE",
            "install pyzmq from PyPI's wheel: it brings its own libzmq",
        )
    name = {"rust": "Rust", "python": "Python; the Rust one is faster"}[implementation()]
    yield ok("seal", name)


def clock(subject: Subject) -> Iterator[Finding]:
    ask = subject.doors.ask
    if subject.doors.system == "win32":
        answer = ask("w32tm", "/query", "/status")
        if answer.status != 0:
            yield warning(
                "clock", "Windows keeps no time", "as administrator: net start w32time, then w32tm /resync"
            )
        else:
            yield ok("clock", "kept by Windows")
        return
    answer = ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
    match answer.output.strip():
        case "yes":
            yield ok("clock", "synchronised")
        case "no":
            yield warning("clock", "not synchronised", "timedatectl set-ntp true (or install chrony)")
        case _:
            yield ok("clock", "cannot be asked here")
