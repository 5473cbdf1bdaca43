"""What users choose: their personas, their presets, and which of both where."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.choices import NOBODY, Choices, Chosen, Persona, Preset, ReplySettings
from actors.messages.choosing import (
    FindChoices,
    FindChosen,
    FindPersonas,
    FindPresets,
    PutPersona,
    PutPreset,
    RemovePersona,
    RemovePreset,
    SetChoices,
)
from storage import tables
from storage.characters import secrets_of
from storage.sealing import NOWHERE, DataKey, Place, Row, SealedColumn, Secrets
from storage.search import thing_index
from storage.select import Select
from storage.unit import Unit, first, require

NOT_YOURS = "There is no such one of this user's."
OF_A_PERSONA = SealedColumn("persona", "body")
OF_A_PRESET = SealedColumn("preset", "body")
OF_A_CHOICE = SealedColumn("choice", "body")
PERSONA = ("id", "user_id", "portrait", "thumb", "created_ms", *OF_A_PERSONA.columns)
PRESET = ("id", "user_id", "created_ms", *OF_A_PRESET.columns)
CHOICE = ("user_id", "about", *OF_A_CHOICE.columns)
THERE = "removed_ms = 0"
ONE_PERSONA = Select(tables.Persona, PERSONA, ("user_id", "id"), also=THERE)
ONE_PRESET = Select(tables.Preset, PRESET, ("user_id", "id"), also=THERE)
ONE_CHOICE = Select(tables.Choice, CHOICE, ("user_id", "about"))
WHOSE_VERSION = Select(tables.CharacterVersion, ("character_id",), ("id",))


class Described(Struct, frozen=True):
    """What lies in a persona's `body`, as msgpack."""

    name: str
    description: str


class Named(Struct, frozen=True):
    """What lies in a preset's `body`, as msgpack."""

    name: str
    settings: ReplySettings


# -- writes -------------------------------------------------------------------------------------


async def put_persona(unit: Unit, write: PutPersona) -> None:
    persona = write.persona
    body = msgspec.msgpack.encode(Described(persona.name, persona.description))
    sealed = OF_A_PERSONA.seal(unit.keys.for_characters, Place(persona.id, write.user), body)
    columns = {"portrait": persona.portrait, "thumb": persona.thumb, "removed_ms": 0, **sealed}
    await put(unit, tables.Persona, persona.id, write.user, persona.created_ms, columns)
    await thing_index.await_things(unit, write.user, thing_index.PERSONA, persona.id)


async def put_preset(unit: Unit, write: PutPreset) -> None:
    preset = write.preset
    body = msgspec.msgpack.encode(Named(preset.name, preset.settings))
    sealed = OF_A_PRESET.seal(unit.keys.for_characters, Place(preset.id, write.user), body)
    await put(unit, tables.Preset, preset.id, write.user, preset.created_ms, {"removed_ms": 0, **sealed})


async def put(
    unit: Unit, table: Any, row: UUID, user: UUID, created_ms: int, columns: dict[str, Any]
) -> None:
    """The row as it is to be. What is another user's cannot be written."""
    this = table.filter(id=row).using_db(unit.db)
    owners = await this.values_list("user_id", flat=True)
    if owners:
        require(owners[0] == user, NOT_YOURS)
        await this.update(**columns)
    else:
        await table.create(using_db=unit.db, id=row, created_ms=created_ms, **columns, **unit.owned(user))


async def remove_persona(unit: Unit, write: RemovePersona) -> None:
    mine = tables.Persona.filter(id=write.persona, user_id=write.user).using_db(unit.db)
    require(await mine.update(removed_ms=write.removed_ms), NOT_YOURS)
    await thing_index.await_things(unit, write.user, thing_index.PERSONA, write.persona)


async def remove_preset(unit: Unit, write: RemovePreset) -> None:
    mine = tables.Preset.filter(id=write.preset, user_id=write.user).using_db(unit.db)
    require(await mine.update(removed_ms=write.removed_ms), NOT_YOURS)


async def set_choices(unit: Unit, write: SetChoices) -> None:
    """A conversation's are sealed by its own key, and go with it."""
    key, conversation = unit.keys.for_characters, NOWHERE
    if write.level == "conversation":
        conversation = write.about
        key = await key_of(unit, conversation, write.user)
    elif write.level == "character":
        characters = tables.CharacterOwner.filter(id=write.about).using_db(unit.db)
        require(await characters.exists(), "There is no such character.")
    else:
        require(write.about == write.user, NOT_YOURS)
    await thing_index.await_things(unit, write.user, thing_index.CHOICES, write.about)
    await tables.Choice.filter(user_id=write.user, about=write.about).using_db(unit.db).delete()
    if write.choices == Choices():
        return
    place = Place(write.about, write.user, conversation)
    await tables.Choice.create(
        using_db=unit.db,
        about=write.about,
        **OF_A_CHOICE.seal(key, place, msgspec.msgpack.encode(write.choices)),
        **unit.owned(write.user),
    )


