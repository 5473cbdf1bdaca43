"""Stop strings over tokens, and text held back no longer than needed."""

from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.reply_text import ReplyText
from gpu_actor.tokenizer import Detokenizer

LETTERS = [letter.encode() for letter in "abc\n"] + ["é".encode()[:1], "é".encode()[1:], b"ab"]


def text_of(stops: list[str]) -> ReplyText:
    return ReplyText(Detokenizer(LETTERS, cut_space=False), stops)


def test_text_without_stop_strings_comes_at_once() -> None:
    text = text_of([])
    assert [text.add(token) for token in (0, 1, 6)] == ["a", "b", "ab"]


def test_what_may_begin_a_stop_string_is_held_until_it_is_clear() -> None:
    text = text_of(["abca"])
    assert [text.add(token) for token in (0, 1, 2, 1)] == ["", "", "", "abcb"]
    assert not text.stopped


def test_a_stop_string_over_tokens_is_cut_and_ends_the_text() -> None:
    text = text_of(["\nc", "bc"])
    assert [text.add(token) for token in (6, 3)] == ["a", "b"]
    assert text.add(2) == ""
    assert text.stopped
    assert text.rest() == ""


def test_the_first_of_several_stop_strings_counts() -> None:
    text = text_of(["b", "a"])
    assert text.add(6) == ""
    assert text.stopped


def test_an_empty_stop_string_stops_nothing() -> None:
    text = text_of([""])
    assert text.add(0) == "a"
    assert not text.stopped


def test_the_rest_is_what_was_held_back() -> None:
    text = text_of(["ccc"])
    assert text.add(2) + text.add(2) == ""
    assert text.rest() == "cc"
    assert text.rest() == ""


@given(
    tokens=st.lists(st.integers(0, 6), max_size=30),
    stops=st.lists(st.text("abc\né", min_size=1, max_size=4), max_size=3),
)
def test_the_text_is_the_whole_text_up_to_the_first_stop_string(tokens: list[int], stops: list[str]) -> None:
    plain = text_of([])
    whole = "".join(plain.add(token) for token in tokens)
    text = text_of(stops)
    shown = ""
    for token in tokens:
        shown += text.add(token)
        if text.stopped:
            break
    shown += text.rest()
    places = [place for place in (whole.find(stop) for stop in stops) if place >= 0]
    assert text.stopped == bool(places)
    assert shown == (whole[: min(places)] if places else whole)
