"""What changes single logits: each against its definition, and state that is a function of the ids."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages.generation import Sampling
from gpu_actor.sampler.penalties import Penalties
from gpu_actor.tokenizer import Tokenizer
from tests.gpu_actor.sampler.reference import Logits, dry_lengths, some_logits

NONE = Sampling(repetition_penalty=1.0)


def after(
    logits: Logits, sampling: Sampling, tokenizer: Tokenizer, ids: Sequence[int], prompt: int = 0
) -> Logits:
    penalties = Penalties(sampling, tokenizer)
    penalties.begin(ids[:prompt])
    for token in ids[prompt:]:
        penalties.add(token)
    changed, values = penalties.changed(logits, hold=False)
    assert len(set(changed.tolist())) == len(changed)
    copy = logits.copy()
    copy[changed] = values
    return copy


def test_the_repetition_penalty_divides_positive_and_multiplies_negative_logits_once(
    letters: Tokenizer,
) -> None:
    logits = np.array([9.0, 2.0, -2.0, 4.0, 1.0], np.float32)
    changed = after(logits, Sampling(repetition_penalty=2.0), letters, [1, 2, 2, 1])
    assert changed.tolist() == [9.0, 1.0, -4.0, 4.0, 1.0]


def test_the_ends_of_a_turn_are_never_penalised(letters: Tokenizer) -> None:
    logits = some_logits(10, 1)
    strict = Sampling(
        repetition_penalty=2.0,
        presence_penalty=1.0,
        frequency_penalty=1.0,
        dry_multiplier=1.0,
        dry_allowed_length=1,
    )
    changed = after(logits, strict, letters, [5, 0, 0, 0, 5])
    assert changed[0] == logits[0]
    assert changed[5] != logits[5]


@given(
    ids=st.lists(st.integers(1, 9), max_size=40),
    prompt=st.integers(0, 40),
    last_n=st.sampled_from([-1, 0, 1, 3, 10]),
    frequency=st.sampled_from([0.0, 0.25, -0.5]),
    presence=st.sampled_from([0.0, 1.5]),
)
def test_presence_and_frequency_are_those_of_openai_in_the_window(
    letters: Tokenizer, ids: list[int], prompt: int, last_n: int, frequency: float, presence: float
) -> None:
    logits = some_logits(10, 2)
    sampling = Sampling(
        repetition_penalty=1.0, frequency_penalty=frequency, presence_penalty=presence, penalty_last_n=last_n
    )
    counts = Counter(ids if last_n < 0 else ids[max(len(ids) - last_n, 0) :])
    expected = [
        float(logits[token]) - counts[token] * frequency - (counts[token] > 0) * presence
        for token in range(10)
    ]
    assert after(logits, sampling, letters, ids, min(prompt, len(ids))).tolist() == pytest.approx(
        expected, abs=1e-6
    )


def test_a_window_forgets_in_bounded_room(letters: Tokenizer) -> None:
    penalties = Penalties(Sampling(presence_penalty=1.0, penalty_last_n=5), letters)
    for token in range(1, 3000):
        penalties.add(token)
    assert sorted(penalties.window.present()[0].tolist()) == [2995, 2996, 2997, 2998, 2999]
    assert len(penalties.window.ids) <= 512


def test_a_bias_is_added_and_may_ban_or_force(letters: Tokenizer) -> None:
    logits = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
    changed = after(logits, Sampling(repetition_penalty=1.0, logit_bias=((3, -100.0), (0, 0.5))), letters, [])
    assert changed.tolist() == [1.5, 2.0, 3.0, -96.0]


def test_a_bias_comes_before_the_penalties(letters: Tokenizer) -> None:
    sampling = Sampling(repetition_penalty=2.0, logit_bias=((1, -3.0),))
    assert after(np.ones(2, np.float32), sampling, letters, [1]).tolist() == [1.0, -4.0]


# -- DRY ------------------------------------------------------------------------------------------


def dry(allowed: int = 2, last_n: int = -1, breakers: tuple[str, ...] = (), base: float = 1.75) -> Sampling:
    return Sampling(
        repetition_penalty=1.0,
        dry_multiplier=0.5,
        dry_allowed_length=allowed,
        dry_last_n=last_n,
        dry_breakers=breakers,
        dry_base=base,
    )


def ids_of(text: str, tokenizer: Tokenizer) -> list[int]:
    return tokenizer.encode(text, special=False)


def test_dry_is_the_harder_the_longer_the_repetition(letters: Tokenizer) -> None:
    logits = np.zeros(200, np.float32)
    for text, token, length in (("abcXabc", "X", 3), ("abX.ab", "X", 2), ("abcX.abcY.abc", "Y", 4)):
        changed = after(logits, dry(), letters, ids_of(text, letters))
        assert changed[ids_of(token, letters)[0]] == pytest.approx(-0.5 * 1.75 ** (length - 2))


def test_dry_leaves_what_is_shorter_than_the_allowed_length(letters: Tokenizer) -> None:
    assert not after(np.zeros(200, np.float32), dry(allowed=4), letters, ids_of("abcXabc", letters)).any()


def test_a_breaker_ends_a_repetition(letters: Tokenizer) -> None:
    logits = np.zeros(200, np.float32)
    text = ids_of("xab:cdX xab:cd", letters)
    (wanted,) = ids_of("X", letters)
    assert after(logits, dry(breakers=(":",)), letters, text)[wanted] == pytest.approx(-0.5)
    assert after(logits, dry(), letters, text)[wanted] == pytest.approx(-0.5 * 1.75**4)


def test_a_breaker_may_span_tokens(letters: Tokenizer) -> None:
    logits = np.zeros(200, np.float32)
    text = ids_of("User:abX,User:ab", letters)
    assert after(logits, dry(breakers=("ser:",)), letters, text)[ids_of("X", letters)[0]] == pytest.approx(
        -0.5
    )


def test_no_power_is_too_large(letters: Tokenizer) -> None:
    changed = after(np.zeros(200, np.float32), dry(base=10.0), letters, ids_of("a" * 300, letters))
    assert np.isfinite(changed).all()
    assert changed.min() == np.float32(-1e30)


@given(
    ids=st.lists(st.integers(1, 4), max_size=60),
    prompt=st.integers(0, 60),
    last_n=st.sampled_from([-1, 1, 5, 30]),
    allowed=st.integers(1, 4),
    breaking=st.booleans(),
)
def test_dry_is_its_definition_however_the_ids_came(
    letters: Tokenizer, ids: list[int], prompt: int, last_n: int, allowed: int, breaking: bool
) -> None:
    breaker = letters.pieces[4].decode()
    sampling = dry(allowed, last_n, (breaker,) if breaking else ())
    window = ids if last_n < 0 else ids[max(len(ids) - last_n, 0) :]
    expected = np.zeros(200, np.float32)
    for token, length in dry_lengths(window, [breaking and token == 4 for token in window]).items():
        if length >= allowed:
            expected[token] = -0.5 * 1.75 ** (length - allowed)
    for cut in (0, min(prompt, len(ids)), len(ids)):
        assert np.allclose(after(np.zeros(200, np.float32), sampling, letters, ids, cut), expected)


def test_dry_keeps_its_window_in_bounded_room(letters: Tokenizer) -> None:
    penalties = Penalties(dry(last_n=50), letters)
    for place in range(5000):
        penalties.add(1 + place % 7)
    assert penalties.dry is not None
    assert len(penalties.dry.ids) <= 1024
    ids, values = penalties.changed(np.zeros(200, np.float32), hold=False)
    assert ids.tolist() == [1 + 5000 % 7]
    assert values[0] == pytest.approx(-0.5 * 1.75 ** (50 - 7 - 2))
