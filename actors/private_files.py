"""Files for the owner's eyes only.

On Windows a file has the rights of its folder, and the data folder lies in the user's own profile.
"""

import json
import os
from pathlib import Path

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # Windows would change line ends


class ExposedFileError(Exception):
    """Others may read a secret file: run the command that the text gives."""


def write_private(path: Path, data: bytes) -> None:
    """Write a file that its owner alone may read; it is there whole or not at all, power cut included."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, FLAGS, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    replace(fresh, path)


def replace(source: Path, target: Path) -> None:
    """Give a file the name of another, in one step that outlives a power cut."""
    source.replace(target)
    if os.name == "posix":
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_private(path: Path) -> bytes:
    """Read a file that nobody else may read. Raises ExposedFileError, FileNotFoundError."""
    for place in (path.parent, path):
        if os.name == "posix" and place.stat().st_mode & 0o077:
            allowed = "700" if place.is_dir() else "600"
            raise ExposedFileError(
                f"Others may read {place}. Mend it with: chmod {allowed} {json.dumps(str(place))}"
            )
    return path.read_bytes()
