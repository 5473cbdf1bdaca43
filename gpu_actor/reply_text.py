"""ReplyText: the text of a reply as its tokens come, cut at stop strings.

A stop string may span tokens, so text that could be the beginning of one is held back until
it is clear. What a token adds is a function of the ids up to it and nothing else.
"""

from collections.abc import Sequence

from gpu_actor.tokenizer import Detokenizer


class ReplyText:
    def __init__(self, detokenizer: Detokenizer, stops: Sequence[str]) -> None:
        self.detokenizer = detokenizer
        self.stops = tuple(stop for stop in stops if stop)
        self.held = ""
        self.stopped = False  # a stop string has appeared; it and what follows are no part of the text

    def add(self, token: int) -> str:
        """The text that becomes certain with this token."""
        text = self.held + self.detokenizer.add(token)
        found = [place for place in (text.find(stop) for stop in self.stops) if place >= 0]
        if found:
            self.stopped, self.held = True, ""
            return text[: min(found)]
        certain = len(text) - max((overlap(text, stop) for stop in self.stops), default=0)
        self.held = text[certain:]
        return text[:certain]

    def rest(self) -> str:
        """What was held back, at an end that was no stop string."""
        rest, self.held = self.held, ""
        return rest


def overlap(text: str, stop: str) -> int:
    """How many characters at the end of the text are the beginning of the stop string."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
