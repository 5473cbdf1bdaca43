"""An author's changes to a card, made on its tree: what was not changed stays as it came, to the last digit.

The result is of V3. Its texts are those of the form; a copy of a text that some programs keep beside `data`
goes on saying the same as the text. Assets keep what the form does not know of them.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from actors.character.card import DEFAULT_ICON, Card
from actors.character.formats.card_view import ALIASES, V3, card_view, data_of, spec_of
from actors.character.formats.carried import Contents
from actors.character.formats.json_tree import parse_tree, plain, tree_bytes
from actors.character.formats.limits import CardLimits
from actors.character.formats.placing import Names, Tree, asset_paths, assets_of, charx_path, with_data
from actors.character.formats.specs import as_spec
from actors.character.formats.warnings import Warnings

EMBEDDED = "embeded://"  # spelt so in the format
MAIN_ICON: Tree = {"type": "icon", "uri": DEFAULT_ICON, "name": "main", "ext": "png"}


class CannotEditError(Exception):
    """The form names what the card does not have: fetch the card again."""

    code = "edit"
    facts = ()


class LanguageNote(Struct, frozen=True):
    """What the creator says to people of one language (ISO 639-1)."""

    language: str
    text: str


class CardTexts(Struct, frozen=True, forbid_unknown_fields=True):
    """Every text of a V3 card that its author writes; the names are those of the format."""

    name: str
    nickname: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    first_mes: str = ""
    alternate_greetings: tuple[str, ...] = ()
    group_only_greetings: tuple[str, ...] = ()
    mes_example: str = ""
    system_prompt: str = ""
    post_history_instructions: str = ""
    creator: str = ""
    character_version: str = ""
    tags: tuple[str, ...] = ()
    creator_notes: str = ""
    creator_notes_multilingual: tuple[LanguageNote, ...] = ()


class AssetEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """One asset, in the order they shall have. `at`: its place among those the card has; -1: a new one, whose
    picture was brought under the id `picture`."""

    type: str
    name: str
    at: int = -1
    picture: str = ""


def texts_of(card: Card) -> CardTexts:
    said = {name: getattr(card, name) for name in CardTexts.__struct_fields__[:-1]}
    notes = card.creator_notes_multilingual.items()
    return CardTexts(
        **said, creator_notes_multilingual=tuple(LanguageNote(language, text) for language, text in notes)
    )


def new_tree(now_s: int) -> Tree:
    """A card of which nothing is said yet."""
    empty: Tree = {
        name: [] if isinstance(value, tuple) else value
        for name, value in msgspec.structs.asdict(CardTexts("")).items()
    }
    del empty["creator_notes_multilingual"]
    return {
        "spec": V3,
        "spec_version": "3.0",
        "data": {**empty, "extensions": {}, "creation_date": now_s},
    }


def with_texts(tree: Tree, texts: CardTexts) -> Tree:
    """As V3, with these texts in the place of those it had."""
    spec = spec_of(tree, Warnings(0))
    before = texts_of(card_view(tree, Warnings(0)))
    made = as_spec(tree, spec, V3)
    data, beside = dict(data_of(made)), dict(made)
    for name in CardTexts.__struct_fields__:
        if getattr(texts, name) == getattr(before, name):
            continue
        old, new = data.get(name), raw(name, getattr(texts, name), data.get(name))
        data[name] = new
        for copy in (name, *ALIASES.get(name, ())):
            if copy != "data" and copy in beside and beside[copy] == old:
                beside[copy] = new
    return with_data(beside, data)


def raw(name: str, value: Any, old: Any) -> Any:
    """A value as JSON has it. Notes that are no texts stay: they are another program's."""
    if name != "creator_notes_multilingual":
        return list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
    had = cast("Tree", old) if isinstance(old, dict) else {}
    kept = {language: note for language, note in had.items() if not isinstance(note, str)}
    return kept | {note.language: note.text for note in cast("tuple[LanguageNote, ...]", value)}


def book_text(tree: Tree) -> str:
    """The lorebook as JSON that any program reads; "" where there is none."""
    book = data_of(tree).get("character_book")
    return tree_bytes(plain(book)).decode() if isinstance(book, dict) else ""


