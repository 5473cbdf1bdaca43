"""How a user keeps conversations: folders, pins, tags, the archive, and what was removed."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    FindFolders,
    FolderRow,
    RemoveConversation,
)
from storage import tables
from storage.characters import secrets_of
from storage.sealing import Place, Row, SealedColumn, Secrets
from storage.search import index, thing_index
from storage.select import Select
from storage.unit import Unit, first, ids_in, require

NAME = SealedColumn("folder", "name")
TAGS = SealedColumn("filing", "tags")
COLUMNS = ("conversation_id", "user_id", "folder", "pinned_ms", "archived_ms", "removed_ms", *TAGS.columns)
REMOVED = Select(tables.Filing, ("id",), ("conversation_id",), also="removed_ms > 0")
NOT_YOURS = "There is no such conversation of this user."
NO_FOLDER = "There is no such folder of this user."


# -- writes -------------------------------------------------------------------------------------


async def file_conversation(unit: Unit, write: FileConversation) -> None:
    changes: dict[str, Any] = {}
    if write.pinned is not None:
        changes["pinned_ms"] = write.now_ms if write.pinned else 0
    if write.archived is not None:
        changes["archived_ms"] = write.now_ms if write.archived else 0
    if write.folder is not None:
        folders = tables.Folder.filter(id=write.folder, user_id=write.user).using_db(unit.db)
        require(await folders.exists(), NO_FOLDER)
        changes["folder"] = write.folder
    elif write.loose:
        changes["folder"] = None
    await change(unit, write.conversation, write.user, changes, write.tags)


async def remove(unit: Unit, write: RemoveConversation) -> None:
    await change(unit, write.conversation, None, {"removed_ms": write.removed_ms}, None)
    if not write.removed_ms:
        await index.await_missing(unit, write.conversation)


async def change(
    unit: Unit, conversation: UUID, user: UUID | None, changes: dict[str, Any], tags: tuple[str, ...] | None
) -> None:
    """`user`: whose it must be, where that is known."""
    conversations = tables.Conversation.filter(id=conversation).using_db(unit.db)
    found = await conversations.values_list("user_id", "title_key_id")
    owner, key_id = first(found, NOT_YOURS)
    require(user in {None, owner}, NOT_YOURS)
    filed = tables.Filing.filter(conversation_id=conversation).using_db(unit.db)
    there = await filed.exists()
    if tags is not None or not there:
        key = await unit.keys.key(unit.db, key_id)
        place = Place(conversation, owner, conversation)
        changes |= TAGS.seal(key, place, msgspec.msgpack.encode(tags or ()))
    if tags is not None:
        await thing_index.await_things(unit, owner, thing_index.TAGS, conversation)
    if there:
        if changes:
            await filed.update(**changes)
        return
    await tables.Filing.create(using_db=unit.db, conversation_id=conversation, **changes, **unit.owned(owner))


async def add_folder(unit: Unit, write: AddFolder) -> None:
    mine = tables.Folder.filter(user_id=write.user).using_db(unit.db)
    key, place = unit.keys.for_characters, Place(write.id, write.user)
    await tables.Folder.create(
        using_db=unit.db,
        id=write.id,
        position=await mine.count(),
        created_ms=write.created_ms,
        **NAME.seal(key, place, write.name.encode()),
        **unit.owned(write.user),
    )
    await thing_index.await_things(unit, write.user, thing_index.FOLDER, write.id)


async def change_folder(unit: Unit, write: ChangeFolder) -> None:
    mine = tables.Folder.filter(id=write.id, user_id=write.user).using_db(unit.db)
    require(await mine.exists(), NO_FOLDER)
    if write.name is not None:
        key, place = unit.keys.for_characters, Place(write.id, write.user)
        await mine.update(**NAME.seal(key, place, write.name.encode()))
        await thing_index.await_things(unit, write.user, thing_index.FOLDER, write.id)
    if write.position is not None:
        order = [folder for folder in await folder_order(unit, write.user) if folder != write.id]
        order.insert(max(0, write.position), write.id)
        await put_in_order(unit, order)


async def drop_folder(unit: Unit, write: DropFolder) -> None:
    mine = tables.Folder.filter(id=write.id, user_id=write.user).using_db(unit.db)
    require(await mine.delete(), NO_FOLDER)
    await thing_index.await_things(unit, write.user, thing_index.FOLDER, write.id)
    await tables.Filing.filter(folder=write.id, user_id=write.user).using_db(unit.db).update(folder=None)
    await put_in_order(unit, await folder_order(unit, write.user))


async def folder_order(unit: Unit, user: UUID) -> list[UUID]:
    mine = tables.Folder.filter(user_id=user).using_db(unit.db).order_by("position", "created_ms", "id")
    return await ids_in(mine, "id")


async def put_in_order(unit: Unit, folders: Iterable[UUID]) -> None:
    for position, folder in enumerate(folders):
        await tables.Folder.filter(id=folder).using_db(unit.db).update(position=position)


# -- reads --------------------------------------------------------------------------------------


async def find_folders(unit: Unit, query: FindFolders) -> list[FolderRow]:
    mine = tables.Folder.filter(user_id=query.user).using_db(unit.db)
    columns = ("id", "user_id", "position", "created_ms", *NAME.columns)
    rows = await mine.order_by("position", "created_ms", "id").values(*columns)
    secrets = await secrets_of(unit, rows, NAME)
    return [
        FolderRow(row["id"], NAME.open(secrets, Place(row["id"], row["user_id"]), row).decode(), number)
        for number, row in enumerate(rows)
    ]


async def filings(unit: Unit, user: UUID) -> dict[UUID, Row]:
    """Conversation → how it is filed, where anything was said of it."""
    rows = await tables.Filing.filter(user_id=user).using_db(unit.db).values(*COLUMNS)
    return {row["conversation_id"]: row for row in rows}


async def is_removed(unit: Unit, conversation: UUID) -> bool:
    return bool(await REMOVED.rows(unit.db, conversation))


def open_tags(secrets: Secrets, row: Row) -> tuple[str, ...]:
    place = Place(row["conversation_id"], row["user_id"], row["conversation_id"])
    return msgspec.msgpack.decode(TAGS.open(secrets, place, row), type=tuple[str, ...])
