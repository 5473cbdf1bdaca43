"""What a prompt is made of: the card, the talk, and what its people have set beside them."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from actors.character.book_sheet import book_of
from actors.character.card import Card
from actors.character.card_options import DepthPrompt
from actors.character.lore_scene import Book
from actors.character.macros import expand_names
from actors.character.sheet import card_of
from actors.messages.generation import CharacterSheet, Note, Turn, TurnMember, TurnMessage
from actors.messages.lore import BookSheet
from gpu_actor.prompt.group import mark_of

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
    the first `summarised` messages. `task`: what is to be written instead of the character's reply. `members`
    are those of a group, `mark` is what its speaker's messages begin with; they are `joined` where they are
    told of each other.
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
    instruction: str = ""  # asked of this one reply
    greeting: int = -1
    user_icon: str | None = None
    trigger: str = "normal"
    summary: str = ""
    summarised: int = 0
    task: str = ""
    model: str = ""
    now_ms: int = 0
    utc_offset_min: int = 0
    idle_ms: int | None = None  # None: not known
    own_instructions_win: bool = False  # over the card's
    members: tuple[TurnMember, ...] = ()
    joined: bool = False
    mark: str = ""
    format: str = ""  # "": the model's own
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


def greeting_at(card: Card, place: int, *, from_last: bool) -> int:
    """The number of the greeting at that place among those that are not empty; -1 where there is none."""
    spoken = [
        number
        for number, greeting in enumerate((card.first_mes, *card.alternate_greetings))
        if greeting.strip()
    ]
    spoken = spoken[::-1] if from_last else spoken
    return spoken[place] if 0 <= place < len(spoken) else -1


def note_of(note: Note) -> DepthPrompt | None:
    return DepthPrompt(note.text, max(0, note.depth), note.role) if note.text.strip() else None


def ingredients_of(
    turn: Turn, sheet: CharacterSheet, chance: Chance, books: Iterable[BookSheet] = ()
) -> Ingredients:
    """What came over the wire."""
    card = card_of(sheet)
    around = turn.circumstances
    greeting = greeting_at(card, around.greeting, from_last=bool(turn.members))
    return Ingredients(
        card=card,
        user_name=turn.user_name,
        history=turn.history,
        persona=turn.persona,
        note=note_of(around.note),
        system_prompt=around.system_prompt.strip() or DEFAULT_SYSTEM_PROMPT,
        post_history_instructions=around.post_history_instructions,
        books=tuple(book_of(book) for book in books),
        continue_text=turn.continue_text,
        instruction=turn.instruction,
        summary=turn.summary,
        summarised=turn.summarised if turn.summary else 0,
        task=turn.task,
        greeting=greeting if greeting >= 0 else greeting_of(card, turn.history, turn.user_name),
        user_icon=around.user_icon,
        now_ms=turn.now_ms,
        utc_offset_min=around.utc_offset_min,
        idle_ms=around.idle_ms if around.idle_ms >= 0 else None,
        own_instructions_win=around.own_instructions_win,
        members=turn.members,
        joined=turn.joined and bool(turn.members),
        mark=mark_of(turn),
        format=around.format,
        chance=chance,
    )
