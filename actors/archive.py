"""Archive: the only caller of storage; many commits become one transaction.

Receives  Commit, Find, Load (anybody), WritesDone, WritesFailed, QueryDone, QueryFailed (storage), MailRead
Sends     RunWrites, RunQuery (storage), Committed, CommitFailed, Found, FindFailed, Loaded, LoadFailed,
          MailRead (itself)
Restart   starts empty; whoever waits for an answer asks again at its deadline

What is pending is written as soon as the last transaction returned, never by a timer; where none is under
way, when the mail of this moment is read: tokens that came in one frame are one transaction. A Load waits for
every Commit that came before it, so that a restarted actor sees its own last writes.
"""

from collections import deque
from itertools import islice
from typing import Any

from actors.addresses import ARCHIVE, STORAGE
from actors.effects import CancelTimer, Effect, Send, Started, StartTimer, TimerFired
from actors.messages.archive import (
    Commit,
    CommitFailed,
    Committed,
    Find,
    FindFailed,
    Found,
    Load,
    Loaded,
    LoadFailed,
    MailRead,
    Query,
    QueryDone,
    QueryFailed,
    RunQuery,
    RunWrites,
    WritesDone,
    WritesFailed,
)
from actors.settings import ArchiveSettings
from actors.world import World


class StorageTimeoutError(Exception):
    """The database did not answer in time. The archive starts anew; who waits goes on from what is stored."""


class Archive:
    def __init__(self, settings: ArchiveSettings, world: World) -> None:
        self.settings = settings
        self.world = world
        self.pending: deque[Commit | Load] = deque()
        self.pending_writes = 0
        self.mail_since_s: float | None = None  # MailRead is on its way since then
        self.batch: list[Commit] = []  # in the transaction under way
        self.alone = 0  # so many of the next commits go one by one, because their batch failed
        self.number = world.new_seed() >> 16  # answers meant for the archive before a restart never match
        self.batch_number = 0
        self.asked: dict[int, tuple[Find | Load, float]] = {}  # with when it was asked; oldest first

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Commit():
                return self.commit_asked(message)
            case Load():
                self.pending.append(message)
                return self.when_mail_is_read()
            case MailRead():
                self.mail_since_s = None
                return self.next_work()
            case Find():
                return self.query(message, message.query)
            case WritesDone():
                return self.batch_done(message)
            case WritesFailed():
                return self.batch_failed(message)
            case QueryDone():
                return self.query_done(message)
            case QueryFailed():
                return self.query_failed(message)
            case TimerFired("queries"):
                return self.expire_queries()
            case TimerFired():
                return self.storage_silent()
            case Started():
                return []
            case _:
                raise TypeError(f"archive got {type(message).__name__}")

    # -- writes -------------------------------------------------------------------------------

    def commit_asked(self, commit: Commit) -> list[Effect]:
        if self.pending_writes + len(commit.writes) > self.settings.waiting_writes:
            return [Send(commit.reply_to, CommitFailed(commit.tag, "too many writes wait", conflict=False))]
        self.pending.append(commit)
        self.pending_writes += len(commit.writes)
        return self.when_mail_is_read()

    def when_mail_is_read(self) -> list[Effect]:
        """What waits in the mailbox comes before our own word to us; a full one may have lost that."""
        now_s = self.world.monotonic_s()
        comes = self.mail_since_s is not None and now_s - self.mail_since_s < self.settings.mail_lost_s
        if self.batch or comes:
            return []
        self.mail_since_s = now_s
        return [Send(ARCHIVE, MailRead())]

    def next_work(self) -> list[Effect]:
        """Loads at the front are asked; then as many commits as fit go into one transaction."""
        effects: list[Effect] = []
        if self.batch:
            return effects
        while self.pending and isinstance(load := self.pending[0], Load):
            self.pending.popleft()
            effects += self.query(load, load)
        size = 0
        limit = 1 if self.alone else len(self.pending)
        for item in islice(self.pending, limit):
            if isinstance(item, Load) or (
                self.batch and size + len(item.writes) > self.settings.batch_writes
            ):
                break
            self.batch.append(item)
            size += len(item.writes)
        if self.batch:
            for _ in self.batch:
                self.pending.popleft()
            self.number += 1
            self.batch_number = self.number
            writes = tuple(write for commit in self.batch for write in commit.writes)
            effects.append(Send(STORAGE, RunWrites(self.batch_number, writes)))
            effects.append(StartTimer("storage", self.settings.storage_timeout_s))
        return effects

    def batch_done(self, done: WritesDone) -> list[Effect]:
        if done.number != self.batch_number or not self.batch:
            return []
        return self.answered([Send(commit.reply_to, Committed(commit.tag)) for commit in self.batch])

    def batch_failed(self, failed: WritesFailed) -> list[Effect]:
        if failed.number != self.batch_number or not self.batch:
            return []
        if failed.conflict and len(self.batch) > 1:
            self.pending.extendleft(reversed(self.batch))  # find the one that is at fault
            self.alone = len(self.batch)
            self.batch = []
            return self.next_work()
        answer = [
            Send(commit.reply_to, CommitFailed(commit.tag, failed.why, failed.conflict))
            for commit in self.batch
        ]
        return self.answered(answer)

    def answered(self, answers: list[Send]) -> list[Effect]:
        self.pending_writes -= sum(len(commit.writes) for commit in self.batch)
        self.alone = max(0, self.alone - len(self.batch))
        self.batch = []
        return [CancelTimer("storage"), *answers, *self.next_work()]

    def storage_silent(self) -> list[Effect]:
        if self.batch:
            raise StorageTimeoutError(f"no answer within {self.settings.storage_timeout_s:g} s")
        return []  # delivered again after the restart

    # -- reads --------------------------------------------------------------------------------

    def query(self, asked: Find | Load, query: Query | Load) -> list[Effect]:
        if len(self.asked) >= self.settings.queries:
            return [self.refusal(asked, "too many questions wait")]
        timer = [] if self.asked else [self.look_at_queries()]
        self.number += 1
        self.asked[self.number] = (asked, self.world.monotonic_s())
        return [Send(STORAGE, RunQuery(self.number, query)), *timer]

    def query_done(self, done: QueryDone) -> list[Effect]:
        match self.asked.pop(done.number, None):
            case (Load() as load, _):
                return [Send(load.reply_to, Loaded(done.result, load.number))]
            case (Find() as find, _):
                return [Send(find.reply_to, Found(find.tag, done.result))]
            case None:
                return []

    def query_failed(self, failed: QueryFailed) -> list[Effect]:
        asked = self.asked.pop(failed.number, None)
        return [self.refusal(asked[0], failed.why)] if asked else []

    def look_at_queries(self) -> StartTimer:
        return StartTimer("queries", self.settings.storage_timeout_s)

    def expire_queries(self) -> list[Effect]:
        """What the database never answered must not take the places of other questions for ever."""
        effects: list[Effect] = []
        latest = self.world.monotonic_s() - self.settings.storage_timeout_s
        for number, (asked, since_s) in list(self.asked.items()):
            if since_s <= latest:
                del self.asked[number]
                effects.append(self.refusal(asked, "the database does not answer"))
        return [*effects, self.look_at_queries()] if self.asked else effects

    def refusal(self, asked: Find | Load, why: str) -> Send:
        if isinstance(asked, Load):
            return Send(asked.reply_to, LoadFailed(why, asked.number))
        return Send(asked.reply_to, FindFailed(asked.tag, why))
