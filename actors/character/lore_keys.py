"""Finding keys of lore in what was said.

A plain key is found anywhere in a message; where its entry asks for whole words, between characters that are
no letters and no digits. A key between slashes is a pattern, as SillyTavern has it; in an entry with
`use_regex` every key is one.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Literal

from msgspec import Struct

from actors.character.card import LoreEntry
from actors.character.decorators import Decorators
from actors.character.entry_options import EntryOptions, SelectiveLogic
from actors.character.macros import expand_names
from actors.character.patterns import Clock, split_slashes

Role = Literal["system", "user", "assistant"]


class Line(Struct, frozen=True):
    """A message as keys see it: its text without comments."""

    role: Role
    text: str


class Text:
    """A text in which keys are looked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def folded(self) -> str:
        return self.text.casefold()


class Found(Struct, frozen=True):
    """A key that was found. `message` is the place in the talk; -1: in other lore, or in the card."""

    key: str
    message: int


class Keys:
    """Looks for keys, remembering what it has looked for: many entries share keys, and each turn asks for
    the same messages.
    """

    def __init__(self, lines: Sequence[Line], char: str, user: str, clock: Clock) -> None:
        self.texts = [Text(line.text) for line in lines]
        self.char = char
        self.user = user
        self.clock = clock
        self.spellings: dict[tuple[str, bool], str] = {}
        self.known: dict[tuple[int, str, bool, bool, bool], bool] = {}

    def in_message(self, number: int, key: str, asked: "Asked") -> bool:
        """Whether the message holds the key."""
        what = (number, key, asked.case_sensitive, asked.whole_words, asked.patterns)
        if (known := self.known.get(what)) is not None:
            return known
        found = self.known[what] = self.is_in(key, self.texts[number], asked)
        return found

    def is_in(self, key: str, text: Text, asked: "Asked") -> bool:
        """Whether the text holds the key."""
        if asked.patterns or split_slashes(key) is not None:
            return self.clock.search(key, text.text, case_sensitive=asked.case_sensitive)
        wanted = self.spelt(key, asked.case_sensitive)
        if not wanted:
            return False
        searched = text.text if asked.case_sensitive else text.folded
        return has_word(searched, wanted) if asked.whole_words else wanted in searched

    def spelt(self, key: str, case_sensitive: bool) -> str:
        """As it is looked for: with names in place of their macros."""
        known = self.spellings.get((key, case_sensitive))
        if known is None:
            known = expand_names(key, self.char, self.user).strip()
            known = self.spellings[key, case_sensitive] = known if case_sensitive else known.casefold()
        return known


class Asked(Struct, frozen=True):
    """How an entry's keys are to be looked for."""

    case_sensitive: bool
    whole_words: bool
    patterns: bool

    @classmethod
    def of(cls, entry: LoreEntry, options: EntryOptions) -> "Asked":
        case = entry.case_sensitive if entry.case_sensitive is not None else options.case_sensitive
        return cls(bool(case), bool(options.match_whole_words), entry.use_regex)


def has_word(text: str, key: str) -> bool:
    """Whether the key stands there as words of its own."""
    at = text.find(key)
    while at >= 0:
        end = at + len(key)
        begins = at == 0 or not text[at - 1].isalnum()
        ends = end == len(text) or not text[end].isalnum()
        if begins and ends:
            return True
        at = text.find(key, at + 1)
    return False


class Window(Struct, frozen=True):
    """Where an entry's keys are looked for: the messages from `begin` to `end`, and other texts."""

    begin: int
    end: int
    others: tuple[Text, ...] = ()


class Search:
    """The keys of one entry, in one window."""

    def __init__(
        self, keys: Keys, entry: LoreEntry, decorators: Decorators, options: EntryOptions, window: Window
    ) -> None:
        self.keys = keys
        self.entry = entry
        self.decorators = decorators
        self.options = options
        self.window = window
        self.asked = Asked.of(entry, options)

    def find(self, wanted: Iterable[str]) -> Found | None:
        """The first of the keys that is there, in the newest message that has it."""
        for key in wanted:
            for number in range(self.window.end - 1, self.window.begin - 1, -1):
                if self.keys.in_message(number, key, self.asked):
                    return Found(key, number)
            if any(self.keys.is_in(key, text, self.asked) for text in self.window.others):
                return Found(key, -1)
        return None

    def score(self) -> int:
        """How many of the entry's keys are there."""
        return sum(self.find([key]) is not None for key in (*self.entry.keys, *self.entry.secondary_keys))

    def primary(self) -> Found | None:
        return self.find(self.entry.keys)

    def secondary(self) -> bool:
        """Whether the secondary keys allow it."""
        entry = self.entry
        if not entry.selective or not entry.secondary_keys or entry.use_regex:
            return True
        match self.options.selective_logic:
            case SelectiveLogic.AND_ANY:
                return self.find(entry.secondary_keys) is not None
            case SelectiveLogic.NOT_ANY:
                return self.find(entry.secondary_keys) is None
            case SelectiveLogic.AND_ALL:
                return all(self.find([key]) for key in entry.secondary_keys)
            case SelectiveLogic.NOT_ALL:
                return not all(self.find([key]) for key in entry.secondary_keys)

    def forbidden(self) -> Literal["additional_keys", "exclude_keys"] | None:
        """Which of `@@additional_keys` and `@@exclude_keys` does not allow it; None where both do."""
        more, none = self.decorators.additional_keys, self.decorators.exclude_keys
        if any(self.find(keys) is None for keys in more):
            return "additional_keys"
        allowed = not none or self.entry.use_regex or self.find(none) is None
        return None if allowed else "exclude_keys"
