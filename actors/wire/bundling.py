"""Bundling: what is for one peer in the same turn of the event loop goes out as one frame.

Measured: a token that goes alone costs each hop a wake-up of ZeroMQ's thread, a frame of CURVE and a look at
the socket's events, a third of all that the link does. The first bundle after a pause leaves when the loop
has done what was ready; one that follows closely waits until GAP_S have passed, and gathers more.
"""

import asyncio
from collections.abc import Callable

from actors.wire.envelope import MOST_BUNDLED, bundled

GAP_S = 0.002  # between two bundles to one peer
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
        self.left_s = -GAP_S

    def add(self, envelope: bytes) -> None:
        if self.size + len(envelope) > BUNDLE_BYTES or len(self.envelopes) == MOST_BUNDLED:
            self.leave()
        self.envelopes.append(envelope)
        self.size += len(envelope)
        if self.leaving is None:
            wait_s = self.left_s + GAP_S - self.loop.time()
            if wait_s > 0:
                self.leaving = self.loop.call_later(wait_s, self.leave)
            else:
                self.leaving = self.loop.call_soon(self.leave)

    def leave(self) -> None:
        """Send what there is, now."""
        envelopes = self.take()
        if envelopes:
            self.left_s = self.loop.time()
            self.send(bundled(envelopes), len(envelopes))

    def take(self) -> list[bytes]:
        """What there is, which is then not sent."""
        envelopes, self.envelopes, self.size = self.envelopes, [], 0
        if self.leaving is not None:
            self.leaving.cancel()
            self.leaving = None
        return envelopes
