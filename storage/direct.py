"""Direct: a unit of work of SQLite without a task, and without a hop for each of its statements.

With aiosqlite each statement goes to a thread and back, and behind a busy event loop waits there for all that
is ready at that moment: a commit of five statements took five turns of the loop. A unit that asks nothing of
the ORM (Select, Statement, insert_many) never waits for anything else, so it is run to its end, on a thread.

The writes of replies are short and many, and on the thread each of their statements waited for Python's lock,
half a millisecond beside a busy loop: a transaction with the end of a reply in it held up the tokens of all
others for 20 ms. They are done on the loop itself (`order_here`), which is in the way of nobody for longer
than that takes. So is their commit while the disk is quick (Pace): it takes 0.2 ms there and, by way of the
thread, a millisecond. Where it is not, the commit, which waits for the disk, is the thread's.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar, cast

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
        self.ahead: dict[Any, str] = {}  # answers that wait for their question (select.py)

    async def execute_query(self, query: str, values: list[Any]) -> tuple[int, Sequence[Any]]:
        """How many rows were changed."""
        before = self.connection.total_changes
        rows = self.connection.execute(query, values).fetchall()
        return self.connection.total_changes - before, rows

    async def execute_query_dict(self, query: str, values: list[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self.connection.execute(query, values)]


BUSY_TIMEOUT = "busy_timeout"
PACE_SHARE = 0.1  # of the newest commit in what is usual: a slow one counts for some twenty quick ones
AT_ONCE = 8  # units whose answers come back together


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


Then = Callable[[Any, BaseException | None], None]
"""Called on the loop with the result of a unit of work, or with what it raised."""


class Order(NamedTuple):
    run: Callable[[], Any]
    then: Then


class Done(NamedTuple):
    then: Then
    result: Any
    error: BaseException | None


class Pace:
    """How long commits usually take. One that takes less than `quick_s` is not worth a change of threads; the
    first ones are the thread's, until that is known of them. (On the thread, waiting for Python's lock counts
    in: some tenths of a millisecond.)
    """

    def __init__(self, quick_s: float) -> None:
        self.quick_s = quick_s
        self.usual_s = 2 * quick_s

    @property
    def is_quick(self) -> bool:
        return self.usual_s < self.quick_s

    def took(self, seconds: float) -> None:
        self.usual_s += PACE_SHARE * (seconds - self.usual_s)


class Direct:
    """One connection with its thread, which does what waits in its order. Each change of threads costs more
    than most of these units do; so when many wait, the answers to several come back together. `quick_s` is
    for the one that writes (Pace).

    SQLite moves its log into the database within such a commit. Never let it be done beside who writes: until
    3.51.3 (and 3.50.7, 3.44.6) that can corrupt the database (sqlite.org/wal.html#walresetbug).
    """

    def __init__(
        self, file: Path | str, pragmas: Mapping[str, str | int], begin: str, quick_s: float = 0.0
    ) -> None:
        self.file = file
        self.pragmas = pragmas
        self.begin = begin
        self.patient = True  # it waits while another program holds the database
        self.orders: SimpleQueue[Order | None] = SimpleQueue()  # None: the end
        self.thread: threading.Thread | None = None  # from the first order on
        self.connection: sqlite3.Connection | None = None
        self.closed = False
        self.pace = Pace(quick_s)

    @property
    def waiting(self) -> int:
        return self.orders.qsize()

    async def run(self, work: Work[T]) -> T:
        """In a transaction. Raises what `work` raises, and what SQLite does."""
        asked: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.order(work, into(asked))
        return await asked

    def order(self, work: Work[Any], then: Then) -> None:
        """The same, without a task to wait in: each step of one takes a turn of a busy loop."""
        self.put(Order(partial(self.transaction, work), then))

    def order_here(self, work: Work[Any], then: Then) -> None:
        """The same, but the work is done here and now, and on a quick disk `then` is called before this
        returns. Nobody else may use this connection until `then`. What would have to wait, for another
        program or for the file to be opened, goes to the thread as a whole.
        """
        connection = self.connection
        if connection is None:
            self.order(work, then)
            return
        begun = False
        try:
            with self.troubles():
                self.be_patient(connection, patient=False)
                connection.execute(self.begin)
                begun = True
                with undone_in_trouble(connection):
                    result = finish(cast("Coroutine[Any, Any, Any]", work(cast("Db", DirectDb(connection)))))
        except BaseException as error:  # noqa: BLE001 - whoever asked gets it
            if is_busy(error) and not begun:
                self.order(work, then)
            else:
                asyncio.get_running_loop().call_soon(then, None, error)
            return
        commit = Order(partial(self.commit, connection, result), then)
        if self.pace.is_quick:
            settle([carry_out(commit)])
        else:
            self.put(commit)

    def put(self, order: Order) -> None:
        if self.closed:
            raise RuntimeError("the connection is closed")
        if self.thread is None:
            loop = asyncio.get_running_loop()
            thread = threading.Thread(target=self.serve, args=(loop,), name="sqlite", daemon=True)
            thread.start()  # raises where the system gives no more of them: nothing was ordered
            self.thread = thread
        self.orders.put(order)

    async def close(self) -> None:
        """When what was ordered is done."""
        self.closed = True
        self.orders.put(None)
        if self.thread is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.thread.join)

    # -- on the thread --------------------------------------------------------------------------

    def serve(self, loop: asyncio.AbstractEventLoop) -> None:
        while orders := self.some():
            loop.call_soon_threadsafe(settle, [carry_out(order) for order in orders])
        self.let_go()

    def some(self) -> list[Order]:
        """What waits, when something does; nothing at the end."""
        orders: list[Order] = []
        while not orders or (len(orders) < AT_ONCE and not self.orders.empty()):
            order = self.orders.get()
            if order is None:
                self.orders.put(None)  # found again after these
                break
            orders.append(order)
        return orders

    def transaction(self, work: Work[T]) -> T:
        with self.troubles():
            connection = self.connection = self.connection or self.open()
            self.be_patient(connection, patient=True)
            connection.execute(self.begin)
            with undone_in_trouble(connection):
                result = finish(cast("Coroutine[Any, Any, T]", work(cast("Db", DirectDb(connection)))))
                connection.execute("COMMIT")
        return result

    # -- of both ----------------------------------------------------------------------------------

    def commit(self, connection: sqlite3.Connection, result: T) -> T:
        begin_s = time.monotonic()
        try:
            with self.troubles(), undone_in_trouble(connection):
                connection.execute("COMMIT")
        finally:
            self.pace.took(time.monotonic() - begin_s)
        return result

    def open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for name, value in self.pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")
        self.patient = True
        return connection

    def be_patient(self, connection: sqlite3.Connection, *, patient: bool) -> None:
        if patient is not self.patient:
            self.patient = patient
            connection.execute(f"PRAGMA busy_timeout={self.pragmas.get(BUSY_TIMEOUT, 0) if patient else 0}")

    @contextmanager
    def troubles(self) -> Generator[None]:
        """After trouble that is not the data's a fresh connection is made."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise IntegrityError(str(error)) from error
        except OF_THE_DATA:
            raise
        except Exception:
            self.let_go()
            raise

    def let_go(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def into(asked: "asyncio.Future[Any]") -> Then:
    """The result is the future's."""

    def then(result: Any, error: BaseException | None) -> None:
        if asked.done():  # whoever asked does not wait any more
            return
        if error is None:
            asked.set_result(result)
        else:
            asked.set_exception(error)

    return then


@contextmanager
def undone_in_trouble(connection: sqlite3.Connection) -> Generator[None]:
    """The transaction under way."""
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_busy(error: BaseException) -> bool:
    """Another program holds the database."""
    return str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY")


def carry_out(order: Order) -> Done:
    try:
        return Done(order.then, order.run(), None)
    except BaseException as error:  # noqa: BLE001 - whoever asked gets it
        return Done(order.then, None, error)


def settle(all_done: list[Done]) -> None:
    for then, result, error in all_done:
        then(result, error)
