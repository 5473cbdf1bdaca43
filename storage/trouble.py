"""Trouble in a unit of work, said in one line: whose fault it is and what to do."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from tortoise.exceptions import BaseORMException, IntegrityError, ValidationError

from rust_crypto.errors import SealError
from storage.errors import RefusedError, StorageError


class Trouble(NamedTuple):
    """`conflict`: the data forbids it, trying again will not help. A `fault` is a bug of ours."""

    why: str
    conflict: bool
    fault: bool = False


HELD = "Another program holds the database: end it, or wait until it is done."
DAMAGED = "The database is damaged: stop Samovar and restore a backup."
SQLITE = {
    "SQLITE_FULL": "The disk is full: make room on the disk of the data folder.",
    "SQLITE_BUSY": HELD,
    "SQLITE_LOCKED": HELD,
    "SQLITE_IOERR": "The disk of the data folder fails: look at the system's log, and restore a backup.",
    "SQLITE_READONLY": "The database may not be written: give its files to the user that runs Samovar.",
    "SQLITE_CANTOPEN": "The database cannot be opened: look at the rights of the folder db.",
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
}
VALUE_DOES_NOT_FIT = "22"  # a class of SQLSTATE codes (PostgreSQL, appendix A)


def trouble_of(error: BaseException) -> Trouble:
    """What to say of an exception that ended a unit of work."""
    causes = list(chain(error))
    states = [str(getattr(cause, "sqlstate", "") or "") for cause in causes]
    if isinstance(error, (RefusedError, SealError)):
        return Trouble(one_line(error), conflict=True)
    if isinstance(error, IntegrityError):
        text = f"It is there already, or what it belongs to is not ({one_line(error)})."
        return Trouble(text, conflict=True)
    if isinstance(error, (ValidationError, UnicodeError, OverflowError)) or any(
        state.startswith(VALUE_DOES_NOT_FIT) for state in states
    ):
        return Trouble(f"A value cannot be stored: {one_line(error)}.", conflict=True)
    for cause in causes:
        name = str(getattr(cause, "sqlite_errorname", ""))
        for known, text in SQLITE.items():
            if name.startswith(known):
                return Trouble(text, conflict=False)
    if isinstance(error, StorageError):
        return Trouble(one_line(error), conflict=False)
    if any(of_the_database(cause) for cause in causes):
        return Trouble(f"The database does not work: {one_line(error)}.", conflict=False)
    text = f"The storage has a fault ({one_line(error)}): see the log of the web process."
    return Trouble(text, conflict=False, fault=True)


def of_the_database(error: BaseException) -> bool:
    """asyncpg may not be installed, so its errors are known by where they come from."""
    known = isinstance(error, (BaseORMException, sqlite3.Error, OSError, TimeoutError))
    return known or type(error).__module__.startswith("asyncpg")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
