"""Database: runs units of work, each in a transaction and a task of its own.

Tortoise 1.1.9 loses its lock or its pooled connection when a task is cancelled in the middle of a
transaction, and commits what a failed transaction left behind when the next one begins. So no
caller ever waits in such a task: it is strongly referenced, shielded, and left to finish; and after
any trouble that is not the data's the connection is thrown away for a fresh one.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar, cast

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError, ValidationError
from tortoise.transactions import in_transaction

from rust_crypto.errors import SealError
from storage import orm
from storage.errors import BusyError, RefusedError
from storage.settings import StorageSettings

T = TypeVar("T")

Db = BaseDBAsyncClient
Work = Callable[[Db], Awaitable[T]]

OF_THE_DATA = (RefusedError, IntegrityError, ValidationError, SealError, UnicodeError, OverflowError)
"""Trouble after which the connection is as good as before."""


async def raw(db: Db, query: str, *values: Any) -> list[dict[str, Any]]:
    """The rows of a query in SQL, with values as the driver gives them."""
    return await cast("Any", db).execute_query_dict(query, list(values))


async def insert_many(db: Db, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows with the same columns; several times faster than the ORM's objects."""
    columns = list(rows[0])
    names = ", ".join(f'"{column}"' for column in columns)
    query = f'INSERT INTO "{table}" ({names}) VALUES ({marks(db, len(columns))})'  # noqa: S608 - our names
    await cast("Any", db).execute_many(query, [[row[column] for column in columns] for row in rows])


def marks(db: Db, count: int) -> str:
    """Places for so many values in a query."""
    numbered = db.capabilities.dialect == "postgres"
    return ", ".join(f"${n}" if numbered else "?" for n in range(1, count + 1))


class Database:
    def __init__(self, settings: StorageSettings, config: orm.Config) -> None:
        self._settings = settings
        self._config = config
        self._names = list(config["connections"])  # the writer, then the readers
        self._tortoise = TortoiseContext()
        # Where Tortoise's context variables are set; every unit of work gets a copy.
        self._variables = contextvars.copy_context()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._writing = asyncio.Lock()
        self._readers: asyncio.Queue[str] = asyncio.Queue()

    async def open(self) -> None:
        self._variables.run(self._tortoise.__enter__)
        await self._start(self._tortoise.init(config=self._config, init_connections=True))
        for name in self._names[1:]:
            self._readers.put_nowait(name)

    async def close(self) -> None:
        """Finishes what is under way, then closes the connections."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._start(self._tortoise.close_connections())
        self._variables.run(self._tortoise.__exit__, None, None, None)

    async def write(self, work: Work[T]) -> T:
        """Runs `work` in one transaction, behind those asked for before. A cancelled caller stops
        waiting; the work is done all the same.
        """
        return await asyncio.shield(self._start(self._write(work)))

    async def read(self, work: Work[T]) -> T:
        """Runs `work` over one consistent view of the database, beside the writer."""
        return await asyncio.shield(self._start(self._read(work)))

    def _start(self, unit: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        if len(self._under_way) >= self._settings.units_waiting:
            unit.close()
            raise BusyError(f"The database is busy: {len(self._under_way)} units of work wait already.")
        task = asyncio.get_running_loop().create_task(unit, context=self._variables.copy())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _write(self, work: Work[T]) -> T:
        async with self._writing:
            return await self._transaction(self._names[0], work)

    async def _read(self, work: Work[T]) -> T:
        name = await self._readers.get()
        try:
            return await self._transaction(name, work)
        finally:
            self._readers.put_nowait(name)

    async def _transaction(self, name: str, work: Work[T]) -> T:
        try:
            async with in_transaction(name) as db:
                try:
                    result = await work(db)
                    await db.commit()
                except BaseException:
                    await db.rollback()
                    raise
                return result
        except OF_THE_DATA:
            raise
        except Exception:
            # Another task, because in this one Tortoise may still see the broken transaction.
            await asyncio.get_running_loop().create_task(self._renew(name), context=self._variables.copy())
            raise

    async def _renew(self, name: str) -> None:
        """Throws the connection away; Tortoise makes the next one when it is needed."""
        handler = self._tortoise.connections
        broken = handler.get(name)
        handler.discard(name)
        await broken.close()
