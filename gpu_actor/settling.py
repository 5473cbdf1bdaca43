"""Settling: in idle time, what a reply said is computed as prompt, so that the next turn begins warm.

The cache of a reply's tokens was made one token at a time and is of no use to a prompt. The next turn's
prompt holds the reply as the archive keeps it, in the template's form of a message that is over, cut into
tokens anew; so that prompt is what is computed, as far as it can be known before its last message.
"""

from collections.abc import Sequence as SequenceOf
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.generation import CharacterSheet, Turn, TurnMessage
from actors.messages.lore import BookSheet
from gpu_actor.caches import Caches, Held, common
from gpu_actor.prompt.build import PromptBuilder, PromptTooLongError
from gpu_actor.prompt.group import cache_of, name_of
from gpu_actor.prompt.ingredients import Chance
from gpu_actor.sequence import chunk_size
from gpu_actor.troubles import ChatTemplateError

STAND_INS = ("A", "1")
"""Two messages that have nothing in common: what the prompts of both begin with does not depend on them."""


class Ended(Struct, eq=False):
    """A reply that is over, and where its prompt lies. `text` is the whole of the reply's message; `budget`
    are the tokens that a prompt of its conversation may have.
    """

    held: Held
    turn: Turn
    sheet: CharacterSheet
    text: str
    budget: int
    talk: str = ""  # its conversation
    ids: list[int] = []  # what is to lie there; empty until it is worked out
    books: tuple[BookSheet, ...] = ()


class Settling:
    """Replies to settle, the one that ended first at the head."""

    def __init__(self, caches: Caches, builder: PromptBuilder) -> None:
        self.caches = caches
        self.builder = builder
        self.waiting: list[Ended] = []

    def add(self, ended: Ended) -> None:
        self.waiting.append(ended)

    def ahead(
        self,
        turn: Turn,
        sheet: CharacterSheet,
        books: tuple[BookSheet, ...],
        text: str,
        budget: int,
        conversation: UUID,
        user: UUID,
    ) -> None:
        """The conversation's prompt is another now, though no reply has ended: `text` is its last one, to
        `turn`. A slot must be free.
        """
        talk = conversation.hex
        try:
            ids = start_of_next_prompt(self.builder, turn, sheet, books, text, budget, talk)
        except (PromptTooLongError, ChatTemplateError):
            return  # the next turn will be refused, in words
        ids = ids[: self.caches.decoder.context]
        placed = self.caches.begin(ids, cache_of(turn, conversation), user, len(ids))
        if placed is None:
            return
        held = placed.held
        held.live = False
        self.begun(held)
        self.add(Ended(held, turn, sheet, text, budget, talk, ids, books))

    def begun(self, held: Held) -> None:
        """Another reply goes on in that cache."""
        self.waiting = [ended for ended in self.waiting if ended.held is not held]

    def next_chunk(self, limit: int) -> tuple[Held, SequenceOf[int]] | None:
        """Tokens to compute as prompt at the end of that cache, about `limit`; None where nothing is left."""
        while self.waiting:
            ended = self.waiting[0]
            if self.caches.can_grow(ended.held) and (ended.ids or self.work_out(ended)):
                known = len(ended.held.ids)
                count = chunk_size(len(ended.ids) - known, limit)
                if count:
                    return ended.held, ended.ids[known : known + count]
            self.waiting.pop(0)
        return None

    def work_out(self, ended: Ended) -> bool:
        """What the next prompt begins with; False where there is nothing to gain."""
        try:
            ids = start_of_next_prompt(
                self.builder, ended.turn, ended.sheet, ended.books, ended.text, ended.budget, ended.talk
            )
        except (PromptTooLongError, ChatTemplateError):
            return False  # the next turn will be refused, in words
        ended.ids = ids[: self.caches.decoder.context]
        return self.caches.begin_again(ended.held, ended.ids) >= 0


def start_of_next_prompt(
    builder: PromptBuilder,
    turn: Turn,
    sheet: CharacterSheet,
    books: tuple[BookSheet, ...],
    reply: str,
    budget: int,
    talk: str,
) -> list[int]:
    """What the prompt of the conversation's next turn begins with, whatever the person will write. `reply` is
    what `turn` was answered with.
    """
    one, other = (
        # Each with another seed: what depends on chance is not known yet either.
        builder.build(next_turn(turn, reply, text), sheet, budget, Chance(talk, seed), books).ids
        for seed, text in enumerate(STAND_INS)
    )
    return list(one[: common(list(one), list(other))])


def next_turn(turn: Turn, reply: str, text: str) -> Turn:
    speaker = name_of(turn)
    person = turn.user_name if speaker else ""
    turns = (TurnMessage("assistant", reply, speaker), TurnMessage("user", text, person))
    return msgspec.structs.replace(turn, history=(*turn.history, *turns), continue_text="")
