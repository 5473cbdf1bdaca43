"""What the activation of lore comes to."""

from enum import Enum, auto

from msgspec import Struct

from actors.character.card import LoreEntry
from actors.character.lore_keys import Role


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


class Dropped(Struct, frozen=True):
    """An entry that fired and is not in the prompt."""

    fired: Fired
    why: str


class Lore(Struct, frozen=True):
    """`disabled`: prompts of the user's own that an entry asks to leave out (@@disable_ui_prompt)."""

    fired: tuple[Fired, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    disabled: frozenset[str] = frozenset()
    slow: tuple[str, ...] = ()  # patterns that were stopped
