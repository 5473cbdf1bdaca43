"""A node's data folder, as the storage tests use it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from storage import orm
from storage.migrate import migrate_postgres, migrate_sqlite
from storage.settings import StorageSettings
from storage.start import open_storage
from tests.storage.store import CHAT, Port, Store, Tell, begin_reply

T = TypeVar("T")
PACKAGES = "tests.storage.migration_packages."


async def everything(store: Store) -> Any:
    return await store.session(CHAT), await store.queue()


class Node:
    """A data folder, its database and the way to it."""

    def __init__(self, folder: Path, url: str = "", keys_cached: int = 100) -> None:
        self.folder = folder
        self.url = url
        self.settings = StorageSettings(url=url, keys_cached=keys_cached)
        self.file = folder / "db" / "samovar.db"
        self.backups = folder / "backup"

    @asynccontextmanager
    async def opened(self, tell: Tell) -> AsyncGenerator[Port]:
        port = await open_storage(self.settings, self.folder, tell)
        try:
            yield port
        finally:
            await port.close()

    def fill(self) -> Any:
        """A conversation with a reply under way; returns what `look` returns."""
        self.using(begin_reply)
        return self.look()

    def look(self) -> Any:
        """All that is stored of the conversation."""
        return self.using(everything)

    def using(self, scenario: Callable[[Store], Awaitable[T]]) -> T:
        """Opens the storage for the scenario, and closes it."""

        async def main() -> T:
            store = Store(self.opened)
            await store.open()
            try:
                return await scenario(store)
            finally:
                await store.close()

        return asyncio.run(main())

    def migrate(self, package: str) -> None:
        name = PACKAGES + package
        if self.url:
            asyncio.run(migrate_postgres(orm.postgres(self.url, 30), name))
        else:
            asyncio.run(migrate_sqlite(self.file, self.backups, name))
