"""A character card as the rest of Samovar reads it: the fields of card format V3, typed and with defaults.

This view is computed from the JSON tree that came with the card (card_view.py) and is never written back:
the tree is the truth, and whatever the view does not know stays in it.

Source: character card V2 (malfoyslastname) and V3 (kwaroran).
"""

from typing import Any

from msgspec import Struct, field

DEFAULT_ICON = "ccdefault:"
"""The uri of an asset that is the picture of the card itself."""


class Asset(Struct, frozen=True):
    """One picture, sound or other file of a card."""

    type: str = "icon"  # icon, background, user_icon, emotion; of another program: x_…
    uri: str = DEFAULT_ICON  # embeded://…, __asset:…, data:…, ccdefault:; anything else is never followed
    name: str = "main"
    ext: str = "png"  # lower case, without the dot


class LoreEntry(Struct, frozen=True):
    """One entry of a lorebook. Its content has its decorators still."""

    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    content: str = ""
    enabled: bool = True
    insertion_order: float = 100  # lower comes earlier in the prompt
    case_sensitive: bool | None = None  # None: as the program likes
    name: str = ""
    priority: float | None = None  # lower is dropped first when the budget is spent
    id: int | str | None = None
    comment: str = ""
    selective: bool = False  # a secondary key must match as well
    constant: bool = False
    position: str = ""  # before_char, after_char, or "" where the card does not say
    use_regex: bool = False
    extensions: dict[str, Any] = {}  # as in the tree; typed access: entry_options.py


class Lorebook(Struct, frozen=True):
    """Entries that enter the prompt when the conversation speaks of them."""

    name: str = ""
    description: str = ""
    scan_depth: int | None = None  # newest messages that are searched for keys; None: not said
    token_budget: int | None = None  # tokens of all entries together; None: not said
    recursive_scanning: bool | None = None  # entries may wake entries; None: not said
    extensions: dict[str, Any] = {}
    entries: tuple[LoreEntry, ...] = ()


class Card(Struct, frozen=True):
    """What one character is. The names of the fields are those of the format (`book`: character_book)."""

    name: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    first_mes: str = ""
    mes_example: str = ""
    creator_notes: str = ""  # for people; never in a prompt
    system_prompt: str = ""  # replaces the user's own; {{original}} in it is what it replaced
    post_history_instructions: str = ""  # likewise
    alternate_greetings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # never in a prompt; lore may be for some of them
    creator: str = ""  # never in a prompt
    character_version: str = ""  # never in a prompt
    extensions: dict[str, Any] = {}  # as in the tree; typed access: card_options.py
    book: Lorebook | None = field(default=None, name="character_book")
    assets: tuple[Asset, ...] = (Asset(),)
    nickname: str = ""  # what {{char}} says in place of the name
    creator_notes_multilingual: dict[str, str] = {}  # language (ISO 639-1) → text
    source: tuple[str, ...] = ()  # where the card was had; only ever appended to
    group_only_greetings: tuple[str, ...] = ()
    creation_date: int | None = None  # Unix seconds; None or 0: unknown
    modification_date: int | None = None  # likewise

    @property
    def names(self) -> tuple[str, ...]:
        """What the character is called, where it is called anything."""
        return tuple(name for name in dict.fromkeys((self.name, self.nickname)) if name.strip())
