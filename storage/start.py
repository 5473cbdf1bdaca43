"""Opening the storage at the start of the web process.

port = await open_storage(settings, data, runtime.tell)
runtime.serve("storage", port)
...
await port.close()
"""

from pathlib import Path

from storage import keyring, orm
from storage.database import Database
from storage.errors import StorageError, UnreachableError
from storage.journal import Journal
from storage.key_file import StorageKey, new_key, read_key
from storage.keyring import Keyring
from storage.migrate import migrate_postgres, migrate_sqlite
from storage.node import node_id
from storage.port import StoragePort, Tell
from storage.purge import Purge
from storage.search.indexer import Indexer
from storage.settings import StorageSettings
from storage.trouble import trouble_of
from storage.unit import Unit
from storage.work import Db

MIGRATION_S = 600.0
"""Longest time of one statement of a migration on PostgreSQL."""


async def open_storage(settings: StorageSettings, data: Path, tell: Tell) -> StoragePort:
    """Brings the database in the folder `data` to this version, finds its key, and serves it.

    Raises StorageError; its text is one line that says what to do.
    """
    file, key_path = data / "db" / "samovar.db", data / "keys" / "storage.key"
    connections = orm.connections(settings, file)
    try:
        for folder in ("keys", "db", "backup"):
            (data / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        storage_key = read_key(key_path)
        if settings.url:
            await migrate_postgres(orm.postgres(settings.url, MIGRATION_S))
        else:
            await migrate_sqlite(file, data / "backup")
        return await serve(Database(settings, orm.config(connections)), settings, data, storage_key, tell)
    except StorageError:
        raise
    except Exception as error:
        raise UnreachableError(trouble_of(error).why) from error


async def serve(
    database: Database, settings: StorageSettings, data: Path, storage_key: StorageKey | None, tell: Tell
) -> StoragePort:
    key_path = data / "keys" / "storage.key"
    await database.open()
    try:
        await database.read(lambda db: keyring.check_storage_key(db, storage_key, key_path))
        node = node_id(data / "db")
        keys = Keyring(storage_key or new_key(key_path), node, settings.keys_cached)
        await database.write(keys.open_for_characters)
        journal = Journal(node, settings.journal_rows)
        await database.write(journal.read)
        database.watch(journal)
    except BaseException:
        await database.close()
        raise

    def unit(db: Db) -> Unit:
        return Unit(db, keys, node, journal)

    indexer = Indexer(database, unit, keys.term_key, settings)
    return StoragePort(database, unit, tell, indexer, Purge(database, unit, settings), journal)
