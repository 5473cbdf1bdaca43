"""Security of requests: which Host, Origin and Sec-Fetch-Site are let in, and the headers of every answer.

Host      an allow-list: a hostile name that is made to point at this machine (DNS rebinding) is refused
Origin    on every request that is no GET, and on the WebSocket: exactly this site, or refused
"""

import re

from msgspec import Struct

from web.peer import LOOPBACK_NAMES
from web.refusal import RefusedError
from web.settings import WebSettings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would make the Origin of some own requests null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"

SAFE_METHODS = frozenset({"GET", "HEAD"})
WILDCARDS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not listened on

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII)


class Asked(Struct, frozen=True):
    """What the gate looks at. Each header as the list of its values."""

    method: str
    path: str
    hosts: list[str]
    origins: list[str]
    fetch_sites: list[str]
    websocket: bool = False


class Gate:
    def __init__(self, settings: WebSettings) -> None:
        self.tls = settings.tls_certificate != ""
        self.behind_proxy = settings.behind_proxy
        self.names = {name.lower() for name in settings.hosts} | LOOPBACK_NAMES
        if settings.host.lower() not in WILDCARDS:
            self.names.add(f"[{settings.host.lower()}]" if ":" in settings.host else settings.host.lower())

    def is_https(self, name: str) -> bool:
        """Does a browser that uses this name of the server speak https? Only loopback may do without."""
        return self.tls or (self.behind_proxy and name not in LOOPBACK_NAMES)

    def check(self, asked: Asked) -> str:
        """The name under which the server was reached. Raises RefusedError."""
        host = asked.hosts[0].lower() if len(asked.hosts) == 1 else ""
        matched = HOST.fullmatch(host)
        name = matched[1] if matched else ""
        if name not in self.names:
            raise RefusedError(
                421,
                "host",
                "This server does not go by that name: add it to `hosts` in [web] of samovar.toml.",
            )
        if asked.websocket or asked.method not in SAFE_METHODS:
            scheme = "https" if self.is_https(name) else "http"
            if asked.origins != [f"{scheme}://{host}"]:
                raise RefusedError(403, "origin", "Requests of another site are refused.")
        if asked.path.startswith("/api/"):
            self.check_fetch_site(asked)
        return name

    def check_fetch_site(self, asked: Asked) -> None:
        """Browsers say where a request comes from; what says nothing is no browser, or an old one."""
        allowed = {"same-origin", "none"} if asked.method in SAFE_METHODS else {"same-origin"}
        if any(site not in allowed for site in asked.fetch_sites):
            raise RefusedError(403, "origin", "Requests of another site are refused.")

    def headers(self, name: str) -> dict[str, str]:
        """The headers of an answer to a browser that knows the server as `name`."""
        if self.is_https(name):
            return HEADERS | {"Strict-Transport-Security": HSTS}
        return HEADERS
