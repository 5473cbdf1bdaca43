"""The chooser: a reply that is taken up again goes on alike, whatever has state; and min_tokens."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.messages.generation import Sampling
from actors.presets import PRESETS
from gpu_actor.sampler.chooser import TokenChooser, UnfitSamplingError
from gpu_actor.tokenizer import Tokenizer
from tests.gpu_actor.sampler.reference import Logits, some_logits

PROMPT = tuple(range(1, 40))
WIDE = Sampling(temperature=1.5, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)

STATEFUL = {
    "penalties": replace(
        WIDE, repetition_penalty=1.3, presence_penalty=0.5, frequency_penalty=0.5, penalty_last_n=20
    ),
    "penalties of all": replace(WIDE, frequency_penalty=0.3, penalty_last_n=-1),
    "dry": replace(WIDE, temperature=0.3, dry_multiplier=0.8, dry_allowed_length=1),
    "dry in a window": replace(
        WIDE, temperature=0.3, dry_multiplier=0.8, dry_allowed_length=1, dry_last_n=12
    ),
    "xtc": replace(WIDE, xtc_probability=0.5, xtc_threshold=0.02),
    "min_tokens": replace(WIDE, min_tokens=20),
    "regex": replace(WIDE, constraint_kind="regex", constraint="([a-f]+ ?[0-9]{2})*"),
    **PRESETS,
}


def logits_at(place: int, tokenizer: Tokenizer) -> Logits:
    """A model that likes few letters, and the same ones again and again."""
    logits = some_logits(len(tokenizer.pieces), place % 5, 2)
    logits[65:75] += 3
    return logits


def go_on(chooser: TokenChooser, tokens: list[int], count: int, tokenizer: Tokenizer) -> list[int]:
    while len(tokens) < count:
        token = chooser.choose(logits_at(len(tokens), tokenizer))
        tokens.append(token)
        chooser.accept(token)
        if token in tokenizer.ends:
            break
    return tokens


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(STATEFUL)), seed=st.integers(0, 2**63 - 1), cut=st.integers(0, 40))
def test_a_reply_cut_anywhere_goes_on_as_if_it_had_not_been(
    letters: Tokenizer, name: str, seed: int, cut: int
) -> None:
    whole = go_on(TokenChooser(STATEFUL[name], seed, letters, PROMPT), [], 40, letters)
    committed = whole[: min(cut, len(whole) - 1)]
    again = TokenChooser(STATEFUL[name], seed, letters, PROMPT)
    for token in committed:
        again.accept(token)
    assert go_on(again, committed, 40, letters) == whole


def test_each_setting_with_state_has_an_effect(letters: Tokenizer) -> None:
    plain = go_on(TokenChooser(WIDE, 5, letters, PROMPT), [], 40, letters)
    cold = go_on(TokenChooser(replace(WIDE, temperature=0.3), 5, letters, PROMPT), [], 40, letters)
    for name, sampling in STATEFUL.items():
        if name not in PRESETS and name != "min_tokens":
            made = go_on(TokenChooser(sampling, 5, letters, PROMPT), [], 40, letters)
            assert made != (cold if sampling.temperature < 1 else plain), name


def test_logits_are_left_as_they_are(letters: Tokenizer) -> None:
    logits = logits_at(0, letters)
    before = logits.copy()
    for sampling in STATEFUL.values():
        TokenChooser(sampling, 5, letters, PROMPT).choose(logits)
    assert np.array_equal(logits, before)


def test_logits_that_cannot_be_written_give_the_same_tokens(letters: Tokenizer) -> None:
    logits = logits_at(0, letters)
    locked = logits.copy()
    locked.flags.writeable = False
    for sampling in STATEFUL.values():
        drawn = [TokenChooser(sampling, 5, letters, PROMPT).choose(each) for each in (logits, locked)]
        assert drawn[0] == drawn[1]


def test_the_model_cannot_end_its_turn_before_min_tokens(letters: Tokenizer) -> None:
    chooser = TokenChooser(Sampling(temperature=0.0, min_tokens=2), 1, letters, PROMPT)
    logits = np.zeros(len(letters.pieces), np.float32)
    logits[0], logits[7] = 9, 8
    drawn: list[int] = []
    for _ in range(3):
        drawn.append(chooser.choose(logits))
        chooser.accept(drawn[-1])
    assert drawn == [7, 7, 0]


def test_a_bias_for_a_token_that_the_model_lacks_is_refused(letters: Tokenizer) -> None:
    with pytest.raises(UnfitSamplingError, match="logit_bias names token 5000"):
        TokenChooser(Sampling(logit_bias=((3, 1.0), (5_000, 1.0))), 1, letters, PROMPT)


def test_a_bad_constraint_is_refused(letters: Tokenizer) -> None:
    with pytest.raises(UnfitSamplingError, match="regular expression"):
        TokenChooser(Sampling(constraint_kind="regex", constraint="("), 1, letters, PROMPT)


def test_a_constraint_that_is_complete_ends_whatever_min_tokens_says(letters: Tokenizer) -> None:
    sampling = Sampling(min_tokens=50, constraint_kind="regex", constraint="ab")
    made = go_on(TokenChooser(sampling, 1, letters, PROMPT), [], 10, letters)
    assert [letters.name(token) for token in made] == ["a", "b", "<end>"]
