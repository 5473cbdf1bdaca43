"""Bundling: what is for one peer in the same turn of the event loop goes out as one frame.

Measured: a token that goes alone costs each hop a wake-up of ZeroMQ's thread, a frame of CURVE and a look at
the socket's events, a third of all that the link does. Nothing waits for more to come: the bundle leaves when
the loop has done what was ready.
"""

import asyncio
from collections.abc import Callable

from actors.wire.envelope import MOST_BUNDLED, bundled

BUNDLE_BYTES = 65_536  # one larger than that goes alone

Send = Callable[[bytes, int], None]


class Bundling:
    """`send(frame, count)` is called with a frame and how many envelopes are in it; it must not wait."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.loop = asyncio.get_running_loop()
        self.envelopes: list[bytes] = []
        self.size = 0
        self.leaving: asyncio.Handle | None = None

    def add(self, envelope: bytes) -> None:
        if self.size + len(envelope) > BUNDLE_BYTES or len(self.envelopes) == MOST_BUNDLED:
            self.leave()
        self.envelopes.append(envelope)
        self.size += len(envelope)
        if self.leaving is None:
            self.leaving = self.loop.call_soon(self.leave)

    def leave(self) -> None:
        """Send what there is, now."""
        envelopes = self.take()
        if envelopes:
            self.send(bundled(envelopes), len(envelopes))

    def take(self) -> list[bytes]:
        """What there is, which is then not sent."""
        envelopes, self.envelopes, self.size = self.envelopes, [], 0
        if self.leaving is not None:
            self.leaving.cancel()
            self.leaving = None
        return envelopes
