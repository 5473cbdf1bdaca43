"""A kept message as its reader sees it: where macros stand in it, and which of them are not shown. Pure."""

import re

BRACES = re.compile(r"\{{2,}|\}{2,}")
MACRO_NAME = re.compile(r"\s*(//|[A-Za-z_]+)")
UNSEEN = frozenset(
    ("//", "comment", "hidden_key", "banned", "setvar", "setglobalvar", "addvar", "addglobalvar")
)
"""Macros that say nothing to whom reads a message."""


def seen(text: str) -> str:
    """A kept message without the macros that say nothing to its reader; all others as written."""
    if "{{" not in text:
        return text
    pieces: list[str] = []
    at = 0
    for start, end in sorted(pairs(text).items()):
        name = MACRO_NAME.match(text, start + 2)
        if start >= at and name is not None and name[1].lower() in UNSEEN:
            pieces.append(text[at:start])
            at = end
    return "".join([*pieces, text[at:]])


def pairs(text: str) -> dict[int, int]:
    """Where each macro begins and ends, those within others too. What opens and never closes is none; of an
    odd number of braces the outermost is text.
    """
    found: dict[int, int] = {}
    opened: list[int] = []
    for run in BRACES.finditer(text):
        start, end = run.span()
        if text[start] == "{":
            opened += range(start + (end - start) % 2, end, 2)
            continue
        for at in range(start, end - 1, 2):
            if opened:
                found[opened.pop()] = at + 2
    return found
