"""Build a prompt: ingredients + budget of tokens → ids, digest and trace. Pure.

compose.py says what goes in and where, fit.py what is given up when it does not fit.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from actors.character.lore_scene import LoreLimits
from actors.messages.generation import CharacterSheet, PromptTrace, Turn
from actors.messages.lore import BookSheet
from gpu_actor.prompt.compose import Composer
from gpu_actor.prompt.fit import PromptTooLongError, give_up, round_off
from gpu_actor.prompt.ingredients import DEFAULT_SYSTEM_PROMPT, Chance, Ingredients, ingredients_of
from gpu_actor.prompt.instruct import template_of
from gpu_actor.prompt.pieces import Pieces
from gpu_actor.prompt.template import ChatMessage, ChatTemplate, Part
from gpu_actor.thought_tags import ThoughtTags
from gpu_actor.tokenizer import Tokenizer

__all__ = ["DEFAULT_SYSTEM_PROMPT", "PromptBuilder", "PromptPlan", "PromptTooLongError"]


@dataclass(frozen=True)
class PromptPlan:
    """A prompt, ready to be computed. `digest` is SHA-256 over model, template and ids. `thinking`: it ends
    inside a thought, which the template opened for the model. `budget`: tokens that it might have had.
    """

    ids: tuple[int, ...]
    digest: bytes
    trace: tuple[PromptTrace, ...]
    thinking: bool = False
    messages: tuple[ChatMessage, ...] = ()
    text: str = ""  # all of it, with the template's own words
    budget: int = 0
    parts: tuple[Part, ...] = ()  # the same without the beginning of the reply
    format: str = ""  # of whom the template is; "": the model's


class PromptBuilder:
    """Builds prompts for one model. `model_hash` is the SHA-256 of the model file, hex; `tags` what it
    marks its thoughts with. Nothing that was thought before goes in: the history has replies alone.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        template: ChatTemplate,
        model_hash: str,
        tags: ThoughtTags | None = None,
        *,
        steady: bool = True,
        lore: LoreLimits | None = None,
        formats: bool = True,
    ) -> None:
        """`steady`: settings.steady_prompts. `formats`: the prompt can be put in another format than the
        model's; not where an engine does that by itself.
        """
        self.tokenizer = tokenizer
        self.template = template
        self.model_hash = model_hash
        self.tags = tags
        self.steady = steady
        self.lore = lore or LoreLimits()
        self.formats = formats
        # The same greeting and description are counted at every turn.
        self.count = lru_cache(maxsize=4096)(self.tokens_in)

    def build(
        self,
        turn: Turn,
        sheet: CharacterSheet,
        budget: int,
        chance: Chance | None = None,
        books: Iterable[BookSheet] = (),
    ) -> PromptPlan:
        """The prompt in at most `budget` tokens; PromptTooLongError where that cannot be."""
        return self.build_of(ingredients_of(turn, sheet, chance or Chance(), books), budget)

    def build_of(self, given: Ingredients, budget: int) -> PromptPlan:
        """Raises PromptTooLongError, ChatTemplateError."""
        name = given.format if self.formats else ""
        template = self.template_of(name)
        pieces = Composer(given, self.count, budget, self.lore).compose()
        if self.tags is not None:
            pieces.mark = None  # it would think no more: its reply is read for the name instead
        while True:
            messages = messages_of(pieces)
            parts = template.parts(messages, given.now_ms)
            ids, text, thinking = self.encode(pieces, parts)
            if len(ids) <= budget and not (self.steady and round_off(pieces)):
                trace = trace_of(pieces, budget)
                return PromptPlan(
                    tuple(ids),
                    self.digest(ids, template),
                    trace,
                    thinking,
                    tuple(messages),
                    text,
                    budget,
                    tuple(parts),
                    name,
                )
            if len(ids) > budget:
                give_up(pieces, len(ids), budget)

    def tokens_in(self, text: str) -> int:
        return len(self.tokenizer.encode(text, special=False))

    def template_of(self, name: str) -> ChatTemplate:
        """Raises ChatTemplateError."""
        tokens = self.template.tokens
        return template_of(name, tokens["bos_token"], tokens["eos_token"]) if name else self.template

    def encode(self, pieces: Pieces, rendered: list[Part]) -> tuple[list[int], str, bool]:
        """The ids, their text, and whether they end inside a thought."""
        parts = [*rendered]
        thinking = self.tags is not None and parts[-1][1] and self.tags.opened_by(parts[-1][0])
        if pieces.opening is not None:
            if thinking and self.tags is not None:  # the reply has begun, so that thought is over
                parts.append((self.tags.ending, True))
            parts.append((pieces.opening.text, False))
            thinking = False
        elif pieces.mark is not None:
            parts.append((pieces.mark.text, False))
        ids = self.tokenizer.encode_parts(parts)
        bos = self.tokenizer.bos
        if self.tokenizer.vocabulary.add_bos and bos is not None and ids[:1] != [bos]:
            ids.insert(0, bos)
        return ids, "".join(text for text, _ in parts), thinking

    def digest(self, ids: list[int], template: ChatTemplate) -> bytes:
        digest = hashlib.sha256(bytes.fromhex(self.model_hash) + template.hash)
        digest.update(b"".join(token.to_bytes(4, "big") for token in ids))
        return digest.digest()


def messages_of(pieces: Pieces) -> list[ChatMessage]:
    """As the model's template is given them. What stands at one depth in one role is one message."""
    system = "\n\n".join(piece.text for piece in pieces.before())
    behind = "\n\n".join(piece.text for piece in pieces.behind())
    messages = [ChatMessage("system", system)] if system else []
    for number in range(len(pieces.history) + 1):
        inserted: list[ChatMessage] = []
        for insert in pieces.inserts_before(number):
            if inserted and inserted[-1].role == insert.role:
                text = f"{inserted[-1].text}\n\n{insert.piece.text}"
                inserted[-1] = ChatMessage(insert.role, text)
            else:
                inserted.append(ChatMessage(insert.role, insert.piece.text))
        messages += inserted
        if number < len(pieces.history):
            said = pieces.history[number]
            messages.append(ChatMessage(said.role, said.piece.text))
    closing = [text for text in (behind, *(piece.text for piece in pieces.closing)) if text]
    return [*messages, *(ChatMessage("system", text) for text in closing)]


def trace_of(pieces: Pieces, budget: int) -> tuple[PromptTrace, ...]:
    why = f"no room within {budget} tokens"
    unread = PromptTrace(
        f"messages 1 to {pieces.unread}",
        0,
        kept=False,
        why=f"{why}, not counted",
        kind="message",
        count=pieces.unread,
        reason="unread",
    )
    return (
        *(piece.traced(kept=True) for piece in pieces.kept()),
        *(piece.traced(kept=False, why=why, reason="context") for piece in pieces.dropped),
        *(piece.traced(kept=False) for piece in pieces.left_out),
        *([unread] if pieces.unread else ()),
    )
