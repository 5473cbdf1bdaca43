"""Requests: what the routes take from a request, and how they answer it."""

from typing import Any, TypeVar, cast

import msgspec
from quart import Response, g, request
from quart.wrappers.base import BaseRequestWebsocket

from actors.messages.accounts import AccountRow
from web.peer import Peer, peer_of
from web.refusal import RefusedError
from web.rights import NOBODY
from web.security import HEADERS

COOKIE = "__Host-samovar"

T = TypeVar("T")


def peer(asked: BaseRequestWebsocket, *, behind_proxy: bool) -> Peer:
    """Who asks: by the connection itself, never by a header that anybody can write."""
    client = cast("Any", asked.scope).get("client") or ("", 0)
    return peer_of(client[0], asked.headers.getlist("X-Forwarded-For"), behind_proxy=behind_proxy)


def role_of(account: AccountRow | None) -> str:
    return account.role if account is not None else NOBODY


def account() -> AccountRow:
    """Who is logged in; for endpoints that nobody else may call."""
    found = g.account
    if found is None:
        raise RefusedError(401, "login", "Log in first.")
    return found


async def body(kind: type[T]) -> T:
    """The body, decoded strictly. Raises RefusedError."""
    if request.mimetype != "application/json":
        raise RefusedError(415, "bad_request", "Send JSON, with Content-Type: application/json.")
    data = await request.get_data(cache=False)
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(400, "bad_request", f"The body was not understood: {error}.") from error


def answer(value: Any, status: int = 200) -> Response:
    """JSON; nothing that an account sees is kept by a cache."""
    response = Response(msgspec.json.encode(value), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def refusal(error: RefusedError) -> Response:
    response = answer(error.body, error.status)
    response.headers.update(HEADERS)
    if error.retry_after_s:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def asset_path(asset_id: str) -> str:
    return f"/api/assets/{asset_id}" if asset_id else ""


def set_login(response: Response, token: str, lasts_s: float) -> None:
    response.set_cookie(
        COOKIE, token, max_age=int(lasts_s), path="/", secure=True, httponly=True, samesite="Strict"
    )


def clear_login(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
