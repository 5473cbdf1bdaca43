"""The supervisor's socket: one ROUTER for all, with CURVE keys made for this run and an allow-list.

Ready, heartbeats, facts, notices and the questions of the command line share it: a second socket for
heartbeats would save nothing at four messages a second. Whoever speaks is known by the key that the
ZAP handler saw (its User-Id), never by what it says of itself. Everything happens inside `poll`, on the
caller's thread; the ZAP handler is a REP socket beside the ROUTER (ZeroMQ RFC 27).
"""

import contextlib
from collections.abc import Iterator

import zmq
from msgspec import Struct
from zmq.utils import z85

from actors.messages.control import Dial
from actors.wire.keys import KeyPair, new_key_pair

CURVE_KEY_BYTES = 32


class Heard(Struct, frozen=True):
    """A message came from the owner of a key."""

    user: str
    route: bytes  # where an answer goes
    payload: bytes


class Switchboard:
    """Listens on 127.0.0.1, on a port of the system's choice."""

    def __init__(self) -> None:
        self.keys = new_key_pair()
        self.allowed: dict[str, str] = {}  # public key (Z85) → user
        self.routes: dict[str, bytes] = {}
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.zap = self.context.socket(zmq.REP)
        self.zap.linger = 0
        self.zap.bind("inproc://zeromq.zap.01")
        self.router = self.context.socket(zmq.ROUTER)
        self.router.linger = 0
        self.router.set(zmq.ROUTER_MANDATORY, 1)  # what cannot be delivered shall be known
        self.router.set(zmq.MAXMSGSIZE, 1_000_000)
        self.router.set(zmq.SNDTIMEO, 0)
        self.router.curve_server = True
        self.router.curve_publickey = self.keys.public.encode()
        self.router.curve_secretkey = self.keys.secret.encode()
        self.router.zap_domain = b"control"
        self.router.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # no handler, no entry
        self.port = self.router.bind_to_random_port("tcp://127.0.0.1")
        self.poller = zmq.Poller()
        self.poller.register(self.zap, zmq.POLLIN)
        self.poller.register(self.router, zmq.POLLIN)

    def admit(self, user: str) -> Dial:
        """A fresh key for `user`; its older ones are void from now on."""
        self.forget(user)
        pair: KeyPair = new_key_pair()
        self.allowed[pair.public] = user
        return Dial(f"tcp://127.0.0.1:{self.port}", self.keys.public, pair.public, pair.secret, user)

    def forget(self, user: str) -> None:
        """Hear no more from `user` until it is admitted again."""
        self.allowed = {key: name for key, name in self.allowed.items() if name != user}
        self.routes.pop(user, None)

    def poll(self, timeout_ms: int) -> Iterator[Heard]:
        """Wait for messages at most so long, and give those that are there."""
        self.poller.poll(timeout_ms)
        self._let_in_or_not()
        while True:
            try:
                route, frame = self.router.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            except ValueError:  # not two frames
                continue
            key = str(frame.get("User-Id"))
            user = self.allowed.get(key)
            if user is not None:
                self.routes[user] = route.bytes
                yield Heard(user, route.bytes, frame.bytes)

    def say(self, user: str, payload: bytes) -> bool:
        """Send to `user`; False when it is not there, or does not read."""
        route = self.routes.get(user)
        return route is not None and self.answer(route, payload)

    def answer(self, route: bytes, payload: bytes) -> bool:
        try:
            self.router.send_multipart([route, payload], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno in {zmq.EHOSTUNREACH, zmq.EAGAIN}:
                return False
            raise
        return True

    def close(self) -> None:
        self.context.destroy(linger=0)

    def _let_in_or_not(self) -> None:
        """Answer libzmq's questions whether a key may enter.

        The User-Id is the key itself, so that one that was forgotten meanwhile is known as such.
        """
        with contextlib.suppress(zmq.Again):
            while True:
                version, request, _, _, _, mechanism, *credentials = self.zap.recv_multipart(zmq.NOBLOCK)
                key = ""
                if mechanism == b"CURVE" and credentials and len(credentials[0]) == CURVE_KEY_BYTES:
                    key = z85.encode(credentials[0]).decode()
                known = key in self.allowed
                status, text = (b"200", b"OK") if known else (b"400", b"unknown key")
                self.zap.send_multipart([version, request, status, text, key.encode() if known else b"", b""])
