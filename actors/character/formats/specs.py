"""A card's tree as another version of the format. Nothing but what the version demands is changed."""

from collections.abc import Callable
from typing import Any, cast

from actors.character.decorators import LINE, read_decorators
from actors.character.formats.card_view import ALIASES, V1, V2, V3, Spec, data_of

Tree = dict[str, Any]

V1_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
V2_DATA: Tree = {
    "creator_notes": "",
    "system_prompt": "",
    "post_history_instructions": "",
    "alternate_greetings": [],
    "tags": [],
    "creator": "",
    "character_version": "",
    "extensions": {},
}
"""What V2 demands beyond V1."""
V3_DATA: Tree = {"group_only_greetings": []}
V3_ENTRY: Tree = {"use_regex": False}
"""What V3 demands beyond V2."""


def as_spec(tree: Tree, spec: Spec, wanted: str) -> Tree:
    """The tree as V2 or V3; the tree itself where it is so already. A newer one counts as V3."""
    if wanted == V2:
        return tree if spec.name == V2 else as_v2(tree, spec)
    return as_v3(tree, spec) if spec.name in {V1, V2} else tree


def as_v3(tree: Tree, spec: Spec) -> Tree:
    if spec.name == V1:
        tree = from_v1(tree)
    data = with_entries(filled(data_of(tree), V3_DATA), lambda entry: filled(entry, V3_ENTRY))
    return {**tree, "spec": V3, "spec_version": "3.0", "data": data}


def as_v2(tree: Tree, spec: Spec) -> Tree:
    """Decorators are taken out of the lore: a V2 program would show them to the model as text. Other fields
    of V3 stay, for programs keep what they do not know; those that say nothing go.
    """
    if spec.name == V1:
        return from_v1(tree)
    data = with_entries(without(data_of(tree), V3_DATA), v2_entry)
    return {**tree, "spec": V2, "spec_version": "2.0", "data": data}


def from_v1(tree: Tree) -> Tree:
    """The flat fields stay beside `data`, as SillyTavern has it: V1 programs read them there."""
    data: Tree = {}
    for name in V1_FIELDS:
        names = (name, *ALIASES.get(name, ()))
        data[name] = next((tree[each] for each in names if isinstance(tree.get(each), str)), "")
    data |= {name: tree.get(name, value) for name, value in V2_DATA.items()}
    if "character_book" in tree:
        data["character_book"] = tree["character_book"]
    return {**tree, "spec": V2, "spec_version": "2.0", "data": data}


def filled(tree: Tree, defaults: Tree) -> Tree:
    return {**tree, **{name: value for name, value in defaults.items() if name not in tree}}


def without(tree: Tree, defaults: Tree) -> Tree:
    return {name: value for name, value in tree.items() if name not in defaults or value != defaults[name]}


def with_entries(data: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The card's data with every entry of its book changed; other books are left as they are."""
    book = data.get("character_book")
    if not isinstance(book, dict) or not isinstance(cast("Tree", book).get("entries"), list):
        return data
    found = cast("list[Any]", book["entries"])
    entries = [change(cast("Tree", entry)) if isinstance(entry, dict) else entry for entry in found]
    return {**data, "character_book": {**cast("Tree", book), "entries": entries}}


def v2_entry(entry: Tree) -> Tree:
    entry = without(entry, V3_ENTRY)
    content = entry.get("content")
    return {**entry, "content": without_decorators(content)} if isinstance(content, str) else entry


def without_decorators(content: str) -> str:
    """The content without the decorators at its head; one without any stays as it is."""
    first = next((line for line in content.split("\n") if line.strip()), "")
    return read_decorators(content)[1] if LINE.fullmatch(first.strip("\r")) else content
