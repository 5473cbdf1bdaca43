"""The messages of a conversation, its head, and what people did with them since, in the memory of the fake
storage.
"""

from uuid import UUID

from msgspec.structs import replace

from actors.messages.conversations import (
    AddMessage,
    AddMessages,
    MarkMessage,
    PurgeRemoved,
    ReviseMessage,
    StoredMessage,
)
from tests.fakes.memory_tables import Tables, conversation_of, in_tree, mark_used, require

# -- writes -------------------------------------------------------------------------------------


def add_one(tables: Tables, write: AddMessage) -> None:
    add(tables, write.message)
    if write.move_head:
        move_head(tables, write.message.conversation, write.message.id)


def add_many(tables: Tables, write: AddMessages) -> None:
    for message in write.messages:
        require(message.conversation == write.conversation, "of another conversation")
        add(tables, message)


def add(tables: Tables, message: StoredMessage) -> None:
    row = conversation_of(tables, message.conversation)
    place = (row.id, message.parent, message.sibling)
    require(message.id not in tables.messages, "the message exists")
    require(message.character_version in tables.versions, "no such character version")
    require(in_tree(tables, row.id, message.parent), "the parent is not in this conversation")
    require(place not in tables.places, "another message has this place")
    tables.put(tables.messages, message.id, message)
    tables.put(tables.messages_in, row.id, (*tables.messages_in[row.id], message.id))
    tables.put(tables.places, place, message.id)
    mark_used(tables, row.id, message.created_ms)


def move_head(tables: Tables, conversation: UUID, head: UUID) -> None:
    row = conversation_of(tables, conversation)
    require(in_tree(tables, conversation, head), "the head is not in this conversation")
    tables.put(tables.conversations, conversation, replace(row, head=head))


def mark(tables: Tables, write: MarkMessage) -> None:
    require(in_tree(tables, write.conversation, write.message), "no such message")
    tables.put(tables.marks, write.message, write)


def revise(tables: Tables, write: ReviseMessage) -> None:
    require(in_tree(tables, write.conversation, write.message), "no such message")
    before = tables.revisions.get(write.message, ())
    tables.put(tables.revisions, write.message, (*before, write))


def purge(tables: Tables, write: PurgeRemoved) -> None:
    row = conversation_of(tables, write.conversation)
    gone, emptied = set(write.dropped), set(write.emptied)
    require(not {row.root, row.head} & (gone | emptied), "what is shown is not purged")
    for message in gone | emptied:
        require(in_tree(tables, row.id, message), "no such message")
        tables.drop(tables.revisions, message)
        tables.drop(tables.traces, (row.id, message))
        tables.drop(tables.summaries, message)
    for message in gone:
        old = tables.messages[message]
        tables.drop(tables.marks, message)
        tables.drop(tables.places, (row.id, old.parent, old.sibling))
        tables.drop(tables.messages, message)
    left = tuple(m for m in tables.messages_in[row.id] if m not in gone)
    tables.put(tables.messages_in, row.id, left)
    require(all(tables.messages[m].parent not in gone for m in left), "a message would hang nowhere")
    for message in emptied:
        bare = replace(tables.messages[message], body="", thoughts="", seam=-1)
        tables.put(tables.messages, message, bare)
        tables.put(tables.marks, message, MarkMessage(row.id, message, "alone"))


# -- reads --------------------------------------------------------------------------------------


def oldest_first(tables: Tables, conversation: UUID) -> tuple[StoredMessage, ...]:
    """By time of making, but a parent always before its children (a clock may go back)."""
    waiting = sorted(
        (newest(tables, tables.messages[m]) for m in tables.messages_in[conversation]),
        key=lambda m: (m.sibling != -1, m.created_ms, m.id),
    )
    placed: dict[UUID, StoredMessage] = {}
    while waiting:
        for message in waiting:
            if message.parent in placed or message.parent == message.id:
                placed[message.id] = message
        waiting = [m for m in waiting if m.id not in placed]
    return tuple(placed.values())


def newest(tables: Tables, message: StoredMessage) -> StoredMessage:
    """With its mark, and in its newest words."""
    mark = tables.marks.get(message.id)
    if mark is not None:
        message = replace(message, removed=mark.removed, bookmark=mark.bookmark)
    if words := tables.revisions.get(message.id):
        message = replace(message, body=words[-1].body, revised=True, seam=-1)
    return message
