"""How messages came about: rows of their own, of which a conversation reads the newest when it wakes."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from actors.messages.generation import PromptReport
from actors.messages.replies import FindTrace, KeepTrace, ReplyTrace
from storage import tables
from storage.database import insert
from storage.messages import check_in_tree, owner_and_key
from storage.sealing import Place, SealedColumn
from storage.select import Select
from storage.unit import Unit

BODY = SealedColumn("message_trace", "body")
ONE = Select(tables.MessageTrace, ("id", "user_id", *BODY.columns), ("id", "conversation_id"))
TRACED = Select(tables.MessageTrace, ("id",), ("conversation_id",))


async def keep_trace(unit: Unit, write: KeepTrace) -> None:
    user, key = await owner_and_key(unit, write.conversation)
    await check_in_tree(unit.db, write.conversation, write.message, "The message")
    body = msgspec.msgpack.encode(write.trace)
    row = {
        "id": write.message,
        "conversation_id": write.conversation,
        **BODY.seal(key, Place(write.message, user, write.conversation), body),
        **unit.owned(user),
    }
    await insert(unit.db, "message_trace", row)


async def find_trace(unit: Unit, query: FindTrace) -> ReplyTrace | None:
    rows = await ONE.rows(unit.db, query.message, query.conversation)
    if not rows:
        return None
    row = rows[0]
    secrets = await unit.keys.secrets(unit.db, (row["body_key_id"],))
    body = BODY.open(secrets, Place(row["id"], row["user_id"], query.conversation), row)
    return msgspec.msgpack.decode(body, type=ReplyTrace)


async def newest_traced(unit: Unit, conversation: UUID, messages: Iterable[UUID]) -> UUID | None:
    """The first of these messages that has a trace."""
    traced = {row["id"] for row in await TRACED.rows(unit.db, conversation)}
    return next((message for message in messages if message in traced), None)


async def report_of(unit: Unit, conversation: UUID, message: UUID) -> PromptReport | None:
    found = await find_trace(unit, FindTrace(conversation, message))
    return found.report if found is not None else None
