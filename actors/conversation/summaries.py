"""Summaries: which of them stands for the oldest messages of a branch, and where the next one should. Pure.

A summary goes up to a message and tells all that happened on the way there. So it holds on every branch that
leads through the message and on no other; where several lie on a branch, the last one stands.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from uuid import UUID

from msgspec import Struct

from actors.messages.archive import StoredMessage, StoredSummary
from actors.messages.chat import ShownSummary
from actors.messages.generation import PromptReport
from actors.settings import SessionSettings

FRAME = 6  # tokens of a message beside its text, about
UNMEASURED = 0.35  # tokens a character, until enough replies have been counted
MEASURED = 400  # characters that are enough
FEWEST, MOST = 0.1, 1.5  # tokens a character, whatever was counted
NEWEST = 2  # messages that stay as they are, however long


class ContextUse(Struct, frozen=True):
    """Of the last prompt: its tokens, those of them that were messages, and how many it might have had."""

    prompt_tokens: int
    talk_tokens: int
    budget: int

    @property
    def room(self) -> int:
        """For messages: the rest is the character, and what belongs to it."""
        return max(0, self.budget - max(0, self.prompt_tokens - self.talk_tokens))


def use_of(report: PromptReport) -> ContextUse:
    talk = sum(part.tokens for part in report.parts if part.kept and part.kind == "message")
    return ContextUse(report.prompt_tokens, talk, report.budget)


class Summaries:
    def __init__(self, stored: Iterable[StoredSummary] = ()) -> None:
        self.stored = {summary.upto: summary for summary in stored}

    def put(self, summary: StoredSummary) -> None:
        self.stored[summary.upto] = summary

    def drop(self, upto: UUID) -> None:
        self.stored.pop(upto, None)

    def of(self, path: Sequence[StoredMessage]) -> list[StoredSummary]:
        """Those of the branch, in the order of its messages."""
        return [self.stored[message.id] for message in path if message.id in self.stored]

    def standing(self, path: Sequence[StoredMessage]) -> StoredSummary | None:
        for message in reversed(path):
            if message.id in self.stored:
                return self.stored[message.id]
        return None

    def shown(self, path: Sequence[StoredMessage]) -> tuple[ShownSummary, ...]:
        return tuple(ShownSummary(each.upto, each.text, each.by) for each in self.of(path))


def place_of_next(
    path: Sequence[StoredMessage], standing: StoredSummary | None, use: ContextUse, settings: SessionSettings
) -> UUID | None:
    """The message up to which the next summary should go; None: there is room yet.

    It is due when the messages after the one that stands take the share `summary_at` of their room. It then
    leaves them `summary_keep`, and takes in no more at once than can be read beside what is asked for.
    """
    rest = list(path)
    if standing is not None:
        rest = rest[1 + [message.id for message in path].index(standing.upto) :]
    each = tokens_a_character(path)
    sizes = [FRAME + each * len(message.body) for message in rest]
    up_to = list(accumulate(sizes))
    most, keep = settings.summary_at * use.room, settings.summary_keep * use.room
    if not up_to or up_to[-1] <= most:
        return None
    count, kept = len(rest), 0.0
    while count and (len(rest) - count < NEWEST or kept + sizes[count - 1] <= keep):
        count -= 1
        kept += sizes[count]
    count = min(count, max(1, bisect_right(up_to, most)))
    whole = next((n for n in range(count, 0, -1) if rest[n - 1].role == "assistant"), count)
    return rest[whole - 1].id if whole else None


def tokens_a_character(path: Sequence[StoredMessage]) -> float:
    """As counted of the talk's own replies: languages and tokenizers differ by far."""
    counted = [message for message in path if message.tokens > 0]
    characters = sum(len(message.body) + len(message.thoughts) for message in counted)
    if characters < MEASURED:
        return UNMEASURED
    return min(max(sum(message.tokens for message in counted) / characters, FEWEST), MOST)
