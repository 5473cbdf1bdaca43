"""Messages of durability about personas, presets and choices.

Rows, writes and questions as in actors/messages/archive.py, which has the table of who sends what.
"""

from uuid import UUID

from msgspec import Struct

from actors.messages.choices import Choices, Level, Persona, Preset


class PutPersona(Struct, frozen=True):
    """A new persona of the user's, or one that is there as it is to be. Refused where it is another's."""

    persona: Persona
    user: UUID


class RemovePersona(Struct, frozen=True):
    """Nobody can choose it any more; with `removed_ms` 0 it comes back."""

    persona: UUID
    user: UUID
    removed_ms: int


class PutPreset(Struct, frozen=True):
    """A new preset of the user's, or one that is there as it is to be. Refused where it is another's."""

    preset: Preset
    user: UUID


class RemovePreset(Struct, frozen=True):
    """With `removed_ms` 0 it comes back."""

    preset: UUID
    user: UUID
    removed_ms: int


class SetChoices(Struct, frozen=True):
    """What the user chooses for `about`: a conversation, a character, or (themselves) everything."""

    user: UUID
    level: Level
    about: UUID
    choices: Choices


class FindPersonas(Struct, frozen=True):
    """→ list[Persona] of the user, oldest first, without the removed ones"""

    user: UUID


class FindPresets(Struct, frozen=True):
    """→ list[Preset] of the user, likewise"""

    user: UUID


class FindChoices(Struct, frozen=True):
    """→ Choices that the user has made for `about`"""

    user: UUID
    about: UUID


class FindChosen(Struct, frozen=True):
    """→ Chosen: what counts for a conversation of the user with that character version; None: a new one"""

    user: UUID
    version: UUID
    conversation: UUID | None = None
