"""Messages between sessions and the generation queue, in the web process.

| message | sender → receiver |
| --- | --- |
| GenerateReply | session → queue |
| ReplyEnded, LeaseBelieved | session → queue |
| Leased, LeaseLost, Placed, QueueFull, WorkerSilent, WorkerHeard, GaveUp, SubmitAgain | queue → session |
| WatchQueue, UnwatchQueue | sockets, host → queue |
| QueueStatus | queue → watchers |
"""

from uuid import UUID

from msgspec import Struct


class ReplyEnded(Struct, frozen=True):
    """The session is done with this generation, waiting or running: its slot is free."""

    generation: UUID


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


class WatchQueue(Struct, frozen=True):
    """Send QueueStatus to `watcher` now and at each change."""

    watcher: str


class UnwatchQueue(Struct, frozen=True):
    watcher: str


class WorkerFacts(Struct, frozen=True):
    """A worker as people see it. `state`: ready, silent, starting (linked, no engine yet)."""

    name: str
    engine: str
    model: str
    slots: int
    busy: int
    state: str
    context: int = 0
    demonstration: bool = False


class QueueStatus(Struct, frozen=True):
    workers: tuple[WorkerFacts, ...]
    waiting: int
    running: int
