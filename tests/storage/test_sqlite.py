"""The storage port on SQLite."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.settings import StorageSettings
from storage.start import open_storage
from tests.storage.contract import StorageContract
from tests.storage.contract_search import SearchContract
from tests.storage.contract_search_things import SearchThingsContract
from tests.storage.migrated import put_sqlite_tables
from tests.storage.store import OpenPort, Port, Tell


class TestSqliteStorage(StorageContract, SearchContract, SearchThingsContract):
    def opener(self, folder: Path) -> OpenPort:
        @asynccontextmanager
        async def opened(tell: Tell) -> AsyncGenerator[Port]:
            put_sqlite_tables(folder)
            port = await open_storage(StorageSettings(), folder, tell)
            try:
                yield port
            finally:
                await port.close()

        return opened
