"""The key-encryption key: DATA/keys/storage.key, one line, made at the first start.

It wraps the data keys; the database without it is ciphertext. Back it up apart from the database.
"""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from rust_crypto.seal import KEY_LEN
from storage.errors import DamagedKeyFileError
from storage.private_files import read_private, write_private

LABEL = "samovar-storage-key-1"


class StorageKey(NamedTuple):
    """`id` follows from the secret, and tells apart the keys that a data key was wrapped for."""

    id: UUID
    secret: bytes

    @classmethod
    def of(cls, secret: bytes) -> "StorageKey":
        return cls(UUID(bytes=hashlib.sha256(LABEL.encode() + secret).digest()[:16]), secret)


def new_key(path: Path) -> StorageKey:
    """Makes the file. Only for a database that holds nothing sealed yet."""
    secret = os.urandom(KEY_LEN)
    write_private(path, f"{LABEL} {secret.hex()}\n".encode("ascii"))
    return StorageKey.of(secret)


def read_key(path: Path) -> StorageKey | None:
    """The key in the file; None where there is no file. Raises ExposedKeyFileError, DamagedKeyFileError."""
    try:
        data = read_private(path)
    except FileNotFoundError:
        return None
    try:
        label, secret = data.decode("ascii").split()
        key = bytes.fromhex(secret)
    except ValueError:
        label, key = "", b""
    if label != LABEL or len(key) != KEY_LEN:
        raise DamagedKeyFileError(f"{path} does not hold a storage key. Put it back from its backup.")
    return StorageKey.of(key)
