"""A person who asks again and again, and what came of it."""

import asyncio
import time
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.chat import Problem, ReplyFinished, ReplyText, SendText, ShownMessage
from actors.world import RealWorld
from tests.bench.edge.paced_executor import stamps_of
from tests.bench.edge.reader import Reader
from web.protocol.frames import ServerFrame

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ServerFrame).decode
FINISHED = b'{"type":"reply_finished"'
PROBLEM = b'{"type":"problem"'


class Told(Struct):
    """What readers saw, in milliseconds beyond what the engine took. `tokens` came whole and in order."""

    first_ms: list[float]
    delay_ms: list[float]
    tokens: int = 0
    replies: int = 0


class AskError(Exception):
    """The node refused, or lost or repeated something: there is nothing to measure."""


class Stream:
    """One conversation. Frames are kept as they came until `read`."""

    def __init__(self, conversation: UUID) -> None:
        self.conversation = conversation
        self.frames: list[tuple[int, bytes]] = []
        self.sent_ns: list[int] = []
        self.over = asyncio.Event()
        self.reader: Reader | None = None

    def heard(self, now_ns: int, payload: bytes) -> None:
        self.frames.append((now_ns, payload))
        if payload.startswith((FINISHED, PROBLEM)):
            self.over.set()

    async def ask(self, longest_s: float) -> None:
        """Send a message and wait for the end of its reply."""
        assert self.reader is not None
        self.over.clear()
        frame = encode(SendText(self.conversation, RealWorld().new_id(), "Go on, please."))
        self.sent_ns.append(time.monotonic_ns())
        self.reader.say(frame)
        async with asyncio.timeout(longest_s):
            await self.over.wait()

    def read(self, told: Told, begin_ns: int, end_ns: int) -> None:
        """Add what was seen between the two instants. Raises AskError."""
        sent = iter(self.sent_ns)
        seen = 0
        for now_ns, payload in self.frames:
            match decode(payload):
                case ReplyText(seq=seq, next_seq=next_seq, text=text):
                    stamps = stamps_of(text)
                    if seq != seen or next_seq - seq != len(stamps):
                        raise AskError(f"tokens {seen} to {seq} are missing or repeated")
                    seen = next_seq
                case ReplyFinished(reason="length", message=ShownMessage(text=text)):
                    stamps = stamps_of(text)[seen:]  # the last ones may come in the whole message alone
                    seen = 0
                    told.replies += begin_ns <= now_ns <= end_ns
                case ReplyFinished(reason=reason):
                    raise AskError(f"a reply ended with {reason}")
                case Problem(text=text):
                    raise AskError(f"the node refused: {text}")
                case _:
                    continue
            for arrived_ns, emitted_ns in stamps:
                added_ns = now_ns - emitted_ns
                if arrived_ns is not None:
                    added_ns += arrived_ns - next(sent)
                if begin_ns <= now_ns <= end_ns:
                    told.tokens += 1
                    (told.delay_ms if arrived_ns is None else told.first_ms).append(added_ns / 1e6)