def with_book(tree: Tree, text: str, limits: CardLimits) -> Tree:
    """With this lorebook, or with none. Entries that are as they were keep their numbers to the last digit.
    Raises a CardTrouble where it is no JSON."""
    data = data_of(tree)
    if text == book_text(tree):
        return tree
    if not text:
        return with_data(tree, {name: value for name, value in data.items() if name != "character_book"})
    book = parse_tree(text.encode(), limits, Warnings(0))
    if not isinstance(book, dict):
        raise CannotEditError("The lorebook is no object.")
    wanted = cast("Tree", book)
    found: Any = data.get("character_book")
    had = {tree_bytes(plain(entry)): entry for entry in entries_of(found)}
    if isinstance(wanted.get("entries"), list):
        wanted["entries"] = [had.get(tree_bytes(entry), entry) for entry in entries_of(wanted)]
    return with_data(tree, {**data, "character_book": wanted})


def entries_of(book: Any) -> list[Any]:
    found: Any = cast("Tree", book).get("entries") if isinstance(book, dict) else None
    return cast("list[Any]", found) if isinstance(found, list) else []


def with_assets(contents: Contents, wanted: tuple[AssetEdit, ...], pictures: Mapping[str, bytes]) -> Contents:
    """With these assets alone; files that only a removed one named go with it. Raises CannotEditError."""
    tree, files = contents.tree, dict(contents.files)
    said = assets_of(tree)
    had = said or []
    names = Names(files, lambda _: True, iter(()))
    made: list[Any] = []
    for edit in wanted:
        if edit.at >= len(had) or (edit.at < 0 and edit.picture not in pictures):
            raise CannotEditError("The form names a picture that is not there.")
        if edit.at >= 0:
            made.append(changed(had[edit.at], edit))
            continue
        data = pictures[edit.picture]
        asset: Tree = {"type": edit.type, "uri": "", "name": edit.name, "ext": "png"}
        path = names.free(charx_path(asset, data))
        files[path] = data
        made.append({**asset, "uri": EMBEDDED + path})
    if made == had:
        return contents
    if said is None:  # till now the picture of the card was its only asset, without a word
        made.insert(0, dict(MAIN_ICON))
    found: Any = data_of(tree).get("assets")
    foreign = [one for one in cast("list[Any]", found or []) if not isinstance(one, dict)]
    tree = with_data(tree, {**data_of(tree), "assets": made + foreign})
    return without_lost_files(contents.tree, Contents(tree, files, contents.picture))


def changed(asset: Tree, edit: AssetEdit) -> Tree:
    same = (asset.get("type", ""), asset.get("name", "")) == (edit.type, edit.name)
    return asset if same else {**asset, "type": edit.type, "name": edit.name}


def with_portrait(contents: Contents, picture: bytes) -> Contents:
    """The picture of the card is this PNG, and its main icon is the picture of the card."""
    tree = contents.tree
    if assets_of(tree) is not None:
        assets = [
            {**asset, "uri": DEFAULT_ICON, "ext": "png"} if is_main_icon(asset) else asset
            for asset in cast("list[Any]", data_of(tree)["assets"])
        ]
        if not any(is_main_icon(asset) for asset in assets):
            assets.insert(0, dict(MAIN_ICON))
        tree = with_data(tree, {**data_of(tree), "assets": assets})
    return without_lost_files(contents.tree, Contents(tree, contents.files, picture))


def is_main_icon(asset: Any) -> bool:
    if not isinstance(asset, dict):
        return False
    said = cast("Tree", asset)
    return said.get("type") == "icon" and said.get("name") == "main"


def without_lost_files(before: Tree, contents: Contents) -> Contents:
    """Without the files that an asset named before and none does now."""
    lost = asset_paths(before) - asset_paths(contents.tree)
    files = {path: data for path, data in contents.files.items() if path not in lost}
    return Contents(contents.tree, files, contents.picture)


def dated(tree: Tree, now_s: int) -> Tree:
    """Changed now."""
    return with_data(tree, {**data_of(tree), "modification_date": now_s})
