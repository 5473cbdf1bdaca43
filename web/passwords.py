"""Passwords: Argon2id (RFC 9106), 64 MiB, three passes, one lane, in a small executor of its own.

Stored as a PHC string, which carries its own parameters. A check against no hash at all costs the
same as one against a real one, so that nobody learns from the clock which names exist.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 1
HASH_BYTES = 32
SALT_BYTES = 16

# Costs the same as a real one; no password is known to fit, and none would be let in.
NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"

T = TypeVar("T")


class TooManyPasswordsError(Exception):
    """More password checks wait than the settings allow: try again in a moment."""


def hash_password(password: str, salt: bytes) -> str:
    """The PHC string that is stored."""
    kdf = Argon2id(salt=salt, length=HASH_BYTES, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(password.encode())


def is_password(password: str, stored: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), stored)
    except InvalidKey:
        return False
    return True


class Passwords:
    """Hashing beside the event loop; `waiting` jobs at most, each of them 64 MiB while it runs."""

    def __init__(self, workers: int, waiting: int) -> None:
        self.executor = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self.limit = workers + waiting
        self.jobs = 0

    async def hash(self, password: str) -> str:
        """Raises TooManyPasswordsError."""
        return await self.run(lambda: hash_password(password, os.urandom(SALT_BYTES)))

    async def check(self, password: str, stored: str) -> bool:
        """`stored` is "" where there is no such account, or one without a password: the answer is no,
        and takes as long. Raises TooManyPasswordsError.
        """
        right = await self.run(lambda: is_password(password, stored or NOBODY))
        return right and stored != ""

    async def run(self, work: Callable[[], T]) -> T:
        if self.jobs >= self.limit:
            raise TooManyPasswordsError
        self.jobs += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, work)
        finally:
            self.jobs -= 1

    def close(self) -> None:
        self.executor.shutdown(wait=False, cancel_futures=True)
