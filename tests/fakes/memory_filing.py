"""How conversations are filed, and the folders, in the memory of the fake storage."""

from uuid import UUID

from msgspec.structs import replace

from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    FindFolders,
    FolderRow,
    RemoveConversation,
)
from tests.fakes.memory_tables import UNFILED, Filed, Tables, conversation_of, require

# -- writes -------------------------------------------------------------------------------------


def remove(tables: Tables, write: RemoveConversation) -> None:
    row = conversation_of(tables, write.conversation)
    filed = tables.filed.get(row.id, UNFILED)
    tables.put(tables.filed, row.id, replace(filed, removed_ms=write.removed_ms))


def file_conversation(tables: Tables, write: FileConversation) -> None:
    row = conversation_of(tables, write.conversation)
    require(row.user == write.user, "another user's")
    require(write.folder is None or has_folder(tables, write.user, write.folder), "no such folder")
    tables.put(tables.filed, row.id, file_of(tables.filed.get(row.id, UNFILED), write))


def file_of(filed: Filed, write: FileConversation) -> Filed:
    """What the write makes of it."""
    if write.pinned is not None:
        filed = replace(filed, pinned_ms=write.now_ms if write.pinned else 0)
    if write.archived is not None:
        filed = replace(filed, archived_ms=write.now_ms if write.archived else 0)
    if write.folder is not None or write.loose:
        filed = replace(filed, folder=write.folder)
    return filed if write.tags is None else replace(filed, tags=write.tags)


def add_folder(tables: Tables, write: AddFolder) -> None:
    order = tables.folder_order.get(write.user, ())
    tables.put(tables.folders, write.id, write)
    tables.put(tables.folder_order, write.user, (*order, write.id))


def change_folder(tables: Tables, write: ChangeFolder) -> None:
    require(has_folder(tables, write.user, write.id), "no such folder")
    if write.name is not None:
        tables.put(tables.folders, write.id, replace(tables.folders[write.id], name=write.name))
    if write.position is not None:
        order = [f for f in tables.folder_order[write.user] if f != write.id]
        order.insert(max(0, write.position), write.id)
        tables.put(tables.folder_order, write.user, tuple(order))


def drop_folder(tables: Tables, write: DropFolder) -> None:
    require(has_folder(tables, write.user, write.id), "no such folder")
    order = tuple(f for f in tables.folder_order[write.user] if f != write.id)
    tables.put(tables.folder_order, write.user, order)
    tables.drop(tables.folders, write.id)
    for conversation, filed in list(tables.filed.items()):
        if filed.folder == write.id:
            tables.put(tables.filed, conversation, replace(filed, folder=None))


# -- reads --------------------------------------------------------------------------------------


def find_folders(tables: Tables, query: FindFolders) -> list[FolderRow]:
    order = tables.folder_order.get(query.user, ())
    return [FolderRow(f, tables.folders[f].name, place) for place, f in enumerate(order)]


def has_folder(tables: Tables, user: UUID, folder: UUID) -> bool:
    return folder in tables.folders and tables.folders[folder].user == user


def is_removed(tables: Tables, conversation: UUID) -> bool:
    return tables.filed.get(conversation, UNFILED).removed_ms != 0
