"""Journal: the newest chunks of replies under way, one row for each transaction.

A chunk with a row of its own costs SQLite a page of that table's index, for each reply has its place there:
with many replies at once that was two writes of a page for each token, and a third of all that a token cost
the web node. So what a transaction adds to all of them is one row, behind the others (one more for each write
of another kind that comes between). Memory knows what is in it (Growing), and finds it again at the next
start. The end of a reply makes its part of the rows void; rows at the front in which nothing counts any more
are deleted, many at once, and a reply that keeps an old row alive is moved to rows of its own (chunks.py): so
the journal stays short.

One unit of work changes it at a time, for the database has one writer. Where one that touched it is undone,
memory is thrown away and read anew: what counts is what the database holds.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.replies import UNFINISHED
from storage import tables
from storage.database import insert, raw
from storage.fields import as_id
from storage.sealing import DataKey, Row
from storage.select import Select
from storage.statement import Statement
from storage.work import Db

log = logging.getLogger(__name__)

ROWS = Select(tables.ChunkJournal, ("id", "body"), (), also="id >= 0", order=("id",))
STATES = ", ".join(f"'{state}'" for state in UNFINISHED)
UNDER_WAY = f"SELECT id FROM generation WHERE state IN ({STATES})"  # noqa: S608 - our names
MOVED = (
    "SELECT generation_id, MAX(first_seq + count) AS next_seq FROM generation_chunk GROUP BY generation_id"
)
DELETE = Statement("DELETE FROM chunk_journal WHERE id < ?")
DELETED_AT_ONCE = 64
"""Rows at the front that count no more."""


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """A chunk: its place among the tokens of its generation, and its sealed body (chunks.py)."""

    generation: UUID
    attempt: int
    first_seq: int
    count: int
    key_id: UUID
    blob: bytes

    @property
    def next_seq(self) -> int:
        return self.first_seq + self.count


class Target(Struct):
    """A generation as its next chunk finds it. `bound`: what chunks are bound to, but for their numbers."""

    attempt: int
    state: str
    user: UUID
    key: DataKey
    bound: bytes
    next_seq: int


class Growing:
    """A generation with entries in the journal, oldest first; its target, where that is known."""

    __slots__ = ("entries", "first_row", "target")

    def __init__(self, first_row: int) -> None:
        self.first_row = first_row
        self.entries: list[Entry] = []
        self.target: Target | None = None

    @property
    def next_seq(self) -> int:
        return self.entries[-1].next_seq


View = Mapping[UUID, Growing]

encode = msgspec.msgpack.Encoder(uuid_format="bytes").encode
decode = msgspec.msgpack.Decoder(tuple[Entry, ...]).decode


class Journal:
    """`limit` is how many rows it may have; what keeps more of them is moved (`to_move`)."""

    def __init__(self, node: UUID, limit: int) -> None:
        self.node = node
        self.limit = limit
        self.growing: dict[UUID, Growing] = {}  # whose first row is the oldest comes first
        self.first_id = self.next_id = 1  # of the rows in the table, and of the next one
        self.is_read = False
        self.touched = False  # by the unit under way
        self.wrote = False  # this process has added to it

    async def read(self, db: Db) -> None:
        """What the table holds, unless memory knows it."""
        if self.is_read:
            return
        self.touched = True  # what the unit itself has changed may be among it
        begins = {as_id(row["id"]): 0 for row in await raw(db, UNDER_WAY)}
        for row in await raw(db, MOVED):
            if (generation := as_id(row["generation_id"])) in begins:
                begins[generation] = row["next_seq"]
        self.growing = {}
        rows = await ROWS.rows(db)
        for row in rows:
            some = (entry for entry in entries_of(row) if entry.generation in begins)
            self.take(row["id"], (entry for entry in some if entry.first_seq >= begins[entry.generation]))
        self.first_id = rows[0]["id"] if rows else 1
        self.next_id = rows[-1]["id"] + 1 if rows else 1
        self.is_read = True

    def take(self, row: int, entries: Iterable[Entry]) -> None:
        for entry in entries:
            growing = self.growing.get(entry.generation)
            if growing is None:
                growing = self.growing[entry.generation] = Growing(row)
            growing.entries.append(entry)

    # -- in a unit of work ----------------------------------------------------------------------

    def begin(self) -> None:
        """A unit begins that may be undone."""
        self.touched = False

    def undone(self) -> None:
        """The unit was undone: if it touched the journal, memory is ahead of the table."""
        if self.touched:
            self.is_read = False

    async def add(self, db: Db, entries: list[Entry]) -> None:
        """A row of them."""
        self.touched = self.wrote = True
        await insert(db, "chunk_journal", {"id": self.next_id, "node_id": self.node, "body": encode(entries)})
        self.take(self.next_id, entries)
        self.next_id += 1

    def target(self, generation: UUID) -> Target | None:
        """None where it is not known."""
        growing = self.growing.get(generation)
        return growing.target if growing is not None else None

    def drop(self, generation: UUID) -> None:
        """It has ended, is gone, or has rows of its own now."""
        if self.growing.pop(generation, None) is not None:
            self.touched = True

    def forget_target(self, generation: UUID) -> None:
        """Its row was changed."""
        growing = self.growing.get(generation)
        if growing is not None:
            growing.target = None

    async def prune(self, db: Db, *, now: bool = False) -> None:
        """Delete the rows at the front in which nothing counts, once they are many."""
        if self.oldest - self.first_id >= (1 if now else DELETED_AT_ONCE):
            self.touched = True
            await DELETE.run(db, self.oldest)
            self.first_id = self.oldest

    @property
    def oldest(self) -> int:
        """The first row in which something counts."""
        for growing in self.growing.values():
            return growing.first_row
        return self.next_id

    def to_move(self) -> UUID | None:
        """The generation that keeps the oldest row, where there are too many."""
        if self.next_id - self.oldest <= self.limit:
            return None
        return next(iter(self.growing))

    # -- beside the writer ----------------------------------------------------------------------

    def view(self) -> View | None:
        """As it is now, for a unit that reads and asks its first question afterwards: of what was moved
        meanwhile it finds the rows, and to a reply whose session is not there nothing is added. None
        where memory does not know.
        """
        return dict(self.growing) if self.is_read else None


async def newest_of(db: Db, view: View | None, generation: UUID) -> Sequence[Entry]:
    """Of one generation, what is in the journal."""
    if view is None:
        rows = await ROWS.rows(db)
        return [entry for row in rows for entry in entries_of(row) if entry.generation == generation]
    growing = view.get(generation)
    return growing.entries if growing is not None else ()


def entries_of(row: Row) -> tuple[Entry, ...]:
    """None where the row is damaged: whose tokens are gone is found when they are wanted (chunks.py)."""
    try:
        return decode(row["body"])
    except msgspec.DecodeError:
        log.error("row %d of chunk_journal is damaged", row["id"])  # noqa: TRY400 - the line says it
        return ()
