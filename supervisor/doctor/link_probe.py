"""Tries the link to the web node: one handshake with this box's key, and not a word more.

A message would make the web node take this for the box's connection; a handshake it forgets.
"""

import time
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import zmq
from zmq.utils.monitor import recv_monitor_message

from actors.wire.sockets import set_common_options, set_curve_client
from gpu_actor.pairing_file import Pairing
from supervisor.keys import gpu_box_key

WITHIN_S = 6.0

Handshake = Literal["welcome", "refused", "another server", "no answer"]

OUTCOMES: dict[int, Handshake] = {
    zmq.EVENT_HANDSHAKE_SUCCEEDED: "welcome",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "another server",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "another server",
}


def shake_hands(pairing: Pairing, keys: Path, within_s: float = WITHIN_S) -> Handshake:
    """How the web node takes this box's key."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        socket = context.socket(zmq.DEALER)
        set_common_options(socket, urlsplit(pairing.web_node).hostname or "")
        set_curve_client(socket, pairing.server_key, gpu_box_key(keys))
        events = socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED
            | zmq.EVENT_HANDSHAKE_FAILED_AUTH
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        )
        socket.connect(pairing.web_node)
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            if events.poll(int(left * 1000) + 1):
                return OUTCOMES[int(recv_monitor_message(events)["event"])]
    except zmq.ZMQError:
        return "no answer"
    finally:
        context.destroy(linger=0)
    return "no answer"
