"""Sockets: the CURVE ports by which processes and machines exchange envelopes.

A Listener is the server (ROUTER, allow-list); a Dialler the client (DEALER). Both are ports of the
mailbox runtime. Nothing here waits: what cannot be sent now is dropped and counted, for every
message of the protocol may be lost (PROTOCOL.md says how each loss heals).
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
import zmq

from actors import addresses
from actors.messages.control import Dial, Door
from actors.messages.link import HangUp, KeyRefused, Redial
from actors.wire.bundling import Bundling
from actors.wire.envelope import Envelope, UnreadableFrameError, decode, encode, fits
from actors.wire.guests import Guest, GuestList
from actors.wire.handshakes import HandshakeWatch
from actors.wire.keys import KeyPair
from actors.wire.readiness import Readiness
from actors.wire.zap import answer_zap, user_of, zap_socket

log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 16_000_000  # a turn with a long history and its lore; libzmq cuts off whoever sends more
HIGH_WATER_MARK = 20_000  # messages in one connection's queue
LOOPBACK = "127.0.0.1"
REOPEN_PAUSE_S = 0.005
STRANGE_PAUSE_S = 0.1  # before another server key is tried

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
    socket.set(zmq.IPV6, int(":" in host))
    if host != LOOPBACK:
        socket.set(zmq.HEARTBEAT_IVL, 1000)
        socket.set(zmq.HEARTBEAT_TIMEOUT, 3000)
        socket.set(zmq.HEARTBEAT_TTL, 4000)


def set_curve_client(socket: "zmq.Socket[bytes]", server_key: str, pair: KeyPair) -> None:
    socket.curve_serverkey = server_key.encode()
    socket.curve_publickey = pair.public.encode()
    socket.curve_secretkey = pair.secret.encode()


def envelope_of(address: str, message: Any) -> bytes | None:
    """None where it is so large that the other side would cut off the connection for it."""
    envelope = encode(address, message)
    if len(envelope) <= MAX_FRAME_BYTES:
        return envelope
    log.error("%s for %s takes %d bytes: dropped", type(message).__name__, address, len(envelope))
    return None


class CannotListenError(Exception):
    """The port is taken, or the address is not this machine's. Choose another one in the settings."""


def bind(socket: "zmq.Socket[bytes]", door: Door) -> int:
    """The port that it became. Raises zmq.ZMQError."""
    host = f"[{door.host}]" if ":" in door.host else door.host
    if door.port:
        socket.bind(f"tcp://{host}:{door.port}")
        return door.port
    return socket.bind_to_random_port(f"tcp://{host}")


