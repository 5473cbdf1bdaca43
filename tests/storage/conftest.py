"""Fixtures of the storage tests."""

from collections.abc import Generator

import pytest

from tests.storage.postgres_cluster import PostgresCluster, postgres_cluster


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgres: needs an installed PostgreSQL server")


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresCluster]:
    with postgres_cluster() as cluster:
        yield cluster
