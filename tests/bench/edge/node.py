"""The node that is measured: a whole one on loopback, with accounts, storage and durability, and a paced
engine in the place of a model. And its door: for each stream a person with a login, a conversation, a socket.
"""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import psutil

from gpu_actor.scripted import VARIABLE
from tests.bench.edge.paced_executor import RATE, SLOTS
from tests.bench.edge.reader import Reader, handshake
from tests.faults.accounts import make_accounts
from web.protocol.characters import Character
from web.protocol.conversations import ConversationMade, NewConversation
from web.protocol.frames import PROTOCOL_VERSION, Greeting

ROOT = Path(__file__).resolve().parents[3]
ENGINE = "tests.bench.edge.paced_executor:make"
READY_S = 60.0
OPEN_FILES = 8192

encode = msgspec.json.Encoder().encode


class NodeFailedError(Exception):
    """The node did not start, or refused. The text holds what it said."""


def settings(streams: int, sockets: int, reply_tokens: int) -> str:
    """What a single user of a home is not given: so many streams at once."""
    return f"""[session]
sampling = {{ max_tokens = {reply_tokens} }}
[queue]
max_waiting = {streams}
user_waiting = 0
[link]
generations = {streams}
[gpu]
token_gap_ms = 200.0
[engine]
slots = {streams}
[web]
port = 0
connections = {sockets + 100}
sockets = {sockets + 50}
sockets_per_user = {sockets + 50}
"""


class BenchNode:
    """Started by `start`, ended by `end`; `data` is its data folder."""

    def __init__(self, data: Path, *, streams: int, rate: float, sockets: int, reply_tokens: int) -> None:
        self.data = data
        data.mkdir(parents=True)
        (data / "samovar.toml").write_text(settings(streams, sockets, reply_tokens))
        self.environ = {**os.environ, VARIABLE: ENGINE, RATE: str(rate), SLOTS: str(streams)}
        self.people = streams
        self.cookies: list[str] = []  # of one login for each person
        self.process: subprocess.Popen[bytes] | None = None

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        raise_open_files()
        self.cookies = asyncio.run(make_accounts(self.data, self.people))
        self.output = (self.data / "bench.out").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.cli", "up", "--data", str(self.data)],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
        )
        deadline = time.monotonic() + READY_S
        while not self.status().get("ready"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NodeFailedError(f"the node is not ready: {self.said()}")
            time.sleep(0.2)
        self.origin: str = self.status()["url"]
        place = urlsplit(self.origin)
        self.host, self.port = place.hostname or "127.0.0.1", place.port or 80

    def end(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
        self.output.close()

    def said(self) -> str:
        return (self.data / "bench.out").read_text()[-2000:]

    def status(self) -> dict[str, Any]:
        """As `samovar status --json` prints it; empty while the node does not answer."""
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.cli", "status", "--json", "--data", str(self.data)],
            cwd=ROOT,
            capture_output=True,
            timeout=30,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def processes(self) -> dict[str, psutil.Process]:
        """By name, the supervisor among them."""
        assert self.process is not None
        found = {row["name"]: psutil.Process(row["pid"]) for row in self.status()["processes"]}
        return {**found, "supervisor": psutil.Process(self.process.pid)}

    # -- door ---------------------------------------------------------------------------------

    def request(self, person: int, method: str, path: str, body: Any = None) -> bytes:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        headers = {
            "Origin": self.origin,
            "Cookie": self.cookies[person],
            "Content-Type": "application/json",
        }
        try:
            connection.request(method, path, b"" if body is None else encode(body), headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise NodeFailedError(f"{method} {path}: {answer.status} {data[:200]!r}")
        return data

    def new_conversations(self) -> list[UUID]:
        """One of each person."""
        characters = msgspec.json.decode(self.request(0, "GET", "/api/characters"), type=list[Character])
        wanted = NewConversation(characters[0].version)
        made = (self.request(person, "POST", "/api/conversations", wanted) for person in range(self.people))
        return [msgspec.json.decode(one, type=ConversationMade).id for one in made]

    async def dial(self, person: int, heard: Callable[[int, bytes], None]) -> Reader:
        """A socket that has greeted."""
        hello = handshake(f"{self.host}:{self.port}", self.origin, self.cookies[person % self.people])
        loop = asyncio.get_running_loop()
        _, reader = await loop.create_connection(lambda: Reader(hello, heard), self.host, self.port)
        async with asyncio.timeout(10):
            await reader.opened
        reader.say(encode(Greeting(PROTOCOL_VERSION)))
        return reader


def raise_open_files() -> None:
    """Sockets are files: as many as the system lets us have; the node inherits it."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
