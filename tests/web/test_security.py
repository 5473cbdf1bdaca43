"""Who is let in: Host, Origin and Sec-Fetch-Site; and the headers of every answer."""

from pathlib import Path
from typing import Any

import pytest

from tests.web.site import PICTURE_ID, SETTINGS, Site, run_at
from web.refusal import RefusedError
from web.requests import COOKIE
from web.security import HSTS, Asked, Gate
from web.settings import WebSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
LOCAL = WebSettings(port=8080)
PROXIED = WebSettings(behind_proxy=True, hosts=("chat.example.org",))
TLS = WebSettings(host="0.0.0.0", hosts=("chat.example.org",), tls_certificate="a.pem", tls_key="b.pem")


def asked(host: str, origin: str | None = None, method: str = "POST", **more: Any) -> Asked:
    return Asked(
        method, more.pop("path", "/api/login"), [host], [] if origin is None else [origin], [], **more
    )


def refusal(settings: WebSettings, request: Asked) -> int:
    """The status of the refusal; 0 when the request is let in."""
    try:
        Gate(settings).check(request)
    except RefusedError as error:
        return error.status
    return 0


# -- the gate by itself -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "host", "origin"),
    [
        (LOCAL, "127.0.0.1:8080", "http://127.0.0.1:8080"),
        (LOCAL, "localhost:8080", "http://localhost:8080"),
        (LOCAL, "LOCALHOST:8080", "http://localhost:8080"),
        (LOCAL, "[::1]:8080", "http://[::1]:8080"),
        (LOCAL, "localhost:9000", "http://localhost:9000"),  # through a tunnel
        (PROXIED, "chat.example.org", "https://chat.example.org"),
        (PROXIED, "127.0.0.1:8080", "http://127.0.0.1:8080"),  # the terminal, past the proxy
        (TLS, "chat.example.org", "https://chat.example.org"),
        (TLS, "127.0.0.1", "https://127.0.0.1"),
    ],
)
def test_requests_of_the_own_site_are_let_in(settings: WebSettings, host: str, origin: str) -> None:
    assert refusal(settings, asked(host, origin)) == 0
    assert refusal(settings, asked(host, origin, method="GET", websocket=True)) == 0
    assert refusal(settings, asked(host, None, method="GET")) == 0


@pytest.mark.parametrize("settings", [LOCAL, PROXIED, TLS])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8080",
        "evil-localhost",
        "localhost.",
        "127.0.0.2",
        "0.0.0.0:8080",
        "[::2]",
        "user@localhost",
        "localhost:80:80",
        "localhost/",
        "chat.example.org.evil.example",
        "",
    ],
)
def test_a_name_that_is_not_this_servers_is_refused_whatever_the_method(
    settings: WebSettings, host: str
) -> None:
    for method in ("GET", "POST"):
        assert refusal(settings, asked(host, f"http://{host}", method=method)) == 421


def test_a_request_with_no_host_or_two_is_refused() -> None:
    for hosts in ([], ["localhost", "localhost"]):
        assert refusal(LOCAL, Asked("GET", "/", hosts, [], [])) == 421


ORIGINS = [
    None,
    "",
    "null",
    "http://evil.example",
    "https://chat.example.org.evil.example",
    "https://evilchat.example.org",
    "https://sub.chat.example.org",
    "http://chat.example.org",
    "https://chat.example.org:444",
    "https://chat.example.org/",
    "https://CHAT.example.org.",
    "https://chat.example.org https://evil.example",
    "https://chat.example.org@evil.example",
    "wss://chat.example.org",
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "LINK", "websocket"]
)
def test_an_origin_that_is_not_this_site_is_refused(origin: str | None, method: str) -> None:
    websocket = method == "websocket"
    request = asked("chat.example.org", origin, "GET" if websocket else method, websocket=websocket)
    for settings in (PROXIED, TLS):
        assert refusal(settings, request) == 403


def test_two_origins_are_refused_even_when_both_are_right() -> None:
    origin = "https://chat.example.org"
    assert refusal(PROXIED, Asked("POST", "/", ["chat.example.org"], [origin, origin], [])) == 403


@pytest.mark.parametrize(
    ("site", "method", "let_in"),
    [
        ("same-origin", "GET", True),
        ("same-origin", "POST", True),
        ("none", "GET", True),
        ("none", "POST", False),
        ("same-site", "GET", False),
        ("same-site", "POST", False),
        ("cross-site", "GET", False),
        ("cross-site", "POST", False),
        ("made-up", "GET", False),
    ],
)
def test_what_the_browser_says_of_the_sender_counts_for_the_api(site: str, method: str, let_in: bool) -> None:
    request = Asked(method, "/api/me", ["localhost"], ["http://localhost"], [site])
    assert (refusal(LOCAL, request) == 0) is let_in


def test_a_link_from_another_site_may_open_the_page_itself() -> None:
    assert refusal(LOCAL, Asked("GET", "/chat/1", ["localhost"], [], ["cross-site"])) == 0


