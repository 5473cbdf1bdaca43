"""Macros of the card formats that name the two who talk.

Source: character card V1 to V3: `{{char}}`, `<BOT>`, `{{user}}`, `<USER>`, case-insensitive.
"""

import re

NAMES = re.compile(r"\{\{(char|user)\}\}|<(BOT|USER)>", re.IGNORECASE)


def expand_names(text: str, char: str, user: str) -> str:
    """The text with every name macro replaced; one pass, so a name that looks like a macro stays text."""
    return NAMES.sub(lambda match: char if (match[1] or match[2]).lower() in ("char", "bot") else user, text)
