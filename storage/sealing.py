"""Sealed columns: what is bound to a blob, and how a row gives and takes it.

Associated data = version (1) | table (1 + n) | column (1 + n) | row id (16) | user (16) |
conversation (16) | data key id (16) | more. Each name is preceded by its length, the rest has a fixed
one, so no two places share it. A row that belongs to no conversation has zeros there. A chunk's row id
is its generation, and its `more` is attempt (4) | first_seq (4) | count (4), big-endian.

Thus a blob opens only in the column and the row it was sealed for, whoever may write to the database.
"""

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from rust_crypto import seal
from rust_crypto.errors import SealError
from storage.errors import DamagedRowError

VERSION = 1
NOWHERE = UUID(int=0)

Row = Mapping[str, Any]
Secrets = Mapping[UUID, bytes]


class DataKey(NamedTuple):
    """A key that seals columns."""

    id: UUID
    secret: bytes


class Place(NamedTuple):
    """The row that a blob belongs to."""

    row: UUID
    user: UUID
    conversation: UUID = NOWHERE
    more: bytes = b""


chunk_numbers = struct.Struct(">III").pack
"""`more` of a chunk's place: attempt, first_seq, count."""


def chunk_place(
    generation: UUID, user: UUID, conversation: UUID, attempt: int, first_seq: int, count: int
) -> Place:
    return Place(generation, user, conversation, chunk_numbers(attempt, first_seq, count))


class SealedColumn:
    """The columns NAME_key_id, NAME_suite and NAME_blob of a table."""

    def __init__(self, table: str, name: str) -> None:
        self.table, self.name = table, name
        self.columns = (f"{name}_key_id", f"{name}_suite", f"{name}_blob")
        self._prefix = bytes((VERSION, len(table))) + table.encode() + bytes((len(name),)) + name.encode()

    def bound(self, key: UUID, place: Place) -> bytes:
        """The associated data."""
        ids = place.row.bytes + place.user.bytes + place.conversation.bytes + key.bytes
        return self._prefix + ids + place.more

    def seal(self, key: DataKey, place: Place, data: bytes) -> dict[str, Any]:
        """The three columns."""
        return self.row(key.id, seal.seal(key.secret, data, self.bound(key.id, place)))

    def row(self, key: UUID, blob: bytes) -> dict[str, Any]:
        """The three columns of a blob; its first byte is the suite (0: there is none)."""
        return dict(zip(self.columns, (key, blob[0] if blob else 0, blob), strict=True))

    def open(self, secrets: Secrets, place: Place, row: Row) -> bytes:
        """What was sealed. Raises DamagedRowError."""
        key, suite, blob = (row[column] for column in self.columns)
        if key not in secrets:
            raise self._damaged(place, f"its data key {key} is gone")
        if blob[:1] != bytes((suite,)):
            raise self._damaged(place, "it is not sealed as its row says")
        try:
            return seal.open(secrets[key], blob, self.bound(key, place))
        except SealError as error:
            raise self._damaged(place, str(error)) from error

    def _damaged(self, place: Place, why: str) -> DamagedRowError:
        return DamagedRowError(
            f"{self.table}.{self.name} of {place.row} cannot be read: {why}. Restore a backup."
        )
