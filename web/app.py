"""The Quart app: gate and rights before every route, security headers after it, refusals in one shape."""

import logging
from typing import Any

from quart import Quart, Request, Response, g, request
from quart.routing import QuartRule
from werkzeug.exceptions import HTTPException

from web import requests
from web.accounts import hash_token
from web.edge import Edge
from web.protocol.refusal import Refusal
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
from web.static import add_static_routes
from web.websocket import make_websocket_class

log = logging.getLogger(__name__)

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


def make_app(edge: Edge) -> Quart:
    app = Quart("web", static_folder=None, template_folder=None)
    app.url_rule_class = LeanRule
    app.config["MAX_CONTENT_LENGTH"] = edge.settings.body_bytes
    app.config["BODY_TIMEOUT"] = edge.settings.body_s
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.request_class = roomy_request(edge.library.bench.settings, edge.settings)
    app.asgi_websocket_class = make_websocket_class(edge)
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

    _ = let_in, with_headers


def asked(request: Request) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        path=request.path,
        hosts=headers.getlist("Host"),
        origins=headers.getlist("Origin"),
        fetch_sites=headers.getlist("Sec-Fetch-Site"),
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
