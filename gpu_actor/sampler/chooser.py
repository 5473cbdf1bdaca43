"""TokenChooser: chooses the tokens of one reply. Holds what the choice needs of the ids so far, and no more:
its state is a function of the prompt and the accepted tokens, so a reply that is taken up again goes on
alike.
"""

from collections.abc import Sequence

from actors.messages.generation import Sampling
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
        self.place = 0

    def choose(self, logits: Logits) -> int:
        """The next token, from logits [V], which are left as they are."""
        ids, values = self.penalties.changed(logits, self.place)
        if len(ids):
            logits = logits.copy()
            logits[ids] = values
        return draw(logits, self.sampling, seed=self.seed, place=self.place)

    def accept(self, token: int) -> None:
        """The token is part of the reply now."""
        self.penalties.add(token)
        self.place += 1
