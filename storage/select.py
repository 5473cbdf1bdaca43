"""Select: a question for some rows of one table, asked often; its SQL is made once.

Tortoise makes the SQL of a question anew each time it is asked, which takes several times as long as SQLite
takes to answer it: it shows when hundreds of sessions wake at once, after a restart.
"""

from functools import cache
from typing import Any, cast
from uuid import UUID

from tortoise.models import Model

from storage.database import Db, raw
from storage.fields import IdField, as_id
from storage.sealing import Row


class Select:
    """Rows of `model` whose columns `where` have the values that are asked for, and `also` holds (SQL), in
    the order `order`.
    """

    def __init__(
        self,
        model: type[Model],
        columns: tuple[str, ...],
        where: tuple[str, ...],
        *,
        also: str = "",
        order: tuple[str, ...] = (),
    ) -> None:
        self.model = model
        self.columns = columns
        self.where = where
        self.also = also
        self.order = order

    async def rows(self, db: Db, *values: Any) -> list[Row]:
        """With ids as UUIDs, whatever the driver makes of them."""
        sql, ids = prepared(self, db.capabilities.dialect == "postgres")
        rows = await raw(db, sql, *values)
        for row in rows:
            for column in ids:
                value: UUID | bytes | None = row[column]
                if value is not None:
                    row[column] = as_id(value)
        return cast("list[Row]", rows)


@cache
def prepared(select: Select, numbered: bool) -> tuple[str, tuple[str, ...]]:
    """The SQL, and which of the columns are ids. All names are our own."""
    meta = cast("Any", select.model)._meta  # noqa: SLF001 - Tortoise has no other way
    names_of = {column: name for name, column in meta.fields_db_projection.items()}
    ids = tuple(column for column in select.columns if isinstance(meta.fields_map[names_of[column]], IdField))
    conditions = [
        f'"{column}" = {f"${number}" if numbered else "?"}'
        for number, column in enumerate(select.where, start=1)
    ]
    if select.also:
        conditions.append(select.also)
    names = ", ".join(f'"{column}"' for column in select.columns)
    sql = f'SELECT {names} FROM "{meta.db_table}" WHERE {" AND ".join(conditions)}'  # noqa: S608
    if select.order:
        sql += " ORDER BY " + ", ".join(f'"{column}"' for column in select.order)
    return sql, ids
