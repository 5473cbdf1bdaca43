"""Summaries: what stands for the oldest messages of a branch, a row for the message each goes up to."""

from uuid import UUID

from actors.messages.conversations import (
    DropSummary,
    OutdateSummaries,
    PutSummary,
    SetSummarise,
    StoredSummary,
)
from storage import tables
from storage.characters import secrets_of
from storage.messages import check_in_tree
from storage.sealing import Place, Row, SealedColumn, Secrets
from storage.search import thing_index
from storage.select import Select
from storage.unit import Unit, first, ids_in, require

BODY = SealedColumn("summary", "body")
COLUMNS = ("id", "user_id", "conversation_id", "author", "created_ms", "stale", *BODY.columns)
OF_A_CONVERSATION = Select(tables.Summary, COLUMNS, ("conversation_id",), order=("created_ms", "id"))


async def put(unit: Unit, write: PutSummary) -> None:
    made = write.summary
    conversations = tables.Conversation.filter(id=made.conversation).using_db(unit.db)
    found = await conversations.values_list("user_id", "title_key_id")
    user, key_id = first(found, "There is no such conversation.")
    await check_in_tree(unit.db, made.conversation, made.upto, "What it goes up to")
    key = await unit.keys.key(unit.db, key_id)
    await tables.Summary.filter(id=made.upto).using_db(unit.db).delete()
    await tables.Summary.create(
        using_db=unit.db,
        id=made.upto,
        conversation_id=made.conversation,
        author=made.by,
        created_ms=made.created_ms,
        stale=made.stale,
        **BODY.seal(key, Place(made.upto, user, made.conversation), made.text.encode()),
        **unit.owned(user),
    )
    await thing_index.await_things(unit, user, thing_index.SUMMARY, made.upto)


async def drop(unit: Unit, write: DropSummary) -> None:
    of_it = tables.Summary.filter(id=write.upto, conversation_id=write.conversation).using_db(unit.db)
    for user in await ids_in(of_it, "user_id"):
        await thing_index.await_things(unit, user, thing_index.SUMMARY, write.upto)
    await of_it.delete()


async def outdate(unit: Unit, write: OutdateSummaries) -> None:
    those = tables.Summary.filter(id__in=write.upto, conversation_id=write.conversation)
    await those.using_db(unit.db).update(stale=True)


async def set_summarise(unit: Unit, write: SetSummarise) -> None:
    conversations = tables.Conversation.filter(id=write.conversation).using_db(unit.db)
    require(await conversations.update(summarise=write.summarise), "There is no such conversation.")


async def find_summaries(unit: Unit, conversation: UUID) -> tuple[StoredSummary, ...]:
    rows = await OF_A_CONVERSATION.rows(unit.db, conversation)
    secrets = await secrets_of(unit, rows, BODY)
    return tuple(open_summary(secrets, row) for row in rows)


def open_summary(secrets: Secrets, row: Row) -> StoredSummary:
    return StoredSummary(
        conversation=row["conversation_id"],
        upto=row["id"],
        text=BODY.open(secrets, Place(row["id"], row["user_id"], row["conversation_id"]), row).decode(),
        by=row["author"],
        created_ms=row["created_ms"],
        stale=bool(row["stale"]),
    )
