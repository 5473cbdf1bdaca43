"""Patterns of lore keys: a stranger's regular expressions, on a person's text, within a time limit.

Cards write them as JavaScript has them, bare (V3, `use_regex`) or as `/pattern/flags`. What is no pattern, or
takes too long, matches nothing.
"""

import time
from functools import lru_cache
from typing import Any

import regex  # it has a time limit, which the standard library's `re` has not

LONGEST = 2_000
"""Characters of a pattern; longer ones match nothing."""
NAMED_GROUP_AGAIN = regex.compile(r"\\k<(\w+)>")
"""JavaScript's way to name a group that was found before."""
NO_PATTERN = (regex.error, ValueError, OverflowError, RecursionError, MemoryError)
FLAGS = {"i": regex.IGNORECASE, "s": regex.DOTALL, "m": regex.MULTILINE, "u": 0, "g": 0, "v": 0}


class Clock:
    """Time for all patterns of one prompt together: whoever uses it up leaves the others none."""

    def __init__(self, limit_s: float = 0.25, longest_s: float = 0.05) -> None:
        self.left_s = limit_s
        self.longest_s = longest_s
        self.slow: set[str] = set()  # patterns that were stopped

    def search(self, pattern: str, text: str, *, case_sensitive: bool) -> bool:
        """Whether it is found in the text. False for what is no pattern, and when time is up."""
        compiled = compile_pattern(pattern, case_sensitive)
        if compiled is None or self.left_s <= 0 or pattern in self.slow:
            return False
        began = time.perf_counter()
        try:
            return compiled.search(text, timeout=min(self.left_s, self.longest_s)) is not None
        except TimeoutError:
            self.slow.add(pattern)
            return False
        finally:
            self.left_s -= time.perf_counter() - began


def split_slashes(pattern: str) -> tuple[str, str] | None:
    """`/pattern/flags` as pattern and flags; None where it is not written so."""
    end = pattern.rfind("/")
    if len(pattern) < 3 or pattern[0] != "/" or end < 2:
        return None
    flags = pattern[end + 1 :]
    if set(flags) - set(FLAGS):
        return None
    return pattern[1:end].replace("\\/", "/"), flags


def trouble_of(pattern: str) -> str:
    """What is wrong with a pattern, in the words of the library; "" where nothing is."""
    if len(pattern) > LONGEST:
        return f"longer than {LONGEST:,} characters"
    try:
        compiled(pattern, case_sensitive=False)
    except NO_PATTERN as error:
        return str(error)
    return ""


@lru_cache(maxsize=4_096)
def compile_pattern(pattern: str, case_sensitive: bool) -> Any | None:
    """None where it is none, or too long."""
    if len(pattern) > LONGEST:
        return None
    try:
        return compiled(pattern, case_sensitive=case_sensitive)
    except NO_PATTERN:
        return None


def compiled(pattern: str, *, case_sensitive: bool) -> Any:
    """Raises one of NO_PATTERN."""
    written = split_slashes(pattern)
    flags = 0 if case_sensitive else regex.IGNORECASE
    if written is not None:
        pattern, letters = written
        flags = 0
        for letter in letters:
            flags |= FLAGS[letter]
    return regex.compile(NAMED_GROUP_AGAIN.sub(r"(?P=\1)", pattern), flags | regex.V0)
