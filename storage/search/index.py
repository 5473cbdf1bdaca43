"""The index of words in the database: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL.

FTS5 keeps no text of its own here, and forgets a row only when it is told again what the row held: that is
what `terms` of an entry is for.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from storage import tables
from storage.database import insert_many, marks, raw
from storage.fields import as_id
from storage.search.query import Clause
from storage.search.terms import LONGEST, TermKey, Terms, pack, prefixes_text, stems_text, unpack, vector
from storage.unit import Unit, ids_in
from storage.work import Db


class Tables(NamedTuple):
    """An index: its rows, and on SQLite the tables of FTS5 beside them."""

    entry: str
    stem: str
    prefix: str


MESSAGES = Tables("search_entry", "search_stem", "search_prefix")

FORGET = "INSERT INTO {table} ({table}, rowid, terms) VALUES ('delete', ?, ?)"
PUT = "INSERT INTO {table} (rowid, terms) VALUES (?, ?)"
NO_AUTOMERGE = "INSERT INTO {table} ({table}, rank) VALUES ('automerge', 0)"
MERGE = "INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)"
MERGED_PAGES = 16
DID_SOMETHING = 2  # changes, as FTS5's documentation says of this command
MATCHES = "e.id IN (SELECT rowid FROM {table} WHERE {table} MATCH ?)"
WAITING = "SELECT message FROM search_pending WHERE message IN ({ids})"
WAITS_NO_MORE = "DELETE FROM search_pending WHERE message IN ({ids})"
HELD = "SELECT id, terms FROM search_entry WHERE message IN ({ids})"
FORGOTTEN = "DELETE FROM search_entry WHERE message IN ({ids})"
AT_ONCE = 200  # entries that are forgotten in one step

FOUND = """
SELECT e.conversation_id, e.message, e.created_ms FROM search_entry e
LEFT JOIN filing f ON f.conversation_id = e.conversation_id
WHERE e.user_id = {user} AND COALESCE(f.removed_ms, 0) = 0{within} AND {holds}
ORDER BY e.created_ms DESC, e.id DESC LIMIT {limit}
"""


class Entry(NamedTuple):
    """What the index is to have of a message or a title."""

    conversation: UUID
    user: UUID
    message: UUID
    created_ms: int
    terms: Terms


class Place(NamedTuple):
    """Where something was found; `message` is the conversation's id where it is the title."""

    conversation: UUID
    message: UUID
    created_ms: int


def is_postgres(db: Db) -> bool:
    return db.capabilities.dialect == "postgres"


# -- what is not in it yet ----------------------------------------------------------------------


async def await_index(unit: Unit, user: UUID, conversation: UUID, messages: Sequence[UUID]) -> None:
    """In the transaction that writes them: the index is to take them in, or again where they changed."""
    if not messages:
        return
    owned = {**unit.owned(user), "conversation_id": conversation}
    for start in range(0, len(messages), AT_ONCE):
        some = messages[start : start + AT_ONCE]
        await raw(unit.db, WAITS_NO_MORE.format(ids=marks(unit.db, len(some))), *some)
    await insert_many(unit.db, "search_pending", [{**owned, "message": message} for message in messages])


async def await_missing(unit: Unit, conversation: UUID) -> None:
    """What of a conversation is neither in the index nor waits for it: it was about to be dropped."""
    owners = tables.Conversation.filter(id=conversation).using_db(unit.db)
    for user in await ids_in(owners, "user_id"):
        messages = tables.Message.filter(conversation_id=conversation, sibling__gte=0).using_db(unit.db)
        wanted = {conversation, *await ids_in(messages, "id")}
        for table in (tables.SearchEntry, tables.SearchPending):
            there = table.filter(conversation_id=conversation).using_db(unit.db)
            wanted.difference_update(await ids_in(there, "message"))
        await await_index(unit, user, conversation, sorted(wanted))


# -- writes -------------------------------------------------------------------------------------


async def put(unit: Unit, entries: Sequence[Entry]) -> None:
    """Takes them in, in place of what there was of the same messages, and out of those that wait. One whose
    message is gone meanwhile waits no more, and is left out. It asks nothing of the ORM (direct.py).
    """
    if not entries:
        return
    ids = [entry.message for entry in entries]
    waiting = await raw(unit.db, WAITING.format(ids=marks(unit.db, len(ids))), *ids)
    still = {as_id(row["message"]) for row in waiting}
    if not still:
        return
    await forget(unit.db, list(still))
    for entry in entries:
        if entry.message in still:
            await put_one(unit, entry)
    await raw(unit.db, WAITS_NO_MORE.format(ids=marks(unit.db, len(still))), *still)


async def put_one(unit: Unit, entry: Entry) -> None:
    owned = {**unit.owned(entry.user), "conversation_id": entry.conversation}
    row = {**owned, "message": entry.message, "created_ms": entry.created_ms}
    await put_row(unit.db, MESSAGES, row, entry.terms)


async def put_row(db: Db, into: Tables, row: Mapping[str, Any], terms: Terms) -> None:
    columns = ", ".join((*row, "terms"))
    if is_postgres(db):
        places = f"{marks(db, len(row))}, ${len(row) + 1}::text::tsvector"
        query = f"INSERT INTO {into.entry} ({columns}) VALUES ({places})"  # noqa: S608 - our names
        await raw(db, query, *row.values(), vector(terms))
        return
    query = f"INSERT INTO {into.entry} ({columns}) VALUES ({marks(db, len(row) + 1)}) RETURNING id"  # noqa: S608
    (made,) = await raw(db, query, *row.values(), pack(terms))
    await raw(db, PUT.format(table=into.stem), made["id"], stems_text(terms))
    await raw(db, PUT.format(table=into.prefix), made["id"], prefixes_text(terms))


