"""Accounts for the readers, written into the database of a node before its first start."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

from actors.messages.accounts import AddAccount, AddLogin
from actors.messages.archive import RunWrites, Write, WritesDone
from actors.world import RealWorld
from storage.settings import StorageSettings
from storage.start import open_storage

COOKIE = "__Host-samovar"
LOGIN_MS = 30 * 86_400_000


class AccountsNotMadeError(Exception):
    """The storage refused the accounts."""


async def make_accounts(data: Path, count: int) -> list[str]:
    """So many accounts, each logged in; returns the cookies of their logins."""
    answers: asyncio.Queue[Any] = asyncio.Queue()
    world = RealWorld()
    now = world.utc_ms()
    tokens = [f"reader-{number:04}" for number in range(count)]
    writes: list[Write] = []
    for number, token in enumerate(tokens):
        user: UUID = world.new_id()
        role = "owner" if number == 0 else "user"
        writes += [
            AddAccount(user, f"Reader {number}", role, "", now),
            AddLogin(hashlib.sha256(token.encode()).digest(), user, now, now + LOGIN_MS),
        ]
    storage = await open_storage(StorageSettings(), data, lambda _, answer, __: answers.put_nowait(answer))
    try:
        storage.deliver("storage", RunWrites(1, tuple(writes)), "bench")
        answer = await answers.get()
        if not isinstance(answer, WritesDone):
            raise AccountsNotMadeError(str(answer))
    finally:
        await storage.close()
    return [f"{COOKIE}={token}" for token in tokens]
