"""What the activation of lore depends on."""

from msgspec import Struct

from actors.character.card import Lorebook
from actors.character.lore_keys import Line


class LoreLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Where books do not say, and what none of them may exceed. A key here changes prompts."""

    scan_depth: int = 4  # newest messages that are searched for keys
    rounds: int = 8  # entries that wake entries that wake entries …
    budget: int = 1_024  # tokens of all lore of one prompt
    entries: int = 10_000  # entries that are looked at
    # -- keys that are patterns: what takes longer matches nothing
    pattern_s: float = 0.05  # one search
    patterns_s: float = 0.25  # all of one prompt


class Book(Struct, frozen=True):
    """A lorebook in use; `source` as the trace names it. The first of several has precedence."""

    lorebook: Lorebook
    source: str


class LoreScene(Struct, frozen=True):
    """What activation depends on, beside the books. Texts are expanded; `lines` are the whole talk, oldest
    first. `greeting`: which greeting the talk began with, -1 where that is not known. `names` are what the
    character who speaks is called, none where that is not known; `tags` those of its card.
    """

    lines: tuple[Line, ...] = ()
    greeting: int = -1
    user_icon: str | None = None
    talk: str = ""
    seed: int = 0
    trigger: str = "normal"  # kind of the reply, as SillyTavern names them
    persona: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    depth_prompt: str = ""
    notes: str = ""
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
