"""Stop strings and tags over tokens, thoughts apart, and text held back no longer than needed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.reply_text import ReplyText, Said
from gpu_actor.thought_tags import ThoughtMarks
from gpu_actor.tokenizer import Detokenizer

LETTERS = [letter.encode() for letter in "abc\n"] + ["é".encode()[:1], "é".encode()[1:], b"ab"]
OPEN, CLOSE = 7, 8
PIECES = [*LETTERS, b"", b"", b"<", b"t>", b"</t>", b" "]  # the two tokens, and tags of mere text
WORDS = {
    **{word.decode(): index for index, word in enumerate(PIECES) if word.isascii() and word},
    "^": 7,
    "$": 8,
}

SPECIAL = ThoughtMarks(
    {OPEN: "\ud800", CLOSE: "\ud801"}, "\ud800", "\ud801", (), (3, CLOSE, 3), guessed=False
)
TEXTUAL = ThoughtMarks({}, "<t>", "</t>", (), (3, 11, 3), guessed=False)
CHANNELS = ThoughtMarks(
    {OPEN: "\ud800", CLOSE: "\ud801"}, "\ud800a", "\ud801", ("\ud800c",), (CLOSE,), guessed=False
)


def text_of(stops: list[str], marks: ThoughtMarks | None = None, **how: bool | int) -> ReplyText:
    detokenizer = Detokenizer(PIECES, cut_space=False)
    return ReplyText(
        detokenizer,
        stops,
        marks,
        begun=bool(how.get("begun")),
        thinking=bool(how.get("thinking")),
        thought_limit=int(how.get("limit", 0)),
    )


def whole(text: ReplyText, tokens: list[int]) -> Said:
    """Everything that these tokens say, up to a stop string."""
    said: list[Said] = []
    for token in tokens:
        said.append(text.add(token))
        if text.stopped:
            break
    said.append(text.rest())
    return Said("".join(each.text for each in said), "".join(each.thought for each in said))


def spelt(words: str) -> list[int]:
    """Ids of words set apart by spaces: ^ and $ are the two special tokens, _ is a space, / a line's end."""
    return [WORDS[{"_": " ", "/": "\n"}.get(word, word)] for word in words.split()]


# -- stop strings -----------------------------------------------------------------------------------


def test_text_without_stop_strings_comes_at_once() -> None:
    text = text_of([])
    assert [text.add(token).text for token in (0, 1, 6)] == ["a", "b", "ab"]


def test_what_may_begin_a_stop_string_is_held_until_it_is_clear() -> None:
    text = text_of(["abca"])
    assert [text.add(token).text for token in (0, 1, 2, 1)] == ["", "", "", "abcb"]
    assert not text.stopped


def test_a_stop_string_over_tokens_is_cut_and_ends_the_text() -> None:
    text = text_of(["\nc", "bc"])
    assert [text.add(token).text for token in (6, 3)] == ["a", "b"]
    assert text.add(2).text == ""
    assert text.stopped
    assert text.rest() == Said()


def test_the_first_of_several_stop_strings_counts() -> None:
    text = text_of(["b", "a"])
    assert text.add(6) == Said()
    assert text.stopped


def test_an_empty_stop_string_stops_nothing() -> None:
    text = text_of([""])
    assert text.add(0).text == "a"
    assert not text.stopped


def test_the_rest_is_what_was_held_back() -> None:
    text = text_of(["ccc"])
    assert text.add(2).text + text.add(2).text == ""
    assert text.rest() == Said("cc")
    assert text.rest() == Said()


@pytest.mark.parametrize("marks", [None, SPECIAL, TEXTUAL])
@given(
    tokens=st.lists(st.integers(0, 6), max_size=30),
    stops=st.lists(st.text("abc\né", min_size=1, max_size=4), max_size=3),
)
def test_the_text_is_the_whole_text_up_to_the_first_stop_string(
    marks: ThoughtMarks | None, tokens: list[int], stops: list[str]
) -> None:
    everything = whole(text_of([]), tokens).text
    text = text_of(stops, marks)
    shown = whole(text, tokens)
    places = [place for place in (everything.find(stop) for stop in stops) if place >= 0]
    assert text.stopped == bool(places)
    assert shown == Said(everything[: min(places)] if places else everything)


# -- thoughts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "reply", "thought"),
    [
        ("^ / a b / $ / / c", "c", "ab"),
        ("^ / / $ / / c", "c", ""),  # a model told not to think says so with an empty thought
        ("/ ^ a $ b", "b", "a"),
        ("a b c", "abc", ""),
        ("^ a b", "", "ab"),  # never closed: it stays a thought
        ("^ a / b _", "", "a\nb"),
        ("^ a $ b ^ c $ _ b", "b b", "a\n\nc"),
        ("c $ c", "cc", ""),  # a close with nothing open says nothing
        ("^ < t> a $ < t> b", "<t>b", "<t>a"),  # the tag is a token, so its spelling is text
    ],
)
def test_thoughts_between_special_tokens_are_set_apart(words: str, reply: str, thought: str) -> None:
    assert whole(text_of([], SPECIAL), spelt(words)) == Said(reply, thought)


