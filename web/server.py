"""Server: Uvicorn as a task of the process's own event loop.

Its door: nothing else imports uvicorn or websockets.
"""

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Generator
from typing import Any

import uvicorn
from quart import Quart
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from actors.host import CannotServeError
from web.peer import LOOPBACK_NAMES, parse
from web.security import WILDCARDS
from web.settings import WebSettings
from web.sockets import Sockets
from web.websocket import DOOR

BACKLOG = 512
HEADER_BYTES = 16_384
SEND_BUFFER = 262_144  # what the kernel may hold for one reader
ABORT_S = 2.0  # a closed connection whose other end takes nothing is cut after so long


class UnsafeAddressError(CannotServeError):
    """Passwords would cross the network in the clear. Set [web] host to 127.0.0.1, or give tls_certificate
    and tls_key, or declare the https proxy in front with behind_proxy = true.
    """


class NoPublicNameError(CannotServeError):
    """Browsers reach this server under a name that it does not know. Set [web] hosts."""


class AddressTakenError(CannotServeError):
    """Another program listens there, or the address is not this machine's. Choose another port."""


class TlsFilesError(CannotServeError):
    """The certificate or its key cannot be read. Check [web] tls_certificate and tls_key."""


def check_address(settings: WebSettings) -> None:
    """Raises CannotServeError where it would be unsafe, or useless, to listen so."""
    tls = settings.tls_certificate != ""
    if tls != (settings.tls_key != ""):
        raise TlsFilesError("[web] tls_certificate and tls_key belong together: set both, or neither")
    address = parse(settings.host)
    loopback = settings.host in LOOPBACK_NAMES or (address is not None and address.is_loopback)
    if not loopback and not tls and not settings.behind_proxy:
        raise UnsafeAddressError(
            f"refusing to listen on {settings.host} without TLS: set [web] tls_certificate and tls_key, "
            "or behind_proxy = true when an https proxy stands in front, or host = 127.0.0.1"
        )
    if (settings.behind_proxy or settings.host in WILDCARDS) and not settings.hosts:
        raise NoPublicNameError(
            '[web] hosts must name what browsers call this server, for example hosts = ["chat.example.org"]'
        )


class PatientWebSocket(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket, bounded in what it holds for a reader that takes nothing."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]  # pyright: ignore[reportTypedDictNotRequiredAccess, reportAssignmentType]
        extensions[DOOR] = self
        await super().run_asgi()
        self.loop.call_later(ABORT_S, self.abort)

    # -- the door (web/socket.py) -----------------------------------------------------------------

    def abort(self) -> None:
        self.transport.abort()

    def is_free(self) -> bool:
        return self.writable.is_set() and self.conn.state is State.OPEN and not self.transport.is_closing()

    def send_now(self, data: bytes) -> None:
        self.transport.write(text_frame(data))

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()


def text_frame(data: bytes) -> bytes:
    """A whole text message as one frame of a server (RFC 6455, 5.2), which is all that most of what is sent
    needs: the library's way to it was a sixth of the whole sending.
    """
    size = len(data)
    if size < 126:
        return b"\x81%c%b" % (size, data)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), data)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), data)


class UvicornServer(uvicorn.Server):
    """Leaves signals alone, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Server:
    def __init__(self, app: Quart, sockets: Sockets, settings: WebSettings) -> None:
        self.app = app
        self.sockets = sockets
        self.settings = settings
        self.port = 0
        self.uvicorn: UvicornServer | None = None
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen; the port that it became. Raises CannotServeError."""
        check_address(self.settings)
        server = self.uvicorn = UvicornServer(self.config())
        listener = listen(self.settings.host, self.settings.port)
        self.port = listener.getsockname()[1]
        self.task = asyncio.create_task(server.serve([listener]), name="uvicorn")
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait((self.task, listening), return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            listening.cancel()
            self.task.result()
        return self.port

    @property
    def scheme(self) -> str:
        """What is spoken on the port itself: "http" behind a proxy too."""
        return "https" if self.settings.tls_certificate else "http"

    async def wait(self) -> None:
        """Until the server has ended, which it does only when it is stopped."""
        if self.task is not None:
            await asyncio.shield(self.task)

    async def stop(self) -> None:
        """Say farewell, let what is under way finish, and end, within the time of the settings."""
        if self.uvicorn is None or self.task is None:
            return
        await self.sockets.close(self.settings.stop_s / 2)
        self.uvicorn.should_exit = True
        await asyncio.wait((self.task,))

    def config(self) -> uvicorn.Config:
        settings = self.settings
        config = uvicorn.Config(
            self.app,
            http="h11",
            ws=PatientWebSocket,
            ws_per_message_deflate=False,
            ws_max_size=settings.frame_bytes,
            ws_ping_interval=settings.ping_s,
            ws_ping_timeout=settings.ping_s,
            lifespan="on",
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=settings.connections,
            backlog=BACKLOG,
            timeout_graceful_shutdown=max(1, int(settings.stop_s / 2)),
            h11_max_incomplete_event_size=HEADER_BYTES,
            ssl_certfile=settings.tls_certificate or None,
            ssl_keyfile=settings.tls_key or None,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise TlsFilesError(
                f"the TLS certificate or its key cannot be used ({error}): "
                "check [web] tls_certificate and tls_key"
            ) from error
        return config


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises AddressTakenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only where it is: else each event waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTakenError(
            f"cannot listen on {host} port {port} ({error.strerror or error}): "
            "end the program that uses it, or choose another port with --port"
        ) from error
    return listener
