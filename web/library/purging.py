"""Purging: what a user removed stays for the time that the settings give, for it can be undone till then; and
then it goes for good, with its pictures, unless a conversation uses it.
"""

import asyncio
import logging

from actors.messages.library import PurgeCharacter
from actors.world import World
from web.library.settings import LibrarySettings
from web.library.shelf import Shelf
from web.records import ConflictError, Records

log = logging.getLogger(__name__)

DAY_S = 86_400
AT_ONCE = 50


class Purging:
    def __init__(
        self, records: Records, world: World, settings: LibrarySettings, assets: Shelf, drafts: Shelf
    ) -> None:
        self.records = records
        self.world = world
        self.settings = settings
        self.assets = assets
        self.drafts = drafts

    async def run(self) -> int:
        """How many characters went. Raises StorageTroubleError."""
        await asyncio.to_thread(self.drafts.forget_old, self.settings.keep_drafts_days * DAY_S)
        if self.settings.keep_removed_days <= 0:
            return 0
        before_ms = self.world.utc_ms() - int(self.settings.keep_removed_days * DAY_S * 1_000)
        gone = 0
        while found := await self.records.purgeable(before_ms, AT_ONCE):
            for purgeable in found:
                try:
                    await self.records.commit(PurgeCharacter(purgeable.character, before_ms))
                except ConflictError as error:
                    log.info("a removed character stays: %s", error)  # it came back meanwhile, or is used
                    return gone
                gone += 1
                await self.forget_pictures(purgeable.assets)
        return gone

    async def forget_pictures(self, assets: tuple[str, ...]) -> None:
        used = set(await self.records.assets_in_use(assets)) if assets else set[str]()
        for asset in assets:
            if asset not in used:
                # One that was put there this moment may be of a character whose row is yet to come.
                await asyncio.to_thread(self.assets.forget, asset, self.settings.purge_every_s)
