"""`python3 -m deploy lock`: makes requirements/*.lock anew from pyproject.toml, with uv.

One format for uv and pip: exact versions with hashes, for Linux and Windows and every Python from
3.11 on, without a word about the index they came from.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from deploy.checkout import venv_program
from deploy.installer import packages_in
from deploy.stamps import write_in_one_move
from deploy.step import Job
from deploy.troubles import NoUv, ToolFailed

OLDEST_PYTHON = "3.11"
HEADER = "# Made by `python3 -m deploy lock` from pyproject.toml; do not edit.\n"


@dataclass(frozen=True)
class Lock:
    """One lock file: what of pyproject.toml goes in, and which lock's versions it must agree with."""

    name: str
    extras: tuple[str, ...] = ()
    group: str | None = None
    agrees_with: str | None = None
    with_dependencies: bool = True


LOCKS: tuple[Lock, ...] = (
    Lock("runtime", extras=("web", "gpu")),
    Lock("rtx", extras=("web", "gpu", "rtx"), agrees_with="runtime"),
    # What an installation of one role alone needs; the wheel carries these.
    Lock("web", extras=("web",), agrees_with="runtime"),
    Lock("gpu", extras=("gpu",), agrees_with="runtime"),
    Lock("gpu_rtx", extras=("gpu", "rtx"), agrees_with="rtx"),
    Lock("test", extras=("web", "gpu", "rtx", "test"), agrees_with="rtx"),
    Lock("build", group="build", agrees_with="test"),
    Lock("node", group="node", agrees_with="test"),
    Lock("rust", group="rust", agrees_with="test"),
    Lock("model", group="model", with_dependencies=False),
)


def uv_arguments(lock: Lock, root: Path, output: Path, *, upgrade: bool) -> list[str]:
    """What uv is asked for one lock. Without `upgrade`, versions in `output` that still fit are kept."""
    source = (
        ["--group", f"{root / 'pyproject.toml'}:{lock.group}"]
        if lock.group
        else [str(root / "pyproject.toml")]
    )
    return [
        "pip",
        "compile",
        *source,
        *(word for extra in lock.extras for word in ("--extra", extra)),
        *(
            ("--constraints", str(root / "requirements" / f"{lock.agrees_with}.lock"))
            if lock.agrees_with
            else ()
        ),
        *(() if lock.with_dependencies else ("--no-deps",)),
        *(("--upgrade",) if upgrade else ()),
        "--universal",
        "--python-version",
        OLDEST_PYTHON,
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--output-file",
        str(output),
    ]


def foreign_words(text: str) -> list[str]:
    """Lines of a lock that name a host or a path: such a lock would hold for one machine only."""
    return [line for line in text.splitlines() if re.search(r"://|^\s*-(-index|-find|i |f )|\s@\s", line)]


def refuse_foreign_words(name: str, text: str) -> None:
    if foreign := foreign_words(text):
        raise ToolFailed(f"Lock {name}: uv wrote a line that holds for this machine only: {foreign[0]}")


def make_locks(job: Job, *, upgrade: bool) -> None:
    """Make every lock anew. Raises NoUv, or ToolFailed when no set of versions fits together."""
    root = job.checkout.root
    in_venv = venv_program(job.checkout.venv, "uv", windows=job.checkout.windows)
    uv = job.uv or (str(in_venv) if in_venv.exists() else None)
    if uv is None:
        raise NoUv("making the lock files needs uv: run `python3 -m pip install uv`, then run the same again")
    for lock in LOCKS:
        job.progress.begin(f"Lock {lock.name}")
        place = job.checkout.lock(lock.name)
        work = job.checkout.records / f"{lock.name}.lock"
        write_in_one_move(work, place.read_text(encoding="utf-8") if place.exists() else "")
        try:
            job.run(f"Lock {lock.name}", [uv, *uv_arguments(lock, root, work, upgrade=upgrade)], log="lock")
            text = work.read_text(encoding="utf-8")
            refuse_foreign_words(lock.name, text)
            write_in_one_move(place, HEADER + text)
        except BaseException:
            job.progress.failed()
            raise
        finally:
            work.unlink(missing_ok=True)
        job.progress.done(f"{packages_in(place)} packages")
