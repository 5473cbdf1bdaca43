"""Folders that appear under their name in one move, whole."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import psutil

PREFIX = "unfinished-"


@contextlib.contextmanager
def new_folder(folder: Path, *, replace: bool) -> Generator[Path]:
    """A folder to fill, which then takes the name `folder`. Nothing stays of it where the filling fails, nor
    of one whose process was killed. `replace`: what lies there gives way; else it stays, for another
    process was first with the same content.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder.parent))
    old = unfinished.with_name(f"{unfinished.name}-old")
    try:
        yield unfinished
        if replace:
            with contextlib.suppress(FileNotFoundError):
                folder.rename(old)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove what processes left that are no more."""
    for left in parent.glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if not (pid.isdigit() and psutil.pid_exists(int(pid))):
            shutil.rmtree(left, ignore_errors=True)