class Listener:
    """Serves the guests of a door, each at its address.

    A guest is known by its key alone, and the list is asked again at each frame. Its route is the connection
    that its last message came by, so that one which dials anew is served at once and nobody can take
    another's place.
    """

    def __init__(self, door: Door, tell: Tell, guests: GuestList) -> None:
        self.door = door
        self.tell = tell
        self.guests = guests
        self.routes: dict[str, bytes] = {}
        self.bundling: dict[str, Bundling] = {}
        self.dropped = 0
        self.ignored = 0  # frames of keys that were taken off the list
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.zap = zap_socket(self.context)
        try:
            self.router, self.port = self.open(door)
        except zmq.ZMQError as error:
            self.context.destroy(linger=0)
            raise CannotListenError(f"cannot listen on {door.host} port {door.port}: {error}") from error
        self.zap_readiness = Readiness(self.zap, self.read_zap)
        self.readiness = Readiness(self.router, self.read_some)

    def open(self, door: Door) -> "tuple[zmq.Socket[bytes], int]":
        router = self.context.socket(zmq.ROUTER)
        set_common_options(router, door.host)
        router.set(zmq.ROUTER_MANDATORY, 1)  # else what is sent to nobody vanishes silently
        router.curve_server = True
        router.curve_publickey = door.public.encode()
        router.curve_secretkey = door.secret.encode()
        router.zap_domain = b"link"
        router.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # no handler, no entry
        try:
            return router, bind(router, door)
        except zmq.ZMQError:
            router.close(0)
            raise

    def deliver(self, address: str, message: Any, sender: str) -> None:
        """To the guest of that address; dropped where it is not connected."""
        envelope = envelope_of(address, message)
        if address not in self.routes or envelope is None:
            self.dropped += 1
            return
        bundling = self.bundling.get(address)
        if bundling is None:
            bundling = self.bundling[address] = Bundling(partial(self.send, address))
        bundling.add(envelope)

    def send(self, address: str, frame: bytes, count: int) -> None:
        route = self.routes.get(address)
        if route is None:
            self.dropped += count
            return
        try:
            self.router.send_multipart([route, frame], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self.dropped += count
            if error.errno == zmq.EHOSTUNREACH:
                del self.routes[address]
        self.readiness.check()

    def read_zap(self) -> int:
        answer_zap(self.zap, self.guests.admits)
        return 0

    def read_some(self) -> int:
        try:
            frames = self.router.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return 0
        return self.take(frames[0].bytes, frames[1]) if len(frames) == 2 else 1

    def take(self, route: bytes, frame: "zmq.Frame") -> int:
        """Tell what is in the frame; how much that was."""
        guest = self.guests.guest(user_of(frame))
        if guest is None:
            self.ignored += 1
            return 1  # taken off the list since it connected
        self.routes[guest.address] = route
        try:
            envelopes = decode(frame.bytes)
        except UnreadableFrameError as error:
            log.warning("%s sent an unreadable frame: %s", guest.address, error)
            return 1
        for envelope in envelopes:
            self.take_envelope(guest, envelope)
        return 1 + len(envelopes)

    def take_envelope(self, guest: Guest, envelope: Envelope) -> None:
        message = envelope.message
        if (
            type(message) in guest.accepts
            and addresses.kind(envelope.to) in guest.reaches
            and fits(envelope.to, message)
        ):
            self.tell(envelope.to, message, guest.address)
        else:
            kind = type(message).__name__
            log.warning("%s sent %s to %.80r: refused", guest.address, kind, envelope.to)

    async def reopen(self, door: Door) -> None:
        """Cut every connection, and listen on the same port anew with the keys of `door`."""
        for address in tuple(self.routes):
            self.forget(address)
        self.readiness.close()
        self.router.close(0)
        self.door = door
        door = msgspec.structs.replace(door, port=self.port)
        while True:  # the port is free when libzmq's own thread has closed the old socket
            try:
                self.router, self.port = self.open(door)
                break
            except zmq.ZMQError as error:
                if error.errno != zmq.EADDRINUSE:
                    raise
            await asyncio.sleep(REOPEN_PAUSE_S)
        self.readiness = Readiness(self.router, self.read_some)

    def forget(self, address: str) -> None:
        """Send nothing more there, until a guest of that address speaks again."""
        bundling = self.bundling.pop(address, None)
        if bundling is not None:
            bundling.leave()
        self.routes.pop(address, None)

    def close(self) -> None:
        for bundling in self.bundling.values():
            bundling.leave()
        self.readiness.close()
        self.zap_readiness.close()
        self.context.destroy(linger=0)


class Dialler:
    """Reaches the other side by one connection; what comes from there is told to `to` as from `sender`.

    With `tells_refusal`, a server that does not let the key in is told as KeyRefused. `server_keys` are those
    that the server may have; `on_strange` is called when it seems to have another one than the one tried.
    """

    def __init__(
        self,
        dial: Dial,
        tell: Tell,
        accepts: frozenset[type],
        to: str,
        sender: str,
        *,
        tells_refusal: bool = False,
    ) -> None:
        self.dial = dial
        self.tell = tell
        self.accepts = accepts
        self.to = to
        self.sender = sender
        self.tells_refusal = tells_refusal
        self.pair = KeyPair(dial.public, dial.secret)
        self.server_key = dial.server_public
        self.server_keys: tuple[str, ...] = (dial.server_public,)
        self.changing: asyncio.TimerHandle | None = None
        self.on_strange: Callable[[], None] = lambda: None
        self.dropped = 0
        self.bundling = Bundling(self.send)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket: zmq.Socket[bytes] | None = None
        self.readiness: Readiness | None = None
        self.watch: HandshakeWatch | None = None
        self.address = dial.address
        self.redial()

    def moved(self, address: str) -> None:
        """The other side listens elsewhere now."""
        if address != self.address:
            self.address = address
            self.redial()

    def use_key(self, pair: KeyPair) -> None:
        """This side has another key from now on."""
        self.pair = pair
        self.redial()

    def stranger_answered(self) -> None:
        self.on_strange()

    def try_next_server_key(self) -> None:
        """Dial with the next of `server_keys`, where there is another one."""
        others = [key for key in self.server_keys if key != self.server_key]
        if others and self.changing is None:
            self.server_key = others[0]
            loop = asyncio.get_running_loop()
            self.changing = loop.call_later(STRANGE_PAUSE_S, self.redial)

    def redial(self) -> None:
        """A fresh connection; what the old one held is lost."""
        self.hang_up()
        self.changing = None
        if not self.address:
            return  # not known yet
        socket = self.socket = self.context.socket(zmq.DEALER)
        set_common_options(socket, urlsplit(self.address).hostname or "")
        socket.set(zmq.RECONNECT_IVL, 100)
        socket.set(zmq.RECONNECT_IVL_MAX, 500)
        socket.set(zmq.CONNECT_TIMEOUT, 3000)
        socket.set(zmq.IMMEDIATE, 1)  # nothing queues for a connection that is not there
        set_curve_client(socket, self.server_key, self.pair)
        if self.tells_refusal:
            self.watch = HandshakeWatch(
                socket, lambda: self.tell(self.to, KeyRefused(), self.sender), self.stranger_answered
            )
        socket.connect(self.address)
        self.readiness = Readiness(socket, self.read_some)

    def hang_up(self) -> None:
        self.dropped += len(self.bundling.take())
        if self.readiness is not None:
            self.readiness.close()
            self.readiness = None
        if self.watch is not None:
            self.watch.close()
            self.watch = None
        if self.socket is not None:
            self.socket.close(0)
            self.socket = None

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if isinstance(message, Redial):
            log.info("nothing heard from %s: dialling anew", self.address)
            self.redial()
            return
        if isinstance(message, HangUp):
            self.hang_up()
            return
        envelope = envelope_of(address, message)
        if self.socket is None or envelope is None:
            self.dropped += 1
            return
        self.bundling.add(envelope)

    def send(self, frame: bytes, count: int) -> None:
        if self.socket is None or self.readiness is None:
            self.dropped += count
            return
        try:
            self.socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            self.dropped += count
        self.readiness.check()

    def read_some(self) -> int:
        if self.socket is None:
            return 0
        try:
            frame = self.socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return 0
        try:
            envelopes = decode(frame)
        except UnreadableFrameError as error:
            log.warning("%s sent an unreadable frame: %s", self.address, error)
            return 1
        for envelope in envelopes:
            if type(envelope.message) in self.accepts:
                self.tell(self.to, envelope.message, self.sender)
            else:
                log.warning("%s sent %s: refused", self.address, type(envelope.message).__name__)
        return 1 + len(envelopes)

    def close(self) -> None:
        if self.changing is not None:
            self.changing.cancel()
        self.bundling.leave()
        self.hang_up()
        self.context.destroy(linger=0)
