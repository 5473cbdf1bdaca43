"""settings.json of SillyTavern: who its user is, and what belongs to what. Pure."""

from typing import Any, cast

from msgspec import Struct

from actors.conversation.formats.chat import clean
from actors.messages.generation import Role
from web.moving.loose_json import Fields, dict_in, list_in, number_in, text_in, texts_in

CHAT_COMPLETION = "openai"
"""main_api, where the instructions are those of a chat completion preset."""


class PersonaFound(Struct, frozen=True):
    """A persona: its picture's file is what others name it by. `cards`: of the characters it is for."""

    avatar: str
    name: str
    description: str
    lorebook: str
    cards: tuple[str, ...]


class Habits(Struct, frozen=True):
    """`tags`: file of a card → its tags. `everywhere`: names of lorebooks that count for all; `more_lore`:
    name of a card's file without its ending → further lorebooks of that character."""

    personas: dict[str, PersonaFound] = {}
    usual_persona: str = ""
    tags: dict[str, tuple[str, ...]] = {}
    everywhere: tuple[str, ...] = ()
    more_lore: dict[str, tuple[str, ...]] = {}
    system_prompt: str = ""
    post_history: str = ""


def habits_of(settings: Fields) -> Habits:
    power = dict_in(settings, "power_user")
    lore = dict_in(settings, "world_info_settings", "world_info") or dict_in(settings, "world_info")
    system_prompt, post_history = instructions_of(settings, power)
    return Habits(
        personas=personas_of(power),
        usual_persona=text_in(power, "default_persona"),
        tags=tags_of(settings),
        everywhere=texts_in(lore, "globalSelect"),
        more_lore={
            text_in(each, "name").casefold(): texts_in(each, "extraBooks")
            for each in objects(list_in(lore, "charLore"))
        },
        system_prompt=system_prompt,
        post_history=post_history,
    )


def personas_of(power: Fields) -> dict[str, PersonaFound]:
    found: dict[str, PersonaFound] = {}
    described = dict_in(power, "persona_descriptions")
    for avatar, name in dict_in(power, "personas").items():
        about = dict_in(described, avatar)
        links = objects(list_in(about, "connections"))
        found[avatar] = PersonaFound(
            avatar=avatar,
            name=clean(name),
            description=text_in(about, "description"),
            lorebook=text_in(about, "lorebook"),
            cards=tuple(text_in(each, "id") for each in links if text_in(each, "type") == "character"),
        )
    return found


def tags_of(settings: Fields) -> dict[str, tuple[str, ...]]:
    names = {text_in(tag, "id"): text_in(tag, "name") for tag in objects(list_in(settings, "tags"))}
    return {
        card.casefold(): tuple(names[tag] for tag in texts_in({"": ids}, "") if names.get(tag))
        for card, ids in dict_in(settings, "tag_map").items()
    }


def instructions_of(settings: Fields, power: Fields) -> tuple[str, str]:
    """Those that every conversation begins and ends with: "" where there are none."""
    if text_in(settings, "main_api") == CHAT_COMPLETION:
        prompts = objects(list_in(dict_in(settings, "oai_settings"), "prompts"))
        by_name = {text_in(each, "identifier"): text_in(each, "content") for each in prompts}
        return by_name.get("main", "").strip(), by_name.get("jailbreak", "").strip()
    own = dict_in(power, "sysprompt")
    if own.get("enabled") is not True:
        return "", ""
    return text_in(own, "content").strip(), text_in(own, "post_history").strip()


def objects(values: list[Any]) -> list[Fields]:
    return [cast("Fields", value) for value in values if isinstance(value, dict)]


class NoteFound(Struct, frozen=True):
    """The author's note of a chat; `every` 0: it is turned off."""

    text: str
    depth: int
    role: Role
    every: int


SAID = ("note_prompt", "persona", "world_info")
COUNTED = ("note_interval", "note_depth", "note_position", "note_role")


def about_of(metadata: Fields) -> Fields:
    """What is wanted of the metadata of a chat."""
    texts = {name: text_in(metadata, name) for name in SAID if text_in(metadata, name)}
    numbers = {name: number_in(metadata, name, ODD) for name in COUNTED}
    return {**texts, **{name: value for name, value in numbers.items() if value != ODD}}


IN_CHAT = 1
ODD = -1
ROLES: tuple[Role, ...] = ("system", "user", "assistant")
ABOVE_ALL = 10_000  # messages: before the talk, however long it is


def note_of(about: Fields) -> NoteFound | None:
    """`about`: the metadata of a chat."""
    text, every = text_in(about, "note_prompt").strip(), number_in(about, "note_interval", 1)
    if not text or every < 1:
        return None
    depth = (
        number_in(about, "note_depth", 4)
        if number_in(about, "note_position", IN_CHAT) == IN_CHAT
        else ABOVE_ALL
    )
    role = number_in(about, "note_role", 0)
    return NoteFound(text, max(0, depth), ROLES[role] if 0 <= role < len(ROLES) else ROLES[0], every)
