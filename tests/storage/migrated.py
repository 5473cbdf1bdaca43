"""The tables of this version, made once and copied: what asks about rows need not make tables first."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage import orm
from storage.migrate import migrate_postgres, migrate_sqlite


@cache
def sqlite_tables() -> bytes:
    """A SQLite file with all tables and no rows."""
    with TemporaryDirectory() as name, ThreadPoolExecutor(1) as apart:
        file = Path(name) / "samovar.db"
        # In a thread, for whoever asks may be in a loop of its own.
        apart.submit(lambda: asyncio.run(migrate_sqlite(file, file.parent))).result()
        return file.read_bytes()


def put_sqlite_tables(data: Path) -> None:
    """Into a data folder that has no database yet."""
    file = data / "db" / "samovar.db"
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sqlite_tables())
    file.chmod(0o600)


def make_postgres_tables(url: str) -> None:
    asyncio.run(migrate_postgres(orm.postgres(url, 30)))
