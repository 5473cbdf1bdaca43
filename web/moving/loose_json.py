"""Loose JSON: what a file of another program says in the place where it is looked for, and nothing else."""

from typing import Any, cast

from msgspec.structs import replace

from actors.character.formats.json_tree import parse_tree
from actors.character.formats.limits import CardLimits
from actors.character.formats.troubles import BrokenJsonError
from actors.character.formats.warnings import Warnings
from actors.conversation.formats.chat import clean

Fields = dict[str, Any]

MOST = 2**53
"""A number that is larger is none."""


def fields_of(data: bytes, limits: CardLimits, most_bytes: int) -> Fields:
    """Raises a CardTrouble."""
    tree = parse_tree(data, replace(limits, json_bytes=most_bytes), Warnings(0))
    if not isinstance(tree, dict):
        raise BrokenJsonError("The JSON is no object.", "json_no_object")
    return cast("Fields", tree)


def text_in(fields: Fields, name: str) -> str:
    return clean(fields.get(name))


def dict_in(fields: Fields, *path: str) -> Fields:
    value: Any = fields
    for name in path:
        value = cast("Fields", value).get(name) if isinstance(value, dict) else None
    return cast("Fields", value) if isinstance(value, dict) else {}


def list_in(fields: Fields, name: str) -> list[Any]:
    value = fields.get(name)
    return cast("list[Any]", value) if isinstance(value, list) else []


def texts_in(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(clean(each) for each in list_in(fields, name) if isinstance(each, str))


def number_in(fields: Fields, name: str, otherwise: int) -> int:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST:
        return value
    return otherwise
