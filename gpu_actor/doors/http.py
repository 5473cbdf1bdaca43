"""HTTP to engines: the door to `httpx2`. Calls with deadlines and streams of events with bounds.

No redirect is followed and no proxy of the environment is used: a call goes where the settings say or
nowhere. What comes back is other people's data: each answer and each line has a largest size.
"""

import ipaddress
import json
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx2
from msgspec import Struct

from gpu_actor.troubles import RemoteEngineError

Json = Any


class HttpLimits(Struct, frozen=True):
    """Seconds to connect and between two pieces of an answer; bytes of a line and of a whole answer."""

    connect_s: float = 5.0
    silence_s: float = 120.0
    line_bytes: int = 1 << 20
    answer_bytes: int = 1 << 24


def is_loopback(address: str) -> bool:
    """Whether the address (scheme, host, port) names this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Http:
    """Calls to one server, one at a time. `key`: sent as bearer token."""

    def __init__(self, address: str, key: str, limits: HttpLimits) -> None:
        self.address = address.rstrip("/")
        self.limits = limits
        self.lock = threading.Lock()
        self.socket: socket.socket | None = None
        self.broken = False
        try:
            self.client = httpx2.Client(
                base_url=self.address,
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=httpx2.Timeout(limits.silence_s, connect=limits.connect_s),
                limits=httpx2.Limits(max_keepalive_connections=0),  # none is left open behind
                follow_redirects=False,
                trust_env=False,
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise RemoteEngineError(f"{address} is no address of an engine: {error}") from error

    def close(self) -> None:
        self.client.close()

    def break_off(self) -> None:
        """From another thread: the call under way fails at once, whatever it waits for, and so does every
        later one.
        """
        with self.lock:
            self.broken = True
            if self.socket is not None:
                with suppress(OSError):  # it is closed already
                    self.socket.shutdown(socket.SHUT_RDWR)

    def get(self, path: str) -> Json:
        return self.call("GET", path, None)

    def post(self, path: str, body: Json) -> Json:
        return self.call("POST", path, body)

    def call(self, method: str, path: str, body: Json) -> Json:
        """The answer, decoded; RemoteEngineError says what went wrong."""
        with self.opened(method, path, body) as response:
            text = bytearray()
            for piece in response.iter_bytes():
                text += piece
                if len(text) > self.limits.answer_bytes:
                    raise RemoteEngineError(f"{self.address}{path} answered with more than is taken")
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RemoteEngineError(f"{self.address}{path} did not answer in JSON") from error

    @contextmanager
    def stream(self, path: str, body: Json) -> Generator[Iterator[str]]:
        """The data of the server-sent events of an answer, one by one. Leaving the block ends the call."""
        with self.opened("POST", path, body) as response:
            yield self.events(response)

    def events(self, response: httpx2.Response) -> Iterator[str]:
        """Data of an event: its `data:` lines joined (https://html.spec.whatwg.org/#event-stream-interpretation).
        An event is given at its empty line; one that the connection cuts off is dropped.
        """
        data: list[str] = []
        size = 0
        for line in self.lines(response):
            if not line:
                if data:
                    yield "\n".join(data)
                data, size = [], 0
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
                size += len(line)
                if size > self.limits.line_bytes:
                    raise RemoteEngineError(f"{self.address} sent an event larger than is taken")

    def lines(self, response: httpx2.Response) -> Iterator[str]:
        rest = b""
        for piece in self.pieces(response):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.removesuffix(b"\r").decode("utf-8", "replace")
            if len(rest) > self.limits.line_bytes:
                raise RemoteEngineError(f"{self.address} sent a line longer than is taken")

    def pieces(self, response: httpx2.Response) -> Iterator[bytes]:
        try:
            yield from response.iter_bytes()
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise RemoteEngineError(f"the connection to {self.address} broke: {named(error)}") from error

    @contextmanager
    def opened(self, method: str, path: str, body: Json) -> Generator[httpx2.Response]:
        try:
            watch = {"trace": self.traced}
            with self.client.stream(method, path, json=body, extensions=watch) as response:
                if response.status_code != 200:
                    raise RemoteEngineError(self.refusal(path, response))
                yield response
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise RemoteEngineError(f"{self.address} cannot be reached: {named(error)}") from error

    def traced(self, event: str, info: dict[str, Any]) -> None:
        """Told by the client of each connection, before anything is sent."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self.lock:
                self.socket = info["return_value"].get_extra_info("socket")
            if self.broken:
                self.break_off()

    def refusal(self, path: str, response: httpx2.Response) -> str:
        """One line with what the server says itself, as far as it says something short."""
        said = b""
        for piece in response.iter_bytes():
            said += piece
            if len(said) > 4096:
                break
        words = " ".join(said[:300].decode("utf-8", "replace").split())
        hint = "; set engine.remote_key_file" if response.status_code in {401, 403} else ""
        return f"{self.address}{path} refused with {response.status_code}{hint}: {words}"


def named(error: Exception) -> str:
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
