"""Servers that speak as KoboldCpp and as an OpenAI-compatible engine do, after their public documentation.

Neither has a binary in the registries, so these stand in their place in tests; llama.cpp's own server, which
comes with its wheel, is tested as it is.
"""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = Any


class FakeEngine:
    """`pieces`: text of a reply, piece by piece; None breaks the connection there. What was asked is kept.
    `gate`: pieces that may be sent before somebody lets more through; None: all.
    """

    def __init__(self, pieces: list[str | None], gate: threading.Semaphore | None = None) -> None:
        self.pieces = pieces
        self.gate = gate
        self.asked: list[tuple[str, Json, str]] = []
        self.came = threading.Event()

    def answer(self, path: str) -> Json:
        """For a GET; None where there is no such call."""
        return None

    def events(self, body: Json) -> Iterator[str | None]:
        raise NotImplementedError


class FakeKoboldCpp(FakeEngine):
    def answer(self, path: str) -> Json:
        return {
            "/api/extra/version": {"result": "KoboldCpp", "version": "1.102"},
            "/api/v1/model": {"result": "koboldcpp/Nemo-12B"},
            "/api/extra/true_max_context_length": {"value": 2048},
        }.get(path)

    def events(self, body: Json) -> Iterator[str | None]:
        for piece in self.pieces:
            yield None if piece is None else json.dumps({"token": piece, "finish_reason": None})
        yield json.dumps({"token": "", "finish_reason": "stop"})


class FakeOpenAi(FakeEngine):
    """A piece that begins with "(" is a thought."""

    def answer(self, path: str) -> Json:
        return {"/v1/models": {"object": "list", "data": [{"id": "tiny"}, {"id": "qwen3:14b"}]}}.get(path)

    def events(self, body: Json) -> Iterator[str | None]:
        for piece in self.pieces:
            if piece is None:
                yield None
                continue
            key = "reasoning_content" if piece.startswith("(") else "content"
            yield json.dumps({"choices": [{"index": 0, "delta": {key: piece}, "finish_reason": None}]})
        yield json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
        yield "[DONE]"


@contextmanager
def serving(engine: FakeEngine) -> Generator[str]:
    """Its address, on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = engine.answer(self.path)
            self.reply(200 if answer is not None else 404, json.dumps(answer).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            engine.asked.append((self.path, body, self.headers.get("Authorization", "")))
            engine.came.set()
            if "stream" not in self.path and not body.get("stream"):
                self.reply(200, b'{"success": true}')
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for event in engine.events(body):
                if engine.gate is not None:
                    engine.gate.acquire()
                if event is None:
                    return
                try:
                    self.wfile.write(f"event: message\ndata: {event}\n\n".encode())
                    self.wfile.flush()
                except OSError:
                    return

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
