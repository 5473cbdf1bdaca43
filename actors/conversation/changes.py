"""Changes: what the edge changes of a conversation beside its messages, and how. Pure."""

from collections.abc import Callable

from msgspec.structs import replace

from actors.messages.archive import Write
from actors.messages.chat import ChangeVersion, Rename
from actors.messages.conversations import MoveToVersion, RenameConversation, StoredConversation

Change = Rename | ChangeVersion
Applied = Callable[[StoredConversation], StoredConversation]


def needs_quiet(change: Change) -> bool:
    """Whether it must wait for the live reply, whose prompt is that of the version it was begun with."""
    return isinstance(change, ChangeVersion)


def change_of(conversation: StoredConversation, change: Change) -> tuple[Write, Applied]:
    """What is written, and what the conversation is when that is durable."""
    match change:
        case Rename(title):
            return RenameConversation(conversation.id, title), lambda now: replace(
                now, title=title, titled_by="person"
            )
        case ChangeVersion(version):
            return (
                MoveToVersion(conversation.id, version),
                lambda now: replace(now, character_version=version),
            )
