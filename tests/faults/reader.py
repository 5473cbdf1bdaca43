"""Reader: a person who asks, reads the reply to its end, and asks again; written from web/PROTOCOL.md alone.

It decides by what the frames say of places (`generation`, `seq`, `next_seq`); the text it only writes down.
Every frame of a conversation goes to its log, with the time of this process's own monotonic clock:

    <nanoseconds> TAB <what> TAB <JSON>

ask a conversation begins; dial, up, down a connection; cut, reload what it does to itself; say, got a frame;
over the reply is complete. Of frames that are of no conversation only the type is written down.
"""

import asyncio
import contextlib
import json
import random
import socket
import time
import uuid
from typing import Any, TextIO

from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from tests.faults.pace import pause_s

OPEN_S = 10.0
ANSWER_S = 15.0
OF_NO_CONVERSATION = frozenset({"welcome", "farewell", "node_state", "conversations_changed"})


class Task(Struct, frozen=True):
    """What is asked. `sampling` is in the order of web/PROTOCOL.md."""

    name: str
    text: str
    seed: int
    sampling: tuple[Any, ...] | None = None


class ReaderOrder(Struct, frozen=True):
    """`trouble_s`: mean time until it cuts its own connection; 0: it does not. `trouble_frames`: instead,
    most frames until it does.
    """

    number: int
    host: str
    port: int
    cookie: str
    character: str
    tasks: tuple[Task, ...]
    seed: int
    trouble_s: float = 0.0
    trouble_frames: int = 0


class CutError(Exception):
    """The server is away for the moment."""


