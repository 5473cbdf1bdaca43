"""Groups: the members of a conversation with several characters, a row beside the conversation's."""

from uuid import UUID

import msgspec

from actors.messages.conversations import SetGroup
from actors.messages.group import Group
from storage import tables
from storage.characters import secrets_of
from storage.sealing import DataKey, Place, Row, SealedColumn, Secrets
from storage.select import Select
from storage.unit import Unit, first, require

GROUP = SealedColumn("conversation_group", "group")
COLUMNS = ("id", "user_id", *GROUP.columns)
ONE = Select(tables.ConversationGroup, COLUMNS, ("id",))


async def set_group(unit: Unit, write: SetGroup) -> None:
    conversations = tables.Conversation.filter(id=write.conversation).using_db(unit.db)
    found = await conversations.values_list("user_id", "title_key_id")
    user, key_id = first(found, "There is no such conversation.")
    await drop_group(unit, write.conversation)
    await write_group(unit, write.conversation, user, await unit.keys.key(unit.db, key_id), write.group)


async def write_group(unit: Unit, conversation: UUID, user: UUID, key: DataKey, group: Group) -> None:
    members = {member.version for member in group.members}
    known = await tables.CharacterVersion.filter(id__in=members).using_db(unit.db).count()
    require(known == len(members), "A member is no character version that is known here.")
    place = Place(conversation, user, conversation)
    await tables.ConversationGroup.create(
        using_db=unit.db,
        id=conversation,
        **GROUP.seal(key, place, msgspec.msgpack.encode(group)),
        **unit.owned(user),
    )


async def drop_group(unit: Unit, conversation: UUID) -> None:
    await tables.ConversationGroup.filter(id=conversation).using_db(unit.db).delete()


async def find_group(unit: Unit, conversation: UUID) -> Group | None:
    rows = await ONE.rows(unit.db, conversation)
    secrets = await secrets_of(unit, rows, GROUP)
    return open_group(secrets, rows[0]) if rows else None


async def groups_of(unit: Unit, user: UUID) -> dict[UUID, Group]:
    """By conversation: those of the user."""
    rows = await tables.ConversationGroup.filter(user_id=user).using_db(unit.db).values(*COLUMNS)
    secrets = await secrets_of(unit, rows, GROUP)
    return {row["id"]: open_group(secrets, row) for row in rows}


async def members_of_all(unit: Unit) -> set[UUID]:
    """Every version that is a member of some conversation."""
    rows = await tables.ConversationGroup.all().using_db(unit.db).values(*COLUMNS)
    secrets = await secrets_of(unit, rows, GROUP)
    return {member.version for row in rows for member in open_group(secrets, row).members}


def open_group(secrets: Secrets, row: Row) -> Group:
    place = Place(row["id"], row["user_id"], row["id"])
    return msgspec.msgpack.decode(GROUP.open(secrets, place, row), type=Group)
