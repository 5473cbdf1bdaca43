"""Saving: the commits of a session, one under way at a time, so that their order is the session's. Pure."""

from collections import deque
from collections.abc import Callable
from uuid import UUID

from msgspec import Struct

from actors.addresses import ARCHIVE
from actors.effects import Effect, Send, StartTimer
from actors.messages.archive import Commit, Write
from actors.settings import SessionSettings

TIMER = "commit"


class CommitTimeoutError(Exception):
    """The archive did not answer in time; the session starts anew from what is durable."""


class PendingCommit(Struct):
    """A commit that waits or is under way: its writes, known when its turn comes, and what follows them."""

    writes: Callable[[], tuple[Write, ...]]
    then: Callable[[], list[Effect]]
    request: tuple[str, UUID] | None = None  # socket and request key to answer when it is refused


class Saving:
    """`nonce` is another for each incarnation of the session: answers to an earlier one never match."""

    def __init__(self, address: str, nonce: str, settings: SessionSettings) -> None:
        self.address = address
        self.nonce = nonce
        self.settings = settings
        self.commits: deque[PendingCommit] = deque()  # the first one is under way, when `writing`
        self.writing = False
        self.number = 0
        self.tag = ""  # of the newest commit
        self.watched = 0  # the commit under way when the timer was started; 0: it does not run
        self.in_trouble = False  # the last answer was that the storage is at fault

    @property
    def busy(self) -> bool:
        return bool(self.commits)

    def write(
        self,
        writes: Callable[[], tuple[Write, ...]],
        then: Callable[[], list[Effect]],
        request: tuple[str, UUID] | None = None,
    ) -> list[Effect]:
        """Commit when it is its turn; the session goes on with `then` when that is durable."""
        self.commits.append(PendingCommit(writes, then, request))
        return self.next()

    def next(self) -> list[Effect]:
        """Send the next commit, or the one that failed once more."""
        if self.writing or not self.commits:
            return []
        self.writing = True
        self.number += 1
        self.tag = f"{self.nonce}/{self.number}"
        effects: list[Effect] = [Send(ARCHIVE, Commit(self.commits[0].writes(), self.address, self.tag))]
        return effects if self.watched else [*effects, self.watch()]

    def watch(self) -> StartTimer:
        """One timer for all commits: a reply has hundreds, and nearly all are answered at once."""
        self.watched = self.number
        return StartTimer(TIMER, self.settings.commit_timeout_s)

    def answered(self, tag: str) -> PendingCommit | None:
        """The commit that this answers; None for an answer to an earlier incarnation."""
        if tag != self.tag or not self.writing:
            return None
        self.writing = False
        return self.commits[0]

    def done(self) -> None:
        """The commit that was answered is durable: forget it."""
        self.in_trouble = False
        self.commits.popleft()

    def retry_later(self) -> list[Effect]:
        """Nothing was written, through no fault of ours: nothing is lost, it waits."""
        self.in_trouble = True
        return [StartTimer("retry", self.settings.commit_retry_s)]

    def timed_out(self) -> list[Effect]:
        """Raises CommitTimeoutError where the commit that was under way when the timer began still is."""
        if self.writing and self.watched == self.number:
            raise CommitTimeoutError(f"no answer within {self.settings.commit_timeout_s:g} s")
        self.watched = 0
        return [self.watch()] if self.writing else []
