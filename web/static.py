"""Static: the built user interface, and index.html for every address of the page itself."""

import asyncio
import hashlib
from pathlib import Path

from quart import Quart, Response, request
from werkzeug.security import safe_join

from web.edge import Edge
from web.refusal import not_found

HASHED = "assets/"  # Vite puts files there whose names carry a hash of their content

# By name: what a machine's own table says (the registry, on Windows) may be wrong.
TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff2": "font/woff2",
}

NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Samovar</title>
<h1>Samovar runs, but its user interface is not built.</h1>
<p>Run <code>python3 -m deploy setup</code> in the checkout and load this page again.</p>
</html>
"""


def add_static_routes(app: Quart, edge: Edge) -> None:
    @app.get("/")
    @app.get("/<path:path>")
    async def page(path: str = "") -> Response:
        if path.startswith("api/") or path in {"api", "ws"}:
            raise not_found()
        if not (edge.ui / "index.html").is_file():
            return Response(NOT_BUILT, 503, content_type=TYPES["html"])
        is_file = "." in path.rpartition("/")[2]  # addresses within the page have no dot
        name = path if is_file else "index.html"
        data = await asyncio.to_thread(read, edge.ui, name)
        if data is None:
            raise not_found()
        kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        response = Response(data, content_type=kind)
        response.set_etag(hashlib.sha256(data).hexdigest()[:32])
        await response.make_conditional(request)
        hashed = name.startswith(HASHED)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response

    _ = page


def read(folder: Path, name: str) -> bytes | None:
    """The file of that name in the folder; None where there is none, and for every way out of the folder."""
    path = safe_join(str(folder), name)
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError:
        return None
