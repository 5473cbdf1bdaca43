"""Conversations: the row, its head, and the list of them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from actors.messages.conversations import (
    AddConversation,
    ConversationRow,
    DropConversation,
    FindConversation,
    FindConversations,
    FindOwners,
    MemberFace,
    MoveHead,
    MoveToVersion,
    RenameConversation,
    StoredConversation,
    StoredMessage,
)
from actors.messages.group import Group
from actors.messages.replies import UNFINISHED
from storage import tables
from storage.characters import SHEET, open_face, secrets_of, versions
from storage.choices import drop_choices
from storage.chunks import move_all
from storage.database import marks, raw
from storage.fields import of_hex
from storage.filing import TAGS, filings, open_tags
from storage.groups import drop_group, find_group, groups_of, write_group
from storage.lorebooks import forget_conversation
from storage.marks import revised_words
from storage.messages import BODY, check_in_tree, insert_message, message_rows, open_body, set_head
from storage.sealing import Place, Row, SealedColumn, Secrets
from storage.search import index, thing_index
from storage.select import Select
from storage.unit import Unit, first, ids_in, require
from storage.work import Db

TITLE = SealedColumn("conversation", "title")
USER_NAME = SealedColumn("conversation", "user_name")
COLUMNS = (
    "id",
    "user_id",
    "character_version_id",
    "root",
    "head",
    "created_ms",
    "updated_ms",
    "titled_by",
    "summarise",
    *TITLE.columns,
    *USER_NAME.columns,
)
ONE = Select(tables.Conversation, COLUMNS, ("id",))
FIND_OWNERS = "SELECT id, user_id FROM conversation WHERE id IN ({ids})"
FIND_OWNERS_IN_ONE_ROW = """
SELECT json_group_array(json_array(hex(id), hex(user_id))) AS rows FROM conversation WHERE id IN ({ids})
"""  # for SQLite: select.py says why
LAST_LINE = 160  # characters
ROOT_SIBLING = -1  # the root takes no place among its own children


decode_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


# -- writes -------------------------------------------------------------------------------------


async def add_conversation(unit: Unit, write: AddConversation) -> None:
    made = write.conversation
    require(made.head == made.root, "The head of a new conversation is its root.")
    key = await unit.keys.make(unit.db, made.user, made.id, made.created_ms)
    place = Place(made.id, made.user, made.id)
    await tables.Conversation.create(
        using_db=unit.db,
        id=made.id,
        character_version_id=made.character_version,
        root=made.root,
        head=made.head,
        created_ms=made.created_ms,
        updated_ms=made.created_ms,
        titled_by=made.titled_by,
        summarise=made.summarise,
        **TITLE.seal(key, place, made.title.encode()),
        **USER_NAME.seal(key, place, made.user_name.encode()),
        **unit.owned(made.user),
    )
    root = StoredMessage(
        id=made.root,
        conversation=made.id,
        parent=made.root,
        sibling=ROOT_SIBLING,
        role="system",
        body="",
        character_version=made.character_version,
        created_ms=made.created_ms,
    )
    await insert_message(unit, root, made.user, key)
    if made.group is not None:
        await write_group(unit, made.id, made.user, key, made.group)
    await index.await_index(unit, made.user, made.id, [made.id])


async def move_head(unit: Unit, write: MoveHead) -> None:
    await check_in_tree(unit.db, write.conversation, write.head, "The head")
    await set_head(unit.db, write.conversation, write.head)


async def rename(unit: Unit, write: RenameConversation) -> None:
    row = first(await conversation_rows(unit.db, write.conversation), "There is no such conversation.")
    key = await unit.keys.key(unit.db, row["title_key_id"])
    sealed = TITLE.seal(key, Place(row["id"], row["user_id"], row["id"]), write.title.encode())
    await (
        tables.Conversation.filter(id=write.conversation)
        .using_db(unit.db)
        .update(titled_by=write.by, **sealed)
    )
    await index.await_index(unit, row["user_id"], row["id"], [row["id"]])


async def move_to_version(unit: Unit, write: MoveToVersion) -> None:
    this = tables.Conversation.filter(id=write.conversation).using_db(unit.db)
    require(
        await tables.CharacterVersion.filter(id=write.character_version).using_db(unit.db).exists(),
        "There is no such version.",
    )
    require(await this.update(character_version_id=write.character_version), "There is no such conversation.")


async def drop(unit: Unit, write: DropConversation) -> None:
    """Messages, generations and chunks go with it, and so does its data key: older copies of the rows
    that a disk may still hold cannot be read any more.
    """
    await drop_group(unit, write.conversation)
    await drop_choices(unit, write.conversation)
    while await index.forget_some(unit.db, write.conversation):
        pass
    await thing_index.forget_conversation(unit.db, write.conversation)
    generations = tables.Generation.filter(conversation_id=write.conversation).using_db(unit.db)
    for generation in await ids_in(generations, "id"):
        unit.journal.drop(generation)
    await move_all(unit)  # nothing of it stays in the journal
    await tables.Conversation.filter(id=write.conversation).using_db(unit.db).delete()
    await forget_conversation(unit, write.conversation)
    await tables.DataKey.filter(conversation_id=write.conversation).using_db(unit.db).delete()


# -- reads --------------------------------------------------------------------------------------


async def conversation_rows(db: Db, conversation: UUID) -> Sequence[Row]:
    """One or none."""
    return await ONE.rows(db, conversation)


def open_conversation(secrets: Secrets, row: Row) -> StoredConversation:
    place = Place(row["id"], row["user_id"], row["id"])
    return StoredConversation(
        id=row["id"],
        user=row["user_id"],
        character_version=row["character_version_id"],
        title=TITLE.open(secrets, place, row).decode(),
        root=row["root"],
        head=row["head"],
        created_ms=row["created_ms"],
        user_name=USER_NAME.open(secrets, place, row).decode(),
        titled_by=row["titled_by"],
        summarise=bool(row["summarise"]),
    )


async def find_conversation(unit: Unit, query: FindConversation) -> StoredConversation | None:
    rows = await conversation_rows(unit.db, query.conversation)
    secrets = await secrets_of(unit, rows, TITLE, USER_NAME)
    if not rows:
        return None
    return replace(open_conversation(secrets, rows[0]), group=await find_group(unit, query.conversation))


async def find_owners(unit: Unit, query: FindOwners) -> dict[UUID, UUID]:
    ids = marks(unit.db, len(query.conversations))
    if unit.db.capabilities.dialect == "sqlite":
        (found,) = await raw(unit.db, FIND_OWNERS_IN_ONE_ROW.format(ids=ids), *query.conversations)
        return {of_hex(talk): of_hex(user) for talk, user in decode_pairs(found["rows"])}
    rows = await raw(unit.db, FIND_OWNERS.format(ids=ids), *query.conversations)
    return {row["id"]: row["user_id"] for row in rows}


async def find_conversations(unit: Unit, query: FindConversations) -> list[ConversationRow]:
    mine = tables.Conversation.filter(user_id=query.user).using_db(unit.db)
    filed = await filings(unit, query.user)
    removed = {id_ for id_, row in filed.items() if row["removed_ms"]}
    all_rows = await mine.order_by("-updated_ms", "-id").values(*COLUMNS)
    rows = [row for row in all_rows if (row["id"] in removed) == query.removed]
    heads = {row["id"]: row for row in await message_rows(unit.db, id__in={row["head"] for row in rows})}
    groups = await groups_of(unit, query.user)
    members = {member.version for group in groups.values() for member in group.members}
    characters = await versions(unit.db, {row["character_version_id"] for row in rows} | members)
    revised = await revised_words(unit, heads)
    secrets = {
        **await secrets_of(unit, rows, TITLE, USER_NAME),
        **await secrets_of(unit, heads.values(), BODY),
        **await secrets_of(unit, filed.values(), TAGS),
        **await secrets_of(unit, characters, SHEET),
    }
    faces = {row["id"]: (open_face(secrets, row), row) for row in characters}
    under_way = tables.Generation.filter(user_id=query.user, state__in=UNFINISHED).using_db(unit.db)
    live = set(await under_way.values_list("conversation_id", flat=True))
    listed: list[ConversationRow] = []

    def members_of(group: Group | None) -> tuple[MemberFace, ...]:
        return tuple(
            MemberFace(member.version, member.name, small_picture(faces[member.version][1]), member.left)
            for member in (group.members if group is not None else ())
        )

    for row in rows:
        conversation = open_conversation(secrets, row)
        face, version = faces[conversation.character_version]
        filing = filed.get(conversation.id)
        line = revised.get(conversation.head) or open_body(secrets, heads[conversation.head]).text
        listed.append(
            ConversationRow(
                id=conversation.id,
                title=conversation.title,
                character_name=face.sheet.name,
                portrait=small_picture(version),
                updated_ms=row["updated_ms"],
                last_line=" ".join(line.split())[:LAST_LINE],
                live=conversation.id in live,
                members=members_of(groups.get(conversation.id)),
                character=version["character_id"],
                character_version=version["id"],
                created_ms=conversation.created_ms,
                folder=filing["folder"] if filing else None,
                pinned_ms=filing["pinned_ms"] if filing else 0,
                archived_ms=filing["archived_ms"] if filing else 0,
                removed_ms=filing["removed_ms"] if filing else 0,
                tags=open_tags(secrets, filing) if filing else (),
            )
        )
    return listed


def small_picture(version: Row) -> str:
    return version["thumb"] or version["portrait"]
