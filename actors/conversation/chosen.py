"""Chosen: which of the choices of three levels counts: that of the conversation before that of its character,
and that before the one for everything. Pure.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from actors.instruct import MODELS_OWN, PromptFormat
from actors.messages.choices import NOBODY, AuthorsNote, Choices, Chosen, Persona, Preset, ReplySettings
from actors.messages.generation import Circumstances, Note, Sampling
from actors.presets import PRESETS

OTHERS = {"preset", "format"}  # settings of replies that are none of Sampling


def levels(chosen: Chosen) -> tuple[Choices, Choices, Choices]:
    return chosen.conversation, chosen.character, chosen.everywhere


def nearest(chosen: Chosen, name: str, other: Any) -> Any:
    """The value of that field at the nearest level that has one."""
    found = (getattr(level, name) for level in levels(chosen))
    return next((value for value in found if value is not None), other)


def persona_of(chosen: Chosen) -> Persona | None:
    """Who the user is; None: themselves. One that was removed is passed over."""
    known = {persona.id: persona for persona in chosen.personas}
    for level in levels(chosen):
        if level.persona == NOBODY:
            return None
        if level.persona is not None and level.persona in known:
            return known[level.persona]
    return None


def sampling_of(chosen: Chosen, usual: Sampling) -> Sampling:
    """`usual` is what the node uses."""
    return sampled(nearest(chosen, "replies", ReplySettings()), chosen.presets, usual)


def sampled(settings: ReplySettings, presets: Iterable[Preset], usual: Sampling) -> Sampling:
    """A preset that is there no more counts as none."""
    own = next((preset for preset in presets if preset.id.hex == settings.preset), None)
    base = sampled(own.settings, (), usual) if own is not None else PRESETS.get(settings.preset, usual)
    return msgspec.structs.replace(base, **changes(settings))


def changes(settings: ReplySettings) -> dict[str, Any]:
    """Fields of Sampling, and what they are to be."""
    said = msgspec.structs.asdict(settings)
    return {name: value for name, value in said.items() if name not in OTHERS and value is not None}


def format_of(settings: ReplySettings, presets: Iterable[Preset]) -> PromptFormat:
    """That of the prompt, by the preset where the settings say nothing."""
    own = next((preset for preset in presets if preset.id.hex == settings.preset), None)
    return settings.format or (own.settings.format if own is not None else None) or MODELS_OWN


def note_for(chosen: Chosen, said: int) -> Note:
    """The author's note after that many messages of the user; without text where it is not due."""
    note: AuthorsNote = nearest(chosen, "note", AuthorsNote())
    is_due = note.every > 0 and said % note.every == 0
    return note.note if is_due and note.text.strip() else Note()


def with_choices(found: Circumstances, chosen: Chosen, said: int) -> Circumstances:
    """What the user adds to the prompt of a reply after that many of their messages."""
    persona = persona_of(chosen)
    wanted = format_of(nearest(chosen, "replies", ReplySettings()), chosen.presets)
    return msgspec.structs.replace(
        found,
        format=wanted if wanted != MODELS_OWN else "",
        user_icon=persona.name if persona is not None and persona.portrait else "",
        note=note_for(chosen, said),
        system_prompt=nearest(chosen, "system_prompt", ""),
        post_history_instructions=nearest(chosen, "post_history_instructions", ""),
        own_instructions_win=nearest(chosen, "own_instructions_win", other=False),
    )
