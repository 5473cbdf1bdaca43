"""ScriptedWorker: a GPU box that says what the test tells it to, by the messages of the real one."""

import asyncio
from typing import Any

from actors.addresses import QUEUE, session
from actors.mailbox import Runtime
from actors.messages.generation import (
    Accepted,
    Cancel,
    End,
    EndReason,
    GenerateReply,
    GenerationsLost,
    Token,
)
from actors.messages.link import WIRE_VERSION, Hello

ADDRESS = "worker/box"


class ScriptedWorker:
    """`words` are the tokens of every reply; None: the test speaks by hand."""

    def __init__(self, runtime: Runtime, words: tuple[str, ...] | None = ("Hello", ", ", "you.")) -> None:
        self.runtime = runtime
        self.words = words
        self.boot = runtime.world.new_id()
        self.requests: list[GenerateReply] = []
        self.asked = asyncio.Event()
        self.cancelled: list[Cancel] = []
        self.exact = True  # as it says of itself
        runtime.serve("worker", self)

    def greet(self, *, demonstration: bool = True, slots: int = 64) -> None:
        self.runtime.tell(
            QUEUE,
            Hello(
                version=WIRE_VERSION,
                boot=self.boot,
                software="scripted",
                engine="scripted",
                model="script",
                model_hash="script",
                slots=slots,
                context=2048,
                generations=(),
                demonstration=demonstration,
            ),
            ADDRESS,
        )

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if isinstance(message, GenerateReply):
            self.requests.append(message)
            self.asked.set()
            accepted = Accepted(
                message.generation, message.attempt, "script", b"digest", 10, exact=self.exact
            )
            self.say(message, accepted)
            if self.words is not None:
                self.speak(message, 0, self.words)
                self.end(message, len(self.words))
        elif isinstance(message, Cancel):
            self.cancelled.append(message)

    async def request(self) -> GenerateReply:
        """The next request for a reply."""
        await self.asked.wait()
        self.asked.clear()
        return self.requests[-1]

    def speak(self, request: GenerateReply, seq: int, words: tuple[str, ...]) -> None:
        for number, word in enumerate(words, start=seq):
            self.say(request, Token(request.generation, request.attempt, number, 100 + number, word))

    def think(self, request: GenerateReply, seq: int, words: tuple[str, ...]) -> None:
        for number, word in enumerate(words, start=seq):
            self.say(request, Token(request.generation, request.attempt, number, 100 + number, "", word))

    async def lose(self, request: GenerateReply) -> GenerateReply:
        """The box has lost the reply; returns the request as it comes again."""
        lost = (request.generation, request.attempt, request.conversation)
        self.runtime.tell(QUEUE, GenerationsLost(self.boot, (lost,)), ADDRESS)
        return await self.request()

    def end(self, request: GenerateReply, seq: int, reason: EndReason = "stop") -> None:
        self.say(request, End(request.generation, request.attempt, seq, reason))

    def say(self, request: GenerateReply, message: Any) -> None:
        self.runtime.tell(session(request.conversation), message, ADDRESS)
