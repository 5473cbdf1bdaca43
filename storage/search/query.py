"""Queries: what a person types, as clauses: words, "phrases", -what shall not be there. Pure.

All clauses must hold. The last word, while it is being typed, also stands for every word that begins so.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from storage.search.terms import SHORTEST
from storage.search.words import Word, stem_of, words_of

QUOTES = str.maketrans(dict.fromkeys("«»“”„", '"'))  # as keyboards and phones write them
LETTERS = 200  # of a query, that count
CLAUSES = 12  # that count
PART = re.compile(r'(?P<no>(?<!\S)-)?(?:"(?P<phrase>[^"]*)(?P<closed>")?|(?P<word>[^\s"]+))')


class Clause(NamedTuple):
    """Stems that follow each other. `beginning`: or, where it is one word, a word that begins so."""

    stems: tuple[str, ...]
    excluded: bool = False
    beginning: str = ""


def clauses_of(text: str) -> list[Clause]:
    text = text[:LETTERS].translate(QUOTES)
    clauses: list[Clause] = []
    for part in PART.finditer(text):
        typed = part["word"] if part["word"] is not None else part["phrase"]
        words = [word.text for word in words_of(typed)]
        if not words:
            continue
        being_typed = part["word"] is not None and part.end() == len(text) and not part["no"]
        last = words[-1] if being_typed and len(words[-1]) >= SHORTEST else ""
        if last and len(words) > 1:  # what stands before it is a phrase of its own
            clauses.append(Clause(tuple(map(stem_of, words[:-1]))))
            words = words[-1:]
        clauses.append(Clause(tuple(map(stem_of, words)), excluded=bool(part["no"]), beginning=last))
    return clauses[:CLAUSES]


def found_in(clauses: Sequence[Clause], text: str) -> list[tuple[int, int]] | None:
    """Where the clauses stand in the text, as spans in their order; None where one does not, or one that is
    excluded does: the index has taken one word for another.
    """
    words = list(words_of(text))
    stems = [stem_of(word.text) for word in words]
    spans: set[tuple[int, int]] = set()
    for clause in clauses:
        found = list(places(clause, words, stems))
        if clause.excluded == bool(found):
            return None
        spans.update(found)
    return merged(sorted(spans))


def places(clause: Clause, words: list[Word], stems: list[str]) -> list[tuple[int, int]]:
    length = len(clause.stems)
    found: list[tuple[int, int]] = []
    for at in range(len(words) - length + 1):
        same = tuple(stems[at : at + length]) == clause.stems
        if same or (clause.beginning and words[at].text.startswith(clause.beginning)):
            found.append((words[at].start, words[at + length - 1].end))
    return found


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that overlap as one."""
    apart: list[tuple[int, int]] = []
    for start, end in spans:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
