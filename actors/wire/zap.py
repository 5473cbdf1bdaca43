"""ZAP: who may enter a CURVE socket at all (ZeroMQ RFC 27). Without this handler libzmq lets any key in.

The User-Id of an admitted connection is its public key in Z85, so that a key that was taken off the
list later is known as such by whoever reads its frames.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import zmq
from zmq.utils import z85

ENDPOINT = "inproc://zeromq.zap.01"
CURVE_KEY_BYTES = 32


def zap_socket(context: "zmq.Context[Any]") -> "zmq.Socket[bytes]":
    """The REP socket that libzmq asks; one for each context, before its servers bind."""
    zap = context.socket(zmq.REP)
    zap.linger = 0
    zap.bind(ENDPOINT)
    return zap


def answer_zap(zap: "zmq.Socket[bytes]", allowed: Callable[[str, str], bool]) -> None:
    """Answer all that libzmq asks now; `allowed` takes a public key in Z85 and the address it comes from."""
    with contextlib.suppress(zmq.Again):
        while True:
            version, request, _, origin, _, mechanism, *credentials = zap.recv_multipart(zmq.NOBLOCK)
            key = ""
            if mechanism == b"CURVE" and credentials and len(credentials[0]) == CURVE_KEY_BYTES:
                key = z85.encode(credentials[0]).decode()
            known = key != "" and allowed(key, origin.decode("ascii", "replace"))
            status, text = (b"200", b"OK") if known else (b"400", b"unknown key")
            zap.send_multipart([version, request, status, text, key.encode() if known else b"", b""])


def user_of(frame: "zmq.Frame") -> str:
    """The public key (Z85) that the connection of this frame was admitted with; "" where there is none."""
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:
        return ""
