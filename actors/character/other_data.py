"""What a card holds that no form shows: it is kept as it came, and listed so that its author knows of it."""

from typing import Any, cast

from msgspec import Struct

from actors.character.card import Card
from actors.character.formats.card_view import ALIASES, data_of
from actors.character.formats.carried import Contents
from actors.character.formats.json_tree import plain, tree_bytes
from actors.character.formats.placing import asset_paths

SHOWN = 2_000  # characters of a value
MOST = 200
KNOWN = frozenset(Card.__struct_encode_fields__) - {
    "extensions",
    "source",
    "creation_date",
    "modification_date",
}


class OtherData(Struct, frozen=True):
    """`where`: its path in the card, or the file's. `text`: the value as JSON, its beginning where it is
    long; of a file "". `size` in bytes."""

    where: str
    text: str
    size: int


def other_data(contents: Contents) -> tuple[OtherData, ...]:
    tree = contents.tree
    data = data_of(tree)
    found: list[OtherData] = []
    if data is not tree:
        found += [
            value_at(name, value)
            for name, value in tree.items()
            if name not in {"spec", "spec_version", "data"} and not is_copy(name, value, data)
        ]
    for name, value in data.items():
        if name == "extensions" and isinstance(value, dict):
            found += [
                value_at(f"extensions.{key}", each) for key, each in cast("dict[str, Any]", value).items()
            ]
        elif name not in KNOWN and name not in {"spec", "spec_version"}:
            found.append(value_at(name, value))
    named = asset_paths(tree)
    found += [
        OtherData(path, "", len(content)) for path, content in contents.files.items() if path not in named
    ]
    return tuple(found[:MOST])


def is_copy(name: str, value: Any, data: dict[str, Any]) -> bool:
    """A text that V1 programs read beside the data."""
    fields = [name, *(field for field, names in ALIASES.items() if name in names)]
    return any(field in data and data[field] == value for field in fields)


def value_at(where: str, value: Any) -> OtherData:
    text = tree_bytes(plain(value), indent=2).decode()
    return OtherData(where[:200], text[:SHOWN], len(text.encode()))
