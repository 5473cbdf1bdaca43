"""TokenChooser: chooses the tokens of one reply. Holds what the choice needs of the ids so far, and no more:
its state is a function of the prompt and the accepted tokens, so a reply that is taken up again goes on
alike.
"""

from collections.abc import Sequence

import numpy as np

from actors.messages.generation import Sampling
from gpu_actor.sampler.constraint import Allowed, Constraint, UnfitConstraintError
from gpu_actor.sampler.draw import draw
from gpu_actor.sampler.penalties import Penalties
from gpu_actor.sampler.ranking import Logits
from gpu_actor.tokenizer import Tokenizer


class UnfitSamplingError(ValueError):
    """The settings of sampling do not go with this model, or their constraint cannot be used: the request is
    refused with this text. Change the settings, or begin the reply anew.
    """


class TokenChooser:
    """`prompt`: the ids before the reply. Committed tokens are accepted like new ones.
    Raises UnfitSamplingError.
    """

    def __init__(self, sampling: Sampling, seed: int, tokenizer: Tokenizer, prompt: Sequence[int]) -> None:
        if strangers := [token for token, _ in sampling.logit_bias if token >= len(tokenizer.pieces)]:
            raise UnfitSamplingError(f"logit_bias names token {strangers[0]}, which this model does not have")
        self.sampling = sampling
        self.seed = seed
        self.penalties = Penalties(sampling, tokenizer)
        self.penalties.begin(prompt)
        try:
            self.constraint = Constraint(sampling, tokenizer) if sampling.constraint_kind else None
        except UnfitConstraintError as error:
            raise UnfitSamplingError(str(error)) from error
        self.place = 0

    def choose(self, logits: Logits, *, free: bool = False) -> int:
        """The next token, from logits [V], which are in the end as they were. `free`: the constraint has no
        say here (in a thought). Raises ConstraintStuckError.
        """
        allowed = self.constraint.allowed() if self.constraint is not None and not free else None
        ids, values = self.penalties.changed(logits, hold=not free and self.must_go_on(allowed))
        if allowed is not None:
            logits = np.where(allowed, logits, np.float32(-np.inf))
            values[~allowed[ids]] = -np.inf
        elif not logits.flags.writeable:
            logits = logits.copy()
        # Some hundred numbers are faster put back than a megabyte is copied.
        before = logits[ids]
        logits[ids] = values
        try:
            return draw(logits, self.sampling, seed=self.seed, place=self.place)
        finally:
            logits[ids] = before

    def must_go_on(self, allowed: Allowed | None) -> bool:
        """Whether the model cannot end its turn yet: min_tokens, unless nothing but an end is allowed."""
        if self.place >= self.sampling.min_tokens:
            return False
        ends = self.penalties.ends
        return allowed is None or bool(np.count_nonzero(allowed) > np.count_nonzero(allowed[ends]))

    def accept(self, token: int, *, free: bool = False) -> None:
        """The token is part of the reply now; `free`: of a thought before it."""
        self.penalties.add(token)
        if self.constraint is not None and not free:
            self.constraint.accept(token)
        self.place += 1
