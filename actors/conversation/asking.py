"""Asking: the queue is asked for a reply while the request for it becomes durable. Pure.

Where a slot is free, the lease is then written in the same transaction as the request: before the request it
cannot be durable, for it is of a row that comes with that.
"""

from actors.conversation.live_reply import LiveReply
from actors.messages.queueing import (
    Dismissed,
    GaveUp,
    Leased,
    LeaseLost,
    OverLimit,
    Placed,
    QueueFull,
    SubmitAgain,
    WorkerHeard,
    WorkerSilent,
)

QueueSaid = (
    Leased | LeaseLost | Placed | QueueFull | OverLimit | Dismissed | WorkerSilent | WorkerHeard | GaveUp
)


class Asking:
    def __init__(self, live: LiveReply) -> None:
        self.live = live
        self.withdrawn = False  # the request could not be written: the queue is asked again when it is
        self.said: QueueSaid | SubmitAgain | None = None  # the queue's newest word; it counts from then on

    def hears(self, said: QueueSaid | SubmitAgain) -> bool:
        """Whether this is of that reply; then it is kept."""
        if said.generation != self.live.generation.id:
            return False
        if isinstance(self.said, Dismissed):  # it stands, though a place may still be told behind it
            return True
        if not self.withdrawn or isinstance(said, Dismissed):
            self.said = said
        return True

    def withdraw(self) -> None:
        self.withdrawn = True
        if not isinstance(self.said, Dismissed):
            self.said = None