async def forget(db: Db, messages: Sequence[UUID]) -> None:
    """Whatever the index has of these."""
    if not messages:
        return
    ids = marks(db, len(messages))
    if not is_postgres(db):
        await forget_beside(db, MESSAGES, await raw(db, HELD.format(ids=ids), *messages))
    await raw(db, FORGOTTEN.format(ids=ids), *messages)


async def leave_out(db: Db, messages: Sequence[UUID]) -> None:
    """Nothing of these is in the index, nor waits for it."""
    await tables.SearchPending.filter(message__in=list(messages)).using_db(db).delete()
    await forget(db, messages)


async def forget_some(db: Db, conversation: UUID) -> bool:
    """A few entries of the conversation; False where there are none left."""
    entries = tables.SearchEntry.filter(conversation_id=conversation).using_db(db).limit(AT_ONCE)
    rows = await entries.values("id", "terms")
    if not is_postgres(db):
        await forget_beside(db, MESSAGES, rows)
    await tables.SearchEntry.filter(id__in=[row["id"] for row in rows]).using_db(db).delete()
    return len(rows) == AT_ONCE


async def forget_beside(db: Db, tables: Tables, rows: Sequence[dict[str, Any]]) -> None:
    """In the tables of FTS5."""
    held = [(row["id"], unpack(row["terms"])) for row in rows]
    for table, text in ((tables.stem, stems_text), (tables.prefix, prefixes_text)):
        for entry, terms in held:
            await raw(db, FORGET.format(table=table), entry, text(terms))


# -- segments of FTS5 ---------------------------------------------------------------------------


async def merge_by_hand(db: Db) -> None:
    """FTS5 merges the segments of its index by itself, a megabyte at once in the middle of an insertion, and
    all who write wait for it. From now on `merge_some` does it.
    """
    if not is_postgres(db):
        for table in (MESSAGES.stem, MESSAGES.prefix):
            await raw(db, NO_AUTOMERGE.format(table=table))


async def merge_some(db: Db) -> bool:
    """A few pages' worth; False where there is nothing to merge."""
    if is_postgres(db):
        return False
    merged = False
    for table in (MESSAGES.stem, MESSAGES.prefix):
        before = await changes(db)
        await raw(db, MERGE.format(table=table), MERGED_PAGES)
        merged |= await changes(db) - before >= DID_SOMETHING
    return merged


async def changes(db: Db) -> int:
    (row,) = await raw(db, "SELECT total_changes() AS count")
    return row["count"]


# -- reads --------------------------------------------------------------------------------------


async def find(
    db: Db, key: TermKey, user: UUID, clauses: Sequence[Clause], limit: int, conversation: UUID | None = None
) -> list[Place]:
    """Where all of the clauses hold, newest first. Removed conversations are left out."""
    holds, values = condition(db, MESSAGES, key, clauses)
    numbered = is_postgres(db)
    given: list[Any] = [user, *([conversation] if conversation else [])]
    names = [f"${n}" for n in range(1, len(given) + 1)] if numbered else ["?"] * len(given)
    if numbered:
        holds = holds.replace("?", f"${len(given) + 1}")
    within = f" AND e.conversation_id = {names[1]}" if conversation else ""
    query = FOUND.format(user=names[0], within=within, holds=holds, limit=limit)
    rows = await raw(db, query, *given, *values)
    return [Place(as_id(row["conversation_id"]), as_id(row["message"]), row["created_ms"]) for row in rows]


async def count_waiting(db: Db, user: UUID) -> int:
    return await tables.SearchPending.filter(user_id=user).using_db(db).count()


def condition(db: Db, of: Tables, key: TermKey, clauses: Sequence[Clause]) -> tuple[str, list[str]]:
    """SQL that holds for an entry `e` where all of the clauses do, and its values; each has a ?."""
    return in_postgres(key, clauses) if is_postgres(db) else in_sqlite(of, key, clauses)


def in_sqlite(of: Tables, key: TermKey, clauses: Sequence[Clause]) -> tuple[str, list[str]]:
    conditions: list[str] = []
    values: list[str] = []
    for clause in clauses:
        options = [MATCHES.format(table=of.stem)]
        values.append('"' + " ".join(key.stem(stem).hex() for stem in clause.stems) + '"')
        if clause.beginning:
            options.append(MATCHES.format(table=of.prefix))
            values.append('"' + key.prefix(clause.beginning[:LONGEST]).hex() + '"')
        conditions.append(f"{'NOT ' if clause.excluded else ''}({' OR '.join(options)})")
    return " AND ".join(conditions), values


def in_postgres(key: TermKey, clauses: Sequence[Clause]) -> tuple[str, list[str]]:
    parts: list[str] = []
    for clause in clauses:
        part = " <-> ".join(f"'{key.stem(stem).hex()}'" for stem in clause.stems)
        if clause.beginning:
            part = f"{part} | 'p{key.prefix(clause.beginning[:LONGEST]).hex()}'"
        parts.append(f"{'!' if clause.excluded else ''}({part})")
    return "e.terms @@ ?::text::tsquery", [" & ".join(parts)]
