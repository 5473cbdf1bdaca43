"""Guests: who may enter a CURVE door, as whom its messages are told, and how far they reach."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from actors import addresses
from actors.addresses import BOXES, GPU, JOINER, LINK, PREVIEWS, QUEUE
from actors.messages.pairing import JoinRequest
from actors.wire.envelope import FromBox, FromEngine, types_of

REACHED_BY_BOXES = frozenset({QUEUE, BOXES, PREVIEWS, "session", "character", "lorebook"})


class Guest(Struct, frozen=True):
    """Whoever has a key on the list."""

    address: str  # its messages are told as from there, and what is sent there goes to it
    accepts: frozenset[type]  # the messages that it may say
    reaches: frozenset[str]  # … and to which kinds of address


class GuestList(Protocol):
    """Asked at each handshake, and for each frame: a key may be taken off the list between the two."""

    def admits(self, key: str, origin: str) -> bool:
        """Whether the key (Z85) may enter; `origin` is the network address that it comes from."""
        ...

    def guest(self, key: str) -> Guest | None: ...


class FixedGuests:
    """A list that does not change."""

    def __init__(self, guests: Mapping[str, Guest]) -> None:
        self.guests = guests

    def admits(self, key: str, origin: str) -> bool:
        return key in self.guests

    def guest(self, key: str) -> Guest | None:
        return self.guests.get(key)


def box_guest(box_id: str) -> Guest:
    return Guest(addresses.worker(box_id), types_of(FromBox), REACHED_BY_BOXES)


JOINING_GUEST = Guest(JOINER, types_of(JoinRequest), frozenset({BOXES}))
"""Whoever has the secret of a join string: it may say one thing to one place."""

ENGINE_GUEST = Guest(GPU, types_of(FromEngine), frozenset({LINK}))
