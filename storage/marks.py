"""What people did with messages that are stored already: marks and revisions beside the immutable rows."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from actors.messages.conversations import MarkMessage, PurgeRemoved, ReviseMessage, StoredMessage
from storage import tables
from storage.characters import secrets_of
from storage.database import Db, raw
from storage.database import marks as placeholders
from storage.fields import as_id
from storage.messages import BODY, message_rows, read_body
from storage.sealing import DataKey, Place, Row, SealedColumn, Secrets
from storage.search import index, thing_index
from storage.select import Select
from storage.unit import Unit, first, require

BOOKMARK = SealedColumn("message_mark", "bookmark")
WORDS = SealedColumn("message_revision", "body")
MARK_COLUMNS = ("id", "user_id", "conversation_id", "removed", *BOOKMARK.columns)
REVISION_COLUMNS = (
    "id",
    "user_id",
    "conversation_id",
    "message",
    "number",
    "request_key",
    *WORDS.columns,
)

MARKS = Select(tables.MessageMark, MARK_COLUMNS, ("conversation_id",))
REVISIONS = Select(tables.MessageRevision, REVISION_COLUMNS, ("conversation_id",), order=("number",))
BATCH = 500  # ids in one statement

HIDDEN = """
WITH RECURSIVE gone (id, conversation_id) AS (
    SELECT id, conversation_id FROM message_mark WHERE removed = 'branch' AND conversation_id IN ({ids})
    UNION
    SELECT m.id, m.conversation_id FROM message m
    JOIN gone g ON m.conversation_id = g.conversation_id AND m.parent = g.id
)
SELECT id FROM gone
UNION
SELECT id FROM message_mark WHERE removed = 'alone' AND conversation_id IN ({more})
"""


# -- writes -------------------------------------------------------------------------------------


async def mark(unit: Unit, write: MarkMessage) -> None:
    user, key = await owner_and_key(unit, write.conversation, write.message)
    sealed = BOOKMARK.seal(key, Place(write.message, user, write.conversation), write.bookmark.encode())
    marks = tables.MessageMark.filter(id=write.message).using_db(unit.db)
    await marks.delete()
    if write.removed or write.bookmark:
        await tables.MessageMark.create(
            using_db=unit.db,
            id=write.message,
            conversation_id=write.conversation,
            removed=write.removed,
            **sealed,
            **unit.owned(user),
        )


async def revise(unit: Unit, write: ReviseMessage) -> None:
    user, key = await owner_and_key(unit, write.conversation, write.message)
    before = tables.MessageRevision.filter(message=write.message).using_db(unit.db)
    await tables.MessageRevision.create(
        using_db=unit.db,
        id=write.revision,
        conversation_id=write.conversation,
        message=write.message,
        number=await before.count(),
        created_ms=write.created_ms,
        request_key=write.request_key,
        **WORDS.seal(key, Place(write.revision, user, write.conversation), write.body.encode()),
        **unit.owned(user),
    )
    await index.await_index(unit, user, write.conversation, [write.message])


async def purge(unit: Unit, write: PurgeRemoved) -> None:
    conversations = tables.Conversation.filter(id=write.conversation).using_db(unit.db)
    root, head = first(await conversations.values_list("root", "head"), "There is no such conversation.")
    require(not {root, head} & {*write.dropped, *write.emptied}, "What is shown is not purged.")
    await forget(unit.db, tables.MessageRevision, "message__in", (*write.dropped, *write.emptied))
    await forget(unit.db, tables.MessageTrace, "id__in", (*write.dropped, *write.emptied))
    for batch in batches((*write.dropped, *write.emptied)):
        summaries = tables.Summary.filter(id__in=batch).using_db(unit.db)
        for upto, user in await summaries.values_list("id", "user_id"):
            await thing_index.await_things(unit, user, thing_index.SUMMARY, upto)
        await summaries.delete()
    await forget(unit.db, tables.MessageMark, "id__in", write.dropped)
    for batch in batches((*write.dropped, *write.emptied)):
        await index.leave_out(unit.db, batch)
    for batch in batches(write.dropped):
        those = tables.Message.filter(id__in=batch, conversation_id=write.conversation).using_db(unit.db)
        await those.delete()
    for batch in batches(write.dropped):
        orphans = tables.Message.filter(parent__in=batch, conversation_id=write.conversation).using_db(
            unit.db
        )
        require(not await orphans.exists(), "A message hangs below one that is to go.")
    for message in write.emptied:
        user, key = await owner_and_key(unit, write.conversation, message)
        sealed = BODY.seal(key, Place(message, user, write.conversation), b"")
        await tables.Message.filter(id=message).using_db(unit.db).update(seam=-1, **sealed)
        await mark(unit, MarkMessage(write.conversation, message, "alone"))


async def forget(db: Db, table: type[Any], where: str, messages: Collection[UUID]) -> None:
    for batch in batches(messages):
        await table.filter(**{where: batch}).using_db(db).delete()


def batches(messages: Collection[UUID]) -> Iterable[list[UUID]]:
    every = list(messages)
    return (every[start : start + BATCH] for start in range(0, len(every), BATCH))


async def owner_and_key(unit: Unit, conversation: UUID, message: UUID) -> tuple[UUID, DataKey]:
    """Of a message that is there."""
    rows = await message_rows(unit.db, id=message, conversation_id=conversation)
    row = first(rows, "There is no such message in this conversation.")
    return row["user_id"], await unit.keys.key(unit.db, row["body_key_id"])


# -- reads --------------------------------------------------------------------------------------


def place_of(row: Row) -> Place:
    return Place(row["id"], row["user_id"], row["conversation_id"])


def newest_words(secrets: Secrets, revisions: Iterable[Row]) -> dict[UUID, str]:
    """Message → what it says now, where it was revised; the revisions come in their order."""
    newest = {row["message"]: row for row in revisions}
    return {
        message: read_body(WORDS.open(secrets, place_of(row), row)).text for message, row in newest.items()
    }


def as_it_is_now(
    secrets: Secrets, messages: Iterable[StoredMessage], marks: Iterable[Row], revisions: Iterable[Row]
) -> list[StoredMessage]:
    """The messages with their marks and their newest words."""
    marked = {
        row["id"]: (row["removed"], BOOKMARK.open(secrets, place_of(row), row).decode()) for row in marks
    }
    words = newest_words(secrets, revisions)
    now: list[StoredMessage] = []
    for message in messages:
        removed, bookmark = marked.get(message.id, ("", ""))
        one = replace(message, removed=removed, bookmark=bookmark) if removed or bookmark else message
        if message.id in words:
            one = replace(one, body=words[message.id], revised=True, seam=-1)
        now.append(one)
    return now


async def hidden_in(db: Db, conversations: Collection[UUID]) -> set[UUID]:
    """What was removed in these, and all that stands in a branch that was."""
    hidden: set[UUID] = set()
    for batch in batches(conversations):
        both = placeholders(db, 2 * len(batch)).split(", ")
        ids, more = ", ".join(both[: len(batch)]), ", ".join(both[len(batch) :])
        rows = await raw(db, HIDDEN.format(ids=ids, more=more), *batch, *batch)
        hidden.update(as_id(row["id"]) for row in rows)
    return hidden


async def revised_words(unit: Unit, messages: Collection[UUID]) -> dict[UUID, str]:
    """Of these messages those that were revised, and what they say now."""
    revisions = await words_of(unit.db, messages)
    return newest_words(await secrets_of(unit, revisions, WORDS), revisions)


async def words_of(db: Db, messages: Collection[UUID]) -> list[Row]:
    """The revisions of these messages, in the order of their numbers."""
    if not messages:
        return []
    found = tables.MessageRevision.filter(message__in=set(messages)).using_db(db)
    return list(await found.order_by("number").values(*REVISION_COLUMNS))
