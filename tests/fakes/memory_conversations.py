"""Conversations and the list of them, in the memory of the fake storage."""

from uuid import UUID

from msgspec.structs import replace

from actors.messages.conversations import (
    AddConversation,
    ConversationRow,
    FindConversations,
    FindOwners,
    MemberFace,
    MoveToVersion,
    RenameConversation,
    SetSummarise,
    StoredConversation,
    StoredMessage,
)
from actors.messages.group import Group
from actors.messages.replies import UNFINISHED
from tests.fakes.memory_filing import is_removed
from tests.fakes.memory_messages import newest
from tests.fakes.memory_tables import UNFILED, Tables, conversation_of, require

# -- writes -------------------------------------------------------------------------------------


def add(tables: Tables, write: AddConversation) -> None:
    row = write.conversation
    require(row.id not in tables.conversations, "the conversation exists")
    require(row.user in tables.accounts, "no such account")
    require(row.character_version in tables.versions, "no such character version")
    require(row.head == row.root, "a new conversation's head is its root")
    require(row.root not in tables.messages, "the root exists")
    tables.put(tables.conversations, row.id, row)
    if row.group is not None:
        set_group(tables, row.id, row.group)
    tables.put(tables.updated, row.id, row.created_ms)
    tables.put(tables.generations_in, row.id, ())
    tables.put(tables.messages_in, row.id, (row.root,))
    root = StoredMessage(
        id=row.root,
        conversation=row.id,
        parent=row.root,
        sibling=-1,  # takes no place among the children of the root
        role="system",
        body="",
        character_version=row.character_version,
        created_ms=row.created_ms,
    )
    tables.put(tables.messages, root.id, root)


def set_group(tables: Tables, conversation: UUID, group: Group) -> None:
    row = conversation_of(tables, conversation)
    require(all(m.version in tables.versions for m in group.members), "a member is no known version")
    tables.put(tables.conversations, row.id, replace(row, group=group))


def rename(tables: Tables, write: RenameConversation) -> None:
    old = conversation_of(tables, write.conversation)
    tables.put(tables.conversations, old.id, replace(old, title=write.title, titled_by=write.by))


def set_summarise(tables: Tables, write: SetSummarise) -> None:
    old = conversation_of(tables, write.conversation)
    tables.put(tables.conversations, old.id, replace(old, summarise=write.summarise))


def move_to_version(tables: Tables, write: MoveToVersion) -> None:
    old = conversation_of(tables, write.conversation)
    require(write.character_version in tables.versions, "no such version")
    tables.put(tables.conversations, old.id, replace(old, character_version=write.character_version))


def drop(tables: Tables, conversation: UUID) -> None:
    for use in [use for use in tables.uses if use[1:] == ("conversation", conversation)]:
        tables.drop(tables.uses, use)
    for message in tables.messages_in.get(conversation, ()):
        gone = tables.messages[message]
        tables.drop(tables.places, (conversation, gone.parent, gone.sibling))
        tables.drop(tables.messages, message)
        tables.drop(tables.summaries, message)
        tables.drop(tables.traces, (conversation, message))
        tables.drop(tables.marks, message)
        tables.drop(tables.revisions, message)
    for generation in tables.generations_in.get(conversation, ()):
        tables.drop(tables.chunks, generation)
        tables.drop(tables.generations, generation)
    tables.drop(tables.messages_in, conversation)
    tables.drop(tables.generations_in, conversation)
    tables.drop(tables.updated, conversation)
    row = tables.conversations.get(conversation)
    tables.drop(tables.choices, (row.user if row is not None else conversation, conversation))
    tables.drop(tables.filed, conversation)
    tables.drop(tables.conversations, conversation)


# -- reads --------------------------------------------------------------------------------------


def find_conversations(tables: Tables, query: FindConversations) -> list[ConversationRow]:
    mine = [
        c
        for c in tables.conversations.values()
        if c.user == query.user and is_removed(tables, c.id) == query.removed
    ]
    mine.sort(key=lambda c: (tables.updated[c.id], c.id), reverse=True)
    return [shown(tables, c) for c in mine]


def find_owners(tables: Tables, query: FindOwners) -> dict[UUID, UUID]:
    known = (tables.conversations.get(each) for each in query.conversations)
    return {row.id: row.user for row in known if row is not None}


def shown(tables: Tables, row: StoredConversation) -> ConversationRow:
    version = tables.versions[row.character_version]
    members = row.group.members if row.group is not None else ()
    filed = tables.filed.get(row.id, UNFILED)
    return ConversationRow(
        id=row.id,
        title=row.title,
        character_name=version.sheet.name,
        portrait=portrait(tables, row.character_version),
        updated_ms=tables.updated[row.id],
        last_line=" ".join(newest(tables, tables.messages[row.head]).body.split())[:160],
        live=any(tables.generations[g].state in UNFINISHED for g in tables.generations_in[row.id]),
        members=tuple(MemberFace(m.version, m.name, portrait(tables, m.version), m.left) for m in members),
        character=version.character,
        character_version=version.version,
        created_ms=row.created_ms,
        folder=filed.folder,
        pinned_ms=filed.pinned_ms,
        archived_ms=filed.archived_ms,
        removed_ms=filed.removed_ms,
        tags=filed.tags,
    )


def portrait(tables: Tables, version: UUID) -> str:
    return tables.versions[version].thumb or tables.versions[version].portrait
