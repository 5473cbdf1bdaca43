"""Assets: pictures and other files of cards, named by their content, in DATA/assets; and those that a user
brings while a card is being written, in DATA/drafts.
"""

import hashlib
import os
import tempfile
import threading
import time
from pathlib import Path

from storage.private_files import sync_folder

ID_LENGTH = 64
HEX = frozenset("0123456789abcdef")


class Assets:
    """Files in `folder`, each called by the hex SHA-256 of its bytes; they never change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()

    def put(self, content: bytes) -> str:
        """Keeps the bytes, whole or not at all; their id. Blocks. Raises OSError (a full disk)."""
        asset = hashlib.sha256(content).hexdigest()
        path = self.folder / asset
        with self.lock:
            if path.exists():
                os.utime(path)
                return asset
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            fresh = Path(name)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)
            sync_folder(self.folder)
        return asset

    def read(self, asset: str) -> bytes | None:
        """The bytes, or None where there is no such asset; nothing but an id ever becomes a file name."""
        path = self.path(asset)
        try:
            return path.read_bytes() if path else None
        except FileNotFoundError:
            return None

    def forget(self, asset: str, unused_s: float) -> bool:
        """It is gone, unless it was put there within that time. Blocks."""
        path = self.path(asset)
        with self.lock:
            if path is None or not path.exists() or time.time() - path.stat().st_mtime < unused_s:
                return False
            path.unlink()
        return True

    def forget_old(self, unused_s: float) -> int:
        """All are gone that were put there longer ago; how many. Blocks."""
        names = [path.name for path in self.folder.iterdir()] if self.folder.exists() else []
        return sum(self.forget(name, unused_s) for name in names)

    def path(self, asset: str) -> Path | None:
        """Where an asset of that id lies or would lie; None for what is no id."""
        if len(asset) != ID_LENGTH or not HEX.issuperset(asset):
            return None
        return self.folder / asset
