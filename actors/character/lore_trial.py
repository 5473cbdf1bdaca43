"""A trial of lore: what would fire on a text, what would not, and why. The engine of prompts does it; only
tokens are estimated. Pure.
"""

from itertools import chain
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from actors.character.card import Card, LoreEntry
from actors.character.card_options import card_options, card_prompts
from actors.character.decorators import read_decorators
from actors.character.entry_options import entry_options
from actors.character.lore import Activation
from actors.character.lore_fired import DropReason, Fired, Reason, Silent, SilentReason
from actors.character.lore_keys import Asked, Line
from actors.character.lore_scene import Book, LoreLimits, LoreScene
from actors.character.macros import Macros, Scene, Use
from actors.character.patterns import split_slashes, trouble_of
from actors.character.token_estimate import estimated_tokens

TITLE = 80  # characters

Outcome = Literal["fired", "dropped", "silent"]


class Trial(Struct, frozen=True):
    """`books` in order of precedence; `lines` the talk, oldest first."""

    books: tuple[Book, ...]
    lines: tuple[Line, ...]
    card: Card = Card()
    user_name: str = "You"
    persona: str = ""
    talk: str = "trial"
    seed: int = 0
    greeting: int = -1


class TriedEntry(Struct, frozen=True):
    """What became of an entry. `book` is the number of its book, `entry` its own place in it. Of what fired:
    the key, in which message (-1: in other lore or the card), where it goes, and what it costs."""

    book: int
    entry: int
    outcome: Outcome
    reason: Reason | DropReason | SilentReason
    key: str = ""
    message: int = -1
    spot: str = ""
    depth: int = 0
    role: str = ""
    tokens: int = 0
    title: str = ""  # of the entry, for people


class KeyTrouble(Struct, frozen=True):
    """A pattern among the keys that is none, or is too slow. `field` as in the card's entry, or the name of a
    decorator."""

    book: int
    entry: int
    field: str
    key: str
    why: str
    slow: bool = False


class Tried(Struct, frozen=True):
    """`entries`: what fired in the order of the prompt, what was left out again, what stayed silent."""

    entries: tuple[TriedEntry, ...]
    troubles: tuple[KeyTrouble, ...]
    tokens: int
    budget: int


def tried(trial: Trial, limits: LoreLimits) -> Tried:
    macros = Macros(scene_of(trial))
    activation = Activation(trial.books, lore_scene_of(trial, macros), macros, estimated_tokens, limits)
    lore = activation.run()

    def shown(fired: Fired, outcome: Outcome, reason: Reason | DropReason) -> TriedEntry:
        return TriedEntry(
            book=fired.rank,
            entry=fired.number,
            outcome=outcome,
            reason=reason,
            key=fired.key,
            message=fired.message,
            spot=fired.spot.name.lower(),
            depth=fired.depth,
            role=fired.role,
            tokens=fired.tokens,
            title=title_of(fired.entry),
        )

    slow = frozenset(lore.slow)
    return Tried(
        entries=(
            *(shown(fired, "fired", fired.reason) for fired in lore.fired),
            *(shown(each.fired, "dropped", each.reason) for each in lore.dropped),
            *(
                TriedEntry(each.rank, each.number, "silent", each.reason, title=title_at(trial, each))
                for each in activation.silent()
            ),
        ),
        troubles=tuple(
            trouble
            for rank, book in enumerate(trial.books)
            for number, entry in enumerate(book.lorebook.entries)
            for trouble in troubles_of(rank, number, entry, slow)
        ),
        tokens=sum(fired.tokens for fired in lore.fired),
        budget=limits.budget,
    )


def title_at(trial: Trial, silent: Silent) -> str:
    return title_of(trial.books[silent.rank].lorebook.entries[silent.number])


def title_of(entry: LoreEntry) -> str:
    found = (entry.name, entry.comment, *entry.keys, entry.content)
    return next((" ".join(text.split()) for text in found if text.strip()), "")[:TITLE]


def troubles_of(rank: int, number: int, entry: LoreEntry, slow: frozenset[str]) -> list[KeyTrouble]:
    own, _ = read_decorators(entry.content)
    fields = {
        "keys": entry.keys,
        "secondary_keys": entry.secondary_keys,
        "additional_keys": tuple(chain.from_iterable(own.additional_keys)),
        "exclude_keys": own.exclude_keys,
    }
    patterns = Asked.of(entry, entry_options(entry)).patterns
    found: list[KeyTrouble] = []
    for field, keys in fields.items():
        for key in keys:
            if not patterns and split_slashes(key) is None:
                continue
            if why := trouble_of(key):
                found.append(KeyTrouble(rank, number, field, key, why))
            elif key in slow:
                found.append(KeyTrouble(rank, number, field, key, "", slow=True))
    return found


def scene_of(trial: Trial) -> Scene:
    card = trial.card
    scene = Scene(
        char=card.nickname or card.name or "Character",
        user=trial.user_name,
        talk=trial.talk,
        seed=trial.seed,
        notes=card.creator_notes,
        last_message_id=len(trial.lines) - 1,
    )
    texts = {
        "description": card.description,
        "personality": card.personality,
        "scenario": card.scenario,
        "persona": trial.persona,
        **card_prompts(card),
    }
    written = {name: Macros(scene).expand(text, name).strip() for name, text in texts.items()}
    return msgspec.structs.replace(scene, **written)


def lore_scene_of(trial: Trial, macros: Macros) -> LoreScene:
    scene = macros.scene
    depth_prompt = card_options(trial.card).depth_prompt
    lines = tuple(
        replace(line, text=macros.expand(line.text, f"message {place}", steady=True, use=Use.SCAN).strip())
        for place, line in enumerate(trial.lines)
    )
    return LoreScene(
        lines=lines,
        greeting=trial.greeting,
        talk=trial.talk,
        seed=trial.seed,
        persona=scene.persona,
        description=scene.description,
        personality=scene.personality,
        scenario=scene.scenario,
        depth_prompt=depth_prompt.prompt if depth_prompt else "",
        notes=scene.notes,
        names=trial.card.names,
        tags=trial.card.tags,
    )
