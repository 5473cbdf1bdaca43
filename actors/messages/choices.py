"""Choices: who a user is in a conversation, what they add to its prompt, and how its replies are made.

| message | sender → receiver |
| --- | --- |
| ChosenChanged | edge → session that is awake |

A choice is made for one conversation, for a character, or for all conversations. The nearest one counts.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.instruct import PromptFormat
from actors.messages.generation import Note, Role

NOBODY = UUID(int=0)
"""As the persona: the user as they are, whatever is chosen farther away."""

Level = Literal["all", "character", "conversation"]


class Persona(Struct, frozen=True):
    """Somebody the user is in a conversation. `description` goes into the prompt; `portrait` and `thumb` are
    asset ids, "" for none."""

    id: UUID
    name: str
    description: str = ""
    portrait: str = ""
    thumb: str = ""
    created_ms: int = 0


class AuthorsNote(Struct, frozen=True, forbid_unknown_fields=True):
    """See Note."""

    text: str = ""
    depth: int = 4
    role: Role = "system"
    every: int = 1

    @property
    def note(self) -> Note:
        return Note(self.text, self.depth, self.role, self.every)


class ReplySettings(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How replies are made: a preset, and what differs from it; null: as there. `preset` is the name of one
    that comes with Samovar, the id of one's own (hex), or "": what the node uses. `format` is the prompt's;
    the rest are fields of Sampling."""

    preset: str = ""
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    typical_p: float | None = None
    top_n_sigma: float | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    penalty_last_n: int | None = None
    dry_multiplier: float | None = None
    dry_base: float | None = None
    dry_allowed_length: int | None = None
    dry_last_n: int | None = None
    dry_breakers: tuple[str, ...] | None = None
    xtc_probability: float | None = None
    xtc_threshold: float | None = None
    dynamic_range: float | None = None
    dynamic_exponent: float | None = None
    max_tokens: int | None = None
    max_thought_tokens: int | None = None
    min_tokens: int | None = None
    stop: tuple[str, ...] | None = None
    format: PromptFormat | None = None


class Preset(Struct, frozen=True):
    """Reply settings of one's own, with a name. They are based on none of one's own."""

    id: UUID
    name: str
    settings: ReplySettings = ReplySettings()
    created_ms: int = 0


class Choices(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user has chosen at one level; null: what the next one says. `own_instructions_win`: over those
    of the card."""

    persona: UUID | None = None
    note: AuthorsNote | None = None
    system_prompt: str | None = None
    post_history_instructions: str | None = None
    own_instructions_win: bool | None = None
    replies: ReplySettings | None = None


class Chosen(Struct, frozen=True):
    """All that counts for a conversation: the three levels, and what they name and is there."""

    conversation: Choices = Choices()
    character: Choices = Choices()
    everywhere: Choices = Choices()
    personas: tuple[Persona, ...] = ()
    presets: tuple[Preset, ...] = ()


class ChosenChanged(Struct, frozen=True):
    """This counts for the conversation from now on."""

    chosen: Chosen
