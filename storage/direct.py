"""Direct: a unit of work of SQLite on a thread of its own, in one hop.

With aiosqlite each statement goes to a thread and back, and behind a busy event loop waits there for all that
is ready at that moment: a commit of five statements took five turns of the loop. A unit that asks nothing of
the ORM (Select, Statement, insert_many) never waits for anything else, so it is run to its end over there.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from tortoise.exceptions import IntegrityError

from storage.work import OF_THE_DATA, Db, Work

T = TypeVar("T")


class Capabilities:
    dialect = "sqlite"


class DirectDb:
    """As much of Tortoise's connection as such a unit uses; its methods return without waiting."""

    capabilities = Capabilities()

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    async def execute_query(self, query: str, values: list[Any]) -> tuple[int, Sequence[Any]]:
        """How many rows were changed."""
        before = self.connection.total_changes
        rows = self.connection.execute(query, values).fetchall()
        return self.connection.total_changes - before, rows

    async def execute_query_dict(self, query: str, values: list[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self.connection.execute(query, values)]


class WaitsError(Exception):
    """A unit of work that must not wait does: a bug of ours."""


def finish(unit: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, here and now."""
    try:
        unit.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    unit.close()
    raise WaitsError


class Direct:
    """One connection with its thread. Call `run` for one unit at a time."""

    def __init__(self, file: Path | str, pragmas: Mapping[str, str | int], begin: str) -> None:
        self.file = file
        self.pragmas = pragmas
        self.begin = begin
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self.connection: sqlite3.Connection | None = None

    async def run(self, work: Work[T]) -> T:
        """In a transaction. Raises what `work` raises, and what SQLite does."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, self.transaction, work)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self.thread, self.let_go)
        self.thread.shutdown()

    # -- on the thread --------------------------------------------------------------------------

    def transaction(self, work: Work[T]) -> T:
        connection = self.connection = self.connection or self.open()
        try:
            connection.execute(self.begin)
            try:
                result = finish(cast("Coroutine[Any, Any, T]", work(cast("Db", DirectDb(connection)))))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.IntegrityError as error:
            raise IntegrityError(str(error)) from error
        except OF_THE_DATA:
            raise
        except Exception:
            self.let_go()
            raise
        return result

    def open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, isolation_level=None)
        connection.row_factory = sqlite3.Row
        for name, value in self.pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")
        return connection

    def let_go(self) -> None:
        """After trouble that is not the data's a fresh connection is made."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
