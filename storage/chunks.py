"""Chunks: the tokens of replies under way. The newest lie in the journal; others have rows of their own."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.replies import UNFINISHED, AppendChunk
from rust_crypto import seal
from storage import tables
from storage.database import insert_many, marks, raw
from storage.errors import DamagedRowError, RefusedError
from storage.fields import of_hex
from storage.journal import Entry, Target
from storage.sealing import DataKey, Place, Row, SealedColumn, chunk_numbers, chunk_place
from storage.select import Select
from storage.statement import Statement
from storage.unit import Unit
from storage.work import Db

BODY = SealedColumn("generation_chunk", "body")
OF_A_REPLY = Select(
    tables.GenerationChunk,
    ("attempt", "first_seq", "count", *BODY.columns),
    ("generation_id",),
    order=("first_seq",),
)
STREAMING = Statement("UPDATE generation SET state = 'streaming' WHERE id = ?")
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

encode = msgspec.msgpack.Encoder().encode
decode_rows = msgspec.json.Decoder(list[tuple[str, int, str, str, str, str, int | None]]).decode


class Tokens(Struct, frozen=True, array_like=True):
    """What lies in `body`, as msgpack."""

    ids: tuple[int, ...]
    text: str
    thoughts: str = ""  # rows from before there were any end with the text


async def append_chunks(unit: Unit, writes: Sequence[AppendChunk]) -> None:
    """Many at once, of any generations; those of one generation in their order."""
    journal = unit.journal
    await journal.read(unit.db)
    journal.touched = True
    known = [journal.target(write.generation) for write in writes]
    found: dict[UUID, Target] = {}
    if None in known:
        found = await targets_of(unit, {write.generation for write in writes})
    entries: list[Entry] = []
    for write, target in zip(writes, known, strict=True):
        entries.append(sealed(write, target or found.get(write.generation)))
    for generation, target in found.items():
        if target.state != "streaming":
            await STREAMING.run(unit.db, generation)
            target.state = "streaming"
    await journal.add(unit.db, entries)
    for generation, target in found.items():
        journal.growing[generation].target = target
    moved = journal.to_move()
    if moved is not None:
        await move(unit, moved)
    await journal.prune(unit.db)


async def targets_of(unit: Unit, generations: Iterable[UUID]) -> dict[UUID, Target]:
    """From memory where they are known; of what is not there, nothing."""
    growing = unit.journal.growing
    found: dict[UUID, Target] = {}
    unknown: list[UUID] = []
    for generation in generations:
        target = unit.journal.target(generation)
        if target is not None:
            found[generation] = target
        else:
            unknown.append(generation)
    if unknown:
        for generation, target in (await find_targets(unit, unknown)).items():
            if generation in growing:
                target.next_seq = growing[generation].next_seq
            found[generation] = target
    return found


def sealed(write: AppendChunk, target: Target | None) -> Entry:
    """Where the chunk fits, and the target goes on behind it. Raises RefusedError."""
    if target is None:
        raise RefusedError("There is no such generation.")
    if target.state not in TAKING:
        raise RefusedError("The generation is not leased, or has ended.")
    if write.attempt != target.attempt:
        raise RefusedError("The attempt was fenced off: another has the lease.")
    if write.first_seq != target.next_seq:
        raise RefusedError("The chunk leaves a gap or repeats tokens.")
    count = len(write.token_ids)
    if not count:
        raise RefusedError("A chunk holds at least one token.")
    body = encode(Tokens(write.token_ids, write.text, write.thoughts))
    bound = target.bound + chunk_numbers(write.attempt, write.first_seq, count)
    target.next_seq += count
    key = target.key
    return Entry(
        write.generation, write.attempt, write.first_seq, count, key.id, seal.seal(key.secret, body, bound)
    )


async def move(unit: Unit, generation: UUID) -> None:
    """From the journal to rows of its own; nothing where the generation is gone meanwhile."""
    target = (await targets_of(unit, (generation,))).get(generation)
    if target is not None:
        rows = [
            {"generation_id": generation, **row_of(entry), **unit.owned(target.user)}
            for entry in unit.journal.growing[generation].entries
        ]
        await insert_many(unit.db, "generation_chunk", rows)
    unit.journal.drop(generation)


async def move_all(unit: Unit) -> None:
    """An orderly end leaves the journal empty."""
    await unit.journal.read(unit.db)
    for generation in tuple(unit.journal.growing):
        await move(unit, generation)
    await unit.journal.prune(unit.db, now=True)


async def find_targets(unit: Unit, generations: Collection[UUID]) -> dict[UUID, Target]:
    """Locks the rows where the database has such locks (SQLite has one writer)."""
    rows = await target_rows(unit.db, generations)
    secrets = await unit.keys.secrets(unit.db, {key for *_, key, _ in rows})
    found: dict[UUID, Target] = {}
    for generation, attempt, state, user, conversation, key, next_seq in rows:
        if key not in secrets:
            raise RefusedError(f"The data key {key} is gone. Restore a backup.")  # it alone, not its batch
        bound = BODY.bound(key, Place(generation, user, conversation))
        found[generation] = Target(attempt, state, user, DataKey(key, secrets[key]), bound, next_seq or 0)
    return found


TargetRow = tuple[UUID, int, str, UUID, UUID, UUID, int | None]


async def target_rows(db: Db, generations: Collection[UUID]) -> list[TargetRow]:
    ids = marks(db, len(generations))
    if db.capabilities.dialect == "sqlite":
        (found,) = await raw(db, FIND_TARGETS_IN_ONE_ROW.format(ids=ids), *generations)
        return [
            (of_hex(generation), attempt, state, of_hex(user), of_hex(talk), of_hex(key), next_seq)
            for generation, attempt, state, user, talk, key, next_seq in decode_rows(found["rows"])
        ]
    rows = await raw(db, FIND_TARGETS.format(ids=ids), *generations)
    return [tuple(row.values()) for row in rows]


async def open_chunks(unit: Unit, generation: Row, newest: Sequence[Entry]) -> Tokens:
    """All that is committed of a generation, the newest of it in the journal. Raises DamagedRowError where a
    chunk was altered or is gone.
    """
    rows = await OF_A_REPLY.rows(unit.db, generation["id"])
    moved = rows[-1]["first_seq"] + rows[-1]["count"] if rows else 0
    rows += [row_of(entry) for entry in newest if entry.first_seq >= moved]
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


def row_of(entry: Entry) -> Row:
    """As its row would be, if it had one of its own."""
    place = {"attempt": entry.attempt, "first_seq": entry.first_seq, "count": entry.count}
    return {**place, **BODY.row(entry.key_id, entry.blob)}


async def drop_chunks(unit: Unit, generation: UUID) -> None:
    await unit.journal.read(unit.db)
    unit.journal.drop(generation)
    await DROP.run(unit.db, generation)
