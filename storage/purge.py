"""Purge: conversations that were removed long enough ago are dropped for good, a little at a time."""

import asyncio
import logging
import time
from collections.abc import Callable
from uuid import UUID

from actors.messages.conversations import DropConversation
from storage import conversations, tables
from storage.database import Database
from storage.search import index
from storage.settings import StorageSettings
from storage.trouble import trouble_of
from storage.unit import Unit, ids_in
from storage.work import Db

log = logging.getLogger(__name__)

DAY_MS = 86_400_000


class Purge:
    """`now_ms` is the time, UTC."""

    def __init__(
        self,
        database: Database,
        unit: Callable[[Db], Unit],
        settings: StorageSettings,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._database = database
        self._unit = unit
        self._settings = settings
        self._now_ms = now_ms

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.step()
            except Exception as error:  # noqa: BLE001 - it is tried again
                log.warning("removed conversations could not be dropped: %s", trouble_of(error).why)
            await asyncio.sleep(self._settings.purge_s)

    async def step(self) -> int:
        """Drops all whose time is over; how many those were."""
        latest = self._now_ms() - int(self._settings.removed_days * DAY_MS)
        over = await self._database.read(lambda db: removed_before(db, latest))
        for conversation in over:
            while await self._database.write(
                lambda db, one=conversation: shrink(self._unit(db), one, latest)
            ):
                pass
        return len(over)


async def removed_before(db: Db, latest_ms: int) -> list[UUID]:
    removed = tables.Filing.filter(removed_ms__gt=0, removed_ms__lte=latest_ms).using_db(db)
    return await ids_in(removed, "conversation_id")


async def shrink(unit: Unit, conversation: UUID, latest_ms: int) -> bool:
    """A step towards its end; False where that was the last one, or it was brought back meanwhile."""
    filed = tables.Filing.filter(conversation_id=conversation).using_db(unit.db)
    if not await filed.filter(removed_ms__gt=0, removed_ms__lte=latest_ms).exists():
        return False
    if await index.forget_some(unit.db, conversation):
        return True
    await conversations.drop(unit, DropConversation(conversation))
    return False
