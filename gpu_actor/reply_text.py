"""ReplyText: the text of a reply as its tokens come, its thoughts set apart, cut at stop strings.

A tag or a stop string may span tokens, so text that could be the beginning of one is held back
until it is clear. What a token adds is a function of the ids up to it and nothing else.

Stop strings are for the reply: in a thought they mean nothing, for a model that thinks about what
somebody will say would end before its reply began. A tag of mere text opens a thought only where the
reply has not begun, since further on somebody may speak of tags.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gpu_actor.lead import Lead
from gpu_actor.thought_tags import MARK, ThoughtMarks
from gpu_actor.tokenizer import Detokenizer


class Said(NamedTuple):
    """What became certain of the reply, and of the thoughts before it."""

    text: str = ""
    thought: str = ""


class ReplyText:
    """`begun`: the reply goes on from text that it has already. `thinking`: the prompt ends inside a thought.
    `thought_limit`: most tokens of its thoughts, tags included, 0 for any number. `mark`: the name that the
    reply may begin with (gpu_actor/lead.py).
    """

    def __init__(
        self,
        detokenizer: Detokenizer,
        stops: Sequence[str],
        marks: ThoughtMarks | None = None,
        *,
        begun: bool = False,
        thinking: bool = False,
        thought_limit: int = 0,
        mark: str = "",
    ) -> None:
        self.detokenizer = detokenizer
        self.stops = tuple(stop for stop in stops if stop)
        self.marks = marks
        self.begun = begun
        self.thinking = thinking and marks is not None
        self.thought_limit = thought_limit
        self.thought_tokens = 0  # tags included
        self.forced: list[int] = []  # tokens that must come next, whatever the model would say
        self.lead = Lead("" if begun else mark)
        self.held = ""
        self.stopped = False  # a stop string has appeared; it and what follows are no part of the text
        self.blank = ""  # white space that is text only if more follows
        self.thought_over = False  # white space after it is no part of the reply
        self.has_thought = False
        self.text: list[str] = []
        self.thought: list[str] = []

    def add(self, token: int) -> Said:
        """What becomes certain with this token."""
        before = self.thinking
        mark = self.marks.of_token.get(token) if self.marks is not None else None
        said = self.add_text(self.detokenizer.add(token) if mark is None else mark)
        if self.forced:
            self.forced.pop(0)
        if before or self.thinking:
            self.thought_tokens += 1
            if self.thinking and not self.forced:
                self.forced = self.must_end()
        return said

    def add_text(self, piece: str) -> Said:
        """The same for an engine that gives text instead of tokens."""
        self.held += piece
        while not self.stopped and self.take_mark():
            pass
        return self.said()

    def rest(self) -> Said:
        """What was held back, at an end that was no stop string. A thought that is not closed stays one."""
        if not self.stopped:
            self.say(self.held)
            self.give_blank()
        self.held = ""
        return self.said(over=True)

    def closes_thought(self, token: int) -> bool:
        """Whether the token, here, ends a thought, whatever it means elsewhere."""
        return self.thinking and self.marks is not None and self.marks.of_token.get(token) == self.marks.close

    # -- inside ---------------------------------------------------------------------------------

    def must_end(self) -> list[int]:
        """The tokens that end the thought, where it has come so far that with them it reaches its limit."""
        ending = [] if self.marks is None or not self.thought_limit else [*self.marks.ending]
        return ending if self.thought_tokens + len(ending) >= self.thought_limit else []

    def said(self, *, over: bool = False) -> Said:
        text = self.lead.take("".join(self.text))
        said = Said(text + self.lead.rest() if over or self.stopped else text, "".join(self.thought))
        self.text.clear()
        self.thought.clear()
        return said

    def take_mark(self) -> bool:
        """Take in the text before the next mark, and the mark; False where none is left."""
        marks = self.expected()
        found = [(place, -len(mark), mark) for mark in marks if (place := self.held.find(mark)) >= 0]
        if not found:
            certain = len(self.held) - max((overlap(self.held, mark) for mark in marks), default=0)
            self.say(self.held[:certain])
            self.held = self.held[certain:]
            return False
        place, _, mark = min(found)
        self.say(self.held[:place])
        self.held = self.held[place + len(mark) :]
        self.passed(mark)
        return True

    def expected(self) -> tuple[str, ...]:
        """The strings that mean something here."""
        marks = self.marks
        if marks is None:
            return self.stops
        if self.thinking:
            return (marks.close,)
        opening = (marks.open,) if marks.is_special or self.may_open(marks.open) else ()
        return (*self.stops, *marks.silent, *opening)

    def may_open(self, tag: str) -> bool:
        """Whether the reply, not begun, begins with this tag of mere text or may yet do so."""
        first = self.held.lstrip()
        return not self.begun and (first.startswith(tag) or tag.startswith(first))

    def passed(self, mark: str) -> None:
        marks = self.marks
        if marks is not None and self.thinking:
            self.thinking, self.blank, self.thought_over = False, "", True
        elif mark in self.stops:
            self.give_blank()
            self.stopped, self.held = True, ""
        elif marks is not None and mark == marks.open:
            self.thinking = True
            self.blank = "\n\n" if self.has_thought else ""  # between two thoughts

    def say(self, text: str) -> None:
        """Text of the channel that is open now."""
        if self.marks is not None:
            text = MARK.sub("", text)
        whole = self.blank + text
        if self.thinking:
            self.say_thought(whole)
        elif self.begun or self.marks is None:
            self.text.append(whole)
            self.blank = ""
        elif whole.strip():
            self.begun = True
            self.text.append(whole.lstrip() if self.thought_over else whole)
            self.blank = ""
        else:
            self.blank = "" if self.thought_over else whole

    def say_thought(self, whole: str) -> None:
        """White space around a thought is no part of it."""
        if not whole.strip():
            self.blank = whole if self.has_thought else ""
            return
        certain = whole.rstrip()
        self.blank = whole[len(certain) :]
        self.thought.append(certain if self.has_thought else certain.lstrip())
        self.has_thought = True

    def give_blank(self) -> None:
        """The end: what was held of the reply is text after all."""
        if not self.thinking:
            self.text.append(self.blank)
        self.blank = ""


def overlap(text: str, mark: str) -> int:
    """How many characters at the end of the text are the beginning of the mark."""
    longest = min(len(text), len(mark) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(mark[:size])), 0)
