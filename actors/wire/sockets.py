"""Sockets: the CURVE ports by which processes and machines exchange envelopes.

A Listener is the server (ROUTER, allow-list); a Dialler the client (DEALER). Both are ports of the
mailbox runtime. Nothing here waits: what cannot be sent now is dropped and counted, for every
message of the protocol may be lost (PROTOCOL.md says how each loss heals).
"""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import zmq

from actors import addresses
from actors.messages.control import Dial, Door
from actors.messages.link import Redial
from actors.wire.envelope import UnreadableFrameError, decode, encode, fits
from actors.wire.readiness import Readiness
from actors.wire.zap import answer_zap, user_of, zap_socket

log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 8_000_000  # a turn with a long history; libzmq cuts off whoever sends more
HIGH_WATER_MARK = 20_000  # messages in one connection's queue
LOOPBACK = "127.0.0.1"

Tell = Callable[[str, Any, str], None]


def set_common_options(socket: "zmq.Socket[bytes]", host: str) -> None:
    """Measured: without heartbeats a NAT that forgot the mapping is never noticed.

    Inside a machine they do harm alone: after a sleep, or behind a process that stood still, they would
    cut a connection that is whole, and lose what the inner hop holds.
    """
    socket.linger = 0
    socket.set(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
    socket.set(zmq.SNDHWM, HIGH_WATER_MARK)
    socket.set(zmq.RCVHWM, HIGH_WATER_MARK)
    socket.set(zmq.HANDSHAKE_IVL, 5000)
    if host != LOOPBACK:
        socket.set(zmq.HEARTBEAT_IVL, 1000)
        socket.set(zmq.HEARTBEAT_TIMEOUT, 3000)
        socket.set(zmq.HEARTBEAT_TTL, 4000)


def frame_of(address: str, message: Any) -> bytes | None:
    """The frame, or None where it is so large that the other side would cut off the connection for it."""
    frame = encode(address, message)
    if len(frame) <= MAX_FRAME_BYTES:
        return frame
    log.error("%s for %s takes %d bytes: dropped", type(message).__name__, address, len(frame))
    return None


class CannotListenError(Exception):
    """The port is taken, or the address is not this machine's. Choose another one in the settings."""


def bind(socket: "zmq.Socket[bytes]", door: Door) -> int:
    """The port that it became. Raises zmq.ZMQError."""
    if door.port:
        socket.bind(f"tcp://{door.host}:{door.port}")
        return door.port
    return socket.bind_to_random_port(f"tcp://{door.host}")


class Listener:
    """Serves `worker/<name>` (or the one peer of an inner hop) behind a door.

    A peer is known by its key alone: its messages carry the sender `sender_of(name)`, may be of the types
    `accepts` only, and go only to the kinds of address in `reaches`, where those understand them. Its route
    is the connection that its last message came by, so that a peer which dials anew is served at once and
    nobody can take another's place.
    """

    def __init__(
        self,
        door: Door,
        tell: Tell,
        accepts: Any,
        reaches: frozenset[str],
        sender_of: Callable[[str], str] = addresses.worker,
        peer_of: Callable[[str], str] = addresses.key,
    ) -> None:
        self.tell = tell
        self.accepts = accepts
        self.reaches = reaches
        self.sender_of = sender_of
        self.peer_of = peer_of
        self.allowed = dict(door.allowed)
        self.routes: dict[str, bytes] = {}
        self.dropped = 0
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.zap = zap_socket(self.context)
        self.router = self.context.socket(zmq.ROUTER)
        set_common_options(self.router, door.host)
        self.router.set(zmq.ROUTER_MANDATORY, 1)  # else what is sent to nobody vanishes silently
        self.router.curve_server = True
        self.router.curve_publickey = door.public.encode()
        self.router.curve_secretkey = door.secret.encode()
        self.router.zap_domain = b"link"
        self.router.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # no handler, no entry
        try:
            self.port = bind(self.router, door)
        except zmq.ZMQError as error:
            self.context.destroy(linger=0)
            raise CannotListenError(f"cannot listen on {door.host} port {door.port}: {error}") from error
        self.zap_readiness = Readiness(self.zap, self.read_zap)
        self.readiness = Readiness(self.router, self.read_one)

    def deliver(self, address: str, message: Any, sender: str) -> None:
        """To the peer of that address; dropped where it is not connected."""
        name = self.peer_of(address)
        route = self.routes.get(name)
        frame = frame_of(address, message)
        if route is None or frame is None:
            self.dropped += 1
            return
        try:
            self.router.send_multipart([route, frame], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self.dropped += 1
            if error.errno == zmq.EHOSTUNREACH:
                del self.routes[name]
        self.readiness.check()

    def read_zap(self) -> bool:
        answer_zap(self.zap, self.allowed.__contains__)
        return False

    def read_one(self) -> bool:
        try:
            frames = self.router.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return False
        if len(frames) == 2:
            self.take(frames[0].bytes, frames[1])
        return True

    def take(self, route: bytes, frame: "zmq.Frame") -> None:
        name = self.allowed.get(user_of(frame))
        if name is None:
            return  # taken off the list since it connected
        self.routes[name] = route
        try:
            envelope = decode(frame.bytes)
        except UnreadableFrameError as error:
            log.warning("%s sent an unreadable frame: %s", name, error)
            return
        reached = addresses.kind(envelope.to) in self.reaches and fits(envelope.to, envelope.message)
        if reached and isinstance(envelope.message, self.accepts):
            self.tell(envelope.to, envelope.message, self.sender_of(name))
        else:
            log.warning("%s sent %s to %.80r: refused", name, type(envelope.message).__name__, envelope.to)

    def close(self) -> None:
        self.readiness.close()
        self.zap_readiness.close()
        self.context.destroy(linger=0)


class Dialler:
    """Reaches the other side by one connection; what comes from there is told to `to` as from `sender`."""

    def __init__(self, dial: Dial, tell: Tell, accepts: Any, to: str, sender: str) -> None:
        self.dial = dial
        self.tell = tell
        self.accepts = accepts
        self.to = to
        self.sender = sender
        self.dropped = 0
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket: zmq.Socket[bytes] | None = None
        self.readiness: Readiness | None = None
        self.address = dial.address
        self.redial()

    def moved(self, address: str) -> None:
        """The other side listens elsewhere now."""
        if address != self.address:
            self.address = address
            self.redial()

    def redial(self) -> None:
        """A fresh connection; what the old one held is lost."""
        self.hang_up()
        if not self.address:
            return  # not known yet
        socket = self.socket = self.context.socket(zmq.DEALER)
        set_common_options(socket, urlsplit(self.address).hostname or "")
        socket.set(zmq.RECONNECT_IVL, 100)
        socket.set(zmq.RECONNECT_IVL_MAX, 2000)
        socket.set(zmq.CONNECT_TIMEOUT, 3000)
        socket.set(zmq.IMMEDIATE, 1)  # nothing queues for a connection that is not there
        socket.curve_serverkey = self.dial.server_public.encode()
        socket.curve_publickey = self.dial.public.encode()
        socket.curve_secretkey = self.dial.secret.encode()
        socket.connect(self.address)
        self.readiness = Readiness(socket, self.read_one)

    def hang_up(self) -> None:
        if self.readiness is not None:
            self.readiness.close()
            self.readiness = None
        if self.socket is not None:
            self.socket.close(0)
            self.socket = None

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if isinstance(message, Redial):
            log.info("nothing heard from %s: dialling anew", self.address)
            self.redial()
            return
        frame = frame_of(address, message)
        if self.socket is None or self.readiness is None or frame is None:
            self.dropped += 1
            return
        try:
            self.socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            self.dropped += 1
        self.readiness.check()

    def read_one(self) -> bool:
        if self.socket is None:
            return False
        try:
            frame = self.socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return False
        try:
            envelope = decode(frame)
        except UnreadableFrameError as error:
            log.warning("%s sent an unreadable frame: %s", self.address, error)
            return True
        if isinstance(envelope.message, self.accepts):
            self.tell(self.to, envelope.message, self.sender)
        else:
            log.warning("%s sent %s: refused", self.address, type(envelope.message).__name__)
        return True

    def close(self) -> None:
        self.hang_up()
        self.context.destroy(linger=0)
