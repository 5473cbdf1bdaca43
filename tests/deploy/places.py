"""A checkout of nothing in a temporary folder, and jobs that work in it."""

import io
import os
import sys
from pathlib import Path

from deploy.checkout import Checkout
from deploy.progress import Progress
from deploy.step import Job

ROOT = Path(__file__).resolve().parents[2]


def bare_checkout(folder: Path) -> Checkout:
    (folder / "checkout" / "requirements").mkdir(parents=True)
    return Checkout(folder / "checkout", folder / "cache", windows=sys.platform == "win32")


def quiet_job(checkout: Checkout, *, index: str = "", **environ: str) -> Job:
    """A job with pip, without uv and cargo. What it shows is in `shown`."""
    return Job(
        checkout=checkout,
        progress=Progress(io.StringIO()),
        environ={
            **os.environ,
            "NO_PROXY": "127.0.0.1",
            "PIP_INDEX_URL": index,
            "PIP_RETRIES": "0",
            "PIP_NO_CACHE_DIR": "1",
            **environ,
        },
    )


def shown(job: Job) -> str:
    assert isinstance(job.progress.stream, io.StringIO)
    return job.progress.stream.getvalue()


def fake_program(folder: Path, name: str, code: str) -> Path:
    """A program `name` in `folder` that runs Python `code`."""
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        (folder / f"{name}.py").write_text(code)
        program = folder / f"{name}.cmd"
        program.write_text(f'@"{sys.executable}" "{folder / name}.py" %*\n')
    else:
        program = folder / name
        program.write_text(f"#!{sys.executable}\n{code}")
        program.chmod(0o755)
    return program
