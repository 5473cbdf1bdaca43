"""Build a prompt: structured turn + character sheet + budget of tokens → ids, digest and trace. Pure.

Order: the system message (instructions, character, scenario, persona, example dialogue),
the history, post-history instructions, the open reply. What stays the same from turn to
turn stands first, so that its part of the cache can be kept. When it does not fit, example
dialogues go first (the last one first), then the oldest messages.

A talk that exceeds the context loses messages at every turn, and all that comes after them would be computed
anew each time. So a few more go at once, and the prompt begins alike for some turns: the first message that
stays is at a multiple of a power of two, which is a quarter of the messages that would fit at most.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from actors.character.macros import expand_names
from actors.messages.generation import CharacterSheet, PromptTrace, Turn
from gpu_actor.prompt.template import ChatMessage, ChatTemplate
from gpu_actor.thought_tags import ThoughtTags
from gpu_actor.tokenizer import Tokenizer

DEFAULT_SYSTEM_PROMPT = (
    "You are {{char}}. Write {{char}}'s next reply in this conversation with {{user}}. "
    "Stay in character and never speak for {{user}}."
)
START = re.compile(r"<START>", re.IGNORECASE)


class PromptTooLongError(Exception):
    """Even without examples and old messages the prompt exceeds the context: the card or the last message
    is too long for this model. Shorten it, or raise `engine.context` where the model allows.
    """


@dataclass(frozen=True)
class PromptPlan:
    """A prompt, ready to be computed. `digest` is SHA-256 over model, template and ids. `thinking`: it ends
    inside a thought, which the template opened for the model.
    """

    ids: tuple[int, ...]
    digest: bytes
    trace: tuple[PromptTrace, ...]
    thinking: bool = False


@dataclass
class Piece:
    """A text that goes into the prompt, or had to stay out."""

    source: str
    text: str
    tokens: int
    place: int = 0  # of a message, in the history


@dataclass
class Pieces:
    """All that could go into the prompt, sorted by how it is given up."""

    system: list[Piece]
    examples: list[Piece]
    history: list[tuple[ChatMessage, Piece]]
    closing: list[Piece]
    opening: Piece | None = None
    unread: int = 0  # oldest messages that were not even counted
    cut: bool = False  # messages had to go
    rounded: bool = False  # … and a few more went
    dropped: list[Piece] = field(default_factory=list[Piece])

    def kept(self) -> list[Piece]:
        """In the order of the prompt."""
        opening = [self.opening] if self.opening is not None else []
        history = [piece for _, piece in self.history]
        return [*self.system, *self.examples, *history, *self.closing, *opening]


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
    ) -> None:
        """`steady`: settings.steady_prompts."""
        self.tokenizer = tokenizer
        self.template = template
        self.model_hash = model_hash
        self.tags = tags
        self.steady = steady
        # The same greeting and description are counted at every turn.
        self.count = lru_cache(maxsize=4096)(self.tokens_in)

    def build(self, turn: Turn, sheet: CharacterSheet, budget: int) -> PromptPlan:
        """The prompt in at most `budget` tokens; PromptTooLongError where that cannot be."""
        pieces = self.pieces(turn, sheet, budget)
        while True:
            ids, thinking = self.encode(pieces, turn.now_ms)
            if len(ids) <= budget and not (self.steady and self.round_off(pieces)):
                return PromptPlan(tuple(ids), self.digest(ids), self.trace(pieces, budget), thinking)
            if len(ids) > budget:
                self.give_up(pieces, len(ids), budget)

    def tokens_in(self, text: str) -> int:
        return len(self.tokenizer.encode(text, special=False))

    # -- what goes in -------------------------------------------------------------------------

    def piece(self, source: str, text: str) -> Piece:
        return Piece(source, text, self.count(text))

    def pieces(self, turn: Turn, sheet: CharacterSheet, budget: int) -> Pieces:
        def written(text: str) -> str:
            return expand_names(text, sheet.name, turn.user_name).strip()

        instructions = sheet.system_prompt.replace("{{original}}", DEFAULT_SYSTEM_PROMPT)
        system = [
            ("system prompt", "", instructions.strip() or DEFAULT_SYSTEM_PROMPT),
            ("description", "", sheet.description.strip()),
            ("personality", "{{char}}'s personality: ", sheet.personality.strip()),
            ("scenario", "Scenario: ", sheet.scenario.strip()),
            ("persona", "About {{user}}: ", turn.persona.strip()),
        ]
        examples = [text for text in map(written, START.split(sheet.mes_example)) if text]
        closing = written(sheet.post_history_instructions)
        opening = self.piece("beginning of the reply", turn.continue_text) if turn.continue_text else None
        history, unread = self.recent(turn, written, budget)
        return Pieces(
            system=[
                self.piece(source, written(lead + text)) for source, lead, text in system if text.strip()
            ],
            examples=[
                self.piece(f"example dialogue {number}", f"Example dialogue:\n{text}")
                for number, text in enumerate(examples, 1)
            ],
            history=history,
            closing=[self.piece("post-history instructions", closing)] if closing else [],
            opening=opening,
            unread=unread,
        )

    def recent(
        self, turn: Turn, written: Callable[[str], str], budget: int
    ) -> tuple[list[tuple[ChatMessage, Piece]], int]:
        """The newest messages, a little more than fits, and how many older ones there are: a long talk is
        not worked through at every turn.
        """
        recent: list[tuple[ChatMessage, Piece]] = []
        for older, message in reversed(list(enumerate(turn.history))):
            if budget < 0:
                return recent[::-1], older + 1
            if text := written(message.text):
                piece = self.piece(f"message {older + 1} ({message.role})", text)
                piece.place = older
                recent.append((ChatMessage(message.role, text), piece))
                budget -= piece.tokens
        return recent[::-1], 0

    def encode(self, pieces: Pieces, now_ms: int) -> tuple[list[int], bool]:
        """The ids, and whether they end inside a thought."""
        system = "\n\n".join(piece.text for piece in [*pieces.system, *pieces.examples])
        messages = [
            ChatMessage("system", system),
            *(message for message, _ in pieces.history),
            *(ChatMessage("system", piece.text) for piece in pieces.closing),
        ]
        parts = self.template.parts(messages, now_ms)
        thinking = self.tags is not None and parts[-1][1] and self.tags.opened_by(parts[-1][0])
        if pieces.opening is not None:
            if thinking and self.tags is not None:  # the reply has begun, so that thought is over
                parts.append((self.tags.ending, True))
            parts.append((pieces.opening.text, False))
            thinking = False
        ids = self.tokenizer.encode_parts(parts)
        bos = self.tokenizer.bos
        if self.tokenizer.vocabulary.add_bos and bos is not None and ids[:1] != [bos]:
            ids.insert(0, bos)
        return ids, thinking

    @staticmethod
    def give_up(pieces: Pieces, count: int, budget: int) -> None:
        """Of a prompt of `count` tokens leave out what is over the budget: at least one piece, and not one
        more than needed (the next count decides about the rest).
        """
        written = sum(piece.tokens for piece in pieces.kept())
        frame = -(-(count - written) // (len(pieces.history) + 1))  # what a message costs beside its text
        excess, before = count - budget, len(pieces.dropped)
        while excess > 0:
            if pieces.examples:
                piece, saved = pieces.examples.pop(), 0
            elif len(pieces.history) > 1:
                piece, saved = pieces.history.pop(0)[1], frame
                pieces.cut = True
            elif len(pieces.dropped) > before:
                return
            else:
                raise PromptTooLongError(
                    f"the prompt needs {excess} tokens more than the {budget} that this model has room for, "
                    "even without examples and earlier messages; shorten the character or the last message"
                )
            pieces.dropped.append(piece)
            excess -= piece.tokens + saved

    @staticmethod
    def round_off(pieces: Pieces) -> bool:
        """Where messages had to go, let a few more go (see above); False where none has to any more."""
        quarter = len(pieces.history) // 4
        if not quarter or pieces.rounded or not (pieces.cut or pieces.unread):
            return False
        pieces.rounded = True
        step = 1 << (quarter.bit_length() - 1)
        first = pieces.history[0][1].place
        goal = -(-first // step) * step
        gone = [piece for _, piece in pieces.history if piece.place < goal]
        pieces.history = pieces.history[len(gone) :]
        pieces.dropped += gone
        return bool(gone)

    # -- what comes out -----------------------------------------------------------------------

    def digest(self, ids: list[int]) -> bytes:
        digest = hashlib.sha256(bytes.fromhex(self.model_hash) + self.template.hash)
        digest.update(b"".join(token.to_bytes(4, "big") for token in ids))
        return digest.digest()

    @staticmethod
    def trace(pieces: Pieces, budget: int) -> tuple[PromptTrace, ...]:
        why = f"no room within {budget} tokens"
        unread = [PromptTrace(f"messages 1 to {pieces.unread}", 0, kept=False, why=f"{why}, not counted")]
        return (
            *(PromptTrace(piece.source, piece.tokens, kept=True) for piece in pieces.kept()),
            *(PromptTrace(piece.source, piece.tokens, kept=False, why=why) for piece in pieces.dropped),
            *(unread if pieces.unread else ()),
        )
