"""Shelves: tells the sessions that are awake when a user's lorebooks change."""

import asyncio
from uuid import UUID

from actors.mailbox import Runtime
from actors.messages.archive import Write
from actors.messages.lore import ShelfChanged
from web.records import Records

EDGE = "edge"


class Shelves:
    def __init__(self, records: Records, runtime: Runtime) -> None:
        self.records = records
        self.runtime = runtime
        self.telling = asyncio.Lock()  # what was read last is told last

    async def commit(self, user: UUID, *writes: Write) -> None:
        """Durable, and known to every session from its next reply on. Raises ConflictError,
        StorageTroubleError.
        """
        await self.records.commit(*writes)
        await self.tell(user)

    async def tell(self, user: UUID) -> None:
        """Also after a character has a new version, which the books of the character belong to."""
        async with self.telling:
            shelf = await self.records.shelf(user)
            self.runtime.tell_awake("session", ShelfChanged(user, shelf), EDGE)
