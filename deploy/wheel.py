"""`python3 -m deploy wheel`: what a machine without Node.js and Rust installs from, in one folder.

    samovar-VERSION-py3-none-any.whl   the program, the built page, the starter characters, the locks; it is
                                       also its own installer, for the part of it that installs needs
                                       nothing but Python and runs out of the file
    samovar_crypto-….whl               the Rust extension for this kind of machine, where there is a cargo
    thespian-….whl, …                  what is published as source alone, so that nothing is built over there
    install.sh, install.ps1            the first step on the other machine

The same checkout makes the same bytes: the files are copied to a place of their own first, with one time
and one set of rights for all, and the build runs on that copy.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.installer import ensure_pip
from deploy.setup import set_up
from deploy.stamps import files_below
from deploy.step import Job, Step
from deploy.steps import crypto, environment, interface
from deploy.steps.packages import lock_step
from deploy.troubles import Trouble

TITLE = "Wheel"
# 1980-01-02: the oldest time that a zip file can say everywhere.
SOURCE_DATE_EPOCH = "315619200"
PACKAGES = ("actors", "deploy", "gpu_actor", "rust_crypto", "storage", "supervisor", "web")
# Beside Python, as in [tool.setuptools.package-data].
DATA = (
    "deploy/vds/install.sh",
    "deploy/windows/install.ps1",
    "web/starter/*.json",
    "web/starter/*/*.json",
    "web/starter/*.webp",
    "web/starter/LICENSE",
    "web/ui/dist/**/*",
)
ABOUT = ("pyproject.toml", "LICENSE")
ROLE_LOCKS = ("web", "gpu", "gpu_rtx", "model")
# Published as source alone, by the lock that names them; both are for every platform once they are built.
SOURCE_ONLY = {"web": "thespian", "gpu_rtx": "tensorrt-rtx-cu13"}
SCRIPTS = ("deploy/vds/install.sh", "deploy/windows/install.ps1")
NO_SOURCES = ("__pycache__", "node_modules", "target", "ui")

STEPS: tuple[Step, ...] = (
    environment.STEP,
    lock_step("build_packages", "Python packages of the build", ("build",), checkout_mb=10),
    interface.NODE,
    interface.PACKAGES,
    interface.BUILD,
)


def contents(root: Path) -> Iterator[tuple[Path, str]]:
    """Every file that goes in, and its place in the copy; in a steady order."""
    for name in ABOUT:
        yield root / name, name
    for package in PACKAGES:
        for file in files_below(root / package, without=NO_SOURCES):
            if file.suffix == ".py":
                yield file, file.relative_to(root).as_posix()
    for pattern in DATA:
        found = [file for file in sorted(root.glob(pattern)) if file.is_file()]
        if not found:
            raise Trouble(f"{TITLE}: there is no {pattern} in {root}: the checkout is not whole")
        yield from ((file, file.relative_to(root).as_posix()) for file in found)
    for lock in ROLE_LOCKS:
        yield root / "requirements" / f"{lock}.lock", f"deploy/requirements/{lock}.lock"


def copy_contents(root: Path, place: Path) -> None:
    """The copy that is built from: what is in `contents`, with one set of rights."""
    for source, name in contents(root):
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o644)


def build(job: Job, out: Path) -> Path:
    """The program's wheel, in `out`; the page must be built. Raises a Trouble."""
    with tempfile.TemporaryDirectory(prefix="samovar-wheel-") as folder:
        copy, made = Path(folder, "copy"), Path(folder, "made")
        copy_contents(job.checkout.root, copy)
        (wheel,) = pip_wheel(job, made, copy)
        return Path(shutil.move(wheel, out / wheel.name))


def build_from_source(job: Job, out: Path) -> list[Path]:
    """Wheels of the packages that are published as source alone, as the lock names them."""
    with tempfile.TemporaryDirectory(prefix="samovar-wheel-") as folder:
        lock, made = Path(folder, "lock"), Path(folder, "made")
        entries = [lock_entries(job.checkout.lock(role))[name] for role, name in SOURCE_ONLY.items()]
        lock.write_text("".join(entries), encoding="utf-8")
        wheels = pip_wheel(job, made, "--require-hashes", "-r", lock)
        return [Path(shutil.move(wheel, out / wheel.name)) for wheel in wheels]


def lock_entries(lock: Path) -> dict[str, str]:
    """The text of a lock file by package, with the hashes; of some there are several, for several Pythons."""
    found: dict[str, str] = {}
    entry = re.compile(r"^([a-z0-9-]+)==.*(?:\n +--hash.*)+\n", re.MULTILINE)
    for one in entry.finditer(lock.read_text(encoding="utf-8")):
        found[one[1]] = found.get(one[1], "") + one[0]
    return found


def pip_wheel(job: Job, made: Path, *what: str | Path) -> list[Path]:
    """Build wheels into the folder `made`, with the build tools of the environment."""
    ensure_pip(job)
    job.run(
        TITLE,
        [
            *(job.checkout.python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"),
            *("--no-cache-dir", "--wheel-dir", made, *what),
        ],
        log="wheel",
        environ={"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    return sorted(made.glob("*.whl"))


def build_crypto(job: Job, out: Path) -> Path | None:
    """The Rust extension's wheel, in `out`; None where it cannot be made: then the Python one serves."""
    if job.cargo is None:
        job.progress.note("no cargo on PATH: no wheel of the Rust extension, the Python one will serve")
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="samovar-wheel-") as folder:
            wheel = crypto.make_wheel(job, job.cargo, Path(folder))
            return Path(shutil.move(wheel, out / wheel.name))
    except Trouble as trouble:
        job.progress.note(f"{trouble}")
        job.progress.note("no wheel of the Rust extension: the Python one will serve")
        return None


def empty(out: Path) -> None:
    """Make the folder, and take away what an earlier call left in it."""
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("*.whl"), *(out / Path(script).name for script in SCRIPTS)):
        old.unlink(missing_ok=True)


def make_wheels(job: Job, out: Path) -> list[Path]:
    """Set up what the build needs, and fill `out`; the files in it. Raises a Trouble."""
    set_up(job, STEPS)
    job.progress.begin(TITLE)
    try:
        empty(out)
        made = [build(job, out), *build_from_source(job, out)]
        if rust := build_crypto(job, out):
            made.append(rust)
        for script in SCRIPTS:
            made.append(Path(shutil.copy(job.checkout.root / script, out)))
    except BaseException:
        job.progress.failed()
        raise
    job.progress.done(f"in {out}")
    return made
