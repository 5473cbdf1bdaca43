"""Merges of a SentencePiece vocabulary, against the plain way of looking each cut up."""

from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.score_merges import merges_by_score

TOKENS = st.lists(st.text("ab\u2581\U0001f600", min_size=1, max_size=8), unique=True, max_size=60)


@given(texts=TOKENS, scores=st.lists(st.integers(-3, 3), min_size=60, max_size=60))
def test_every_cut_of_a_token_into_two_is_a_merge_in_order_of_score(
    texts: list[str], scores: list[int]
) -> None:
    known = dict(zip(texts, scores, strict=False))
    expected = [
        (-score, place, text[:cut], text[cut:])
        for place, (text, score) in enumerate(known.items())
        for cut in range(1, len(text))
        if text[:cut] in known and text[cut:] in known
    ]
    expected.sort(key=lambda each: each[:2])
    found = merges_by_score([(text, float(score)) for text, score in known.items()])
    assert found == [(left, right) for _, _, left, right in expected]


def test_a_token_of_any_length_costs_no_more_than_its_letters() -> None:
    long = "a" * 20_000
    assert merges_by_score([("a", 0.0), (long, -1.0), (long[1:], -2.0)]) == [("a", long[1:]), (long[1:], "a")]
