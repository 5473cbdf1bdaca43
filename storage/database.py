"""Database: runs units of work, each in a transaction and a task of its own.

Tortoise 1.1.9 loses its lock or its pooled connection when a task is cancelled in the middle of a
transaction, and commits what a failed transaction left behind when the next one begins. So no
caller ever waits in such a task: it is strongly referenced, shielded, and left to finish; and after
any trouble that is not the data's the connection is thrown away for a fresh one.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Protocol, TypeVar, cast

from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from storage import orm
from storage.direct import Direct, Then, into
from storage.errors import BusyError
from storage.settings import StorageSettings
from storage.work import OF_THE_DATA, Db, Work

T = TypeVar("T")

ROWS_AT_ONCE = 500
"""Rows of one statement; SQLite takes 32,766 values."""


async def raw(db: Db, query: str, *values: Any) -> list[dict[str, Any]]:
    """The rows of a query in SQL, with values as the driver gives them."""
    return await cast("Any", db).execute_query_dict(query, list(values))


async def insert_many(db: Db, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows with the same columns, in one statement, which is several times faster than the ORM's objects.
    (With executemany Python's lock changes hands at each row, and a busy event loop waits for it.)
    """
    if not rows:
        return
    columns, numbered = tuple(rows[0]), db.capabilities.dialect == "postgres"
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        query = insertion(table, columns, len(some), numbered)
        await cast("Any", db).execute_query(query, [row[column] for row in some for column in columns])


async def insert(db: Db, table: str, row: Mapping[str, Any]) -> None:
    await insert_many(db, table, (row,))


@lru_cache(maxsize=512)
def insertion(table: str, columns: tuple[str, ...], rows: int, numbered: bool) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    width = len(columns)
    places = [
        ", ".join(f"${row * width + column}" if numbered else "?" for column in range(1, width + 1))
        for row in range(rows)
    ]
    return f'INSERT INTO "{table}" ({names}) VALUES ({"), (".join(places)})'  # noqa: S608 - our names


def marks(db: Db, count: int) -> str:
    """Places for so many values in a query."""
    numbered = db.capabilities.dialect == "postgres"
    return ", ".join(f"${n}" if numbered else "?" for n in range(1, count + 1))


def directs(config: orm.Config, settings: StorageSettings) -> dict[str, Direct]:
    """Beside Tortoise's connections to SQLite, by the same names; the first one writes."""
    found: dict[str, Direct] = {}
    for name, connection in config["connections"].items():
        pragmas = dict(connection["credentials"])
        file = pragmas.pop("file_path", ":memory:")
        if file != ":memory:":
            begin = "BEGIN" if found else "BEGIN IMMEDIATE"
            found[name] = Direct(file, pragmas, begin, settings.commit_here_s)
    return found


class Witness(Protocol):
    """Keeps in memory what writing units make of the database (journal.py)."""

    def begin(self) -> None:
        """A unit begins."""
        ...

    def undone(self) -> None:
        """It left nothing behind, or nobody knows what."""
        ...


class Turn:
    """Who writes. A lock, but its holder need not be a task, and gets it without a turn of the loop."""

    def __init__(self) -> None:
        self.held = False
        self.letting_in = False  # who leaves before that is over is followed by the next one after it
        self.waiting: deque[Callable[[], None]] = deque()

    def take(self, begin: Callable[[], None]) -> None:
        """Call `begin` when everybody before has left; then `leave` is to be called, from it or later."""
        self.waiting.append(begin)
        self.let_in()

    def leave(self) -> None:
        self.held = False
        self.let_in()

    def let_in(self) -> None:
        while self.waiting and not self.held and not self.letting_in:
            self.held = self.letting_in = True
            try:
                self.waiting.popleft()()
            except BaseException:
                asyncio.get_running_loop().call_soon(self.let_in)  # the others do not wait for ever
                raise
            finally:
                self.letting_in = False

    async def taken(self) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.take(lambda: self.leave() if mine.done() else mine.set_result(None))
        await mine


