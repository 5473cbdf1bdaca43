"""A trace within bounds: everything is added up, nothing disappears."""

from actors.messages.generation import PARTS, SHORT, PromptTrace
from gpu_actor.prompt.condense import LINES, LONGEST, NEWEST, condensed


def said(number: int, *, kept: bool = True, why: str = "") -> PromptTrace:
    return PromptTrace(f"message {number} (user)", 10, kept, why, kind="message")


def lore(number: int, *, kept: bool = True) -> PromptTrace:
    return PromptTrace("lore of a book", 3, kept, entry=f"Entry {number}", kind="lore")


def test_what_is_little_stays_as_it_is() -> None:
    trace = (PromptTrace("description", 40, kept=True, kind="description"), said(1), lore(1), said(2))
    assert condensed(trace) == trace


def test_older_messages_that_follow_each_other_share_a_line() -> None:
    trace = [said(number) for number in range(1, 101)]
    found = condensed(trace)
    assert len(found) == 1 + NEWEST
    first = found[0]
    assert (first.source, first.tokens, first.count) == ("message 1 (user) to message 40 (user)", 400, 40)
    assert list(found[1:]) == trace[-NEWEST:]


def test_lore_among_old_messages_keeps_its_place() -> None:
    old = [said(1), said(2), lore(1), said(3)]
    found = condensed([*old, *(said(number) for number in range(4, 4 + NEWEST))])
    assert [(line.kind, line.count) for line in found[:3]] == [("message", 2), ("lore", 1), ("message", 1)]


def test_messages_that_were_left_out_share_a_line_for_each_cause() -> None:
    gone = [said(number, kept=False, why="no room") for number in range(1, 30)]
    found = condensed([said(30), *gone, said(31, kept=False, why="another")])
    assert [(line.kept, line.count, line.tokens) for line in found] == [
        (True, 1, 10),
        (False, 29, 290),
        (False, 1, 10),
    ]


def test_however_much_lore_there_is_the_lines_are_bounded_and_the_tokens_all_there() -> None:
    trace = [*(lore(number) for number in range(900)), *(lore(number, kept=False) for number in range(500))]
    found = condensed(trace)
    assert len(found) <= LINES < PARTS
    for kept, tokens in ((True, 2_700), (False, 1_500)):
        assert sum(line.tokens for line in found if line.kept is kept) == tokens
    assert [line.kind for line in found[-2:]] == ["more", "more"]
    assert sum(line.count for line in found) == len(trace)


def test_no_text_is_longer_than_a_message_of_the_wire_takes() -> None:
    long = "x" * 5_000
    (line,) = condensed(
        [PromptTrace(long, 1, kept=True, why=long, entry=long, key=long, excerpt=long, said=long)]
    )
    texts = (line.source, line.why, line.entry, line.key, line.excerpt, line.said)
    assert {len(text) for text in texts} == {LONGEST}
    assert LONGEST <= SHORT
