"""Summaries: which of them stands for the oldest messages of a branch, where the next one should, and how
full the context is. Pure.

A summary goes up to a message and tells all that happened on the way there. So it holds on every branch that
leads through the message and on no other; where several lie on a branch, the last one stands.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from math import ceil
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from actors.messages.chat import ShownContext, ShownSummary
from actors.messages.conversations import StoredMessage, StoredSummary
from actors.messages.generation import PromptReport
from actors.settings import SessionSettings

FRAME = 6  # tokens of a message beside its text, about
UNMEASURED = 0.35  # tokens a character, until enough replies have been counted
MEASURED = 400  # characters that are enough
FEWEST, MOST = 0.1, 1.5  # tokens a character, whatever was counted
NEWEST = 2  # messages that stay as they are, however long
USUAL = 20  # newest messages that tell how long one usually is


class ContextUse(Struct, frozen=True):
    """Of the last prompt: its tokens, those of them that were messages, how many it might have had, and those
    of the summary in it."""

    prompt_tokens: int
    talk_tokens: int
    budget: int
    summary_tokens: int = 0

    @property
    def room(self) -> int:
        """For messages: the rest is the character, and what belongs to it."""
        return max(0, self.budget - max(0, self.prompt_tokens - self.talk_tokens))

    @property
    def fixed(self) -> int:
        """What is neither message nor summary."""
        return max(0, self.prompt_tokens - self.talk_tokens - self.summary_tokens)


def use_of(report: PromptReport) -> ContextUse:
    kept = [part for part in report.parts if part.kept]
    talk = sum(part.tokens + FRAME * part.count for part in kept if part.kind == "message")
    summary = sum(part.tokens for part in kept if part.kind == "summary")
    return ContextUse(report.prompt_tokens, talk, report.budget, summary)


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
        return tuple(
            ShownSummary(each.upto, each.text, each.by, count, each.stale)
            for count, message in enumerate(path, 1)
            if (each := self.stored.get(message.id)) is not None
        )

    def telling_of(self, message: UUID, stored: Mapping[UUID, StoredMessage]) -> tuple[UUID, ...]:
        """Up to where those go that tell of the message and are not stale yet. `stored` has all messages."""
        return tuple(
            summary.upto
            for summary in self.stored.values()
            if not summary.stale and message in ancestry(summary.upto, stored)
        )

    def outdate(self, uptos: Iterable[UUID]) -> None:
        self.stored |= {upto: replace(self.stored[upto], stale=True) for upto in uptos}


def ancestry(message: UUID, stored: Mapping[UUID, StoredMessage]) -> Iterator[UUID]:
    """The message and those before it, removed ones among them."""
    at = stored.get(message)
    while at is not None and at.id != at.parent:
        yield at.id
        at = stored.get(at.parent)


def place_of_next(
    path: Sequence[StoredMessage], standing: StoredSummary | None, use: ContextUse, settings: SessionSettings
) -> UUID | None:
    """The message up to which the next summary should go; None: there is room yet.

    It is due when the messages after the one that stands take the share `summary_at` of their room. It then
    leaves them `summary_keep`, and takes in no more at once than can be read beside what is asked for.
    """
    rest = after(path, standing)
    sizes = sizes_of(rest, tokens_a_character(path))
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


def fill_of(
    path: Sequence[StoredMessage],
    standing: StoredSummary | None,
    use: ContextUse,
    settings: SessionSettings,
    *,
    summarises: bool,
) -> ShownContext:
    """How full the context would be with the path as it is now. `summarises`: its oldest messages will be."""
    each = tokens_a_character(path)
    sizes = sizes_of(after(path, standing), each)
    fixed = use.fixed + (round(FRAME + each * len(standing.text)) if standing is not None else 0)
    used = min(use.budget, round(fixed + sum(sizes)))
    if not summarises:
        return ShownContext(used, use.budget)
    due = round(fixed + settings.summary_at * max(0, use.budget - fixed))
    usual = sizes[-USUAL:]
    messages = ceil(max(0, due - used) * len(usual) / sum(usual)) if usual else 0
    return ShownContext(used, use.budget, due, messages)


def after(path: Sequence[StoredMessage], standing: StoredSummary | None) -> list[StoredMessage]:
    """The messages that speak for themselves."""
    told = [message.id for message in path].index(standing.upto) + 1 if standing is not None else 0
    return list(path[told:])


def sizes_of(messages: Iterable[StoredMessage], each: float) -> list[float]:
    """Tokens of each, about."""
    return [FRAME + each * len(message.body) for message in messages]


def tokens_a_character(path: Sequence[StoredMessage]) -> float:
    """As counted of the talk's own replies: languages and tokenizers differ by far."""
    counted = [message for message in path if message.tokens > 0]
    characters = sum(len(message.body) + len(message.thoughts) for message in counted)
    if characters < MEASURED:
        return UNMEASURED
    return min(max(sum(message.tokens for message in counted) / characters, FEWEST), MOST)
