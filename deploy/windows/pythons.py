"""Finds the Python to install with, or has winget install one.

Windows puts a `python.exe` on PATH that is none: a link that opens the Microsoft Store. The Store's real
Python is no better here: it redirects what is written to AppData, where the scheduled task would look for
the data in vain.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.machine import Machine
from deploy.troubles import NotThisMachine

# In the order of preference: those that all locked packages have wheels for.
GOOD_VERSIONS = ((3, 13), (3, 12), (3, 11), (3, 14))
WINGET_ID = "Python.Python.3.13"
DESCRIBE = (
    "import json, struct, sys; "
    "print(json.dumps([sys.version_info[0], sys.version_info[1], struct.calcsize('P') * 8, sys.base_prefix, "
    "getattr(sys, '_base_executable', sys.executable)]))"
)
BY_HAND = "install Python 3.13 (64-bit) from python.org, then run install.ps1 again"


@dataclass(frozen=True)
class Found:
    """A Python that was looked at. `fault` is "" where it will do."""

    path: Path
    version: tuple[int, int] = (0, 0)
    fault: str = ""


def is_of_the_store(path: str) -> bool:
    return "\\windowsapps\\" in path.replace("/", "\\").lower() + "\\"


def look_at(machine: Machine, path: Path) -> Found:
    answer = machine.ask(path, "-I", "-c", DESCRIBE)
    lines = answer.output.strip().splitlines()
    if answer.status != 0 or not lines:
        if is_of_the_store(str(path)):
            return Found(path, fault="is no Python but a link to the Microsoft Store's shop")
        return Found(path, fault="does not run")
    try:
        major, minor, bits, prefix, program = json.loads(lines[-1])
    except ValueError:
        return Found(path, fault="does not answer as a Python does")
    version = (int(major), int(minor))
    if is_of_the_store(str(prefix)) or is_of_the_store(str(program)):
        return Found(path, version, "is the Microsoft Store's, which hides its data from services")
    if bits != 64:
        return Found(path, version, f"is a {bits}-bit one")
    if version not in GOOD_VERSIONS:
        return Found(path, version, f"is {major}.{minor}; {one_of_them()} is needed")
    return Found(Path(program), version)


def one_of_them() -> str:
    names = sorted(f"{major}.{minor}" for major, minor in GOOD_VERSIONS)
    return f"{', '.join(names[:-1])} or {names[-1]}"


def listed_by_launcher(output: str) -> list[Path]:
    """The programs in what `py -0p` prints: a name, perhaps a star, and the path in each line."""
    return [
        Path(found) for found in re.findall(r"^ -\S+(?: \*)?\s+(\S.*\.exe)(?: \*)?\s*$", output, re.MULTILINE)
    ]


def candidates(machine: Machine, running: Path) -> list[Path]:
    """Every Python that is known here, each once."""
    paths = [running, *listed_by_launcher(machine.ask("py", "-0p").output)]
    where = machine.ask("where.exe", "python.exe")
    if where.status == 0:
        paths += [Path(line) for line in where.output.splitlines() if line.strip()]
    paths += [path for path in usual_places(machine.environ) if path.is_file()]
    return list({str(path).lower(): path for path in paths}.values())


def usual_places(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where the installers of python.org and winget put a Python: it is not on PATH until the next logon."""
    for variable, below in (("LOCALAPPDATA", ("Programs", "Python")), ("PROGRAMFILES", ())):
        if folder := environ.get(variable):
            for major, minor in GOOD_VERSIONS:
                yield Path(folder, *below, f"Python{major}{minor}", "python.exe")


def best_of(found: Iterable[Found]) -> Found | None:
    good = [one for one in found if not one.fault]
    return min(good, key=lambda one: GOOD_VERSIONS.index(one.version), default=None)


def find_python(machine: Machine, running: Path) -> Path:
    """A Python that will do; winget fetches one where there is none. Raises NotThisMachine."""
    looked_at = [look_at(machine, path) for path in candidates(machine, running)]
    for one in looked_at:
        if one.fault:
            machine.say(f"{one.path} {one.fault}: left alone")
    best = best_of(looked_at)
    if best is None:
        install_python(machine)
        best = best_of(look_at(machine, path) for path in candidates(machine, running))
    if best is None:
        raise NotThisMachine(f"no Python here will do, and winget brought none: {BY_HAND}")
    return best.path


def install_python(machine: Machine) -> None:
    if machine.ask("winget", "--version").status != 0:
        raise NotThisMachine(f"no Python here will do, and there is no winget to fetch one: {BY_HAND}")
    title = "Python from winget"
    with machine.step(title):
        machine.run(
            title,
            *("winget", "install", "--id", WINGET_ID, "--exact", "--silent", "--source", "winget"),
            *("--accept-package-agreements", "--accept-source-agreements"),
        )
