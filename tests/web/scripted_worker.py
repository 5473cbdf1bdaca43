"""ScriptedWorker: a GPU box that says what the test tells it to, by the messages of the real one."""

import asyncio
from typing import Any

from actors.addresses import PREVIEWS, QUEUE, session
from actors.mailbox import Runtime
from actors.messages.generation import (
    Accepted,
    Cancel,
    End,
    EndReason,
    GenerateReply,
    GenerationsLost,
    PromptReport,
    PromptTrace,
    Token,
    Traced,
    TurnMessage,
)
from actors.messages.link import WIRE_VERSION, Hello
from actors.messages.preview import (
    CountTokens,
    PreviewMessage,
    PreviewPrompt,
    PromptPreviewed,
    TokensCounted,
)

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
        self.report: PromptReport | None = None  # what it tells of every prompt
        self.previews: list[CountTokens | PreviewPrompt] = []
        self.previews_well = True
        runtime.serve("worker", self)

    def greet(self, *, demonstration: bool = True, slots: int = 64, engine: str = "scripted") -> None:
        self.runtime.tell(
            QUEUE,
            Hello(
                version=WIRE_VERSION,
                boot=self.boot,
                software="scripted",
                engine=engine,
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
            if self.report is not None:
                self.say(message, Traced(message.generation, message.attempt, self.report))
            if self.words is not None:
                self.speak(message, 0, self.words)
                self.end(message, len(self.words))
        elif isinstance(message, Cancel):
            self.cancelled.append(message)
        elif isinstance(message, CountTokens | PreviewPrompt):
            self.previews.append(message)
            if self.previews_well:
                self.runtime.tell(PREVIEWS, previewed(message), ADDRESS)

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


def previewed(message: CountTokens | PreviewPrompt) -> TokensCounted | PromptPreviewed:
    """A word is a token."""
    if isinstance(message, CountTokens):
        counts = tuple(len(text.split()) for text in message.texts)
        return TokensCounted(message.id, counts, "script", 2048)
    talk = (TurnMessage("system", message.sheet.description), *message.request.turn.history)
    said = tuple(PreviewMessage(each.role, each.text) for each in talk if each.text)
    parts = tuple(PromptTrace("message", len(each.text.split()), kept=True, kind="message") for each in said)
    report = PromptReport(parts, sum(part.tokens for part in parts), 2048, 1536, model="script")
    return PromptPreviewed(message.id, report, said, "\n".join(each.text for each in said))
