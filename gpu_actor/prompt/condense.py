"""A trace within bounds: short texts, and no more lines than a message of the wire takes. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec.structs import replace

from actors.messages.generation import PromptTrace

LINES = 400
NEWEST = 60
"""Messages of the talk that keep a line of their own; older ones that follow each other share one."""

LONGEST = 240
"""Characters of a text."""


def condensed(trace: Sequence[PromptTrace]) -> tuple[PromptTrace, ...]:
    """In the same order; what is too much is added up, so that the tokens are all there."""
    talk = [line for line in trace if line.kind == "message" and line.kept]
    own = {id(line) for line in talk[-NEWEST:]}
    lines: list[PromptTrace] = []
    for alike, group in groupby(trace, lambda line: alike_of(line, own_line=id(line) in own)):
        found = list(group)
        lines += found if alike is None else [joined(found)]
    if len(lines) > LINES:
        rest = lines[LINES - 2 :]
        sums = [more(each) for kept in (True, False) if (each := [one for one in rest if one.kept is kept])]
        lines = [*lines[: LINES - 2], *sums]
    return tuple(map(cut, lines))


def alike_of(line: PromptTrace, *, own_line: bool) -> tuple[bool, str] | None:
    """What lines share that can become one; None: this one stays alone."""
    return None if own_line or line.kind != "message" else (line.kept, line.why)


def joined(lines: list[PromptTrace]) -> PromptTrace:
    """Messages that follow each other, as one line."""
    if len(lines) == 1:
        return lines[0]
    source = f"{lines[0].source} to {lines[-1].source}"
    return replace(lines[0], source=source, tokens=total(lines), count=count(lines), excerpt="")


def more(lines: list[PromptTrace]) -> PromptTrace:
    return PromptTrace("more", total(lines), kept=lines[0].kept, kind="more", count=count(lines))


def total(lines: Iterable[PromptTrace]) -> int:
    return sum(line.tokens for line in lines)


def count(lines: Iterable[PromptTrace]) -> int:
    return sum(line.count for line in lines)


def cut(line: PromptTrace) -> PromptTrace:
    texts = (line.source, line.why, line.entry, line.key, line.excerpt, line.said)
    if max(map(len, texts)) <= LONGEST:
        return line
    source, why, entry, key, excerpt, said = (shortened(text) for text in texts)
    return replace(line, source=source, why=why, entry=entry, key=key, excerpt=excerpt, said=said)


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
