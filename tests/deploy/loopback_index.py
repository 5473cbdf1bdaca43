"""A package index on loopback with a few tiny packages: pip and uv install from it without any network."""

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Nothing listens on port 1 of loopback: the quickest way to have no network.
NOWHERE = "http://127.0.0.1:1/simple"


def wheel(name: str, files: Mapping[str, bytes]) -> bytes:
    """A wheel of version 1.0 with these files."""
    contents = {
        **files,
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{name}-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for path, data in contents.items()
    )
    contents[f"{name}-1.0.dist-info/RECORD"] = f"{record}{name}-1.0.dist-info/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in contents.items():
            archive.writestr(path, data)
    return buffer.getvalue()


def lock_line(name: str, data: bytes) -> str:
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(data).hexdigest()}\n"


@contextmanager
def index(
    packages: Mapping[str, bytes], before_file: Callable[[str], None] = lambda _path: None
) -> Generator[str]:
    """Serve wheels by package name; yields the address for PIP_INDEX_URL.

    `before_file` is called, with its path, before a wheel is sent.
    """
    pages: dict[str, bytes] = {}
    for name, data in packages.items():
        file = f"{name}-1.0-py3-none-any.whl"
        pages[f"/simple/{name}/"] = f'<html><body><a href="/files/{file}">{file}</a></body></html>'.encode()
        pages[f"/files/{file}"] = data

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/files/"):
                before_file(self.path)
            self.wfile.write(self.head())

        def do_HEAD(self) -> None:
            self.head()

        def head(self) -> bytes:
            page = pages.get(self.path)
            self.send_response(200 if page is not None else 404)
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/zip")
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            return page or b""

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        finally:
            server.shutdown()
            thread.join()
