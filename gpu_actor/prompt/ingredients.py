"""What a prompt is made of: the card, the talk, and what its people have set beside them."""

from collections.abc import Sequence

from msgspec import Struct

from actors.character.card import Card
from actors.character.card_options import DepthPrompt
from actors.character.lore_scene import Book
from actors.character.macros import expand_names
from actors.character.sheet import card_of
from actors.messages.generation import CharacterSheet, Turn, TurnMessage

DEFAULT_SYSTEM_PROMPT = (
    "You are {{char}}. Write {{char}}'s next reply in this conversation with {{user}}. "
    "Stay in character and never speak for {{user}}."
)


class Chance(Struct, frozen=True):
    """What draws are keyed by: `talk` is the conversation, `seed` another one at each reply."""

    talk: str = ""
    seed: int = 0


class Ingredients(Struct, frozen=True):
    """`books` are those beside the card's own, in order of precedence. `note` is the author's note of this
    talk. `greeting`: which greeting it began with, -1 where that is not known. `summary` takes the place of
    the first `summarised` messages. `task`: what is to be written instead of the character's reply.
    """

    card: Card
    user_name: str
    history: tuple[TurnMessage, ...]
    persona: str = ""
    books: tuple[Book, ...] = ()
    note: DepthPrompt | None = None
    system_prompt: str = DEFAULT_SYSTEM_PROMPT  # the user's own: a card's may replace it
    post_history_instructions: str = ""  # likewise
    continue_text: str = ""
    greeting: int = -1
    user_icon: str | None = None
    trigger: str = "normal"
    summary: str = ""
    summarised: int = 0
    task: str = ""
    model: str = ""
    now_ms: int = 0
    utc_offset_min: int = 0
    chance: Chance = Chance()


def greeting_of(card: Card, history: Sequence[TurnMessage], user_name: str) -> int:
    """Which greeting the talk began with: 0 is first_mes, then the alternate ones; -1 where it is none."""
    if not history or history[0].role != "assistant":
        return -1
    char = card.nickname or card.name
    for number, greeting in enumerate((card.first_mes, *card.alternate_greetings)):
        if greeting.strip() and history[0].text.strip() in {
            greeting.strip(),
            expand_names(greeting, char, user_name).strip(),
        }:
            return number
    return -1


def ingredients_of(turn: Turn, sheet: CharacterSheet, chance: Chance) -> Ingredients:
    """What came over the wire."""
    card = card_of(sheet)
    return Ingredients(
        card=card,
        user_name=turn.user_name,
        history=turn.history,
        persona=turn.persona,
        continue_text=turn.continue_text,
        greeting=greeting_of(card, turn.history, turn.user_name),
        summary=turn.summary,
        summarised=turn.summarised if turn.summary else 0,
        task=turn.task,
        now_ms=turn.now_ms,
        chance=chance,
    )
