"""A small hub on 127.0.0.1: the two endpoints of the Hugging Face hub that a pull uses, and their faults.

GET /api/models/OWNER/NAME[/revision/R]?blobs=true      the files with sizes and hashes
GET /OWNER/NAME/resolve/COMMIT/FILE                     a file, from the byte that Range asks for
"""

import hashlib
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


class HubServer(ThreadingHTTPServer):
    """`files` of the one repository maker/model; what is in LFS has a SHA-256 in the listing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.lfs: set[str] = set()
        self.cuts: list[int] = []  # the next answers with a file end after so many bytes
        self.refuse_files = 0  # status of every answer with a file, if any
        self.refusal: tuple[int, str] | None = None  # status and error code of every listing
        self.claimed: dict[str, str] = {}  # hashes that the listing gives instead of the right ones
        self.ignore_ranges = False
        self.asked: list[tuple[str, str]] = []  # path and Range of every request

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, name: str, content: bytes, *, lfs: bool = True) -> bytes:
        self.files[name] = content
        if lfs:
            self.lfs.add(name)
        return content

    def sibling(self, name: str) -> dict[str, Any]:
        content = self.files[name]
        blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
        found: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
        if name in self.lfs:
            sha256 = self.claimed.get(name, hashlib.sha256(content).hexdigest())
            found["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 130}
        elif name in self.claimed:
            found["blobId"] = self.claimed[name]
        return found


class Handler(BaseHTTPRequestHandler):
    server: HubServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append((path, self.headers.get("Range", "")))
        if path.startswith("/api/models/"):
            self.list_files(path)
        else:
            self.send_file(path.partition(f"/resolve/{COMMIT}/")[2])

    def list_files(self, path: str) -> None:
        if self.server.refusal is not None:
            status, code = self.server.refusal
            self.answer(status, b"{}", {"X-Error-Code": code})
        elif not path.startswith("/api/models/maker/model"):
            self.answer(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif path.endswith("/revision/nonesuch"):
            self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            siblings = [self.server.sibling(name) for name in self.server.files]
            listing = {"id": "maker/model", "sha": COMMIT, "siblings": siblings}
            self.answer(200, json.dumps(listing).encode(), {"Content-Type": "application/json"})

    def send_file(self, name: str) -> None:
        if self.server.refuse_files:
            self.answer(self.server.refuse_files, b"no", {})
            return
        content = self.server.files[name]
        wanted = self.headers.get("Range", "")
        if wanted and not self.server.ignore_ranges:
            begin = int(wanted.removeprefix("bytes=").partition("-")[0])
            place = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            self.answer(206, content[begin:], {"Content-Range": place})
        else:
            self.answer(200, content, {})

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        is_file = status in {200, 206} and "Content-Type" not in headers
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if is_file and self.server.cuts:
            self.wfile.write(content[: self.server.cuts.pop(0)])
            self.close_connection = True  # in the middle of what was promised
        else:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: the requests are in `asked`."""


@contextmanager
def running_hub() -> Generator[HubServer]:
    server = HubServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