def test_only_https_promises_https() -> None:
    assert Gate(PROXIED).headers("chat.example.org")["Strict-Transport-Security"] == HSTS
    assert Gate(TLS).headers("127.0.0.1")["Strict-Transport-Security"] == HSTS
    assert "Strict-Transport-Security" not in Gate(PROXIED).headers("127.0.0.1")
    assert "Strict-Transport-Security" not in Gate(LOCAL).headers("localhost")


# -- a running server ---------------------------------------------------------------------------


def test_every_answer_carries_the_headers_of_security(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        await site.character()
        requests: list[tuple[int, str, str, dict[str, Any]]] = [
            (200, "GET", "/", {}),
            (200, "HEAD", "/", {}),
            (200, "GET", "/chat/some-page", {}),
            (200, "GET", "/assets/index-4f2a.js", {}),
            (200, "GET", "/manifest.webmanifest", {}),
            (404, "GET", "/missing.js", {}),
            (404, "GET", "/ws", {}),
            (405, "POST", "/", {}),
            (405, "OPTIONS", "/api/me", {}),
            (405, "TRACE", "/api/me", {}),
            (200, "GET", "/api/me", {}),
            (404, "GET", "/api/nothing", {}),
            (405, "PUT", "/api/me", {}),
            (401, "GET", "/api/characters", {}),
            (200, "GET", "/api/characters", {"cookie": cookie}),
            (200, "GET", f"/api/assets/{PICTURE_ID}", {"cookie": cookie}),
            (404, "GET", "/api/assets/x", {"cookie": cookie}),
            (400, "POST", "/api/login", {"body": b"{"}),
            (401, "POST", "/api/login", {"body": {"name": "x", "password": "y"}}),
            (413, "POST", "/api/login", {"body": b" " * (SETTINGS.body_bytes + 1)}),
            (415, "POST", "/api/login", {"body": b"{}", "headers": {"Content-Type": "text/plain"}}),
            (403, "POST", "/api/login", {"body": {}, "headers": {"Origin": "http://evil.example"}}),
            (421, "GET", "/", {"headers": {"Host": "evil.example"}}),
            (404, "DELETE", "/api/conversations/x", {"cookie": cookie}),
            (200, "POST", "/api/logout", {"cookie": cookie}),
        ]
        for status, method, path, more in requests:
            answer = await site.call(method, path, **more)
            about = f"{method} {path} {answer.body[:80]!r}"
            assert answer.status == status, about
            assert answer.headers["content-security-policy"] == POLICY, about
            assert answer.headers["x-content-type-options"] == "nosniff", about
            assert answer.headers["referrer-policy"] == "same-origin", about
            assert answer.headers["cross-origin-opener-policy"] == "same-origin", about
            assert answer.headers["cache-control"], about
            assert "server" not in answer.headers, about
            assert "strict-transport-security" not in answer.headers, about
            if status >= 400:
                assert set(answer.json) == {"code", "text", "limit", "cause", "facts"}, about

    run_at(ui, test)


def test_what_an_account_sees_is_kept_by_no_cache(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        for path in ("/api/me", "/api/characters", "/api/conversations"):
            assert (await site.call("GET", path, cookie=cookie)).headers["cache-control"] == "no-store"
        portrait = await site.call("GET", f"/api/assets/{PICTURE_ID}", cookie=cookie)
        assert portrait.headers["cache-control"].startswith("private")

    run_at(ui, test)


def test_a_request_of_another_site_changes_nothing_even_with_the_cookie(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        path = f"/api/conversations/{conversation}"
        hostile: list[dict[str, str | None]] = [
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": None},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ]
        for headers in hostile:
            assert (await site.call("DELETE", path, cookie=cookie, headers=headers)).status == 403
            assert (await site.call("POST", "/api/logout", cookie=cookie, headers=headers)).status == 403
        rows = (await site.call("GET", "/api/conversations", cookie=cookie)).json
        assert [row["id"] for row in rows] == [str(conversation)]

    run_at(ui, test)


def test_reading_changes_nothing(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        writes = [
            "/api/setup",
            "/api/login",
            "/api/logout",
            "/api/control",
            f"/api/conversations/{conversation}",
        ]
        for path in writes:
            assert (await site.call("GET", path, cookie=cookie)).status in {404, 405}
        me = (await site.call("GET", "/api/me", cookie=cookie)).json
        assert me["user_name"] == "Anna"

    run_at(ui, test)


def test_secrets_stand_in_no_answer_and_in_no_address(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        token = cookie.removeprefix(f"{COOKIE}=")
        for path in ("/api/me", "/api/characters", "/api/conversations", "/"):
            answer = await site.call("GET", path, cookie=cookie)
            assert token.encode() not in answer.body
            assert token not in str(answer.headers)
        assert (await site.call("GET", f"/api/me?{COOKIE}={token}")).json["user_name"] == ""
        stored = b"".join(site.disk.logins)
        assert token.encode() not in stored

    run_at(ui, test)
