"""The data folder: where a node keeps what is its own, for the owner's eyes only.

    samovar.toml   settings        run/     node.json and the lock, of the running node
    keys/          secrets         logs/    one file a process
    db/  assets/   what is kept    backup/  copies of db/ before a migration

On Windows the rights are those of the folder above it, which for the default is the user's own.

This module stays light, for `samovar up` needs it before it can start anything.
"""

import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from supervisor.errors import DataFolderError, NodeRunningError

FOLDERS = ("keys", "db", "assets", "run", "logs", "backup")


def default_data_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the platform keeps a user's data."""
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "samovar"
    shared = environ.get("XDG_DATA_HOME", "")
    # The XDG specification: a path that is not absolute is to be ignored.
    return (Path(shared) if Path(shared).is_absolute() else Path.home() / ".local" / "share") / "samovar"


class DataFolder:
    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()
        self.settings = self.root / "samovar.toml"
        self.keys = self.root / "keys"
        self.run = self.root / "run"
        self.logs = self.root / "logs"

    def make(self) -> None:
        """Make what is missing. Raises DataFolderError."""
        try:
            self.root.mkdir(parents=True, mode=0o700, exist_ok=True)
            for name in FOLDERS:
                (self.root / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            text = f"The data folder {self.root} cannot be made: {error.strerror}. Give another with --data."
            raise DataFolderError(text) from error

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder against a second node. Raises NodeRunningError.

        The lock belongs to this process and goes with it, however it ends.
        """
        with (self.run / "lock").open("a+b") as file:
            try:
                lock(file.fileno())
            except OSError as error:
                raise NodeRunningError(
                    f"A node runs on {self.root} already. Stop it, or give another folder with --data."
                ) from error
            yield


def lock(descriptor: int) -> None:
    """Take the lock or raise OSError; children do not inherit it."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists there alone

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - exists there alone

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
