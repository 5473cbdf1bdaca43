"""Assets: pictures and other files of cards, named by their content."""

import hashlib
import os
import tempfile
from pathlib import Path

ID_LENGTH = 64
HEX = frozenset("0123456789abcdef")


class Assets:
    """Files in `folder`, each called by the hex SHA-256 of its bytes; never changed, so never half there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep the bytes; their id."""
        asset = hashlib.sha256(content).hexdigest()
        path = self.folder / asset
        if not path.exists():
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(path)
        return asset

    def read(self, asset: str) -> bytes | None:
        """The bytes, or None where there is no such asset; nothing but an id ever becomes a file name."""
        if len(asset) != ID_LENGTH or not HEX.issuperset(asset):
            return None
        try:
            return (self.folder / asset).read_bytes()
        except FileNotFoundError:
            return None
