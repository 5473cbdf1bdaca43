"""Tracing: how the live reply comes about, as its session sees it. Pure; it is written with the message."""

from actors.messages.conversations import StoredMessage
from actors.messages.generation import PromptReport
from actors.messages.replies import KeepTrace, ReplyTrace, StoredGeneration


class Tracing:
    """Times are of the attempt that ends the reply: the one before it may have been cut hours ago."""

    def __init__(self) -> None:
        self.report: PromptReport | None = None
        self.begun_s: float | None = None  # the worker has the prompt since then
        self.first_s: float | None = None  # readers see tokens since then
        self.first = 0  # so many at once

    def leased(self) -> None:
        """Another attempt: nothing is known of it yet."""
        self.report = self.begun_s = self.first_s = None

    def shown(self, tokens: int, now_s: float) -> None:
        """So many are shown in all; the first time counts."""
        if self.first_s is None:
            self.first_s, self.first = now_s, tokens

    def kept(
        self, made: StoredGeneration, attempts: int, message: StoredMessage | None, now_s: float
    ) -> tuple[KeepTrace, ...]:
        """What is written beside the message; nothing where there is none, or no box told anything."""
        if self.report is None or message is None:
            return ()
        reading_s = writing_s = 0.0
        if self.begun_s is not None and self.first_s is not None:
            reading_s, writing_s = self.first_s - self.begun_s, now_s - self.first_s
        trace = ReplyTrace(
            report=self.report,
            sampling=made.sampling,
            tokens=message.tokens,
            measured=max(0, message.tokens - self.first) if writing_s else 0,
            reading_s=round(reading_s, 3),
            writing_s=round(writing_s, 3),
            attempts=attempts,
        )
        return (KeepTrace(made.conversation, message.id, trace),)
