"""Control client: how the commands of this machine's terminal reach the running node, over loopback.

They read the control token from DATA/run/node.json and exchange it for a login (web/control.py).
"""

import http.client
import ssl
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec
import psutil
from msgspec import Struct

from web.protocol.accounts import ControlToken
from web.protocol.refusal import Refusal

REQUEST_S = 10.0
PAUSE_S = 2.0  # between two tries

encode = msgspec.json.Encoder().encode


class ControlError(Exception):
    """The node cannot be asked, or refuses; the text is one line that says what to do."""


class CutError(Exception):
    """The connection, or the server behind it, is away for the moment."""


class Door(Struct, frozen=True):
    """What DATA/run/node.json says of the running node, as far as it is needed here."""

    pid: int
    url: str
    token: str
    ports: dict[str, dict[str, int]] = {}

    @property
    def origin(self) -> str:
        """The node as this machine reaches it, without the proxy that may stand in front."""
        place = urlsplit(self.url)
        if place.hostname in {"127.0.0.1", "localhost", "::1"}:
            return f"{place.scheme}://{place.netloc}"
        web = self.ports.get("web", {})
        if "https" in web:
            return f"https://127.0.0.1:{web['https']}"
        return f"http://127.0.0.1:{web.get('http', 0)}"


def find_door(data: Path) -> Door:
    """The running node. Raises ControlError."""
    path = data / "run" / "node.json"
    try:
        door = msgspec.json.decode(path.read_bytes(), type=Door)
    except (FileNotFoundError, msgspec.DecodeError):
        raise ControlError(f"No node runs on {data}: start one with `samovar up`.") from None
    except OSError as error:
        raise ControlError(f"{path} cannot be read: {error.strerror}.") from error
    if not psutil.pid_exists(door.pid):
        raise ControlError(f"The node on {data} is gone: start it again with `samovar up`.")
    if not door.url:
        raise ControlError(f"The node on {data} serves no web page, or not yet: see `samovar status`.")
    return door


class ControlClient:
    """A logged-in client of the node that runs on `data`; the login ends with the `with` block.

    Raises ControlError wherever the node cannot be asked.
    """

    def __init__(self, data: Path) -> None:
        self.door = find_door(data)
        self.cookie = ""

    def __enter__(self) -> Self:
        self.log_in()
        return self

    def log_in(self) -> None:
        """Anew, where what is done takes longer than a login lasts."""
        self.ask("POST", "/api/control", ControlToken(self.door.token))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.ask("POST", "/api/logout")

    def ask(
        self,
        method: str,
        path: str,
        body: Struct | bytes | None = None,
        within_s: float = REQUEST_S,
        tries: int = 1,
    ) -> bytes:
        """`body`: JSON, or bytes as they are. `tries`: of what may be asked again, where the node is busy."""
        for left in reversed(range(tries)):
            try:
                data, self.cookie = call(self.door, self.cookie, method, path, body, within_s)
            except CutError as error:
                if not left:
                    why = f"The node does not answer ({error}): see `samovar status`."
                    raise ControlError(why) from error
                time.sleep(PAUSE_S)
            else:
                return data
        raise ValueError(tries)


def call(
    door: Door,
    cookie: str,
    method: str,
    path: str,
    body: Struct | bytes | None = None,
    within_s: float = REQUEST_S,
) -> tuple[bytes, str]:
    """The body of the answer, and the cookie from then on.

    Raises CutError where trying again may help, else ControlError.
    """
    place = urlsplit(door.origin)
    host, port = place.hostname or "", place.port
    connection: http.client.HTTPConnection
    if place.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=within_s, context=own_machine())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=within_s)
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    headers = {"Origin": door.origin, "Cookie": cookie, "Content-Type": kind}
    data = body if isinstance(body, bytes) else encode(body) if body is not None else b""
    try:
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise CutError(str(error)) from error
    finally:
        connection.close()
    if answer.status >= 500:
        raise CutError(refusal_text(data, answer.status))
    if answer.status >= 400:
        raise ControlError(refusal_text(data, answer.status))
    if fresh := answer.getheader("Set-Cookie"):
        cookie = fresh.partition(";")[0]
    return data, cookie


def refusal_text(data: bytes, status: int) -> str:
    try:
        return msgspec.json.decode(data, type=Refusal).text
    except msgspec.DecodeError:
        return f"The server answered with status {status}."


def own_machine() -> ssl.SSLContext:
    """TLS with this machine's own node, over loopback: its certificate names the public host."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
