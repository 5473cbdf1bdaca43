"""WebSockets of pages, past Quart's layers.

A request, a context, two tasks and a queue for each WebSocket took longer than all that a page's socket
needs, and after a restart all readers wait for each other's. So Quart hands the connection over as it comes
from the server. What holds for a route holds here: gate, login, rights; a refusal has the same shape.
"""

import contextlib
import logging
from typing import Any

from quart import Response
from quart.asgi import ASGIWebsocketConnection
from werkzeug.http import parse_cookie

from actors.messages.accounts import AccountRow
from web import requests
from web.accounts import hash_token
from web.edge import Edge
from web.protocol.frames import Farewell
from web.records import StorageTroubleError
from web.refusal import RefusedError, storage_trouble
from web.requests import COOKIE
from web.rights import may_connect
from web.security import Asked
from web.socket import NORMAL, CutError, Door, Socket, close_code, text_of

log = logging.getLogger(__name__)

PATH = "/ws"
DOOR = "samovar.door"  # extension of the ASGI scope: web/socket.py's Door


class Line:
    """web/socket.py's Connection, over what an ASGI server gives."""

    def __init__(self, receive: Any, send: Any) -> None:
        self.take, self.give = receive, send
        self.open = False

    async def put(self, event: dict[str, Any]) -> None:
        try:
            await self.give(event)
        except OSError as error:  # how the server says that the other end is gone
            raise CutError from error

    async def accept(self) -> None:
        await self.put({"type": "websocket.accept"})
        self.open = True

    async def receive(self) -> str | bytes:
        while True:
            event = await self.take()
            if event["type"] == "websocket.disconnect":
                self.open = False
                raise CutError
            if event["type"] == "websocket.receive":
                text = event.get("text")
                return event["bytes"] if text is None else text

    async def send(self, data: str) -> None:
        await self.put({"type": "websocket.send", "text": data})

    async def close(self, code: int, reason: str = "") -> None:
        if self.open:
            self.open = False
            await self.put({"type": "websocket.close", "code": code, "reason": reason})

    async def refuse(self, response: Response) -> None:
        """Instead of accepting."""
        headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
        await self.put(
            {"type": "websocket.http.response.start", "status": response.status_code, "headers": headers}
        )
        body = await response.get_data(as_text=False)
        await self.put({"type": "websocket.http.response.body", "body": body, "more_body": False})


def make_websocket_class(edge: Edge) -> type[ASGIWebsocketConnection]:
    class PageConnection(ASGIWebsocketConnection):
        """There is one address for WebSockets; to all others Quart says that there is nothing."""

        async def __call__(self, receive: Any, send: Any) -> None:
            if self.scope["path"] != PATH:
                await super().__call__(receive, send)
                return
            scope: dict[str, Any] = dict(self.scope)
            await serve(edge, scope, Line(receive, send))

    return PageConnection


async def serve(edge: Edge, scope: dict[str, Any], line: Line) -> None:
    try:
        account, login = await let_in(edge, scope["headers"])
    except RefusedError as error:
        await line.refuse(requests.refusal(error))
        return
    except StorageTroubleError as error:
        log.warning("storage trouble: %s", error)
        await line.refuse(requests.refusal(storage_trouble()))
        return
    with contextlib.suppress(CutError):  # the other end is gone
        await line.accept()
        if account is None or not may_connect(account.role):  # said where a browser can read it
            await turn_away(line, Farewell("login", "Log in first.", again=False))
        elif refusal := edge.sockets.refusal(account.id):
            await turn_away(line, refusal)
        else:
            await serve_page(edge, account, login, line, scope["extensions"].get(DOOR))
            await line.close(NORMAL)


async def turn_away(line: Line, farewell: Farewell) -> None:
    await line.send(text_of(farewell))
    await line.close(close_code(farewell))


async def serve_page(edge: Edge, account: AccountRow, login: bytes, line: Line, door: Door | None) -> None:
    """Until either side has enough. Raises CutError."""
    socket = Socket(
        edge.new_socket_id(), account, login, edge.runtime, edge.ownership, edge.settings, edge.boot
    )
    edge.sockets.add(socket)
    try:
        await socket.live(line, door)
    finally:
        edge.sockets.remove(socket)


async def let_in(edge: Edge, headers: list[tuple[bytes, bytes]]) -> tuple[AccountRow | None, bytes]:
    """Who it is. Raises RefusedError, StorageTroubleError."""

    def values(name: bytes) -> list[str]:
        return [value.decode("latin-1") for key, value in headers if key.lower() == name]

    edge.gate.check(
        Asked("GET", PATH, values(b"host"), values(b"origin"), values(b"sec-fetch-site"), websocket=True)
    )
    token = parse_cookie("; ".join(values(b"cookie"))).get(COOKIE, "")
    if not token:
        return None, b""
    login = hash_token(token)
    return await edge.accounts.whose(login), login
