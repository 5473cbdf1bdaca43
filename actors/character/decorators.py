"""Decorators: the leading `@@name value` lines of a lore entry's content.

Source: character card V3, "Decorators". A line `@@@name value` is the fallback of the line above it: it
counts where that one is not understood, is out of place in a chat, or has a value it cannot have. Of
several decorators of one name the first counts; only `@@additional_keys` may stand there several times.
"""

import re
from collections.abc import Callable, Container
from typing import Any

from msgspec import Struct

LINE = re.compile(r"(@{2,3})([A-Za-z_][A-Za-z0-9_]*)(?:[ \t]+(.*?))?[ \t]*")
LONGEST_CHAIN = 16
"""Fallbacks behind one decorator; the specification asks for five at least."""
MOST = 64
"""Decorators of one entry; further lines are dropped with them."""
ROLES = ("assistant", "system", "user")
POSITIONS = ("after_desc", "before_desc", "personality", "scenario")
PROMPTS = ("post_history_instructions", "system_prompt")


class Decorators(Struct, frozen=True):
    """What an entry's decorators ask for; None and () where they do not."""

    activate: bool = False
    dont_activate: bool = False
    activate_only_after: int | None = None  # replies of the character, at least
    activate_only_every: int | None = None
    keep_activate_after_match: bool = False
    dont_activate_after_match: bool = False
    depth: int | None = None  # messages from the end
    role: str | None = None
    scan_depth: int | None = None  # messages
    is_greeting: int | None = None  # 0: first_mes, 1: the first alternate greeting
    position: str | None = None
    ignore_on_max_context: bool = False
    additional_keys: tuple[tuple[str, ...], ...] = ()  # of each line one must be there
    exclude_keys: tuple[str, ...] = ()
    is_user_icon: str | None = None
    disable_ui_prompt: tuple[str, ...] = ()


class Unfit(Exception):  # noqa: N818 - never leaves this module
    """This value cannot be: the decorator is passed over."""


def number(value: str) -> int:
    try:
        return int(float(value))
    except (ValueError, OverflowError) as error:
        raise Unfit from error


def nothing(_value: str) -> bool:
    return True


def words(value: str) -> tuple[str, ...]:
    """Values separated by commas; one behind a backslash separates nothing."""
    found = tuple(part.replace("\\,", ",").strip() for part in re.split(r"(?<!\\),", value))
    found = tuple(part for part in found if part)
    if not found:
        raise Unfit
    return found


def word(value: str) -> str:
    if not value:
        raise Unfit
    return value


def positive(value: str) -> int:
    found = number(value)
    if found < 1:
        raise Unfit
    return found


def one_of(*choices: str) -> Callable[[str], str]:
    def choose(value: str) -> str:
        if value.lower() not in choices:
            raise Unfit
        return value.lower()

    return choose


def prompt(value: str) -> tuple[str, ...]:
    return (one_of(*PROMPTS)(value),)


UNDERSTOOD: dict[str, Callable[[str], Any]] = {
    "activate": nothing,
    "dont_activate": nothing,
    "activate_only_after": number,
    "activate_only_every": positive,
    "keep_activate_after_match": nothing,
    "dont_activate_after_match": nothing,
    "depth": number,
    "role": one_of(*ROLES),
    "scan_depth": number,
    "is_greeting": number,
    "position": one_of(*POSITIONS),
    "ignore_on_max_context": nothing,
    "additional_keys": words,
    "exclude_keys": words,
    "is_user_icon": word,
    "disable_ui_prompt": prompt,
}
"""How each value is read. Not here, because they are for text without messages and out of place in a chat, so
that their fallbacks count: instruct_depth, reverse_depth, reverse_instruct_depth, instruct_scan_depth.
"""


def read_decorators(content: str, absent: Container[str] = ()) -> tuple[Decorators, str]:
    """What the leading decorators ask for, and the content without them. `absent`: positions that the prompt
    at hand does not have.
    """
    lines = content.lstrip("\r\n").split("\n")
    found: dict[str, Any] = {}
    settled = True  # a decorator of the chain at hand was understood, so its fallbacks are not wanted
    chain = 0
    count = 0
    for count, line in enumerate(lines):
        match = LINE.fullmatch(line.strip("\r"))
        if match is None:
            if line.strip():
                break
            continue  # empty lines between decorators and before the content
        if match[1] == "@@":
            settled, chain = False, 0
        else:
            chain += 1
        if settled or chain > LONGEST_CHAIN or count >= MOST:
            continue
        settled = take(found, match[2].lower(), match[3] or "", absent)
    else:
        count += 1
    return Decorators(**found), "\n".join(lines[count:]).strip("\r\n")


def take(found: dict[str, Any], name: str, value: str, absent: Container[str]) -> bool:
    """Whether the decorator counts, or would if it were the first of its name."""
    reader = UNDERSTOOD.get(name)
    if reader is None:
        return False
    try:
        read = reader(value.strip())
    except Unfit:
        return False
    if name == "position" and read in absent:
        return False
    if name == "disable_ui_prompt":  # one for each prompt
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *read)))
    elif name == "additional_keys":
        found[name] = (*found.get(name, ()), read)
    else:
        found.setdefault(name, read)
    return True
