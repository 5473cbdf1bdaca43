"""How a conversation is filed, in the memory of the fake storage."""

from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from actors.messages.filing import FileConversation


class Filed(Struct, frozen=True):
    folder: UUID | None = None
    pinned_ms: int = 0
    archived_ms: int = 0
    removed_ms: int = 0
    tags: tuple[str, ...] = ()


UNFILED = Filed()


def file_of(filed: Filed, write: FileConversation) -> Filed:
    """What the write makes of it."""
    if write.pinned is not None:
        filed = replace(filed, pinned_ms=write.now_ms if write.pinned else 0)
    if write.archived is not None:
        filed = replace(filed, archived_ms=write.now_ms if write.archived else 0)
    if write.folder is not None or write.loose:
        filed = replace(filed, folder=write.folder)
    return filed if write.tags is None else replace(filed, tags=write.tags)
