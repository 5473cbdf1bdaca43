"""Effects: all that an actor may cause. The runtime carries them out.

An actor is any object with `receive(message, sender) -> list[Effect]`. It never
awaits, never reads a clock or a random number but through its World, and when it
raises, none of the effects of that message happen.
"""

from typing import Any, Protocol

from msgspec import Struct


class Send(Struct, frozen=True):
    """Deliver `message` to the actor or port at `to`."""

    to: str
    message: Any


class StartTimer(Struct, frozen=True):
    """Deliver TimerFired(name) to this actor after `after_s` seconds; the same name starts anew."""

    name: str
    after_s: float


class CancelTimer(Struct, frozen=True):
    """Forget the timer of that name; harmless when there is none."""

    name: str


class Passivate(Struct, frozen=True):
    """Leave memory; the next message wakes the actor anew, from the archive."""


class Started(Struct, frozen=True):
    """The first message of an actor that loads no state."""


class TimerFired(Struct, frozen=True):
    """A timer of this actor ran out."""

    name: str


Effect = Send | StartTimer | CancelTimer | Passivate


class Actor(Protocol):
    """Messages in, effects out."""

    def receive(self, message: Any, sender: str) -> list[Effect]: ...
