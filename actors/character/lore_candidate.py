"""An entry of a lorebook as it is looked at: its decorators read, its place in the prompt known."""

from collections.abc import Container

from actors.character.card import LoreEntry
from actors.character.decorators import read_decorators
from actors.character.entry_options import Position, entry_options
from actors.character.lore_fired import Spot
from actors.character.lore_keys import Role
from actors.character.lore_scene import Book, LoreLimits

NAMED_SPOTS = {
    "before_desc": Spot.BEFORE_DESCRIPTION,
    "after_desc": Spot.AFTER_DESCRIPTION,
    "personality": Spot.PERSONALITY,
    "scenario": Spot.SCENARIO,
}
NUMBERED_SPOTS = {
    Position.BEFORE_CHAR: Spot.BEFORE_CHAR,
    Position.AFTER_CHAR: Spot.AFTER_CHAR,
    Position.BEFORE_NOTE: Spot.BEFORE_NOTE,
    Position.AFTER_NOTE: Spot.AFTER_NOTE,
    Position.AT_DEPTH: Spot.AT_DEPTH,
    Position.BEFORE_EXAMPLES: Spot.BEFORE_EXAMPLES,
    Position.AFTER_EXAMPLES: Spot.AFTER_EXAMPLES,
    Position.OUTLET: Spot.OUTLET,
}
ROLES: dict[int | None, Role] = {0: "system", 1: "user", 2: "assistant"}
DEFAULT_DEPTH = 4


class Candidate:
    """An entry as it is looked at."""

    def __init__(
        self, entry: LoreEntry, book: Book, rank: int, number: int, absent: Container[str] = ()
    ) -> None:
        """`absent`: named positions that the prompt does not have."""
        self.entry = entry
        self.book = book
        self.rank = rank  # of its book
        self.number = number
        self.decorators, self.content = read_decorators(entry.content, absent)
        self.options = entry_options(entry)

    @property
    def name(self) -> str:
        """What chance is keyed by: the entry's own id where it has one."""
        own = self.entry.id if self.entry.id is not None else self.number
        return f"{self.rank} {self.book.source}/{own}"

    def scan_depth(self, limits: LoreLimits) -> int:
        for depth in (
            self.decorators.scan_depth,
            self.options.scan_depth,
            self.book.lorebook.scan_depth,
        ):
            if depth is not None:
                return max(0, depth)
        return limits.scan_depth

    @property
    def stateful(self) -> bool:
        """Whether it matters what it did at earlier replies."""
        own, options = self.decorators, self.options
        return bool(
            own.keep_activate_after_match
            or own.dont_activate_after_match
            or options.sticky
            or options.cooldown
        )


def spot_of(candidate: Candidate) -> tuple[Spot, int]:
    """Where it goes: decorators first, then SillyTavern's number, then the card's own field."""
    own, options = candidate.decorators, candidate.options
    depth = options.depth if options.depth is not None else DEFAULT_DEPTH
    if own.position is not None:
        return NAMED_SPOTS[own.position], 0
    if own.depth is not None:
        return Spot.AT_DEPTH, max(0, own.depth)
    if options.position is not None:
        return NUMBERED_SPOTS[options.position], max(0, depth)
    return (Spot.BEFORE_CHAR if candidate.entry.position == "before_char" else Spot.AFTER_CHAR), 0


def role_of(candidate: Candidate) -> Role:
    match candidate.decorators.role:
        case "user":
            return "user"
        case "assistant":
            return "assistant"
        case "system":
            return "system"
        case _:
            return ROLES.get(candidate.options.role, "system")
