"""A tokenizer of single letters, and one special token."""

import pytest

from gpu_actor.tokenizer import Tokenizer
from gpu_actor.vocabulary import CONTROL, NORMAL, Vocabulary
from tests.gpu_actor.tiny_models import LETTERS


@pytest.fixture(scope="session")
def letters() -> Tokenizer:
    """Ids: 0 is the end of the turn, then the printable letters of ASCII in order, then a line feed."""
    words = ("<end>", *LETTERS, "Ċ")
    return Tokenizer(
        Vocabulary(
            kind="bpe",
            pre="smollm",
            tokens=words,
            types=(CONTROL, *[NORMAL] * (len(words) - 1)),
            merges=(),
            scores=(),
            bos=None,
            eos=0,
            add_bos=False,
            add_space_prefix=False,
            ends=frozenset({0}),
        )
    )
