"""REST bodies about the queue: who waits, who is served, shares."""

from typing import Literal
from uuid import UUID

from msgspec import Struct


class QueueEntry(Struct, frozen=True):
    """A reply in the queue: whose it is, and nothing of what it is about. `place` is 0 while it is being
    written, by `box`; else 1 = next, and `wait_s` an estimate in seconds, -1 = not known. `since_s` is how
    long it has waited, or been written.
    """

    id: UUID
    user_name: str
    place: int
    since_s: float
    wait_s: float
    box: str


class QueueUser(Struct, frozen=True):
    """An account, and its share: who has 2 gets twice the tokens of who has 1, while both have replies
    waiting."""

    id: UUID
    name: str
    share: float


class QueueBox(Struct, frozen=True):
    """A GPU box. `state` as in NodeState, "away" where it is not linked. A drained one gets nothing new."""

    id: str
    name: str
    state: str
    busy: int
    slots: int
    drained: bool


class QueueView(Struct, frozen=True):
    """GET /api/queue, for owners and admins; the answer to all that changes it. DELETE /api/queue/<id> has no
    body: it ends the reply, waiting or not."""

    entries: tuple[QueueEntry, ...]  # those being written, then those that wait, in their order
    users: tuple[QueueUser, ...]  # empty for admins: shares are the owner's to give
    boxes: tuple[QueueBox, ...]


class QueueMove(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/queue/<id> → QueueView: before the one in front of it, or before all."""

    to: Literal["up", "first"]


class BoxDrain(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/queue/boxes/<id or name> → QueueView. A drained box finishes what it has."""

    drained: bool


class UserShare(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/queue/users/<id> → QueueView."""

    share: float
