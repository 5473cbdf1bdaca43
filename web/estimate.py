"""Estimates of tokens where no GPU box is there to count them. Pure, and marked as estimates wherever shown.

What a letter costs differs from model to model; these are middle values of those in use: four letters of
Latin script a token, two and a half of any other alphabet, one sign of Chinese, Japanese or Korean.
"""

from math import ceil

from actors.character.card import Card
from actors.character.macros import expand_names
from actors.messages.generation import PromptTrace, Turn

LATIN_ENDS = "\u0250"
SIGNS_BEGIN = "\u2e80"
PER_LATIN, PER_LETTER, PER_SIGN = 0.25, 0.4, 1.0
MESSAGE = 5
"""Tokens that a template puts around a message."""


def tokens_of(text: str) -> int:
    latin = sum(letter < LATIN_ENDS for letter in text)
    signs = sum(letter >= SIGNS_BEGIN for letter in text)
    return ceil(latin * PER_LATIN + (len(text) - latin - signs) * PER_LETTER + signs * PER_SIGN)


def parts_of(card: Card, turn: Turn) -> tuple[PromptTrace, ...]:
    """What the prompt would be made of as far as that is known here: of lore only what is always there, and
    nothing of what would be left out.
    """
    char, user = card.nickname or card.name, turn.user_name

    def part(source: str, kind: str, text: str, entry: str = "") -> list[PromptTrace]:
        text = expand_names(text, char, user).strip()
        if not text:
            return []
        return [PromptTrace(source, tokens_of(text), kept=True, kind=kind, entry=entry, excerpt=text[:160])]

    lore = card.book.entries if card.book is not None else ()
    always = [entry for entry in lore if entry.enabled and entry.constant]
    said = [
        PromptTrace(
            f"message {number} ({message.role})",
            tokens_of(message.text) + MESSAGE,
            kept=True,
            kind="message",
            excerpt=message.text[:160],
            role=message.role,
        )
        for number, message in enumerate(turn.history, 1)
    ]
    return (
        *part("system prompt", "system", card.system_prompt),
        *part("description", "description", card.description),
        *part("personality", "personality", card.personality),
        *part("scenario", "scenario", card.scenario),
        *part("persona", "persona", turn.persona),
        *(each for entry in always for each in part("lore", "lore", entry.content, entry.name or "")),
        *part("example dialogue", "example", card.mes_example),
        *part("summary", "summary", turn.summary),
        *said,
        *part("post-history instructions", "instructions", card.post_history_instructions),
    )
