"""The message tree: immutable rows with sealed bodies."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.conversations import AddMessage, AddMessages, StoredMessage
from storage import tables
from storage.database import insert, insert_many
from storage.sealing import DataKey, Place, Row, SealedColumn, Secrets
from storage.search import index
from storage.select import Select
from storage.statement import Statement
from storage.unit import Unit, first, ids_in, require
from storage.work import Db

BODY = SealedColumn("message", "body")
COLUMNS = (
    "id",
    "user_id",
    "conversation_id",
    "parent",
    "sibling",
    "role",
    "character_version_id",
    "created_ms",
    "request_key",
    "generation",
    "ended",
    "tokens",
    "seam",
    *BODY.columns,
)

OF_A_CONVERSATION = Select(tables.Message, COLUMNS, ("conversation_id",))
IN_TREE = Select(tables.Message, ("id",), ("id", "conversation_id"))
OWNER = Select(tables.Conversation, ("user_id", "title_key_id"), ("id",))
TOUCH = Statement("UPDATE conversation SET updated_ms = ? WHERE id = ? AND updated_ms < ?")
SET_HEAD = Statement("UPDATE conversation SET head = ? WHERE id = ?")

WITH_MORE = frozenset({b"\x92", b"\x93"})
"""First byte of a body that holds more than a text: msgpack's arrays of two and three."""


class Body(Struct, frozen=True, array_like=True):
    """What lies in `body`."""

    text: str
    thoughts: str = ""
    name: str = ""


async def add_message(unit: Unit, write: AddMessage) -> None:
    user, key = await owner_and_key(unit, write.message.conversation)
    await add_to_tree(unit, write.message, user, key, move_head=write.move_head)


async def owner_and_key(unit: Unit, conversation: UUID) -> tuple[UUID, DataKey]:
    """Whose the conversation is, and what its rows are sealed with. Raises RefusedError."""
    row = first(await OWNER.rows(unit.db, conversation), "There is no such conversation.")
    return row["user_id"], await unit.keys.key(unit.db, row["title_key_id"])


async def add_messages(unit: Unit, write: AddMessages) -> None:
    """Many, with few questions; the places they take are guarded by the table."""
    if not write.messages:
        return
    user, key = await owner_and_key(unit, write.conversation)
    tree = tables.Message.filter(conversation_id=write.conversation).using_db(unit.db)
    known = set(await ids_in(tree, "id"))
    for message in write.messages:
        require(message.conversation == write.conversation, "A message is of another conversation.")
        require(message.parent in known, "The parent is not a message of this conversation.")
        require(message.id not in known, "The message is there already.")
        known.add(message.id)
    await insert_many(unit.db, "message", [row_of(unit, message, user, key) for message in write.messages])
    await index.await_index(unit, user, write.conversation, [message.id for message in write.messages])
    await touch(unit.db, write.conversation, max(message.created_ms for message in write.messages))


async def add_to_tree(
    unit: Unit, message: StoredMessage, user: UUID, key: DataKey, *, move_head: bool
) -> None:
    """A new leaf, and the conversation used at its time."""
    await check_in_tree(unit.db, message.conversation, message.parent, "The parent")
    await insert_message(unit, message, user, key)
    await touch(unit.db, message.conversation, message.created_ms)
    if move_head:
        await set_head(unit.db, message.conversation, message.id)


async def check_in_tree(db: Db, conversation: UUID, message: UUID, what: str) -> None:
    require(await IN_TREE.rows(db, message, conversation), f"{what} is not a message of this conversation.")


async def touch(db: Db, conversation: UUID, used_ms: int) -> None:
    await TOUCH.run(db, used_ms, conversation, used_ms)


async def set_head(db: Db, conversation: UUID, head: UUID) -> None:
    await SET_HEAD.run(db, head, conversation)


async def insert_message(unit: Unit, message: StoredMessage, user: UUID, key: DataKey) -> None:
    await insert(unit.db, "message", row_of(unit, message, user, key))
    if message.id != message.parent:
        await index.await_index(unit, user, message.conversation, [message.id])


def row_of(unit: Unit, message: StoredMessage, user: UUID, key: DataKey) -> dict[str, Any]:
    return {
        "id": message.id,
        "conversation_id": message.conversation,
        "parent": message.parent,
        "sibling": message.sibling,
        "role": message.role,
        "character_version_id": message.character_version,
        "created_ms": message.created_ms,
        "request_key": message.request_key,
        "generation": message.generation,
        "ended": message.ended,
        "tokens": message.tokens,
        "seam": message.seam,
        **BODY.seal(key, Place(message.id, user, message.conversation), body_bytes(message)),
        **unit.owned(user),
    }


async def message_rows(db: Db, **which: Any) -> Sequence[Row]:
    return await tables.Message.filter(**which).using_db(db).values(*COLUMNS)


def body_bytes(message: StoredMessage) -> bytes:
    """What is sealed: the text in UTF-8, or where there is more than that, all of it as msgpack. The array
    that this begins with has a byte that no UTF-8 text begins with, so the two are told apart.
    """
    if message.name:
        return msgspec.msgpack.encode(Body(message.body, message.thoughts, message.name))
    if message.thoughts:
        return msgspec.msgpack.encode((message.body, message.thoughts))  # as older versions read it
    return message.body.encode()


def open_body(secrets: Secrets, row: Row) -> Body:
    return read_body(BODY.open(secrets, Place(row["id"], row["user_id"], row["conversation_id"]), row))


def read_body(data: bytes) -> Body:
    """What body_bytes made, now or ever."""
    if data[:1] in WITH_MORE:
        return msgspec.msgpack.decode(data, type=Body)
    return Body(data.decode())


def open_message(secrets: Secrets, row: Row) -> StoredMessage:
    body = open_body(secrets, row)
    return StoredMessage(
        id=row["id"],
        conversation=row["conversation_id"],
        parent=row["parent"],
        sibling=row["sibling"],
        role=row["role"],
        body=body.text,
        character_version=row["character_version_id"],
        created_ms=row["created_ms"],
        request_key=row["request_key"],
        generation=row["generation"],
        ended=row["ended"],
        tokens=row["tokens"],
        thoughts=body.thoughts,
        seam=row["seam"],
        name=body.name,
    )