async def key_of(unit: Unit, conversation: UUID, user: UUID) -> DataKey:
    conversations = tables.Conversation.filter(id=conversation, user_id=user).using_db(unit.db)
    found = await conversations.values_list("title_key_id", "user_id")
    key_id, _ = first(found, "There is no such conversation.")
    return await unit.keys.key(unit.db, key_id)


async def drop_choices(unit: Unit, conversation: UUID) -> None:
    await tables.Choice.filter(about=conversation).using_db(unit.db).delete()


# -- reads --------------------------------------------------------------------------------------


def open_persona(secrets: Secrets, row: Row) -> Persona:
    data = OF_A_PERSONA.open(secrets, Place(row["id"], row["user_id"]), row)
    body = msgspec.msgpack.decode(data, type=Described)
    return Persona(row["id"], body.name, body.description, row["portrait"], row["thumb"], row["created_ms"])


def open_preset(secrets: Secrets, row: Row) -> Preset:
    data = OF_A_PRESET.open(secrets, Place(row["id"], row["user_id"]), row)
    body = msgspec.msgpack.decode(data, type=Named)
    return Preset(row["id"], body.name, body.settings, row["created_ms"])


async def find_personas(unit: Unit, query: FindPersonas) -> list[Persona]:
    mine = tables.Persona.filter(user_id=query.user, removed_ms=0).using_db(unit.db)
    rows = await mine.order_by("created_ms", "id").values(*PERSONA)
    secrets = await secrets_of(unit, rows, OF_A_PERSONA)
    return [open_persona(secrets, row) for row in rows]


async def find_presets(unit: Unit, query: FindPresets) -> list[Preset]:
    mine = tables.Preset.filter(user_id=query.user, removed_ms=0).using_db(unit.db)
    rows = await mine.order_by("created_ms", "id").values(*PRESET)
    secrets = await secrets_of(unit, rows, OF_A_PRESET)
    return [open_preset(secrets, row) for row in rows]


async def find_choices(unit: Unit, query: FindChoices) -> Choices:
    return await choices(unit, query.user, query.about, NOWHERE)


async def choices(unit: Unit, user: UUID, about: UUID, conversation: UUID) -> Choices:
    rows = await ONE_CHOICE.rows(unit.db, user, about)
    if not rows:
        return Choices()
    secrets = await secrets_of(unit, rows, OF_A_CHOICE)
    data = OF_A_CHOICE.open(secrets, Place(about, user, conversation), rows[0])
    return msgspec.msgpack.decode(data, type=Choices)


async def find_chosen(unit: Unit, query: FindChosen) -> Chosen:
    versions = await WHOSE_VERSION.rows(unit.db, query.version)
    own, character = Choices(), Choices()
    if query.conversation is not None:
        own = await choices(unit, query.user, query.conversation, query.conversation)
    if versions:
        character = await choices(unit, query.user, versions[0]["character_id"], NOWHERE)
    everywhere = await choices(unit, query.user, query.user, NOWHERE)
    levels = (own, character, everywhere)
    return Chosen(
        own,
        character,
        everywhere,
        await personas_named(unit, query.user, levels),
        await presets_named(unit, query.user, levels),
    )


async def personas_named(unit: Unit, user: UUID, levels: Iterable[Choices]) -> tuple[Persona, ...]:
    named = {level.persona for level in levels if level.persona not in {None, NOBODY}}
    rows = [row for each in named for row in await ONE_PERSONA.rows(unit.db, user, each)]
    secrets = await secrets_of(unit, rows, OF_A_PERSONA)
    return tuple(open_persona(secrets, row) for row in sorted(rows, key=by_id))


async def presets_named(unit: Unit, user: UUID, levels: Iterable[Choices]) -> tuple[Preset, ...]:
    named = {own_preset(level.replies) for level in levels if level.replies is not None}
    rows = [row for each in named if each for row in await ONE_PRESET.rows(unit.db, user, each)]
    secrets = await secrets_of(unit, rows, OF_A_PRESET)
    return tuple(open_preset(secrets, row) for row in sorted(rows, key=by_id))


def by_id(row: Row) -> UUID:
    return row["id"]


def own_preset(settings: ReplySettings) -> UUID | None:
    """The id of the preset of one's own that they are based on."""
    try:
        return UUID(hex=settings.preset)
    except ValueError:
        return None
