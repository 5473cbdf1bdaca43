"""What the activation of lore comes to."""

from enum import Enum, auto
from typing import Literal

from msgspec import Struct

from actors.character.card import LoreEntry
from actors.character.lore_keys import Role

Reason = Literal["key", "constant", "activate", "kept", "sticky"]
"""Why an entry fired: on a key, always, because it asks for it, because it did before."""

DropReason = Literal["group", "book_budget", "budget"]

SilentReason = Literal[
    "disabled",
    "beyond",  # of the entries that are looked at
    "no_keys",
    "keys",  # none of them is there
    "secondary_keys",
    "additional_keys",
    "exclude_keys",
    "dont_activate",
    "fired_before",  # @@dont_activate_after_match
    "cooldown",
    "delay",
    "only_after",
    "only_every",
    "greeting",
    "user_icon",
    "trigger",
    "character",  # it is for another
    "chance",
    "recursion",  # woken by other lore alone
    "empty",
]
"""Why an entry did not fire."""


class Spot(Enum):
    """Where lore goes, in the order of the prompt."""

    BEFORE_CHAR = auto()
    BEFORE_DESCRIPTION = auto()
    AFTER_DESCRIPTION = auto()
    PERSONALITY = auto()
    SCENARIO = auto()
    AFTER_CHAR = auto()
    BEFORE_EXAMPLES = auto()
    AFTER_EXAMPLES = auto()
    BEFORE_NOTE = auto()
    AFTER_NOTE = auto()
    AT_DEPTH = auto()
    OUTLET = auto()


class Fired(Struct, frozen=True):
    """An entry in the prompt. `depth` and `role` count AT_DEPTH: before the `depth`-th newest message."""

    entry: LoreEntry
    source: str
    number: int  # of its book
    text: str
    tokens: int
    spot: Spot
    depth: int
    role: Role
    key: str  # what it fired on; "" where it needed none
    message: int  # … and in which message of the talk; -1: in none
    why: str
    order: float = 0.0
    score: int = 0
    certain: bool = False  # no chance and no group decides about it
    expendable: bool = False  # @@ignore_on_max_context
    outlet: str = ""
    reason: Reason = "key"
    rank: int = 0  # of its book


class Dropped(Struct, frozen=True):
    """An entry that fired and is not in the prompt."""

    fired: Fired
    why: str
    reason: DropReason = "budget"


class Silent(Struct, frozen=True):
    """An entry that did not fire; `rank` and `number` as in Fired."""

    rank: int
    number: int
    reason: SilentReason


class Lore(Struct, frozen=True):
    """`disabled`: prompts of the user's own that an entry asks to leave out (@@disable_ui_prompt)."""

    fired: tuple[Fired, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    disabled: frozenset[str] = frozenset()
    slow: tuple[str, ...] = ()  # patterns that were stopped
