"""The Rust extension, where there is a cargo; where not, or when it fails, the Python one serves."""

import tempfile
from pathlib import Path

from deploy.installer import ENVIRONMENT, install_command, install_locked, writing_into_the_environment
from deploy.stamps import fingerprint, tree_fingerprint
from deploy.step import Job, Step
from deploy.troubles import HashMismatch, Trouble

TITLE = "Rust extension"
NO_SOURCES = ("target", "__pycache__")


def work(job: Job) -> str | None:
    if job.cargo is None:
        return "no cargo on PATH: the Python one serves"
    try:
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=job.checkout.records) as folder:
            install(job, make_wheel(job, job.cargo, Path(folder)))
    except HashMismatch:
        raise
    except Trouble as trouble:
        job.progress.note(f"{trouble}")
        return "not built: the Python one serves"
    return None


def make_wheel(job: Job, cargo: str, folder: Path) -> Path:
    """Compile the crate; the wheel that came of it, in `folder`. Raises a Trouble."""
    install_locked(job, TITLE, "rust", log=STEP.name)
    manifest = job.checkout.crate / "Cargo.toml"
    job.run(
        TITLE,
        [
            *(job.checkout.python, "-m", "maturin", "build", "--release", "--locked"),
            *("--manifest-path", manifest, "--interpreter", job.checkout.python, "--out", folder),
        ],
        log=STEP.name,
        environ={"CARGO": cargo},
        holds_lock=False,
    )
    return next(folder.glob("*.whl"))


def install(job: Job, wheel: Path) -> None:
    again = "--reinstall" if job.uv else "--force-reinstall"
    with writing_into_the_environment(job.checkout):
        job.run(
            TITLE,
            [*install_command(job), "--no-deps", again, wheel],
            log=STEP.name,
            environ=ENVIRONMENT,
        )


STEP = Step(
    name="crypto",
    title=TITLE,
    fingerprint=lambda job: fingerprint(
        job.cargo or "no cargo",
        tree_fingerprint(job.checkout.crate, without=NO_SOURCES),
        job.checkout.lock("rust"),
    ),
    is_there=lambda job: job.checkout.python.exists(),
    work=work,
    in_venv=True,
    checkout_mb=300,
)
