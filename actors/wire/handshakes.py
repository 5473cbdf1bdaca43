"""Handshakes: tells whoever dials that the server does not let its key in, or has another key itself.

Libzmq says nothing of it on the socket itself; its monitor does (ZMTP: an ERROR command with status 400).
"""

from collections.abc import Callable

import zmq
from zmq.utils.monitor import recv_monitor_message

from actors.wire.readiness import Readiness


class HandshakeWatch:
    """Begin before the socket connects; close before it is closed."""

    def __init__(
        self, socket: "zmq.Socket[bytes]", refused: Callable[[], None], strange: Callable[[], None]
    ) -> None:
        self.socket = socket
        self.refused = refused
        self.strange = strange
        failures = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        self.events = socket.get_monitor_socket(failures)
        self.readiness = Readiness(self.events, self.read_one)

    def read_one(self) -> bool:
        try:
            event = recv_monitor_message(self.events, zmq.NOBLOCK)
        except zmq.Again:
            return False
        if event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            self.refused()
        else:  # the server hung up in the middle: it cannot read what is meant for another key, or a cut
            self.strange()
        return True

    def close(self) -> None:
        self.readiness.close()
        self.socket.disable_monitor()
        self.events.close(0)
