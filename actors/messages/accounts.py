"""Messages of durability about accounts and logins.

Rows, writes and questions as in actors/messages/archive.py, which has the table of who sends what.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct


class AddAccount(Struct, frozen=True):
    """`password_hash` is "" for an account that cannot log in (the built-in local user)."""

    id: UUID
    name: str
    role: Literal["owner", "admin", "user", "local"]
    password_hash: str
    created_ms: int


class SetRole(Struct, frozen=True):
    """Of an account that is a user's or an admin's; another one is a conflict."""

    user: UUID
    role: Literal["admin", "user"]


class AddLogin(Struct, frozen=True):
    """A browser's login; only the SHA-256 of its token is stored."""

    token_hash: bytes
    user: UUID
    created_ms: int
    expires_ms: int


class DropLogin(Struct, frozen=True):
    token_hash: bytes


class AccountRow(Struct, frozen=True):
    id: UUID
    name: str
    role: str
    password_hash: str


class FindAccounts(Struct, frozen=True):
    """→ list[AccountRow]"""


class FindLogins(Struct, frozen=True):
    """→ dict[bytes, AccountRow], by the hash; an expired login is none."""

    token_hashes: tuple[bytes, ...]
    now_ms: int
