"""Messages between sessions and the generation queue, in the web process.

| message | sender → receiver |
| --- | --- |
| GenerateReply | session → queue |
| ReplyEnded, LeaseBelieved | session → queue |
| Leased, LeaseLost, Placed, QueueFull, OverLimit, Dismissed, GaveUp, SubmitAgain | queue → session |
| WorkerSilent, WorkerHeard | queue → session |
| BackgroundLeased, BackgroundLost | queue → session |
| WatchQueue, UnwatchQueue | sockets, host → queue |
| QueueStatus | queue → watchers |
| AskLine, Move, Dismiss, BoxDrained, ShareSet | edge → queue; Line the way back |
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct


class ReplyEnded(Struct, frozen=True):
    """The session is done with this generation, waiting or running: its slot is free. `tokens` were written
    in all, thoughts too; -1 = not known.
    """

    generation: UUID
    tokens: int = -1
    prompt_tokens: int = 0


class Leased(Struct, frozen=True):
    """The queue gave the generation to a worker; frames of other attempts are void.

    `committed` is how many tokens the worker was told of; -1 = not known.
    """

    generation: UUID
    attempt: int
    worker: str
    committed: int = -1


class LeaseLost(Struct, frozen=True):
    """That attempt is over, unfinished. The session answers GenerateReply with what is committed."""

    generation: UUID
    attempt: int
    why: str


class LeaseBelieved(Struct, frozen=True):
    """A session woke and finds this lease in its row; a queue that knows nothing of it answers LeaseLost."""

    generation: UUID
    conversation: UUID
    attempt: int


class Placed(Struct, frozen=True):
    """Place in the queue, 1 = next, of `waiting`. `wait_s` is an estimate; -1 = not known yet."""

    generation: UUID
    place: int
    waiting: int
    wait_s: float = -1.0


class QueueFull(Struct, frozen=True):
    """Refused: as many replies wait as the settings allow."""

    generation: UUID
    limit: int


class OverLimit(Struct, frozen=True):
    """Refused: the user has as many waiting, or has had as many tokens today, as the settings allow.
    `again_ms` is when there will be more (UTC milliseconds since 1970); 0: when one of the user's ends.
    """

    generation: UUID
    reason: Literal["user_waiting", "user_tokens"]
    limit: int
    again_ms: int = 0


class Dismissed(Struct, frozen=True):
    """A keeper of the node took the reply out of the queue, or ended it."""

    generation: UUID


class WorkerSilent(Struct, frozen=True):
    """Nothing was heard from the worker for the silence limit; the lease stands for now."""

    generation: UUID
    attempt: int


class WorkerHeard(Struct, frozen=True):
    """The worker is back with this generation still in hand."""

    generation: UUID
    attempt: int


class GaveUp(Struct, frozen=True):
    """No worker could take it within the limit of the settings."""

    generation: UUID
    why: str


class SubmitAgain(Struct, frozen=True):
    """The queue knows the generation only by its row, or checks what it has: a session whose live reply it is
    and that has no lease sends GenerateReply again; one that knows nothing of it says ReplyEnded."""

    generation: UUID


BACKGROUND_ATTEMPT = 1
"""What is done in the background has this one attempt: each try has an id of its own."""


class BackgroundLeased(Struct, frozen=True):
    """A worker has nothing else to do and was given it."""

    generation: UUID
    worker: str


class BackgroundLost(Struct, frozen=True):
    """It is not made, or no longer: somebody waits for a reply, or no worker is there. Ask again later,
    under another id."""

    generation: UUID


class WatchQueue(Struct, frozen=True):
    """Send QueueStatus to `watcher` now and at each change."""

    watcher: str


class UnwatchQueue(Struct, frozen=True):
    watcher: str


class WorkerFacts(Struct, frozen=True):
    """A worker as people see it. `state`: ready, silent, starting (linked, no engine yet), draining (it gets
    nothing new and finishes what it has), drained, refused (`why` says for what)."""

    name: str
    engine: str
    model: str
    slots: int
    busy: int
    state: str
    context: int = 0
    demonstration: bool = False
    why: str = ""


class QueueStatus(Struct, frozen=True):
    workers: tuple[WorkerFacts, ...]
    waiting: int
    running: int


# -- keepers of the node ------------------------------------------------------------------------


class AskLine(Struct, frozen=True):
    """Who waits, and who is served?"""

    reply_to: str


class Move(Struct, frozen=True):
    """Serve the waiting reply before the one in front of it, or before all. What waits no more is left."""

    generation: UUID
    to: Literal["up", "first"]
    reply_to: str


class Dismiss(Struct, frozen=True):
    """End the reply, waiting or running; what is committed of it stays."""

    generation: UUID
    reply_to: str


class BoxDrained(Struct, frozen=True):
    """It is durable that the box gets nothing new, or again does."""

    name: str
    drained: bool
    reply_to: str


class ShareSet(Struct, frozen=True):
    """It is durable that the user has this weight."""

    user: UUID
    share: float
    reply_to: str


class LineEntry(Struct, frozen=True):
    """A reply in the queue, as keepers see it: whose it is, and nothing of what it is about. `place` is 0
    while it is being written, by `worker`; else `wait_s` is an estimate, -1 = not known. `since_s` is how
    long it has waited, or been written.
    """

    generation: UUID
    user: UUID
    place: int
    since_s: float
    wait_s: float = -1.0
    worker: str = ""


class Line(Struct, frozen=True):
    entries: tuple[LineEntry, ...]  # those being written, then those that wait, in their order
    shares: tuple[tuple[UUID, float], ...] = ()  # weights of users, where they are not 1
    workers: tuple[WorkerFacts, ...] = ()
    drained: tuple[str, ...] = ()  # boxes that get nothing new, linked or not
