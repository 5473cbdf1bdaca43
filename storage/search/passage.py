"""Passages: the part of a text that shows what was found in it. Pure."""

import re

BEFORE, AFTER = 60, 180  # characters around the first place that is shown
SPACE = re.compile(r"\s+")


def passage(text: str, spans: list[tuple[int, int]]) -> tuple[str, ...]:
    """Pieces of the text around the place where most spans stand; every other one, beginning with the
    second, is a span. One line, with an ellipsis where something stands before or behind it.
    """
    if not spans:
        return (cut(text, 0, BEFORE + AFTER),)
    first = densest(spans)
    start = word_start(text, max(0, spans[first][0] - BEFORE))
    end = spans[first][0] + AFTER
    pieces: list[str] = []
    at = start
    for span_start, span_end in spans[first:]:
        if span_end > end and pieces:
            break
        pieces += [text[at:span_start], text[span_start:span_end]]
        at = span_end
    pieces.append(text[at : max(at, end)])
    pieces = [SPACE.sub(" ", piece) for piece in pieces]
    if start > 0:
        pieces[0] = "…" + pieces[0].lstrip()
    if max(at, end) < len(text):
        pieces[-1] = pieces[-1].rsplit(" ", 1)[0] + "…"
    return tuple(pieces)


def cut(text: str, start: int, end: int) -> str:
    shown = SPACE.sub(" ", text[start:end]).strip()
    return shown if end >= len(text) else shown + "…"


def densest(spans: list[tuple[int, int]]) -> int:
    """The number of the span from which most others are near."""
    best, most, last = 0, 0, 0
    for number, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + AFTER:
            last += 1
        if last - number > most:
            best, most = number, last - number
    return best


def word_start(text: str, at: int) -> int:
    """Not in the middle of a word."""
    if at == 0:
        return 0
    space = text.find(" ", at, at + BEFORE // 2)
    return at if space < 0 else space + 1


def marked(text: str, spans: list[tuple[int, int]]) -> tuple[str, ...]:
    """The whole text in pieces."""
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += [text[at:start], text[start:end]]
        at = end
    return (*pieces, text[at:])
