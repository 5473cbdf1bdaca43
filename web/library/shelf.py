"""Shelf: where files lie that are named by their content; storage has it (storage/assets.py)."""

from typing import Protocol


class Shelf(Protocol):
    """All of it may block."""

    def put(self, content: bytes) -> str:
        """Keeps the bytes; their id. Raises OSError."""
        ...

    def read(self, asset: str) -> bytes | None: ...

    def forget(self, asset: str, unused_s: float) -> bool:
        """It is gone, unless it was put there within that time."""
        ...

    def forget_old(self, unused_s: float) -> int:
        """All are gone that were put there longer ago; how many."""
        ...
