"""Column types that Tortoise lacks: ids and digests in their bytes."""

import sqlite3
from functools import lru_cache
from typing import Any
from uuid import UUID

from tortoise import Model
from tortoise.fields.base import Field

# SQLite has no UUID: an id travels as its 16 bytes. (asyncpg takes the UUID as it is.)
sqlite3.register_adapter(UUID, lambda value: value.bytes)


class IdField(Field[UUID], UUID):
    """An id, 16 bytes: BLOB on SQLite, UUID on PostgreSQL."""

    SQL_TYPE = "BLOB"

    class _db_postgres:  # noqa: N801 - the name that Tortoise looks for
        SQL_TYPE = "UUID"

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> UUID | None:
        return value

    def to_python_value(self, value: Any) -> UUID | None:
        return None if value is None else as_id(value)


class DigestField(Field[bytes], bytes):
    """A hash, as bytes that can be looked up (Tortoise's BinaryField cannot)."""

    SQL_TYPE = "BLOB"

    class _db_postgres:  # noqa: N801
        SQL_TYPE = "BYTEA"


class TermsField(Field[bytes], bytes):
    """What a full-text index takes: packed terms on SQLite, a tsvector on PostgreSQL."""

    SQL_TYPE = "BLOB"

    class _db_postgres:  # noqa: N801
        SQL_TYPE = "TSVECTOR"


def as_id(value: bytes | UUID) -> UUID:
    """An id as the driver gives it."""
    return id_of(value) if isinstance(value, bytes) else value


@lru_cache(maxsize=16_384)
def id_of(value: bytes) -> UUID:
    """Making a UUID takes longer than opening a seal, and the rows of a conversation share most of theirs."""
    return UUID(bytes=value)


@lru_cache(maxsize=16_384)
def of_hex(value: str) -> UUID:
    """An id out of SQLite's JSON."""
    return UUID(hex=value)
