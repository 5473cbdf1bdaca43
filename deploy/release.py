"""A release: one virtual environment with the program and its locked packages, made from the wheels.

Releases stand side by side, so that the one before is still there when the new one does not serve.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from deploy.checkout import venv_program
from deploy.installer import ENVIRONMENT
from deploy.machine import Machine
from deploy.troubles import HashMismatch, Trouble

COMPLETE = "complete"
PIP = ("-m", "pip", "install", "--no-deps", "--no-cache-dir", "--progress-bar", "off")


@dataclass(frozen=True)
class Bundle:
    """The files to install from.

    program  the program's wheel
    built    wheels of packages that are published as source alone
    crypto   wheels of the Rust extension, each for one kind of machine
    """

    program: Path
    built: tuple[Path, ...] = ()
    crypto: tuple[Path, ...] = ()

    @property
    def version(self) -> str:
        return self.program.name.split("-")[1]

    def digest(self) -> str:
        """Names the exact contents; two builds of one version differ in it."""
        sums = [
            hashlib.sha256(file.read_bytes()).digest() for file in (self.program, *self.built, *self.crypto)
        ]
        return hashlib.sha256(b"".join(sums)).hexdigest()[:8]

    @property
    def name(self) -> str:
        return f"{self.version}-{self.digest()}"


def bundle_in(folder: Path) -> Bundle:
    """The wheels that lie in a folder. Raises a Trouble where the program's is not there once."""
    programs = sorted(folder.glob("samovar-*-py3-none-any.whl"))
    if len(programs) != 1:
        what = "no wheel of Samovar" if not programs else "more than one wheel of Samovar"
        raise Trouble(f"{what} in {folder}: copy the whole folder that `python3 -m deploy wheel` made")
    crypto = sorted(folder.glob("samovar_crypto-*.whl"))
    built = [file for file in sorted(folder.glob("*.whl")) if file not in {*programs, *crypto}]
    return Bundle(programs[0], tuple(built), tuple(crypto))


def lock_text(name: str) -> str:
    """A lock of the wheel that this runs from, or of the checkout."""
    carried = resources.files("deploy") / "requirements" / f"{name}.lock"
    if carried.is_file():
        return carried.read_text(encoding="utf-8")
    return (Path(__file__).parents[1] / "requirements" / f"{name}.lock").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Release:
    """One release in its folder."""

    folder: Path
    windows: bool = False

    @property
    def python(self) -> Path:
        return venv_program(self.folder, "python", windows=self.windows)

    @property
    def samovar(self) -> Path:
        return venv_program(self.folder, "samovar", windows=self.windows)

    @property
    def is_complete(self) -> bool:
        return (self.folder / COMPLETE).is_file()


def make_release(
    machine: Machine,
    release: Release,
    bundle: Bundle,
    base_python: Path,
    lock: str,
    extras: Sequence[str] = (),
) -> None:
    """Fill `release`; one that was cut off is made anew. Raises a Trouble.

    `lock` names the packages that it needs. Each of `extras` is a lock with more packages that may fail:
    then it goes without them.
    """
    if release.is_complete:
        return
    machine.remove(release.folder)
    with machine.step("Python environment"):
        machine.run("Python environment", base_python, "-m", "venv", release.folder)
    with machine.step("Python packages"):
        install_lock(machine, release, bundle, lock)
    for extra in extras:
        install_extra(machine, release, bundle, extra)
    with machine.step("Samovar"):
        machine.run("Samovar", release.python, *PIP, "--no-index", bundle.program, environ=ENVIRONMENT)
    install_crypto(machine, release, bundle)
    machine.write(release.folder / COMPLETE, bundle.name + "\n")


def install_lock(machine: Machine, release: Release, bundle: Bundle, name: str) -> None:
    """The packages of a lock; those of the bundle first, for the lock knows no hash of what was built."""
    text = lock_text(name)
    place = release.folder / f"{name}.lock"
    machine.write(place, text)
    built = [wheel for wheel in bundle.built if names_package(text, wheel)]
    if built:
        machine.run("Python packages", release.python, *PIP, "--no-index", *built, environ=ENVIRONMENT)
    machine.run(
        "Python packages",
        *(release.python, *PIP, "--require-hashes", "--only-binary", ":all:", "-r", place),
        environ=ENVIRONMENT,
    )


def names_package(lock: str, wheel: Path) -> bool:
    """Whether a lock names the very version that a wheel holds."""
    name, version = wheel.name.split("-")[:2]
    pin = f"{re.escape(name).replace('_', '[-_]')}=={re.escape(version)}"
    return re.search(rf"^{pin} ", lock, re.MULTILINE | re.IGNORECASE) is not None


def install_extra(machine: Machine, release: Release, bundle: Bundle, name: str) -> None:
    try:
        with machine.step(f"Packages of {name}"):
            install_lock(machine, release, bundle, name)
    except HashMismatch:
        raise
    except Trouble as trouble:
        machine.say(f"{trouble}")
        machine.say(f"goes without the packages of {name}")


def install_crypto(machine: Machine, release: Release, bundle: Bundle) -> None:
    """The Rust extension, where one of the wheels fits this machine; where none does, Python serves."""
    for wheel in bundle.crypto:
        if not release.python.exists():  # in a rehearsal
            machine.say(f"would install: {wheel}, where it fits")
            return
        fits = machine.ask(release.python, *PIP, "--no-index", "--dry-run", wheel).status == 0
        if fits:
            with machine.step("Rust extension"):
                machine.run("Rust extension", release.python, *PIP, "--no-index", wheel, environ=ENVIRONMENT)
            return
    machine.say("no wheel of the Rust extension fits this machine: the Python one serves")


def old_releases(folder: Path, keep: Sequence[Path]) -> list[Path]:
    """The releases in `folder` that are none of `keep`."""
    if not folder.is_dir():
        return []
    named = re.compile(r"\d+(\.\w+)*-[0-9a-f]{8}")
    return [place for place in sorted(folder.iterdir()) if named.fullmatch(place.name) and place not in keep]
