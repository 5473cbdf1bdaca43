"""Saving: the commits of a session, one under way at a time, so that their order is the session's. Pure."""

from collections import deque
from collections.abc import Callable
from uuid import UUID

from msgspec import Struct

from actors.addresses import ARCHIVE
from actors.effects import CancelTimer, Effect, Send, StartTimer
from actors.messages.archive import Commit, Write
from actors.settings import SessionSettings


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
        return [
            Send(ARCHIVE, Commit(self.commits[0].writes(), self.address, self.tag())),
            StartTimer(self.timer(), self.settings.commit_timeout_s),
        ]

    def tag(self) -> str:
        return f"{self.nonce}/{self.number}"

    def timer(self) -> str:
        return f"commit/{self.number}"

    def answered(self, tag: str) -> PendingCommit | None:
        """The commit that this answers; None for an answer to an earlier incarnation."""
        if tag != self.tag() or not self.writing:
            return None
        self.writing = False
        return self.commits[0]

    def done(self) -> list[Effect]:
        """The commit that was answered is durable: forget it."""
        self.in_trouble = False
        self.commits.popleft()
        return [CancelTimer(self.timer())]

    def retry_later(self) -> list[Effect]:
        """Nothing was written, through no fault of ours: nothing is lost, it waits."""
        self.in_trouble = True
        return [CancelTimer(self.timer()), StartTimer("retry", self.settings.commit_retry_s)]

    def timed_out(self, timer: str) -> None:
        """Raises CommitTimeoutError, but for a timer of an earlier incarnation."""
        if self.writing and timer == self.timer():
            raise CommitTimeoutError(f"no answer within {self.settings.commit_timeout_s:g} s")
