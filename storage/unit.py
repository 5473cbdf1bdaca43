"""What a unit of work has in hand."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from storage.errors import RefusedError
from storage.journal import Journal
from storage.keyring import Keyring
from storage.work import Db

T = TypeVar("T")


class Unit(NamedTuple):
    """One transaction. `db` is its connection."""

    db: Db
    keys: Keyring
    node: UUID
    journal: Journal

    def owned(self, user: UUID) -> dict[str, Any]:
        """The columns that every row has."""
        return {"node_id": self.node, "user_id": user}


async def ids_in(rows: Any, column: str) -> list[UUID]:
    """The ids in one column of what is asked for."""
    return list(await rows.values_list(column, flat=True))


def require(holds: object, why: str) -> None:
    """A guard: raises RefusedError, which undoes the unit."""
    if not holds:
        raise RefusedError(why)


def first(found: Sequence[T], why: str) -> T:
    """What a question for one row found. Raises RefusedError where it is nothing."""
    require(found, why)
    return found[0]
