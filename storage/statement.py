"""Statement: SQL that changes rows, made once. Select is its like for questions.

Tortoise makes the SQL of a change anew each time, which takes several times as long as SQLite takes to carry
it out; of what a reply costs the web node that was a third.
"""

from functools import cache
from typing import Any, cast

from storage.work import Db


class Statement:
    """`sql` has a question mark for each value; run() takes them in their order."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    async def run(self, db: Db, *values: Any) -> int:
        """How many rows it changed."""
        sql = numbered(self.sql) if db.capabilities.dialect == "postgres" else self.sql
        changed, _ = await cast("Any", db).execute_query(sql, list(values))
        return changed

    async def returned(self, db: Db, *values: Any) -> list[dict[str, Any]]:
        """The rows of its RETURNING."""
        sql = numbered(self.sql) if db.capabilities.dialect == "postgres" else self.sql
        return await cast("Any", db).execute_query_dict(sql, list(values))


@cache
def numbered(sql: str) -> str:
    """For PostgreSQL, whose values have numbers."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))
