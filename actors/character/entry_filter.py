"""Which characters an entry of lore is for: SillyTavern's `characterFilter` of a world's entry.

`{"isExclude": bool, "names": [...], "tags": [...]}`. Its names are those of the characters' files, without
suffix: the character's name as far as a file may be called so. Its tags are names, or ids that mean something
within one SillyTavern alone; an id says nothing here.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from msgspec import Struct

NO_FILE_HAS = re.compile(r'[/?<>\\:*|"\x00-\x1f]')
TAG_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class CharacterFilter(Struct, frozen=True):
    """`names` and `tags` are folded. Where there are both, both must allow a character."""

    names: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    exclude: bool = False  # for all but these

    def allows(self, names: Collection[str], tags: Collection[str]) -> bool:
        """Whether it is for the character who has one of these names. One who is not known has none."""
        if not names:
            return True
        named = any(file_name(name) in self.names for name in names)
        tagged = any(folded(tag) in self.tags for tag in tags)
        return not ((self.names and named is self.exclude) or (self.tags and tagged is self.exclude))


def character_filter(said: Mapping[str, Any]) -> CharacterFilter | None:
    """None where there is none, or an empty one."""
    value = said.get("characterFilter", said.get("character_filter"))
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    found = CharacterFilter(
        names=frozenset(file_name(each) for each in listed(fields, "names")),
        tags=frozenset(folded(each) for each in listed(fields, "tags") if not TAG_ID.fullmatch(each.strip())),
        exclude=fields.get("isExclude") is True,
    )
    return found if found.names or found.tags else None


def listed(said: Mapping[str, Any], name: str) -> list[str]:
    value = said.get(name)
    if not isinstance(value, list):
        return []
    return [each for each in cast("list[object]", value) if isinstance(each, str) and each.strip()]


def folded(text: str) -> str:
    return text.strip().casefold()


def file_name(name: str) -> str:
    """As it is compared: without what no file is called."""
    return folded(NO_FILE_HAS.sub("", name))