class Following:
    """What the reader has of the reply it waits for."""

    def __init__(self, conversation: str, request: dict[str, Any]) -> None:
        self.conversation = conversation
        self.request = request
        self.generation: str | None = None
        self.next_seq = 0
        self.over = False
        self.newest_s = 0.0  # when the newest token came
        self.most = 0  # tokens that were there, in whatever view

    def open(self) -> dict[str, Any]:
        frame: dict[str, Any] = {"type": "open", "conversation": self.conversation}
        if self.generation is not None:
            frame |= {"generation": self.generation, "seq": self.next_seq}
        return frame

    def forget(self) -> None:
        """A page that is loaded anew knows nothing."""
        self.generation, self.next_seq = None, 0

    def stands_at(self, seq: int) -> None:
        self.next_seq = seq
        if seq > self.most:
            self.most, self.newest_s = seq, time.monotonic()

    def take(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        """What is to be said to this frame, if anything."""
        match frame["type"]:
            case "snapshot":
                return self.snapshot(frame)
            case "reply_state":
                self.generation = self.generation or frame["live"]["generation"]
            case "reply_text" if frame["generation"] == self.generation:
                if frame["seq"] == self.next_seq:
                    self.stands_at(frame["next_seq"])
                elif frame["next_seq"] > self.next_seq:
                    return self.open()
            case "reply_finished" if frame["generation"] == self.generation:
                self.over = True
            case "problem" if frame.get("code") in {"busy", "queue_full", "storage", "too_many"}:
                return self.request if frame.get("request_key") == self.request["request_key"] else None
            case _:
                pass
        return None

    def snapshot(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        live = frame.get("live")
        if live is not None:
            self.generation = self.generation or live["generation"]
            if live["seq"] in {0, self.next_seq}:
                self.stands_at(live["next_seq"])
                return None
            self.forget()
            return self.open()
        roles = [message["role"] for message in frame["messages"]]
        if "user" not in roles:
            return self.request  # it never arrived
        self.over = roles[-1] == "assistant"
        return None


class Reader:
    def __init__(self, order: ReaderOrder, log: TextIO) -> None:
        self.order = order
        self.log = log
        self.draw = random.Random(f"{order.seed}/{order.number}")
        self.following: Following | None = None
        self.replies = 0
        self.reconnects = 0
        self.troubled = False  # makes trouble for itself
        self.next_task = 0

    def note(self, what: str, said: object = "") -> None:
        text = said if isinstance(said, str) else json.dumps(said)
        self.log.write(f"{time.monotonic_ns()}\t{what}\t{text}\n")

    # -- one question -------------------------------------------------------------------------

    async def ask(self) -> None:
        """The next question, and its reply to the end."""
        task = self.order.tasks[self.next_task % len(self.order.tasks)]
        self.next_task += 1
        conversation = await self.new_conversation()
        request: dict[str, Any] = {
            "type": "send",
            "conversation": conversation,
            "request_key": str(uuid.UUID(int=self.draw.getrandbits(128))),
            "text": task.text,
            "seed": task.seed,
        }
        if task.sampling is not None:
            request["sampling"] = task.sampling
        self.note("ask", {"conversation": conversation, "text": task.text, "task": task.name})
        self.following = following = Following(conversation, request)
        tries = 0
        while not following.over:
            await asyncio.sleep(pause_s(tries, self.draw))
            tries = 0 if await self.read(following) else tries + 1
        self.note("over")
        self.following = None
        self.replies += 1

    async def read(self, following: Following) -> bool:
        """Over one connection, until the reply is over or the connection is; False: there was none."""
        self.note("dial")
        welcomed = trouble = False
        try:
            # Dialled by hand: while nobody listens, that is all there is to it, and 200 readers dial often.
            async with connect(
                f"ws://{self.order.host}:{self.order.port}/ws",
                sock=await self.dialled(),
                origin=Origin(f"http://{self.order.host}:{self.order.port}"),
                additional_headers={"Cookie": self.order.cookie},
                compression=None,
                proxy=None,
                open_timeout=OPEN_S,
                close_timeout=0.5,
                ping_interval=None,
                max_size=None,
            ) as page:
                self.note("up")
                await page.send(json.dumps({"type": "greeting", "version": 1}))
                seconds, frames = self.until_trouble()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        while not following.over and frames != 0:
                            frames -= 1
                            welcomed |= await self.take(following, page, await page.recv())
                if not following.over:
                    trouble = True
                    page.transport.abort()
        except (OSError, TimeoutError, WebSocketException):
            pass
        self.note("down")
        if trouble:
            self.make_trouble(following)
        return welcomed or trouble

    async def dialled(self) -> socket.socket:
        """A connection to the server. Raises OSError."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            sock.setblocking(False)
            async with asyncio.timeout(OPEN_S):
                await asyncio.get_running_loop().sock_connect(sock, (self.order.host, self.order.port))
        except BaseException:
            sock.close()
            raise
        return sock

    async def take(self, following: Following, page: ClientConnection, data: str | bytes) -> bool:
        frame = json.loads(data)
        kind = frame["type"]
        if kind in OF_NO_CONVERSATION:
            self.note("got", {"type": kind})
            answer = following.open() if kind == "welcome" else None
        else:
            self.note("got", str(data))
            answer = following.take(frame)
        if answer is not None:
            if frame["type"] == "problem":
                await asyncio.sleep(self.draw.uniform(0.5, 1.0))
            self.note("say", answer)
            await page.send(json.dumps(answer))
        return kind == "welcome"

    # -- trouble of its own -------------------------------------------------------------------

    def until_trouble(self) -> tuple[float | None, int]:
        """Seconds, and frames; without end: None, and a negative number."""
        if not self.troubled:
            return None, -1
        if self.order.trouble_frames:
            return None, self.draw.randint(0, self.order.trouble_frames)
        return (self.draw.expovariate(1 / self.order.trouble_s), -1) if self.order.trouble_s else (None, -1)

    def make_trouble(self, following: Following) -> None:
        """A cut goes on where it was; a page that is loaded anew begins from nothing."""
        self.reconnects += 1
        reload = self.draw.random() < 0.5
        self.note("reload" if reload else "cut")
        if reload:
            following.forget()

    # -- REST ---------------------------------------------------------------------------------

    async def new_conversation(self) -> str:
        tries = 0
        while True:
            await asyncio.sleep(pause_s(tries, self.draw))
            tries += 1
            try:
                async with asyncio.timeout(ANSWER_S):
                    body = {"character_version": self.order.character}
                    status, answer = await post(self.order, "/api/conversations", body)
            except (OSError, TimeoutError, CutError):
                continue
            if status == 201:
                return str(json.loads(answer)["id"])
            self.note("refused", {"status": status, "body": answer})


async def post(order: ReaderOrder, path: str, body: object) -> tuple[int, str]:
    """Over a connection of its own. Raises OSError, CutError."""
    host = f"{order.host}:{order.port}"
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {order.cookie}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(order.host, order.port)
    try:
        writer.write(head.encode() + data)
        whole = await reader.read()
    finally:
        writer.close()
    answered, found, answer = whole.partition(b"\r\n\r\n")
    words = answered.split()
    if not found or len(words) < 2 or len(answer) < length_of(answered):
        raise CutError("no whole answer")
    return int(words[1]), answer.decode()


def length_of(head: bytes) -> int:
    """Content-Length; 0 where none is said."""
    fields = (line.partition(b":") for line in head.split(b"\r\n"))
    return next((int(value) for name, _, value in fields if name.lower() == b"content-length"), 0)
