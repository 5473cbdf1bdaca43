"""The Quart app: gate and rights before every route, security headers after it, refusals in one shape."""

import asyncio
import logging
from typing import Any, cast

from quart import Quart, Response, g, request, websocket
from quart.asgi import ASGIWebsocketConnection
from quart.routing import QuartRule
from werkzeug.exceptions import HTTPException

from web import requests
from web.accounts import hash_token
from web.edge import Edge
from web.protocol import Farewell, Refusal
from web.records import StorageTroubleError
from web.refusal import RefusedError, storage_trouble
from web.requests import COOKIE
from web.rest import add_account_routes, add_chat_routes
from web.rest_accounts import add_people_routes
from web.rest_authoring import add_authoring_routes
from web.rest_boxes import add_box_routes
from web.rest_chats import add_chat_file_routes
from web.rest_choices import add_choice_routes
from web.rest_filing import add_filing_routes
from web.rest_library import add_library_routes
from web.rest_lore import add_lore_routes
from web.rest_moving import add_moving_routes
from web.rest_personas import add_persona_routes
from web.rest_prompts import add_prompt_routes
from web.rest_queue import add_queue_routes
from web.rest_summaries import add_summary_routes
from web.rest_versions import add_version_routes
from web.rights import may_call
from web.roomy import roomy_request
from web.security import HEADERS, Asked
from web.socket import ClosedDoor, Connection, Socket, close_code, text_of
from web.static import add_static_routes

log = logging.getLogger(__name__)

DOOR = "samovar.door"  # extension of the ASGI scope: web/socket.py's Door
WAITING_FRAMES = 32

WORDS = {
    404: ("not_found", "There is nothing here under that name."),
    405: ("bad_request", "This address does not take that method."),
    408: ("bad_request", "The body took too long to arrive."),
    413: ("bad_request", "The body is too large."),
    500: ("failed", "Something went wrong on the server; its log says what."),
}


class LeanRule(QuartRule):
    """A route that addresses are not built from, which took half of the time to make it."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        def refuse(*_: object, **__: object) -> None:
            raise RuntimeError("addresses are not built from routes here")

        return refuse


class BoundedConnection(ASGIWebsocketConnection):
    """Quart's own queue of incoming frames has no bound, and an empty binary frame ends it badly."""

    def __init__(self, app: Quart, scope: Any) -> None:
        super().__init__(app, scope)
        self.queue: asyncio.Queue[str | bytes] = asyncio.Queue(WAITING_FRAMES)

    async def handle_messages(self, receive: Any) -> None:
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            if event["type"] == "websocket.receive":
                text = event.get("text")
                await self.queue.put(event["bytes"] if text is None else text)


def make_app(edge: Edge) -> Quart:
    app = Quart("web", static_folder=None, template_folder=None)
    app.url_rule_class = LeanRule
    app.config["MAX_CONTENT_LENGTH"] = edge.settings.body_bytes
    app.config["BODY_TIMEOUT"] = edge.settings.body_s
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.request_class = roomy_request(edge.library.bench.settings, edge.settings)
    app.asgi_websocket_class = BoundedConnection
    add_gate(app, edge)
    add_refusals(app)
    add_account_routes(app, edge)
    add_chat_routes(app, edge)
    add_chat_file_routes(app, edge)
    add_moving_routes(app, edge)
    add_filing_routes(app, edge)
    add_library_routes(app, edge)
    add_version_routes(app, edge)
    add_lore_routes(app, edge)
    add_prompt_routes(app, edge)
    add_persona_routes(app, edge)
    add_choice_routes(app, edge)
    add_authoring_routes(app, edge)
    add_summary_routes(app, edge)
    add_people_routes(app, edge)
    add_box_routes(app, edge)
    add_queue_routes(app, edge)
    add_socket_route(app, edge)
    add_static_routes(app, edge)
    return app


def add_gate(app: Quart, edge: Edge) -> None:
    @app.before_request
    async def let_in() -> None:
        g.account = None
        g.login = None
        g.reached_as = ""
        g.reached_as = edge.gate.check(asked(request))
        if request.endpoint is None:
            return  # no such route: the 404 follows
        if request.path.startswith("/api/"):
            await recognise(request.cookies.get(COOKIE, ""))
        if not may_call(requests.role_of(g.account), request.endpoint):
            if g.account is None:
                raise RefusedError(401, "login", "Log in first.")
            raise RefusedError(403, "forbidden", "This account may not do that.")

    @app.before_websocket
    async def let_socket_in() -> None:
        g.account = None
        g.login = None
        g.reached_as = ""
        g.reached_as = edge.gate.check(asked(websocket, is_websocket=True))
        await recognise(websocket.cookies.get(COOKIE, ""))

    async def recognise(token: str) -> None:
        if token:
            login = hash_token(token)
            g.account = await edge.accounts.whose(login)
            g.login = login if g.account is not None else None

    @app.after_request
    async def with_headers(response: Response) -> Response:
        response.headers.update(edge.gate.headers(g.get("reached_as", "")))
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    _ = let_in, let_socket_in, with_headers


def asked(request_or_websocket: Any, *, is_websocket: bool = False) -> Asked:
    headers = request_or_websocket.headers
    return Asked(
        method=request_or_websocket.method,
        path=request_or_websocket.path,
        hosts=headers.getlist("Host"),
        origins=headers.getlist("Origin"),
        fetch_sites=headers.getlist("Sec-Fetch-Site"),
        websocket=is_websocket,
    )


def add_refusals(app: Quart) -> None:
    @app.errorhandler(RefusedError)
    async def refused(error: RefusedError) -> Response:
        return requests.refusal(error)

    @app.errorhandler(StorageTroubleError)
    async def no_storage(error: StorageTroubleError) -> Response:
        log.error("storage trouble: %s", error)
        return requests.refusal(storage_trouble())

    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        code, text = WORDS.get(status, ("bad_request", "This request cannot be served."))
        response = requests.answer(Refusal(code, text), status)
        response.headers.update(HEADERS)
        return response

    _ = refused, no_storage, http_error


def add_socket_route(app: Quart, edge: Edge) -> None:
    @app.websocket("/ws")
    async def socket() -> None:
        connection = cast("Connection", websocket)
        await connection.accept()
        account = g.account
        if account is None or not may_call(requests.role_of(account), "socket"):
            await turn_away(connection, Farewell("login", "Log in first.", again=False))
            return
        refusal = edge.sockets.refusal(account.id)
        if refusal is not None:
            await turn_away(connection, refusal)
            return
        mine = Socket(
            edge.new_socket_id(), account, g.login, edge.runtime, edge.ownership, edge.settings, edge.boot
        )
        extensions: dict[str, Any] = cast("Any", websocket.scope).get("extensions", {})
        edge.sockets.add(mine)
        try:
            await mine.live(connection, extensions.get(DOOR, ClosedDoor()))
        finally:
            edge.sockets.remove(mine)

    _ = socket


async def turn_away(connection: Connection, farewell: Farewell) -> None:
    await connection.send(text_of(farewell))
    await connection.close(close_code(farewell))
