"""Personas, presets and what is chosen of them, in the memory of the fake storage."""

from uuid import UUID

from actors.messages.choices import Choices, Chosen, Persona, Preset
from actors.messages.choosing import (
    FindChoices,
    FindChosen,
    PutPersona,
    PutPreset,
    RemovePersona,
    RemovePreset,
    SetChoices,
)
from tests.fakes.memory_tables import Tables, conversation_of, require

# -- writes -------------------------------------------------------------------------------------


def put_persona(tables: Tables, write: PutPersona) -> None:
    known = tables.personas.get(write.persona.id)
    require(known is None or known.user == write.user, "another user's")
    tables.put(tables.personas, write.persona.id, write)
    tables.drop(tables.removed, write.persona.id)


def remove_persona(tables: Tables, write: RemovePersona) -> None:
    known = tables.personas.get(write.persona)
    require(known is not None and known.user == write.user, "not this user's")
    tables.put(tables.removed, write.persona, write.removed_ms)
    if not write.removed_ms:
        tables.drop(tables.removed, write.persona)


def put_preset(tables: Tables, write: PutPreset) -> None:
    known = tables.presets.get(write.preset.id)
    require(known is None or known.user == write.user, "another user's")
    tables.put(tables.presets, write.preset.id, write)
    tables.drop(tables.removed, write.preset.id)


def remove_preset(tables: Tables, write: RemovePreset) -> None:
    known = tables.presets.get(write.preset)
    require(known is not None and known.user == write.user, "not this user's")
    tables.put(tables.removed, write.preset, write.removed_ms)
    if not write.removed_ms:
        tables.drop(tables.removed, write.preset)


def set_choices(tables: Tables, write: SetChoices) -> None:
    match write.level:
        case "conversation":
            row = conversation_of(tables, write.about)
            require(row.user == write.user, "another user's")
        case "character":
            require(write.about in tables.owners, "no such character")
        case "all":
            require(write.about == write.user, "another user's")
    tables.put(tables.choices, (write.user, write.about), write.choices)


# -- reads --------------------------------------------------------------------------------------


def personas_of(tables: Tables, user: UUID) -> list[Persona]:
    rows = [p.persona for p in tables.personas.values() if p.user == user]
    return sorted((p for p in rows if p.id not in tables.removed), key=lambda p: p.created_ms)


def presets_of(tables: Tables, user: UUID) -> list[Preset]:
    rows = [p.preset for p in tables.presets.values() if p.user == user]
    return sorted((p for p in rows if p.id not in tables.removed), key=lambda p: p.created_ms)


def find_choices(tables: Tables, query: FindChoices) -> Choices:
    return tables.choices.get((query.user, query.about), Choices())


def find_chosen(tables: Tables, query: FindChosen) -> Chosen:
    version = tables.versions.get(query.version)
    abouts = (query.conversation, version.character if version else None, query.user)
    levels = tuple(tables.choices.get((query.user, a), Choices()) if a else Choices() for a in abouts)
    personas = {level.persona for level in levels if level.persona}
    presets = {level.replies.preset for level in levels if level.replies}
    named = [p for p in personas_of(tables, query.user) if p.id in personas]
    based = [p for p in presets_of(tables, query.user) if p.id.hex in presets]
    own, character, everywhere = levels
    return Chosen(
        own,
        character,
        everywhere,
        tuple(sorted(named, key=lambda p: p.id)),
        tuple(sorted(based, key=lambda p: p.id)),
    )
