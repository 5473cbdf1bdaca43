"""The typed view of a card's tree, whatever version it is of, and what was odd about it."""

from typing import Any, cast

from msgspec import Struct

from actors.character.card import Asset, Card
from actors.character.formats.fields import Fields
from actors.character.formats.json_tree import plain_text
from actors.character.formats.lore_view import book_view
from actors.character.formats.troubles import LorebookAloneError, NoCardError
from actors.character.formats.uris import kind_of
from actors.character.formats.warnings import Place, Warnings

V1, V2, V3 = "chara_card_v1", "chara_card_v2", "chara_card_v3"
BOOK = "lorebook_v3"
CARD: Place = ("card", 0)
NEWEST = 3.0
ALIASES = {
    "name": ("char_name",),
    "description": ("char_persona", "context"),
    "scenario": ("world_scenario",),
    "first_mes": ("char_greeting", "greeting"),
    "mes_example": ("example_dialogue",),
}
"""V1 fields as Pygmalion and text-generation-webui call them."""
SIGNS = ("personality", "scenario", "first_mes", "mes_example")
"""What no other JSON with a name has."""
ASSET_TYPES = ("icon", "background", "user_icon", "emotion")


class Spec(Struct, frozen=True):
    """What the card says it is."""

    name: str  # chara_card_v2 …
    version: str


def spec_of(tree: Any, warnings: Warnings) -> Spec:
    """Raises NoCardError where the JSON is something else."""
    if not isinstance(tree, dict):
        raise NoCardError("The JSON is no card: it is no object.", "no_card_json")
    said = cast("dict[str, Any]", tree)
    spec, data = said.get("spec"), said.get("data")
    if spec == BOOK or ("entries" in said and not isinstance(data, dict) and not is_v1(said)):
        raise LorebookAloneError("The file is a lorebook alone, without a character.", "lorebook_alone")
    if not isinstance(data, dict):
        if not is_v1(said):
            raise NoCardError("The JSON is no character card.", "no_card_json")
        if spec is not None:
            warnings.add("spec_no_data", str(spec))
        return Spec(V1, "1.0")
    if not isinstance(spec, str) or not spec:
        warnings.add("spec_missing")
        spec = V2
    elif spec not in {V2, V3}:
        warnings.add("spec_unknown", spec)
    return Spec(plain_text(spec), spec_version(said, spec, warnings))


def spec_version(said: dict[str, Any], spec: str, warnings: Warnings) -> str:
    usual = "2.0" if spec == V2 else "3.0"
    value: Any = said.get("spec_version")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        warnings.odd("odd_version", CARD, "spec_version", value, usual)
        return usual
    if number > NEWEST:
        warnings.add("spec_newer", str(value))
    elif number != float(usual) and spec in {V2, V3}:
        warnings.add("spec_other", spec, str(value))
    return plain_text(str(value))


def is_v1(said: dict[str, Any]) -> bool:
    def has(name: str) -> bool:
        return any(isinstance(said.get(each), str) for each in (name, *ALIASES.get(name, ())))

    return has("name") and any(has(each) for each in SIGNS)


def data_of(tree: dict[str, Any]) -> dict[str, Any]:
    """The object that has the card's fields."""
    data = tree.get("data")
    return cast("dict[str, Any]", data) if isinstance(data, dict) else tree


def card_view(tree: dict[str, Any], warnings: Warnings) -> Card:
    said = Fields(data_of(tree), CARD, warnings)
    names = {} if said.tree is not tree else ALIASES

    def text(name: str) -> str:
        return said.text(name, *names.get(name, ()))

    if not text("name").strip():
        warnings.add("no_name")
    return Card(
        name=text("name"),
        description=text("description"),
        personality=text("personality"),
        scenario=text("scenario"),
        first_mes=text("first_mes"),
        mes_example=text("mes_example"),
        creator_notes=text("creator_notes"),
        system_prompt=text("system_prompt"),
        post_history_instructions=text("post_history_instructions"),
        alternate_greetings=said.texts("alternate_greetings"),
        tags=said.texts("tags", commas=True),
        creator=text("creator"),
        character_version=text("character_version"),
        extensions=said.object("extensions"),
        book=book(said),
        assets=assets(said),
        nickname=text("nickname"),
        creator_notes_multilingual=languages(said),
        source=said.texts("source"),
        group_only_greetings=said.texts("group_only_greetings"),
        creation_date=said.count("creation_date"),
        modification_date=said.count("modification_date"),
    )


def book(said: Fields) -> Any:
    value = said.get("character_book")
    if isinstance(value, dict):
        return book_view(cast("dict[str, Any]", value), said.warnings)
    if value is not None:
        said.odd("odd_book", "character_book", value)
    return None


def languages(said: Fields) -> dict[str, str]:
    found = said.object("creator_notes_multilingual")
    fit = {name: text for name, text in found.items() if isinstance(text, str)}
    if len(fit) != len(found):
        said.odd("odd_texts_some", "creator_notes_multilingual", found)
    return fit


def assets(said: Fields) -> tuple[Asset, ...]:
    """None at all means the picture of the card itself."""
    value = said.get("assets")
    if value is None:
        return Card().assets
    if not isinstance(value, list):
        said.odd("odd_list", "assets", value)
        return Card().assets
    found = cast("list[Any]", value)
    fit = [
        asset(cast("dict[str, Any]", each), at, said.warnings)
        for at, each in enumerate(found, 1)
        if isinstance(each, dict)
    ]
    if len(fit) != len(found):
        said.warnings.add("assets_none", len(found) - len(fit))
    icons = [each.name for each in fit if each.type == "icon"]
    mains = icons.count("main")
    if len(icons) > 1 and mains != 1:
        said.warnings.add("icons_main", mains)
    return tuple(fit)


def asset(tree: dict[str, Any], at: int, warnings: Warnings) -> Asset:
    said = Fields(tree, ("asset", at), warnings)
    read = Asset(
        said.text("type"), said.text("uri"), said.text("name"), said.text("ext").lower().removeprefix(".")
    )
    if read.type not in ASSET_TYPES and not read.type.startswith("x_"):
        warnings.add("asset_type", at, read.type)
    if kind_of(read.uri) == "remote":
        warnings.add("asset_remote", at, read.uri)
    return read
