"""Files for the owner's eyes only.

On Windows a file has the rights of its folder, and the data folder lies in the user's own profile.
"""

import json
import os
from pathlib import Path

from storage.errors import ExposedKeyFileError

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # Windows would change line ends


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that is there whole or not at all, power cut included."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, FLAGS, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename in the folder durable, where the platform has a way to say so."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_private(path: Path) -> bytes:
    """Reads a file that nobody else may read or put another in the place of.

    Raises ExposedKeyFileError, FileNotFoundError.
    """
    for place, allowed in ((path.parent, "700"), (path, "600")):
        if os.name == "posix" and place.stat().st_mode & 0o077:
            raise ExposedKeyFileError(
                f"Others may open {place}. Mend it with: chmod {allowed} {json.dumps(str(place))}"
            )
    return path.read_bytes()
