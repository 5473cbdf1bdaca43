"""Brings the database to this version of the tables, or leaves it as it was.

Tortoise alone is not enough on SQLite: with foreign keys on, altering a parent table deletes its
children without a word, and a crash between a migration and its record leaves a database that no
start gets past. So a SQLite file is never migrated in place: a copy is, with foreign keys off; its
rows are counted against the original's, its foreign keys checked, and only then it takes the
original's name, in one step. The original stays in DATA/backup. PostgreSQL does it all in one
transaction; there the backup is the owner's (pg_dump).
"""

import asyncio
import logging
import shutil
import sqlite3
import time
from contextlib import closing
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, cast

from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor
from tortoise.transactions import in_transaction

from storage import orm
from storage.database import raw
from storage.errors import MigrationError, NewerDatabaseError
from storage.private_files import sync_folder
from storage.work import Db

log = logging.getLogger(__name__)

RECORD = "tortoise_migrations"
"""Tortoise's own table of the migrations that were done."""

LOCK = 0x53414D4F56415200
"""PostgreSQL's advisory lock of this work: of several web nodes that start at once, one migrates."""

Counts = dict[str, int]


def known_migrations(package: str) -> list[str]:
    """The names of this version's migrations, in order."""
    return sorted(name for _, name, _ in iter_modules(import_module(package).__path__) if name[0] not in "_~")


def missing_migrations(done: list[str], package: str) -> list[str]:
    """What is still to be done. Raises NewerDatabaseError."""
    known = known_migrations(package)
    unknown = [name for name in done if name not in known]
    if unknown:
        raise NewerDatabaseError(
            f"A newer Samovar wrote this database (it knows {unknown[-1]}). Update the software, or put "
            "back the backup that the newer one made."
        )
    return [name for name in known if name not in done]


def check_counts(before: Counts, after: Counts) -> None:
    """Raises MigrationError where a table lost rows."""
    for table, rows in before.items():
        left = after.get(table, 0)
        if left < rows:
            raise MigrationError(
                f"The migration would lose {rows - left} of {rows} rows of {table}, so nothing was changed. "
                "Go back to the version before, and tell its makers."
            )


# -- SQLite -------------------------------------------------------------------------------------


async def migrate_sqlite(file: Path, backups: Path, package: str = orm.MIGRATIONS) -> None:
    """Makes or migrates the file, which nobody else may have open.

    Raises NewerDatabaseError, MigrationError; the file is then as it was.
    """
    missing = missing_migrations(await asyncio.to_thread(sqlite_done, file), package)
    if not missing:
        return
    fresh = file.with_name(file.name + ".new")
    remove(fresh)
    before: Counts = {}
    if file.exists():  # noqa: ASYNC240 - nothing else runs yet
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        backup = backups / f"{file.stem}-before-{missing[-1]}-{at}.db"
        log.info("the database is brought to %s; as it was it stays in %s", missing[-1], backup)
        before = await asyncio.to_thread(copy_sqlite, file, backup)
        await asyncio.to_thread(shutil.copyfile, backup, fresh)
    try:
        # With the journal in the file itself, the file is all there is to rename.
        connection = orm.sqlite(fresh, foreign_keys="OFF", journal_mode="DELETE")
        await asyncio.create_task(run_migrations(connection, package))
        check_counts(before, await asyncio.to_thread(checked_counts, fresh))
    except BaseException:
        remove(fresh)
        raise
    fresh.chmod(0o600)
    fresh.replace(file)
    sync_folder(file.parent)


def sqlite_done(file: Path) -> list[str]:
    """The migrations that the file has seen. Raises MigrationError where it is no database."""
    if not file.exists():
        return []
    try:
        with closing(sqlite3.connect(file)) as connection:
            recorded = "SELECT 1 FROM sqlite_master WHERE name = ?"
            if not connection.execute(recorded, (RECORD,)).fetchone():
                return []
            rows = connection.execute(f"SELECT name FROM {RECORD} ORDER BY name")  # noqa: S608
            return [name for (name,) in rows]
    except sqlite3.DatabaseError as error:
        raise MigrationError(f"{file} cannot be read as a database: {error}. Restore a backup.") from error


def copy_sqlite(file: Path, backup: Path) -> Counts:
    """Copies the database and counts its rows."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    backup.chmod(0o600)
    return checked_counts(backup)


def checked_counts(file: Path) -> Counts:
    """The rows of each table. Raises MigrationError where a foreign key points nowhere."""
    with closing(sqlite3.connect(file)) as connection:
        loose = connection.execute("PRAGMA foreign_key_check").fetchone()
        if loose:
            raise MigrationError(
                f"A row of {loose[0]} refers to one that is not in {loose[2]}, so nothing was changed. "
                "Restore a backup, or go back to the version before."
            )
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name != ?",
            (RECORD,),
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in tables
        }


async def run_migrations(connection: orm.Config, package: str) -> None:
    async with TortoiseContext() as tortoise:
        config = orm.config({"sqlite-migration": connection}, package)
        await tortoise.init(config=config)
        await apply(tortoise.connections.get("sqlite-migration"), config)


async def apply(db: Db, config: orm.Config) -> None:
    """Raises MigrationError."""
    try:
        await MigrationExecutor(db, config["apps"]).migrate(direction="forward")
    except Exception as error:
        text = f"The database cannot be brought to this version ({error}), and nothing was changed. "
        raise MigrationError(text + "Go back to the version before, and tell its makers.") from error


def remove(file: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


# -- PostgreSQL ---------------------------------------------------------------------------------


async def migrate_postgres(connection: orm.Config, package: str = orm.MIGRATIONS) -> None:
    """Makes or migrates the tables in one transaction. Raises NewerDatabaseError, MigrationError."""
    await asyncio.create_task(_migrate_postgres(connection, package))


async def _migrate_postgres(connection: orm.Config, package: str) -> None:
    async with TortoiseContext() as tortoise:
        config = orm.config({"postgres-migration": connection}, package)
        await tortoise.init(config=config)
        async with in_transaction("postgres-migration") as db:
            await raw(db, f"SELECT pg_advisory_xact_lock({LOCK})")
            if not missing_migrations(await postgres_done(db), package):
                return
            before = await postgres_counts(db)
            # Tortoise asks its record before it makes it, and that would break the transaction.
            await cast("Any", MigrationRecorder(db)).ensure_schema(AsyncpgSchemaEditor(db, atomic=False))
            await apply(db, config)
            check_counts(before, await postgres_counts(db))


async def postgres_done(db: Db) -> list[str]:
    found = await raw(db, f"SELECT to_regclass('{RECORD}') AS found")
    if found[0]["found"] is None:
        return []
    rows = await raw(db, f"SELECT name FROM {RECORD} ORDER BY name")  # noqa: S608
    return [row["name"] for row in rows]


async def postgres_counts(db: Db) -> Counts:
    tables = await raw(
        db,
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename != $1",
        RECORD,
    )
    counts: Counts = {}
    for name in (row["name"] for row in tables):
        rows = await raw(db, f'SELECT count(*) AS rows FROM "{name}"')  # noqa: S608
        counts[name] = rows[0]["rows"]
    return counts
