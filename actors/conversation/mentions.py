"""Mentions: which members of a group a text names, by name, nickname, or one word of a name. Pure.

Russian bends names (Весна, Весне, Весной): a word that is the stem of a Cyrillic name and an ending counts.
"""

import re
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from actors.messages.group import Member

WORD = re.compile(r"\w+")
LEAST = 3  # letters of a word that names somebody by itself
PARTICLES = frozenset({"the", "and", "von", "van", "der", "del", "los", "las", "les"})
CYRILLIC = re.compile(r"[а-яё]+")
ENDING = "(?:[аяоеёуюыиьй]|[оеи]й|[ои]?ю|[аяоеё]м|[ая]ми|[ая]х|[ое]в|ии|ия|ие|ью)?"


def mentioned(text: str, members: Sequence[Member]) -> list[UUID]:
    """Those whom `text` names, in the order in which it does."""
    known = Counter(word for member in members for word in set(words_of(member)))
    found: list[tuple[int, UUID]] = []
    for member in members:
        own = [word for word in words_of(member) if known[word] == 1]
        names = [name for name in (member.name, member.nickname, *own) if name.strip()]
        said = re.search("|".join(pattern(name) for name in names), text.casefold()) if names else None
        if said is not None:
            found.append((said.start(), member.version))
    return [version for _, version in sorted(found, key=lambda each: each[0])]


def words_of(member: Member) -> list[str]:
    """The words of its names that may stand for it: those with a capital letter."""
    words = WORD.findall(f"{member.name} {member.nickname}")
    return [
        word.casefold()
        for word in words
        if len(word) >= LEAST and word[0].isupper() and word.casefold() not in PARTICLES
    ]


def pattern(name: str) -> str:
    """A regular expression for the whole name in a text of small letters."""
    bent = [bendable(word) for word in name.casefold().split()]
    return r"(?<!\w)" + r"\s+".join(bent) + r"(?!\w)"


def bendable(word: str) -> str:
    if len(word) < LEAST or not CYRILLIC.fullmatch(word):
        return re.escape(word)
    stem = word[:-1] if word[-1] in "аяоеёуюыиьй" else word
    return f"{stem}{ENDING}"
