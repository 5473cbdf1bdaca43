"""Words: what a text is cut into, and the stem under which the forms of a word are found. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from storage.search.english import english_stem
from storage.search.russian import russian_stem

MARKS = "\u0300-\u036f"  # accents that stand behind their letter
APOSTROPHES = "'\u2019"
# Scripts without spaces between words: each sign is a word of its own, and a run of them a phrase.
SIGNS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Kana, Han
)
LETTERS = f"(?:[^\\W_{SIGNS}]+|[{MARKS}]+)+"
WORD = re.compile(f"[{SIGNS}]|{LETTERS}(?:[{APOSTROPHES}]{LETTERS})*")
PLAIN_WORD = re.compile("[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*")
"""The same where there is nothing but ASCII, in a quarter of the time."""
ACCENT = re.compile(f"[{MARKS}]")
CYRILLIC = re.compile("[\u0400-\u04ff]")
LATIN = re.compile("[a-z']+")
LONGEST = 64  # letters that count of a word


class Word(NamedTuple):
    """`text` is as it is compared, from `start` to `end` it stands in the text."""

    text: str
    start: int
    end: int


def words_of(text: str) -> Iterator[Word]:
    for found in WORD.finditer(text):
        yield Word(folded(found.group()), found.start(), found.end())


def all_words_of(text: str) -> list[str]:
    """As they are compared, in their order."""
    found = PLAIN_WORD.findall(text) if text.isascii() else WORD.findall(text)
    return [folded(word) for word in found]


@lru_cache(maxsize=65_536)
def folded(word: str) -> str:
    """Without case, accents, and the two ways of writing ё."""
    word = unicodedata.normalize("NFKC", word[:LONGEST]).casefold().replace("ё", "е").replace("\u2019", "'")
    if not CYRILLIC.search(word):
        word = unicodedata.normalize("NFKD", word)
    return ACCENT.sub("", word)


@lru_cache(maxsize=65_536)
def stem_of(word: str) -> str:
    """Of a folded word: by Snowball's rules for Russian or English, after its letters."""
    if LATIN.fullmatch(word):
        return english_stem(word)
    return russian_stem(word) if CYRILLIC.search(word) else word
