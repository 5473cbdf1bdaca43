"""Chunks: the tokens of replies under way, a row for each commit."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.replies import UNFINISHED, AppendChunk
from storage import tables
from storage.database import insert_many, marks, raw
from storage.errors import DamagedRowError
from storage.fields import of_hex
from storage.sealing import DataKey, Row, SealedColumn, chunk_place
from storage.select import Select
from storage.statement import Statement
from storage.unit import Unit, require
from storage.work import Db

BODY = SealedColumn("generation_chunk", "body")
OF_A_REPLY = Select(
    tables.GenerationChunk,
    ("attempt", "first_seq", "count", *BODY.columns),
    ("generation_id",),
    order=("first_seq",),
)
STREAMING = Statement("UPDATE generation SET state = 'streaming' WHERE id = ?")
FOLD = Statement("DELETE FROM generation_chunk WHERE generation_id = ? AND first_seq >= ? RETURNING count")
DROP = Statement("DELETE FROM generation_chunk WHERE generation_id = ?")
TAKING = frozenset(UNFINISHED) - {"queued"}
"""The states in which a generation takes chunks."""

# The end of the last chunk comes from the index of (generation_id, first_seq), in one step; a
# GROUP BY over the chunks would read all of them, and grow slower as replies grow longer.
NEXT_SEQ = """(SELECT c.first_seq + c.count FROM generation_chunk c
   WHERE c.generation_id = g.id ORDER BY c.first_seq DESC LIMIT 1)"""
FIND_TARGETS = f"""
SELECT g.id, g.attempt, g.state, g.user_id, g.conversation_id, g.inputs_key_id, {NEXT_SEQ} AS next_seq
FROM generation g WHERE g.id IN ({{ids}}) ORDER BY g.id FOR UPDATE OF g
"""  # noqa: S608 - our names
FIND_TARGETS_IN_ONE_ROW = f"""
SELECT json_group_array(json_array(hex(g.id), g.attempt, g.state, hex(g.user_id), hex(g.conversation_id),
  hex(g.inputs_key_id), {NEXT_SEQ})) AS rows
FROM generation g WHERE g.id IN ({{ids}})
"""  # noqa: S608
"""For SQLite: select.py says why."""

decode_rows = msgspec.json.Decoder(list[tuple[str, int, str, str, str, str, int | None]]).decode


class Tokens(Struct, frozen=True, array_like=True):
    """What lies in `body`, as msgpack."""

    ids: tuple[int, ...]
    text: str
    thoughts: str = ""  # rows from before there were any end with the text


class Target(NamedTuple):
    """A generation as its next chunk finds it."""

    attempt: int
    state: str
    user: UUID
    conversation: UUID
    key_id: UUID
    next_seq: int


async def append_chunks(unit: Unit, writes: Sequence[AppendChunk]) -> None:
    """Many at once, of any generations; those of one generation in their order."""
    targets = await find_targets(unit.db, {write.generation for write in writes})
    secrets = await unit.keys.secrets(unit.db, {target.key_id for target in targets.values()})
    rows: list[Row] = []
    for write in writes:
        target = checked(targets, write)
        count = len(write.token_ids)
        if write.again:
            await insert_many(unit.db, "generation_chunk", rows)
            rows = []
            await fold(unit.db, write)
        place = chunk_place(
            write.generation, target.user, target.conversation, write.attempt, write.first_seq, count
        )
        body = msgspec.msgpack.encode(Tokens(write.token_ids, write.text, write.thoughts))
        key = DataKey(target.key_id, secrets[target.key_id])
        rows.append(
            {
                "generation_id": write.generation,
                "attempt": write.attempt,
                "first_seq": write.first_seq,
                "count": count,
                **BODY.seal(key, place, body),
                **unit.owned(target.user),
            }
        )
        targets[write.generation] = target._replace(next_seq=write.first_seq + count)
    await insert_many(unit.db, "generation_chunk", rows)
    starting = [generation for generation, target in targets.items() if target.state != "streaming"]
    if starting:
        for generation in starting:
            await STREAMING.run(unit.db, generation)


def checked(targets: dict[UUID, Target], write: AppendChunk) -> Target:
    """The target of a chunk that fits. Raises RefusedError."""
    require(write.generation in targets, "There is no such generation.")
    target = targets[write.generation]
    require(target.state in TAKING, "The generation is not leased, or has ended.")
    require(write.attempt == target.attempt, "The attempt was fenced off: another has the lease.")
    require(write.first_seq + write.again == target.next_seq, "The chunk leaves a gap or repeats tokens.")
    require(0 <= write.again < len(write.token_ids), "A chunk holds at least one new token.")
    return target


async def fold(db: Db, write: AppendChunk) -> None:
    """Take away the chunks whose tokens it has again. Raises RefusedError."""
    gone = await FOLD.returned(db, write.generation, write.first_seq)
    require(sum(row["count"] for row in gone) == write.again, "The chunk would replace a part of another.")


async def find_targets(db: Db, generations: Collection[UUID]) -> dict[UUID, Target]:
    """Locks the rows where the database has such locks (SQLite has one writer)."""
    ids = marks(db, len(generations))
    if db.capabilities.dialect == "sqlite":
        (found,) = await raw(db, FIND_TARGETS_IN_ONE_ROW.format(ids=ids), *generations)
        return {
            of_hex(generation): Target(attempt, state, of_hex(user), of_hex(talk), of_hex(key), next_seq or 0)
            for generation, attempt, state, user, talk, key, next_seq in decode_rows(found["rows"])
        }
    rows = await raw(db, FIND_TARGETS.format(ids=ids), *generations)
    return {
        row["id"]: Target(
            row["attempt"],
            row["state"],
            row["user_id"],
            row["conversation_id"],
            row["inputs_key_id"],
            row["next_seq"] or 0,
        )
        for row in rows
    }


async def open_chunks(unit: Unit, generation: Row) -> Tokens:
    """All that is committed of a generation. Raises DamagedRowError where a chunk was altered or is gone."""
    rows = await OF_A_REPLY.rows(unit.db, generation["id"])
    secrets = await unit.keys.secrets(unit.db, {row["body_key_id"] for row in rows})
    ids: list[int] = []
    texts: list[str] = []
    thoughts: list[str] = []
    for row in rows:
        if row["first_seq"] != len(ids):
            raise DamagedRowError(
                f"The tokens from {len(ids)} of the reply {generation['id']} are gone. Restore a backup."
            )
        place = chunk_place(
            generation["id"],
            generation["user_id"],
            generation["conversation_id"],
            row["attempt"],
            row["first_seq"],
            row["count"],
        )
        tokens = msgspec.msgpack.decode(BODY.open(secrets, place, row), type=Tokens)
        ids.extend(tokens.ids)
        texts.append(tokens.text)
        thoughts.append(tokens.thoughts)
    return Tokens(tuple(ids), "".join(texts), "".join(thoughts))


async def drop_chunks(db: Db, generation: UUID) -> None:
    await DROP.run(db, generation)