@pytest.mark.parametrize(
    ("words", "reply", "thought"),
    [
        ("< t> a b </t> / c", "c", "ab"),
        ("/ < t> a </t> c", "c", "a"),
        ("< a", "<a", ""),
        ("a < t> b </t>", "a<t>b</t>", ""),  # the reply has begun: somebody speaks of tags
        ("< t> a </t> < t> b </t> c", "c", "a\n\nb"),
        ("< t> a </t> b < t> c", "b<t>c", "a"),
        ("< t> a < b", "", "a<b"),
    ],
)
def test_tags_of_mere_text_open_a_thought_only_before_the_reply(words: str, reply: str, thought: str) -> None:
    assert whole(text_of([], TEXTUAL), spelt(words)) == Said(reply, thought)


def test_a_token_may_end_the_thought_and_begin_the_reply() -> None:
    text = text_of([], TEXTUAL)
    assert text.add_text("<t>a") == Said("", "a")
    assert text.add_text("b</t>\nc") == Said("c", "b")


def test_what_may_be_a_tag_is_held_until_it_is_clear() -> None:
    text = text_of([], TEXTUAL)
    assert [text.add_text(piece) for piece in ("<", "t>", "a <", "b", "</", "t", ">")] == [
        Said(),
        Said(),
        Said("", "a"),
        Said("", " <b"),
        Said(),
        Said(),
        Said(),
    ]
    assert text.add_text("\n\n") == Said()
    assert text.add_text("c") == Said("c")


def test_channels_that_are_no_thought_are_no_text_either() -> None:
    assert whole(text_of([], CHANNELS), spelt("^ a b $ ^ c a b")) == Said("ab", "b")


def test_a_reply_that_begins_inside_a_thought_ends_it_first() -> None:
    assert whole(text_of([], SPECIAL, thinking=True), spelt("/ a $ / b")) == Said("b", "a")
    assert whole(text_of([], TEXTUAL, thinking=True), spelt("a </t> b")) == Said("b", "a")


def test_a_reply_that_goes_on_keeps_its_white_space_and_takes_no_tag_of_mere_text() -> None:
    assert whole(text_of([], TEXTUAL, begun=True), spelt("_ a")) == Said(" a")
    assert whole(text_of([], TEXTUAL, begun=True), spelt("< t> a")) == Said("<t>a")
    assert whole(text_of([], SPECIAL, begun=True), spelt("^ a $ _ b")) == Said(" b", "a")


def test_a_stop_string_means_nothing_in_a_thought() -> None:
    text = text_of(["b"], SPECIAL)
    assert whole(text, spelt("^ a b c $ c b a")) == Said("c", "abc")
    assert text.stopped


def test_a_stop_string_does_not_reach_from_a_thought_into_the_reply() -> None:
    text = text_of(["ab"], SPECIAL)
    assert whole(text, spelt("^ a $ b")) == Said("b", "a")
    assert not text.stopped


@pytest.mark.parametrize("marks", [SPECIAL, TEXTUAL])
def test_a_thought_that_reaches_its_limit_is_ended_by_force(marks: ThoughtMarks) -> None:
    text = text_of([], marks, thinking=True, limit=6)
    for token in spelt("a b"):
        text.add(token)
        assert text.forced == []
    text.add(2)
    assert text.forced == list(marks.ending)
    while text.forced:
        assert text.thinking or text.forced == [3]
        text.add(text.forced[0])
    assert text.thought_tokens <= 6
    assert text.add(0) == Said("a")


TOKENS = st.lists(st.integers(0, len(PIECES) - 1), max_size=30)


@pytest.mark.parametrize("marks", [SPECIAL, TEXTUAL, CHANNELS])
@given(tokens=TOKENS, cut=st.integers(0, 30), thinking=st.booleans())
def test_what_is_said_depends_on_the_tokens_alone_not_on_how_they_are_cut(
    marks: ThoughtMarks, tokens: list[int], cut: int, thinking: bool
) -> None:
    one = text_of(["ca"], marks, thinking=thinking)
    said = whole(one, tokens)
    plain = Detokenizer(PIECES, cut_space=False)
    everything = "".join(marks.of_token.get(token) or plain.add(token) for token in tokens)
    other = text_of(["ca"], marks, thinking=thinking)
    first, second = other.add_text(everything[:cut]), other.add_text(everything[cut:])
    rest = other.rest()
    assert said == Said(first.text + second.text + rest.text, first.thought + second.thought + rest.thought)
    assert one.stopped == other.stopped
    assert said.thought == said.thought.strip()
