"""Select: a question for some rows of one table, asked often; its SQL is made once.

Tortoise makes the SQL of a question anew each time it is asked, which takes several times as long as SQLite
takes to answer it: it shows when hundreds of sessions wake at once, after a restart.

SQLite gives the rows as one, a JSON array, blobs in hexadecimal. For at each row that its thread steps to,
Python's lock changes hands twice; beside a busy event loop that took longer than all the rest.
"""

from functools import cache
from typing import Any, cast
from uuid import UUID

import msgspec
from tortoise.fields import BinaryField
from tortoise.models import Model

from storage.database import raw
from storage.direct import DirectDb
from storage.fields import DigestField, IdField, as_id, of_hex
from storage.sealing import Row
from storage.work import Db

BLOBS = (DigestField, BinaryField)

Question = tuple["Select", tuple[Any, ...]]
"""A select, and the values it asks for."""

decode = msgspec.json.Decoder(list[list[Any]]).decode


class Select:
    """Rows of `model` whose columns `where` have the values that are asked for, and `also` holds (SQL), in
    the order `order`; with `lock` for this unit of work alone, where the database has such locks.
    """

    def __init__(
        self,
        model: type[Model],
        columns: tuple[str, ...],
        where: tuple[str, ...],
        *,
        also: str = "",
        order: tuple[str, ...] = (),
        lock: bool = False,
    ) -> None:
        self.model = model
        self.columns = columns
        self.where = where
        self.also = also
        self.order = order
        self.lock = lock

    async def rows(self, db: Db, *values: Any) -> list[Row]:
        """With ids as UUIDs, whatever the driver makes of them."""
        if db.capabilities.dialect == "sqlite":
            known = answers_of(db).pop((self, values), None)
            if known is not None:
                return read_rows(self, known)
            (found,) = await raw(db, as_json(self)[0], *values)
            return read_rows(self, found["rows"])
        sql, ids = prepared(self), ids_of(self)
        rows = await raw(db, sql, *values)
        for row in rows:
            for column in ids:
                value: UUID | bytes | None = row[column]
                if value is not None:
                    row[column] = as_id(value)
        return cast("list[Row]", rows)


async def ask_ahead(db: Db, *questions: Question) -> None:
    """Ask SQLite all of them in one statement; their `rows` then find the answers, once. For between two
    statements, too, Python's lock changes hands. Where the unit is not direct, each is asked when it comes.
    """
    if not isinstance(db, DirectDb):
        return
    sql = in_one_row(tuple(select for select, _ in questions))
    (found,) = await raw(db, sql, *(value for _, values in questions for value in values))
    db.ahead.update(zip(questions, found.values(), strict=True))


def answers_of(db: Db) -> dict[Question, str]:
    return db.ahead if isinstance(db, DirectDb) else {}


@cache
def in_one_row(selects: tuple[Select, ...]) -> str:
    answers = ", ".join(f"({as_json(select)[0]}) AS a{number}" for number, select in enumerate(selects))
    return f"SELECT {answers}"


def read_rows(select: Select, found: str) -> list[Row]:
    _, blobs, ids = as_json(select)
    return [row_of(select.columns, blobs, ids, row) for row in decode(found)]


def row_of(columns: tuple[str, ...], blobs: tuple[int, ...], ids: tuple[int, ...], values: list[Any]) -> Row:
    for place in blobs:
        if values[place] is not None:
            values[place] = bytes.fromhex(values[place])
    for place in ids:
        if values[place] is not None:
            values[place] = of_hex(values[place])
    return dict(zip(columns, values, strict=True))


def fields_of(select: Select) -> list[Any]:
    """Tortoise's fields, column by column."""
    meta = cast("Any", select.model)._meta  # noqa: SLF001 - Tortoise has no other way
    names_of = {column: name for name, column in meta.fields_db_projection.items()}
    return [meta.fields_map[names_of[column]] for column in select.columns]


@cache
def ids_of(select: Select) -> tuple[str, ...]:
    fields = zip(select.columns, fields_of(select), strict=True)
    return tuple(column for column, field in fields if isinstance(field, IdField))


@cache
def prepared(select: Select) -> str:
    """The SQL for PostgreSQL. All names are our own."""
    names = ", ".join(f'"{column}"' for column in select.columns)
    return question(select, names, [f"${number}" for number, _ in enumerate(select.where, start=1)])


@cache
def as_json(select: Select) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """The SQL for SQLite, and which of the columns are blobs, and which ids."""
    fields = fields_of(select)
    ids = tuple(place for place, field in enumerate(fields) if isinstance(field, IdField))
    blobs = tuple(place for place, field in enumerate(fields) if isinstance(field, BLOBS))
    parts = [
        f'CASE WHEN "{column}" IS NULL THEN NULL ELSE hex("{column}") END'
        if place in (*blobs, *ids)
        else f'"{column}"'
        for place, column in enumerate(select.columns)
    ]
    rows = question(select, f"json_array({', '.join(parts)}) AS row", ["?"] * len(select.where))
    return f"SELECT json_group_array(json(row)) AS rows FROM ({rows})", blobs, ids  # noqa: S608


def question(select: Select, what: str, places: list[str]) -> str:
    conditions = [f'"{column}" = {place}' for column, place in zip(select.where, places, strict=True)]
    if select.also:
        conditions.append(select.also)
    meta = cast("Any", select.model)._meta  # noqa: SLF001
    sql = f'SELECT {what} FROM "{meta.db_table}" WHERE {" AND ".join(conditions)}'  # noqa: S608
    if select.order:
        sql += " ORDER BY " + ", ".join(f'"{column}"' for column in select.order)
    if select.lock and places[:1] != ["?"]:
        sql += " FOR UPDATE"
    return sql
