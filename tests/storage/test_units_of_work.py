"""Units of work: no cancellation and no failure tears one, leaks a lock or leaves half of it behind."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tortoise.backends.sqlite.client import SqliteTransactionWrapper
from tortoise.exceptions import OperationalError

from storage import orm, tables
from storage.database import Database, Turn, raw
from storage.errors import BusyError, RefusedError
from storage.settings import StorageSettings
from storage.work import Db, Work
from tests.storage.migrated import sqlite_tables
from tests.storage.postgres_cluster import PostgresCluster

Scenario = Callable[[Database], Coroutine[Any, Any, None]]


def adding(name: str) -> Work[None]:
    """Two rows that belong together."""

    async def work(db: Db) -> None:
        account = uuid4()
        await tables.Account.create(
            using_db=db,
            id=account,
            node_id=account,
            user_id=account,
            name=name,
            role="user",
            password_hash="",
            created_ms=1,
        )
        await tables.Login.create(
            using_db=db,
            token_hash=name.encode(),
            node_id=account,
            user_id=account,
            created_ms=1,
            expires_ms=2,
        )

    return work


async def names(db: Db) -> set[str]:
    """Of accounts that have their login."""
    logins = await tables.Login.all().using_db(db).values_list("user_id")
    accounts = await tables.Account.all().using_db(db).values_list("id", "name")
    assert {account for account, _ in accounts} == {user for (user,) in logins}
    return {name for _, name in accounts}


def test_who_raises_in_its_turn_holds_up_nobody() -> None:
    turns, had = Turn(), list[str]()

    def take(name: str) -> None:
        had.append(name)
        turns.leave()
        if name == "b":
            raise ValueError(name)

    async def scenario() -> None:
        turns.take(lambda: None)  # it leaves later
        for name in "abc":
            turns.take(partial(take, name))
        with pytest.raises(ValueError, match="b"):
            turns.leave()
        await asyncio.sleep(0)

    asyncio.run(scenario())
    assert had == ["a", "b", "c"]


class UnitsOfWork:
    """Tests for any database. A subclass gives `opened`."""

    settings = StorageSettings()

    def opened(self, folder: Path) -> Any:
        raise NotImplementedError

    def run(self, folder: Path, scenario: Scenario) -> None:
        async def main() -> None:
            async with self.opened(folder) as database:
                await scenario(database)

        asyncio.run(main())

    @pytest.mark.parametrize("seed", range(4))
    def test_cancelled_waits_lose_nothing_and_leak_nothing(self, tmp_path: Path, seed: int) -> None:
        async def scenario(database: Database) -> None:
            chance = random.Random(seed)
            begun: set[str] = set()

            async def wait_for(name: str) -> None:
                if chance.random() < 0.3:
                    await database.read(names)
                begun.add(name)
                await database.write(adding(name))

            for round_ in range(20):
                waits = [asyncio.create_task(wait_for(f"{round_} {n}")) for n in range(25)]
                for _ in range(chance.randrange(40)):
                    await asyncio.sleep(0)
                for wait in chance.sample(waits, 20):
                    wait.cancel()
                await asyncio.wait(waits)
            # What was begun is done, and every connection is free and sound.
            await database.write(adding("after all"))
            readers = [database.read(names) for _ in range(3 * self.settings.readers)]
            for found in await asyncio.gather(*readers):
                assert found == begun | {"after all"}

        self.run(tmp_path, scenario)

    def test_closing_finishes_what_nobody_waits_for_any_more(self, tmp_path: Path) -> None:
        async def begin(database: Database) -> None:
            waits = [asyncio.create_task(database.write(adding(str(n)))) for n in range(50)]
            await asyncio.sleep(0)
            for wait in waits:
                wait.cancel()

        async def look(database: Database) -> None:
            assert await database.read(names) == {str(n) for n in range(50)}

        self.run(tmp_path, begin)
        self.run(tmp_path, look)

    def test_a_unit_that_raises_leaves_nothing_behind(self, tmp_path: Path) -> None:
        async def scenario(database: Database) -> None:
            for error in (RefusedError("no"), RuntimeError("a fault")):

                async def fail(db: Db, error: Exception = error) -> None:
                    await adding("half")(db)
                    raise error

                with pytest.raises(type(error)):
                    await database.write(fail)
                await database.write(adding(str(error)))
            assert await database.read(names) == {"no", "a fault"}

        self.run(tmp_path, scenario)

    def test_a_reader_keeps_its_view_and_holds_up_nobody(self, tmp_path: Path) -> None:
        async def scenario(database: Database) -> None:
            looked, written = asyncio.Event(), asyncio.Event()

            async def look_twice(db: Db) -> tuple[set[str], set[str]]:
                before = await names(db)
                looked.set()
                await written.wait()
                return before, await names(db)

            await database.write(adding("first"))
            reader = asyncio.create_task(database.read(look_twice))
            await looked.wait()
            await database.write(adding("second"))  # while the reader is in the middle
            assert await database.read(names) == {"first", "second"}  # … and so is another reader
            written.set()
            assert await reader == ({"first"}, {"first"})

        self.run(tmp_path, scenario)

    def test_a_reader_cannot_write(self, tmp_path: Path) -> None:
        async def scenario(database: Database) -> None:
            with pytest.raises(Exception, match=r"readonly|read-only"):
                await database.read(adding("smuggled"))
            assert await database.read(names) == set()

        self.run(tmp_path, scenario)


class TestOnSqlite(UnitsOfWork):
    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncGenerator[Database]:
        file = folder / "test.db"
        if not file.exists():
            file.write_bytes(sqlite_tables())
        database = Database(self.settings, orm.config(orm.connections(self.settings, file)))
        await database.open()
        try:
            yield database
        finally:
            await database.close()

    def test_a_unit_that_cannot_begin_makes_room_for_the_next_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def one(db: Db) -> int:
            (row,) = await raw(db, "SELECT 1 AS one")
            return row["one"]

        def fail(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        async def scenario(database: Database) -> None:
            with monkeypatch.context() as broken:
                broken.setattr(threading.Thread, "start", fail)
                with pytest.raises(RuntimeError, match="new thread"):
                    await database.write_here(one)
            async with asyncio.timeout(20):
                assert await database.write_here(one) == 1

        self.run(tmp_path, scenario)

    def test_a_failed_commit_is_not_made_good_by_the_next_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(_: SqliteTransactionWrapper) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        async def scenario(database: Database) -> None:
            with monkeypatch.context() as broken:
                broken.setattr(SqliteTransactionWrapper, "commit", fail)
                with pytest.raises(sqlite3.OperationalError):
                    await database.write(adding("lost"))
            await database.write(adding("kept"))
            assert await database.read(names) == {"kept"}

        self.run(tmp_path, scenario)

    def test_a_failed_rollback_leaves_no_transaction_open(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(_: SqliteTransactionWrapper) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        async def refused(db: Db) -> None:
            await adding("lost")(db)
            raise RefusedError("no")

        async def scenario(database: Database) -> None:
            with monkeypatch.context() as broken:
                broken.setattr(SqliteTransactionWrapper, "rollback", fail)
                with pytest.raises(sqlite3.OperationalError):
                    await database.write(refused)
            await database.write(adding("kept"))
            assert await database.read(names) == {"kept"}

        self.run(tmp_path, scenario)

    def test_a_failed_begin_leaves_no_lock_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(_: SqliteTransactionWrapper) -> None:
            raise OperationalError("disk I/O error")

        async def scenario(database: Database) -> None:
            with monkeypatch.context() as broken:
                broken.setattr(SqliteTransactionWrapper, "begin", fail)
                for _ in range(2 * self.settings.readers):
                    with pytest.raises(OperationalError):
                        await database.read(names)
                with pytest.raises(OperationalError):
                    await database.write(adding("lost"))
            await database.write(adding("kept"))
            assert await database.read(names) == {"kept"}

        self.run(tmp_path, scenario)

    def test_too_many_units_are_refused_at_once(self, tmp_path: Path) -> None:
        async def scenario(database: Database) -> None:
            go_on = asyncio.Event()

            async def wait(_: Db) -> None:
                await go_on.wait()

            waiting = [asyncio.create_task(database.write(wait)) for _ in range(self.settings.units_waiting)]
            await asyncio.sleep(0)
            with pytest.raises(BusyError, match=f"{self.settings.units_waiting} units"):
                await database.write(wait)
            go_on.set()
            await asyncio.gather(*waiting)
            await database.write(wait)

        self.run(tmp_path, scenario)

    def test_the_file_is_durable_and_checks_its_references(self, tmp_path: Path) -> None:
        async def pragmas(db: Db) -> list[Any]:
            wanted = ("journal_mode", "synchronous", "foreign_keys")
            return [next(iter((await raw(db, f"PRAGMA {name}"))[0].values())) for name in wanted]

        async def scenario(database: Database) -> None:
            assert await database.write(pragmas) == ["wal", 2, 1]  # 2: FULL

        self.run(tmp_path, scenario)


@pytest.mark.postgres
class TestOnPostgres(UnitsOfWork):
    @pytest.fixture(autouse=True)
    def _database(self, postgres: PostgresCluster) -> None:
        self.url = postgres.database_with_tables()

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncGenerator[Database]:
        settings = StorageSettings(url=self.url)
        connections = orm.connections(settings, folder)
        database = Database(settings, orm.config(connections))
        await database.open()
        try:
            yield database
        finally:
            await database.close()

    def test_a_connection_that_the_server_ended_is_replaced(self, tmp_path: Path) -> None:
        async def end_the_others(db: Db) -> None:
            await raw(
                db,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid != pg_backend_pid() AND datname = current_database()",
            )

        async def end_mine(db: Db) -> None:
            await adding("lost")(db)
            await raw(db, "SELECT pg_terminate_backend(pg_backend_pid())")

        async def scenario(database: Database) -> None:
            await database.write(adding("before"))
            await database.write(end_the_others)
            assert await settled(database.read, names) == {"before"}
            with pytest.raises(Exception, match=r"terminat|closed"):
                await database.write(end_mine)
            await database.write(adding("after"))
            assert await settled(database.read, names) == {"before", "after"}

        self.run(tmp_path, scenario)


async def settled(run: Callable[[Work[set[str]]], Any], work: Work[set[str]]) -> set[str]:
    """A unit that finds its connection dead may fail once; the next one has a fresh one."""
    try:
        return await run(work)
    except Exception:  # noqa: BLE001 - whatever the driver says of a dead connection
        return await run(work)
