"""How Tortoise is set up. After a change of tables.py write its migration with

    .venv/bin/python -m tortoise -c storage.orm.CONFIG makemigrations -n NAME

and let ruff format it.
"""

import importlib.util
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from tortoise.backends.base import config_generator

from storage.errors import DatabaseUrlError
from storage.settings import StorageSettings

APP = "storage"
MIGRATIONS = "storage.migrations"

Config = dict[str, Any]


def config(connections: dict[str, Config], migrations: str = MIGRATIONS) -> Config:
    """The tables over these connections; the first one is theirs by default."""
    tables = {
        "models": ["storage.tables"],
        "migrations": migrations,
        "default_connection": next(iter(connections)),
    }
    return {"connections": connections, "apps": {APP: tables}}


def sqlite(file: Path | str, **pragmas: str | int) -> Config:
    """A connection to a SQLite file."""
    durable = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}
    return {
        "engine": "tortoise.backends.sqlite",
        "credentials": {"file_path": str(file), **durable, **pragmas},
    }


def postgres(url: str, timeout_s: float, **server_settings: str) -> Config:
    """One connection to PostgreSQL. Raises DatabaseUrlError."""
    if urlsplit(url).scheme not in {"postgres", "postgresql", "asyncpg"}:
        raise DatabaseUrlError(
            "The setting storage.url begins with postgres://; leave it empty for SQLite in the data folder."
        )
    if importlib.util.find_spec("asyncpg") is None:
        raise DatabaseUrlError("PostgreSQL needs the package asyncpg: run python3 -m deploy setup.")
    try:
        expanded: Config = cast("Any", config_generator).expand_db_url("asyncpg" + url[url.index(":") :])
    except Exception as error:
        raise DatabaseUrlError(f"The setting storage.url cannot be read: {error}.") from error
    expanded["credentials"] |= {
        "minsize": 1,
        "maxsize": 1,
        "command_timeout": timeout_s,
        "server_settings": {"application_name": "samovar", **server_settings},
    }
    return expanded


def connections(settings: StorageSettings, file: Path) -> dict[str, Config]:
    """By name: one connection that writes, first, and some that read, each with a consistent view for a
    unit of work. (Tortoise remembers SQL by such names, so they differ with the kind of database.)
    """
    wait_s = settings.busy_timeout_s
    if settings.url:
        view = {"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on"}
        named = {"postgres-writer": postgres(settings.url, wait_s)}
        reader = postgres(settings.url, wait_s, **view)
        return named | {f"postgres-reader{n}": reader for n in range(settings.readers)}
    busy = {"busy_timeout": int(wait_s * 1000)}
    named = {"sqlite-writer": sqlite(file, **busy)}
    reader = sqlite(file, query_only="ON", **busy)
    return named | {f"sqlite-reader{n}": reader for n in range(settings.readers)}


CONFIG = config({"sqlite-writer": sqlite(":memory:")})
"""For Tortoise's own command line."""
