"""REST bodies about choices: personas, settings of a conversation or a character, presets."""

from uuid import UUID

from msgspec import Struct

from actors.messages.choices import Choices, ReplySettings


class Persona(Struct, frozen=True):
    """GET /api/personas → list: who the user can be. `portrait` and `thumb` are paths on this server, or "".
    `standard`: where nothing nearer is chosen."""

    id: UUID
    name: str
    description: str
    portrait: str
    thumb: str
    standard: bool


class NewPersona(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/personas → Persona. Its picture: PUT /api/personas/<id>/picture, the file as it is."""

    name: str
    description: str = ""


class PersonaChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/personas/<id>; what is null stays."""

    name: str | None = None
    description: str | None = None
    removed: bool | None = None
    standard: bool | None = None


class ConversationChoices(Struct, frozen=True):
    """GET /api/conversations/<id>/choices: those of the three levels, the nearest first, and what the card
    brings of its own. PUT on the same path takes Choices, as do /api/characters/<id>/choices and
    /api/choices."""

    conversation: Choices
    character: Choices
    everywhere: Choices
    character_id: UUID | None  # null: the user sees it no more
    character_name: str
    own_name: str  # the user's, without a persona
    card_system_prompt: str
    card_post_history: str


class CharacterChoices(Struct, frozen=True):
    """GET /api/characters/<id>/choices"""

    character: Choices
    everywhere: Choices


class Preset(Struct, frozen=True):
    """Settings of replies with a name, all of them. `id` is what ReplySettings name it by; not `own`: it
    comes with Samovar."""

    id: str
    name: str
    settings: ReplySettings
    own: bool


class Presets(Struct, frozen=True):
    """GET /api/presets. `usual`: how replies are made where nothing is chosen."""

    usual: ReplySettings
    presets: tuple[Preset, ...]


class NewPreset(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/presets → Preset"""

    name: str
    settings: ReplySettings


class PresetChange(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/presets/<id>; what is null stays."""

    name: str | None = None
    settings: ReplySettings | None = None
    removed: bool | None = None


class PresetFile(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/presets/import: a sampler preset of SillyTavern → PresetRead"""

    name: str
    data: str  # the file's text


class PresetRead(Struct, frozen=True):
    """`left_out`: what the file says and Samovar has no counterpart of, by the file's names."""

    preset: Preset
    left_out: tuple[str, ...]
