"""PreviewLine: previews and counts that wait for the engine. Pure.

One at a time is with the engine. It lies behind the step under way, and the next step behind it: so no more
than one comes between two steps, and a stream waits as long as one prompt takes to build.
"""

from collections import deque

from actors.addresses import ENGINE, LINK
from actors.effects import Effect, Send
from actors.messages.preview import CountTokens, PreviewPrompt, PromptPreviewed, TokensCounted

Asked = PreviewPrompt | CountTokens


class PreviewLine:
    """`most` wait; one more is dropped, and missed at the deadline of whoever asked."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.waiting: deque[Asked] = deque()
        self.under_way = False

    def asked(self, message: Asked) -> list[Effect]:
        if len(self.waiting) >= self.most:
            return []
        self.waiting.append(message)
        return self.next()

    def answered(self, answer: PromptPreviewed | TokensCounted) -> list[Effect]:
        self.under_way = False
        return [Send(LINK, answer), *self.next()]

    def next(self) -> list[Effect]:
        if self.under_way or not self.waiting:
            return []
        self.under_way = True
        return [Send(ENGINE, self.waiting.popleft())]
