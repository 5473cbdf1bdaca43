"""Migrations: the database comes to this version whole, or stays as it was."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from actors.messages.choices import Choices, Persona
from actors.messages.choosing import PutPersona, SetChoices
from actors.messages.conversations import PutSummary, StoredSummary
from actors.messages.filing import AddFolder, FileConversation
from actors.messages.lore import BookSheet
from actors.messages.lorebooks import SaveLorebook
from storage import orm
from storage.errors import MigrationError, NewerDatabaseError
from storage.migrate import migrate_sqlite
from tests.storage.contract_search import search
from tests.storage.node import Node
from tests.storage.postgres_cluster import PostgresCluster
from tests.storage.store import CHAT, HELLO, USER, Store, begin, uid


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture
def postgres_node(tmp_path: Path, postgres: PostgresCluster) -> Node:
    return Node(tmp_path, postgres.database())


def rows(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def private(file: Path) -> bool:
    return os.name != "posix" or file.stat().st_mode & 0o077 == 0


def test_the_migrations_make_the_tables_of_this_version() -> None:
    async def changes() -> list[Any]:
        async with TortoiseContext() as tortoise:
            await tortoise.init(config=orm.CONFIG)
            assert tortoise.apps is not None
            return await MigrationAutodetector(tortoise.apps, orm.CONFIG["apps"]).changes()

    assert asyncio.run(changes()) == []


def test_a_database_of_the_first_version_is_brought_to_this_one(node: Node) -> None:
    state = node.fill()
    filled = node.file.with_name("filled.db")
    node.file.rename(filled)
    node.migrate("first")
    with closing(sqlite3.connect(node.file)) as connection, connection:
        connection.execute("ATTACH ? AS filled", (str(filled),))
        for (table,) in connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table'"
        ).fetchall():
            if not table.startswith(("sqlite_", "tortoise_")):
                known = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
                connection.execute(f"INSERT INTO main.{table} ({known}) SELECT {known} FROM filled.{table}")
    filled.unlink()
    assert rows(node.file, "message") == 2
    talk, queue = state
    titled = replace(talk.conversation, titled_by="person")  # who gave the titles of that time is not known
    assert node.look() == (replace(talk, conversation=titled), queue)


def test_a_start_with_nothing_to_do_touches_nothing(node: Node) -> None:
    state = node.fill()
    with closing(sqlite3.connect(node.file)) as connection:  # of several that close at once none may do it
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    before = node.file.stat().st_mtime_ns, node.file.stat().st_ino
    asyncio.run(migrate_sqlite(node.file, node.backups))
    assert (node.file.stat().st_mtime_ns, node.file.stat().st_ino) == before
    assert list(node.backups.iterdir()) == []
    assert node.look() == state


@pytest.mark.parametrize(
    ("package", "why"),
    [
        ("losing", "would lose 1 of 2 rows of message"),
        ("loosening", "row of message refers to one that is not in conversation"),
        ("failing", "no such table: nowhere"),
    ],
)
def test_a_migration_that_does_harm_changes_nothing(node: Node, package: str, why: str) -> None:
    state = node.fill()
    with pytest.raises(MigrationError, match=why) as refused:
        node.migrate(package)
    assert "nothing was changed" in str(refused.value)
    assert sorted(path.name for path in node.file.parent.iterdir()) == ["node_id", "samovar.db"]
    assert node.look() == state


def test_a_migration_leaves_a_backup_of_the_database_as_it_was(node: Node) -> None:
    state = node.fill()
    node.migrate("rebuilding")
    (backup,) = node.backups.iterdir()
    assert backup.name.startswith("samovar-before-9000_rebuilding-")
    assert private(backup)
    assert private(node.file)
    with pytest.raises(NewerDatabaseError):
        node.look()
    backup.replace(node.file)
    assert node.look() == state


def test_a_table_that_others_refer_to_is_rebuilt_without_losing_them(node: Node) -> None:
    node.fill()
    counted = {
        table: rows(node.file, table) for table in ("account", "conversation", "message", "generation")
    }
    node.migrate("rebuilding")
    assert {table: rows(node.file, table) for table in counted} == counted
    assert all(counted.values())
    with closing(sqlite3.connect(node.file)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'account'").fetchone()
        assert "VARCHAR(300)" in sql
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM conversation")
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (
            0,
        )  # they still belong to it


def test_a_migration_that_was_cut_off_is_begun_anew(node: Node) -> None:
    node.fill()
    half = node.file.with_name("samovar.db.new")
    half.write_bytes(b"half of a database")
    node.file.with_name("samovar.db.new-journal").write_bytes(b"its journal")
    node.migrate("rebuilding")
    assert not half.exists()
    assert rows(node.file, "message") == 2


def test_a_database_of_a_newer_version_is_refused(node: Node) -> None:
    node.fill()
    with closing(sqlite3.connect(node.file)) as connection, connection:
        connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('storage', '0099_later', '2030')"
        )
    with pytest.raises(NewerDatabaseError, match=r"it knows 0099_later.*Update the software"):
        node.look()


def test_a_file_that_is_no_database_is_refused_and_kept(node: Node) -> None:
    node.file.parent.mkdir(mode=0o700)
    node.file.write_bytes(b"not a database, but perhaps somebody's work" * 100)
    with pytest.raises(MigrationError, match="cannot be read as a database"):
        node.look()
    assert node.file.read_bytes().startswith(b"not a database")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("package", "why"),
    [("losing", "would lose 1 of 2 rows of message"), ("failing", '"nowhere" does not exist')],
)
def test_a_migration_that_does_harm_changes_nothing_on_postgres(
    postgres_node: Node, package: str, why: str
) -> None:
    state = postgres_node.fill()
    with pytest.raises(MigrationError, match=why):
        postgres_node.migrate(package)
    assert postgres_node.look() == state


@pytest.mark.postgres
def test_a_postgres_database_of_a_newer_version_is_refused(postgres_node: Node) -> None:
    postgres_node.fill()
    postgres_node.migrate("rebuilding")
    with pytest.raises(NewerDatabaseError, match="9000_rebuilding"):
        postgres_node.look()


def test_what_is_there_is_found_after_the_migration_that_brought_its_index(node: Node) -> None:
    async def fill(store: Store) -> None:
        await begin(store)
        await store.put(
            PutSummary(StoredSummary(CHAT, HELLO, "A lantern.", "model", 5)),
            SetChoices(USER, "conversation", CHAT, Choices(system_prompt="Lanterns.")),
            PutPersona(Persona(uid(60), "Mira", "With a lantern."), USER),
            AddFolder(uid(61), USER, "Lanterns", 5),
            FileConversation(CHAT, USER, 6, tags=("lantern",)),
            SaveLorebook(
                uid(62), USER, BookSheet(uid(63), "Lantern", b"\x80"), b"{}", b"\x01" * 32, 0, 7_000
            ),
        )

    async def kinds(store: Store) -> set[str]:
        found = await search(store, "lantern ")
        assert [thing.kind for thing in (await search(store, "samovar ")).things] == ["character"]
        return {thing.kind for thing in found.things}

    node.using(fill)
    with closing(sqlite3.connect(node.file)) as connection, connection:
        index = ("search_thing", "search_thing_stem", "search_thing_prefix", "search_thing_pending")
        for table in (*index, "chunk_journal"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM tortoise_migrations WHERE name >= '0014_search_things'")
    expected = {"summary", "instructions", "persona", "folder", "tag", "lorebook"}
    assert node.using(kinds) == expected