class Database:
    def __init__(self, settings: StorageSettings, config: orm.Config) -> None:
        self._settings = settings
        self._config = config
        self._names = list(config["connections"])  # the writer, then the readers
        self._tortoise = TortoiseContext()
        # Where Tortoise's context variables are set; every unit of work gets a copy.
        self._variables = contextvars.copy_context()
        self._under_way: set[asyncio.Future[Any]] = set()
        self._writing = Turn()
        self._witness: Witness | None = None
        self._readers: asyncio.Queue[str] = asyncio.Queue()
        self._direct = directs(config, settings)

    def watch(self, witness: Witness) -> None:
        self._witness = witness

    async def open(self) -> None:
        self._variables.run(self._tortoise.__enter__)
        await self._start(self._tortoise.init(config=self._config, init_connections=True))
        for name in self._names[1:]:
            self._readers.put_nowait(name)

    async def close(self) -> None:
        """Finishes what is under way, then closes the connections."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        for direct in self._direct.values():
            await direct.close()
        await self._start(self._tortoise.close_connections())
        self._variables.run(self._tortoise.__exit__, None, None, None)

    async def write(self, work: Work[T]) -> T:
        """Runs `work` in one transaction, behind those asked for before. A cancelled caller stops
        waiting; the work is done all the same.
        """
        return await asyncio.shield(self._start(self._write(work)))

    async def write_here(self, work: Work[T]) -> T:
        """The same on the loop itself, where the database has such a way: a short unit, which asks nothing of
        the ORM (direct.py).
        """
        asked: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if not self.write_direct(work, into(asked)):
            return await self.write(work)
        return await asked

    def write_direct(self, work: Work[Any], then: Then) -> bool:
        """Without a task, each step of which takes a turn of a busy loop: `then` is called with the result or
        the trouble. False where this database has no such way: nothing happens.
        """
        writer = self._direct.get(self._names[0])
        if writer is None:
            return False
        if self._is_full:
            raise self._busy()
        under_way: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._admit(under_way)
        self._writing.take(partial(self._order, writer, work, then, under_way))
        return True

    def _order(self, writer: Direct, work: Work[Any], then: Then, under_way: "asyncio.Future[None]") -> None:
        def settled(result: Any, error: BaseException | None) -> None:
            if error is not None and self._witness is not None:
                self._witness.undone()
            under_way.set_result(None)
            try:
                self._writing.leave()
            finally:  # whatever becomes of the next one
                then(result, error)

        try:
            if self._witness is not None:
                self._witness.begin()
            writer.order_here(work, settled)
        except Exception as error:
            if under_way.done():  # it was `then` that raised
                raise
            settled(None, error)

    async def read(self, work: Work[T], *, direct: bool = False) -> T:
        """Runs `work` over one consistent view of the database, beside the writer. `direct`: it asks nothing
        of the ORM (direct.py).
        """
        return await asyncio.shield(self._start(self._read(work, direct=direct)))

    def _start(self, unit: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        if self._is_full:
            unit.close()
            raise self._busy()
        task = asyncio.get_running_loop().create_task(unit, context=self._variables.copy())
        self._admit(task)
        return task

    @property
    def _is_full(self) -> bool:
        return len(self._under_way) >= self._settings.units_waiting

    def _busy(self) -> BusyError:
        return BusyError(f"The database is busy: {len(self._under_way)} units of work wait already.")

    def _admit(self, unit: "asyncio.Future[Any]") -> None:
        self._under_way.add(unit)
        unit.add_done_callback(self._under_way.discard)

    async def _write(self, work: Work[T]) -> T:
        await self._writing.taken()
        try:
            if self._witness is not None:
                self._witness.begin()
            return await self._transaction(self._names[0], work)
        except BaseException:
            if self._witness is not None:
                self._witness.undone()
            raise
        finally:
            self._writing.leave()

    async def _read(self, work: Work[T], *, direct: bool) -> T:
        if direct and self._direct:
            readers = (self._direct[name] for name in self._names[1:])
            return await min(readers, key=lambda reader: reader.waiting).run(work)
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
