"""The GPU box's part of pairing: dials the addresses of a join string and asks to be let in.

CURVE makes sure of the server by the key in the string; the server is sure of the box by the joining key,
which follows from the secret in the string. So nobody in between learns or changes anything.
"""

import time
from urllib.parse import urlsplit

import zmq
from msgspec import Struct
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

from actors.addresses import BOXES
from actors.messages.link import WIRE_VERSION
from actors.messages.pairing import JoinAccepted, JoinRefused, JoinRequest
from actors.wire.envelope import UnreadableFrameError, decode, encode
from actors.wire.join_string import Invitation
from actors.wire.keys import KeyPair, joining_key
from actors.wire.sockets import set_common_options, set_curve_client

ASK_AGAIN_S = 0.5
FAILURES = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL


class JoinError(Exception):
    """The box was not let in; the text is one line that says what to do."""


class NotReachedError(JoinError):
    """No address of the join string leads to the server: check network, address, port and firewall."""


class OtherServerError(NotReachedError):
    """Something answers, but it has not the key of the join string: make a new join string."""


class StringOverError(JoinError):
    """The server does not take this join string, or not any more: make a new one with `samovar pair`."""


class JoinRefusedError(JoinError):
    """The server understood the request and refused it, in the words of the text."""

    def __init__(self, refused: JoinRefused) -> None:
        super().__init__(f"The server refused: {refused.why}.")
        self.new_key = refused.new_key


class Joined(Struct, frozen=True):
    """The server let the box in: under that name, by that address."""

    name: str
    address: str


def join(invitation: Invitation, key: KeyPair, name: str, software: str, within_s: float) -> Joined:
    """Ask at each address, for at most so long at each. Raises JoinError."""
    request = JoinRequest(WIRE_VERSION, key.public, name, software)
    troubles: list[JoinError] = []
    for address in invitation.addresses:
        try:
            return Joined(ask_to_join(address, invitation, request, within_s).name, address)
        except NotReachedError as error:
            troubles.append(error)
    others = [error for error in troubles if isinstance(error, OtherServerError)]
    raise (others or troubles)[0]


def ask_to_join(address: str, invitation: Invitation, request: JoinRequest, within_s: float) -> JoinAccepted:
    """Raises JoinError."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        socket = context.socket(zmq.DEALER)
        set_common_options(socket, urlsplit(f"tcp://{address}").hostname or "")
        socket.set(zmq.IMMEDIATE, 1)  # nothing queues for a connection that is not there
        set_curve_client(socket, z85.encode(invitation.server_key).decode(), joining_key(invitation.secret))
        events = socket.get_monitor_socket(FAILURES)
        socket.connect(f"tcp://{address}")
        return wait_for_answer(address, socket, events, encode(BOXES, request), within_s)
    except zmq.ZMQError as error:
        raise NotReachedError(f"{address} cannot be dialled: {error.strerror}.") from error
    finally:
        context.destroy(linger=0)


def wait_for_answer(
    address: str, socket: "zmq.Socket[bytes]", events: "zmq.Socket[bytes]", frame: bytes, within_s: float
) -> JoinAccepted:
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN | zmq.POLLOUT)
    poller.register(events, zmq.POLLIN)
    deadline, ask_at, strange = time.monotonic() + within_s, 0.0, False
    while (now := time.monotonic()) < deadline:
        ready = dict(poller.poll(int(1000 * min(ASK_AGAIN_S, deadline - now)) + 1))
        if events in ready:
            event = recv_monitor_message(events)["event"]
            if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                raise StringOverError("The server does not take this join string.")
            strange = strange or event == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        if ready.get(socket, 0) & zmq.POLLIN:
            for answer in answers_in(socket.recv()):
                if isinstance(answer, JoinAccepted):
                    return answer
                if isinstance(answer, JoinRefused):
                    raise JoinRefusedError(answer)
        if time.monotonic() >= ask_at and ready.get(socket, 0) & zmq.POLLOUT:
            ask_at = time.monotonic() + ASK_AGAIN_S
            socket.send(frame, zmq.NOBLOCK)
            poller.modify(socket, zmq.POLLIN)
        elif time.monotonic() >= ask_at:
            poller.modify(socket, zmq.POLLIN | zmq.POLLOUT)
    if strange:
        raise OtherServerError(
            f"What answers at {address} is not the server of this join string: "
            "make a new one there with `samovar pair`."
        )
    raise NotReachedError(
        f"The server cannot be reached at {address}: is `samovar up` running there, and the port open?"
    )


def answers_in(frame: bytes) -> list[object]:
    try:
        return [envelope.message for envelope in decode(frame)]
    except UnreadableFrameError as error:
        raise JoinError(
            f"The server's answer was not understood ({error}): update the older side."
        ) from error
