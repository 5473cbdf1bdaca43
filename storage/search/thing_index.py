"""The index of what is no message: rows of search_thing, one for each part of a thing (things.py)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from storage import tables
from storage.database import insert_many, raw
from storage.fields import as_id
from storage.sealing import NOWHERE
from storage.search.index import AT_ONCE, Tables, condition, forget_beside, is_postgres, put_row
from storage.search.query import Clause
from storage.search.terms import TermKey, Terms
from storage.statement import numbered
from storage.unit import Unit
from storage.work import Db

SUMMARY, CHOICES, PERSONA, FOLDER = "summary", "choices", "persona", "folder"
TAGS, LOREBOOK, CHARACTER = "tags", "lorebook", "character"

THINGS = Tables("search_thing", "search_thing_stem", "search_thing_prefix")
EVERYBODY = NOWHERE
"""Whose key the terms of what all users see are made with."""

FOUND = """
SELECT e.id, e.kind, e.thing, e.user_id, e.part, e.changed_ms FROM search_thing e
LEFT JOIN filing f ON f.conversation_id = e.conversation_id
WHERE COALESCE(f.removed_ms, 0) = 0 AND {whose} AND {holds}
ORDER BY e.changed_ms DESC, e.part, e.id DESC LIMIT {limit}
"""
MOVE = "UPDATE search_thing SET part = ? WHERE id = ?"
MINE = "e.user_id = ? AND NOT e.shared"
WITHIN = f"{MINE} AND e.conversation_id = ?"
SHARED = "e.shared"


class Waiting(NamedTuple):
    """A thing that waits since the row `id`, the newest of its own."""

    id: int
    user: UUID
    kind: str
    thing: UUID


class Wanted(NamedTuple):
    """What the index is to have of a thing: the digest of each part by its number; of the parts that it may
    lack the terms, by digest, of some where those are many."""

    digests: Mapping[int, bytes]
    terms: Mapping[bytes, Terms]
    shared: bool = False
    changed_ms: int = 0
    conversation: UUID | None = None


class ThingPlace(NamedTuple):
    """Where something was found. `user`: whose it is."""

    kind: str
    thing: UUID
    user: UUID
    part: int


# -- what is not in it yet ----------------------------------------------------------------------


async def await_things(unit: Unit, user: UUID, kind: str, *things: UUID) -> None:
    """In the transaction that writes them: the index is to take them in as they will be."""
    rows = [{**unit.owned(user), "kind": kind, "thing": thing} for thing in things]
    await insert_many(unit.db, "search_thing_pending", rows)


async def newest_waiting(db: Db) -> Waiting | None:
    pending = tables.SearchThingPending.all().using_db(db).order_by("-id").limit(1)
    rows = await pending.values("id", "user_id", "kind", "thing")
    return Waiting(*rows[0].values()) if rows else None


async def count_waiting(db: Db, user: UUID) -> int:
    return await tables.SearchThingPending.filter(user_id=user).using_db(db).count()


async def still_waits(db: Db, waiting: Waiting) -> bool:
    """… and nobody else takes it in meanwhile."""
    rows = asked_before(db, waiting)
    if is_postgres(db):
        rows = rows.select_for_update()
    return bool(await rows.values_list("id"))


def asked_before(db: Db, waiting: Waiting) -> Any:
    """The rows with which it waits; one that was written since is not of them."""
    which = {"user_id": waiting.user, "kind": waiting.kind, "thing": waiting.thing}
    return tables.SearchThingPending.filter(**which, id__lte=waiting.id).using_db(db)


# -- writes -------------------------------------------------------------------------------------


def entries(db: Db, waiting: Waiting) -> Any:
    which = {"user_id": waiting.user, "kind": waiting.kind, "thing": waiting.thing}
    return tables.SearchThing.filter(**which).using_db(db)


async def known_digests(db: Db, waiting: Waiting) -> set[bytes]:
    return set(await entries(db, waiting).values_list("digest", flat=True))


async def bring(unit: Unit, waiting: Waiting, wanted: Wanted) -> None:
    """Brings what the index has of a thing nearer to what it is to have; when that is all, the thing waits no
    more. What stayed as it was is not written again, whatever number it has now.
    """
    if not await still_waits(unit.db, waiting):
        return
    there: defaultdict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for row, digest, part in await entries(unit.db, waiting).values_list("id", "digest", "part"):
        there[digest].append((row, part))
    missing: dict[int, bytes] = {}
    moved: list[list[int]] = []
    for part, digest in wanted.digests.items():
        if not there[digest]:
            missing[part] = digest
            continue
        row, before = there[digest].pop()
        if before != part:
            moved.append([part, row])
    gone = [row for rows in there.values() for row, _ in rows]
    if moved:
        await cast("Any", unit.db).execute_many(numbered(MOVE) if is_postgres(unit.db) else MOVE, moved)
    await forget_rows(unit.db, gone[:AT_ONCE])
    put = {part: digest for part, digest in missing.items() if digest in wanted.terms}
    for part, digest in put.items():
        row = {
            **unit.owned(waiting.user),
            "kind": waiting.kind,
            "thing": waiting.thing,
            "part": part,
            "conversation_id": wanted.conversation,
            "shared": wanted.shared,
            "changed_ms": wanted.changed_ms,
            "digest": digest,
        }
        await put_row(unit.db, THINGS, row, wanted.terms[digest])
    if len(put) == len(missing) and len(gone) <= AT_ONCE:
        changed = {"changed_ms": wanted.changed_ms, "conversation_id": wanted.conversation}
        await entries(unit.db, waiting).update(**changed)
        await asked_before(unit.db, waiting).delete()


async def forget_rows(db: Db, ids: Sequence[int]) -> None:
    rows = tables.SearchThing.filter(id__in=list(ids)).using_db(db)
    if not ids:
        return
    if not is_postgres(db):
        await forget_beside(db, THINGS, await rows.values("id", "terms"))
    await rows.delete()


async def forget_conversation(db: Db, conversation: UUID) -> None:
    """Whatever the index has of what belongs to it."""
    rows = tables.SearchThing.filter(conversation_id=conversation).using_db(db)
    await forget_rows(db, [row["id"] for row in await rows.values("id")])


# -- reads --------------------------------------------------------------------------------------


async def find(
    db: Db,
    keys: tuple[TermKey, TermKey],
    user: UUID,
    clauses: Sequence[Clause],
    limit: int,
    conversation: UUID | None = None,
) -> list[ThingPlace]:
    """Where all of the clauses hold, newest first, parts in their order; `keys`: the user's, and that of
    everybody. Removed conversations are left out. What is shared may not be so any more: whoever opens it
    looks.
    """
    mine, shared = keys
    if conversation is not None:
        rows = await rows_where(db, WITHIN, [user, conversation], mine, clauses, limit)
    else:
        rows = await rows_where(db, MINE, [user], mine, clauses, limit)
        rows += await rows_where(db, SHARED, [], shared, clauses, limit)
    rows.sort(key=lambda row: (-row["changed_ms"], row["part"], -row["id"]))
    return [ThingPlace(row["kind"], as_id(row["thing"]), as_id(row["user_id"]), row["part"]) for row in rows]


async def rows_where(
    db: Db, whose: str, given: list[Any], key: TermKey, clauses: Sequence[Clause], limit: int
) -> list[dict[str, Any]]:
    holds, values = condition(db, THINGS, key, clauses)
    query = FOUND.format(whose=whose, holds=holds, limit=limit)
    return await raw(db, numbered(query) if is_postgres(db) else query, *given, *values)
