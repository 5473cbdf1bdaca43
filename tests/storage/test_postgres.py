"""The storage port on PostgreSQL."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage.settings import StorageSettings
from storage.start import open_storage
from tests.storage.contract import StorageContract
from tests.storage.contract_search import SearchContract
from tests.storage.contract_search_things import SearchThingsContract
from tests.storage.postgres_cluster import PostgresCluster
from tests.storage.store import OpenPort, Port, Tell


@pytest.mark.postgres
class TestPostgresStorage(StorageContract, SearchContract, SearchThingsContract):
    @pytest.fixture(autouse=True)
    def _database(self, postgres: PostgresCluster) -> None:
        self.url = postgres.database_with_tables()

    def opener(self, folder: Path) -> OpenPort:
        @asynccontextmanager
        async def opened(tell: Tell) -> AsyncGenerator[Port]:
            port = await open_storage(StorageSettings(url=self.url), folder, tell)
            try:
                yield port
            finally:
                await port.close()

        return opened
