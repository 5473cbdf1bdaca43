"""Assets: pictures and other files of cards, named by their content, in DATA/assets."""

import hashlib
import os
import tempfile
from pathlib import Path

from storage.private_files import sync_folder

ID_LENGTH = 64
HEX = frozenset("0123456789abcdef")


class Assets:
    """Files in `folder`, each called by the hex SHA-256 of its bytes; they never change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keeps the bytes, whole or not at all; their id. Blocks. Raises OSError (a full disk)."""
        asset = hashlib.sha256(content).hexdigest()
        path = self.folder / asset
        if not path.exists():
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

    def path(self, asset: str) -> Path | None:
        """Where an asset of that id lies or would lie; None for what is no id."""
        if len(asset) != ID_LENGTH or not HEX.issuperset(asset):
            return None
        return self.folder / asset
