"""Generations: the row of a reply under way, its lease, its end."""

from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.generation import Circumstances, Sampling
from actors.messages.replies import (
    UNFINISHED,
    AddGeneration,
    EndGeneration,
    LeaseGeneration,
    MarkSeam,
    PinPrompt,
    StoredGeneration,
)
from storage import tables
from storage.chunks import drop_chunks, open_chunks
from storage.database import insert
from storage.messages import add_to_tree, check_in_tree, owner_and_key, touch
from storage.sealing import Place, Row, SealedColumn, Secrets
from storage.select import Select
from storage.statement import Statement
from storage.unit import Unit, first, require

INPUTS = SealedColumn("generation", "inputs")
COLUMNS = (
    "id",
    "user_id",
    "conversation_id",
    "parent",
    "message",
    "request_key",
    "kind",
    "seed",
    "created_ms",
    "state",
    "attempt",
    "worker",
    "worker_boot",
    "model",
    "prompt_digest",
    "engine_digest",
    "seam",
    *INPUTS.columns,
)


UNDER_WAY = "state IN ({})".format(", ".join(f"'{state}'" for state in UNFINISHED))
ONE_UNDER_WAY = Select(tables.Generation, COLUMNS, ("id",), also=UNDER_WAY, lock=True)
THAT_ONE = f"id = ? AND {UNDER_WAY}"
HOLDER = "attempt = ?, worker = ?, worker_boot = ?, node_id = ?"
LEASE = Statement(f"UPDATE generation SET state = 'leased', {HOLDER} WHERE {THAT_ONE} AND attempt = ?")  # noqa: S608
PIN = Statement(
    f"UPDATE generation SET model = ?, prompt_digest = ?, engine_digest = ? WHERE {THAT_ONE}"  # noqa: S608
)
SEAM = Statement(f"UPDATE generation SET seam = ? WHERE {THAT_ONE}")  # noqa: S608
MADE = Statement(
    "UPDATE generation SET inputs_key_id = ?, inputs_suite = ?, inputs_blob = ? WHERE id = ?",
)
END = Statement("UPDATE generation SET state = ?, reason = ?, why = ? WHERE id = ?")


class Inputs(Struct, frozen=True, array_like=True):
    """What lies in `inputs`, as msgpack: stop strings are text of people too."""

    continues: str
    sampling: Sampling
    continues_thoughts: str = ""
    speaker: UUID | None = None
    round_left: int = 0
    user_name: str = ""
    persona: str = ""
    circumstances: Circumstances = Circumstances()
    books: tuple[UUID, ...] = ()
    hint: str = ""
    made: str = ""


# -- writes -------------------------------------------------------------------------------------


async def add_generation(unit: Unit, write: AddGeneration) -> None:
    made = write.generation
    user, key = await owner_and_key(unit, made.conversation)
    require(user == made.user, "The conversation is another user's.")
    await check_in_tree(unit.db, made.conversation, made.parent, "The parent")
    inputs = Inputs(
        *(made.continues, made.sampling, made.continues_thoughts),
        *(made.speaker, made.round_left, made.user_name, made.persona, made.circumstances),
        *(made.books, made.hint),
    )
    row = {
        "id": made.id,
        "conversation_id": made.conversation,
        "parent": made.parent,
        "message": made.message,
        "request_key": made.request_key,
        "kind": made.kind,
        "seed": made.seed,
        "created_ms": made.created_ms,
        "state": made.state,
        "attempt": made.attempt,
        "worker": made.worker,
        "worker_boot": made.worker_boot,
        "model": made.model,
        "prompt_digest": made.prompt_digest,
        "engine_digest": made.engine_digest or None,
        "seam": made.seam,
        "reason": "",
        "why": "",
        **INPUTS.seal(key, Place(made.id, user, made.conversation), msgspec.msgpack.encode(inputs)),
        **unit.owned(user),
    }
    await insert(unit.db, "generation", row)
    await touch(unit.db, made.conversation, made.created_ms)


async def lease(unit: Unit, write: LeaseGeneration) -> None:
    holder = (write.worker, write.worker_boot, unit.node)
    leased = await LEASE.run(unit.db, write.attempt, *holder, write.generation, write.attempt - 1)
    require(leased, "The generation has ended, or another attempt has the lease.")
    unit.journal.forget_target(write.generation)


async def pin_prompt(unit: Unit, write: PinPrompt) -> None:
    prompt = (write.model, write.prompt_digest, write.engine_digest or None)
    pinned = await PIN.run(unit.db, *prompt, write.generation)
    require(pinned, "There is no such generation under way.")


async def mark_seam(unit: Unit, write: MarkSeam) -> None:
    marked = await SEAM.run(unit.db, write.seam, write.generation)
    require(marked, "There is no such generation under way.")


async def end(unit: Unit, write: EndGeneration) -> None:
    rows = await ONE_UNDER_WAY.rows(unit.db, write.generation)
    row = first(rows, "There is no such generation under way.")
    message = write.message
    if message is not None:
        require(message.conversation == row["conversation_id"], "The message is of another conversation.")
        require(message.id == row["message"], "The message is another than the one announced.")
        key = await unit.keys.key(unit.db, row["inputs_key_id"])
        await open_chunks(unit, row, ())  # damage must not go unnoticed; the newest were in memory all along
        await add_to_tree(unit, message, row["user_id"], key, move_head=True)
    await drop_chunks(unit, write.generation)
    await END.run(unit.db, write.state, write.reason, write.why, write.generation)
    if write.made:
        await keep_made(unit, row, write.made)


async def keep_made(unit: Unit, row: Row, made: str) -> None:
    """With the inputs, sealed anew."""
    key = await unit.keys.key(unit.db, row["inputs_key_id"])
    inputs = msgspec.structs.replace(open_inputs({key.id: key.secret}, row), made=made)
    sealed = INPUTS.seal(key, place_of(row), msgspec.msgpack.encode(inputs))
    await MADE.run(unit.db, *(sealed[column] for column in INPUTS.columns), row["id"])


# -- reads --------------------------------------------------------------------------------------


def place_of(row: Row) -> Place:
    return Place(row["id"], row["user_id"], row["conversation_id"])


def open_inputs(secrets: Secrets, row: Row) -> Inputs:
    return msgspec.msgpack.decode(INPUTS.open(secrets, place_of(row), row), type=Inputs)


def open_generation(secrets: Secrets, row: Row) -> StoredGeneration:
    inputs = open_inputs(secrets, row)
    return StoredGeneration(
        id=row["id"],
        conversation=row["conversation_id"],
        user=row["user_id"],
        parent=row["parent"],
        message=row["message"],
        request_key=row["request_key"],
        kind=row["kind"],
        continues=inputs.continues,
        seed=row["seed"],
        sampling=inputs.sampling,
        created_ms=row["created_ms"],
        state=row["state"],
        attempt=row["attempt"],
        worker=row["worker"],
        worker_boot=row["worker_boot"],
        model=row["model"],
        prompt_digest=row["prompt_digest"],
        continues_thoughts=inputs.continues_thoughts,
        engine_digest=row["engine_digest"] or b"",
        seam=row["seam"],
        speaker=inputs.speaker,
        round_left=inputs.round_left,
        user_name=inputs.user_name,
        persona=inputs.persona,
        circumstances=inputs.circumstances,
        books=inputs.books,
        hint=inputs.hint,
        made=inputs.made,
    )
