"""Sequence: one reply in the making. Pure: logits come in, tokens and text go out.

The cache of a position depends on its token and on how it was computed, so that is fixed:
prompt tokens in chunks of two or more, reply tokens one at a time. When a reply is taken up
again, its committed tokens are fed one at a time as they were the first time, and nothing of
them is emitted twice (gpu_actor/engine has no part in this rule but to compute as it is told).
"""

from collections.abc import Sequence as SequenceOf

import msgspec
import numpy as np
import numpy.typing as npt

from actors.messages.engine import Emitted
from actors.messages.generation import EndReason, GenerateReply
from gpu_actor.prompt.build import PromptPlan
from gpu_actor.prompt.group import mark_of, stops_of
from gpu_actor.prompt.instruct import end_tokens_of, ends_of
from gpu_actor.reply_text import ReplyText, Said
from gpu_actor.sampler.chooser import TokenChooser
from gpu_actor.sampler.constraint import ConstraintStuckError
from gpu_actor.thought_tags import ThoughtMarks
from gpu_actor.tokenizer import Tokenizer


class Sequence:
    """`context`: positions of a slot; `marks`: those of the model's thoughts. A reply that was already
    complete when it was taken up has `end` set from the start and needs no computing.
    """

    def __init__(
        self,
        slot: int,
        request: GenerateReply,
        plan: PromptPlan,
        tokenizer: Tokenizer,
        context: int,
        marks: ThoughtMarks | None = None,
    ) -> None:
        self.slot = slot
        self.generation = request.generation
        self.sampling = request.sampling
        self.chooser = TokenChooser(request.sampling, request.seed, tokenizer, plan.ids)
        self.tokenizer = tokenizer
        self.context = context
        self.ends = tokenizer.ends | end_tokens_of(plan.format, tokenizer)
        self.ids = [*plan.ids]
        self.prompt_tokens = len(plan.ids)
        self.prefilled = 0  # prompt tokens in the cache
        self.known = 0  # of them, those that lay there already
        self.fed = 0  # reply tokens in the cache
        self.said = ""  # the text of the reply as the archive keeps it, without what is held back
        begun = bool(request.turn.continue_text)
        self.text = ReplyText(
            tokenizer.detokenizer(fresh=not begun),
            (*request.sampling.stop, *stops_of(request.turn), *ends_of(plan.format)),
            marks,
            begun=begun,
            thinking=plan.thinking,
            thought_limit=request.sampling.max_thought_tokens,
            mark=mark_of(request.turn),
        )
        self.end: EndReason | None = "length" if request.sampling.max_tokens < 1 else None
        for token in request.committed:
            if self.end is None:
                self.append(token)

    @property
    def reply(self) -> SequenceOf[int]:
        return self.ids[self.prompt_tokens :]

    @property
    def to_prefill(self) -> int:
        """Prompt tokens that are not in the cache yet."""
        return 0 if self.end is not None else self.prompt_tokens - self.prefilled

    @property
    def to_replay(self) -> int:
        """Reply tokens that are known but not in the cache; in the undisturbed course at most one."""
        return 0 if self.end is not None else len(self.ids) - self.prompt_tokens - self.fed

    # -- prompt -------------------------------------------------------------------------------

    def next_chunk(self, limit: int) -> list[int]:
        """The next prompt tokens to compute in one go."""
        return self.ids[self.prefilled : self.prefilled + chunk_size(self.to_prefill, limit)]

    def begin(self, known: int) -> None:
        """So many prompt tokens lie in the cache already."""
        self.prefilled = self.known = known

    def chunk_done(self, count: int) -> None:
        self.prefilled += count

    # -- reply --------------------------------------------------------------------------------

    def next_token(self) -> int:
        """The reply token to feed next."""
        return self.ids[self.prompt_tokens + self.fed]

    def token_done(self) -> None:
        self.fed += 1

    def emit(self, logits: npt.NDArray[np.float32]) -> Emitted:
        """The next token of the reply: drawn from logits [V], unless it must end a thought."""
        try:
            token = self.text.forced[0] if self.text.forced else self.draw(logits)
        except ConstraintStuckError as error:
            self.end = "failed"
            return msgspec.structs.replace(self.emit_end(), why=str(error))
        if token in self.ends and not self.text.closes_thought(token):
            self.end = "stop"
            return self.emit_end()
        said = self.append(token)
        held = self.rest() if self.end is not None else Said()
        return Emitted(
            slot=self.slot,
            generation=self.generation,
            token_id=token,
            text=said.text,
            end=self.end or "",
            held=held.text,
            thought=said.thought,
            held_thought=held.thought,
        )

    def draw(self, logits: npt.NDArray[np.float32]) -> int:
        """A constraint is for the reply: in a thought it has no say."""
        return self.chooser.choose(logits, free=self.text.thinking)

    def emit_end(self) -> Emitted:
        """The end without a token of its own."""
        held = self.rest()
        return Emitted(
            self.slot, self.generation, -1, "", self.end or "", held.text, held_thought=held.thought
        )

    def append(self, token: int) -> Said:
        self.ids.append(token)
        # What ends a thought by force may end with white space, which is no part of the reply.
        self.chooser.accept(token, free=self.text.thinking or bool(self.text.forced))
        said = self.text.add(token)
        self.said += said.text
        if self.text.stopped:
            self.end = "stop"
        elif len(self.ids) - self.prompt_tokens >= self.most or len(self.ids) >= self.context:
            self.end = "length"
        return said

    @property
    def most(self) -> int:
        """Tokens that the reply may have, with its thoughts so far."""
        return self.sampling.max_tokens + min(self.text.thought_tokens, self.sampling.max_thought_tokens)

    def rest(self) -> Said:
        """What was held back, at the end."""
        rest = self.text.rest()
        self.said += rest.text
        return rest


def chunk_size(rest: int, limit: int) -> int:
    """How many of `rest` prompt tokens to compute in one go, about `limit`: never one alone, and never so
    many that one alone is left, for a single token would be computed like a token of a reply.
    """
    count = min(max(limit, 2), rest)
    return count + ((1 if count == 2 else -1) if rest - count == 1 else 0)
