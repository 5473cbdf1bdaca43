"""The pieces of a prompt: each text that goes in or had to stay out, and how it is given up."""

from dataclasses import dataclass, field

from actors.messages.generation import PromptTrace, Role

KINDS = {
    "system prompt": "system",
    "post-history instructions": "instructions",
    "beginning of the reply": "opening",
    "depth prompt": "depth",
    "author's note": "note",
    "description": "description",
    "personality": "personality",
    "scenario": "scenario",
    "persona": "persona",
    "summary": "summary",
    "task": "task",
    "example dialogue": "example",
    "message": "message",
    "messages": "message",
    "lore of": "lore",
}
"""How a source begins → what pages know such a part by."""

EXCERPT = 160
"""Characters of a text that its trace shows."""


def kind_of(source: str) -> str:
    """One that the table lacks is "other": it is shown by its source."""
    words = source.split(" ")
    return KINDS.get(source) or KINDS.get(" ".join(words[:2])) or KINDS.get(words[0]) or "other"


def excerpt_of(text: str) -> str:
    """How the text begins, in one line."""
    line = " ".join(text[: 2 * EXCERPT].split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def around(text: str, key: str) -> str:
    """Where the key stands in the text, in one line; how it begins, where it stands nowhere as it is."""
    at = text.lower().find(key.lower())
    if at < 0 or not key:
        return excerpt_of(text)
    start = max(0, at - EXCERPT // 2)
    line = " ".join(text[start : at + len(key) + EXCERPT // 2].split())
    before, after = "…" if start else "", "…" if at + len(key) + EXCERPT // 2 < len(text) else ""
    return f"{before}{line}{after}"


@dataclass
class Piece:
    """A text, and what the trace says of it."""

    source: str
    text: str
    tokens: int
    place: int = 0  # of a message, in the history
    entry: str = ""  # of lore: its name
    key: str = ""  # … what it fired on
    message: int = -1  # … in which message of the talk
    why: str = ""
    said: str = ""  # … where the key stands there
    reason: str = ""  # why, for programs
    role: str = ""  # of a message

    def traced(self, *, kept: bool, why: str = "", reason: str = "") -> PromptTrace:
        return PromptTrace(
            self.source,
            self.tokens,
            kept,
            why or self.why,
            self.entry,
            self.key,
            self.message,
            kind_of(self.source),
            excerpt=excerpt_of(self.text),
            said=self.said,
            reason=reason or self.reason,
            role=self.role,
        )


@dataclass
class Insert:
    """A text among the messages: before the `depth`-th newest of them, 0 behind all."""

    piece: Piece
    depth: int
    role: Role


@dataclass
class Said:
    """A message of the talk."""

    role: Role
    piece: Piece


@dataclass
class Pieces:
    """All that could go into the prompt, sorted by how it is given up: first what may go whenever room is
    short, then examples, the last one first, then the oldest messages.
    """

    system: list[Piece]
    before_examples: list[Piece]
    examples: list[Piece]
    after_examples: list[Piece]
    history: list[Said]
    inserts: list[Insert]
    closing: list[Piece]
    expendable: list[Piece]  # of the others: what goes first
    speaker: list[Piece] = field(default_factory=list[Piece])  # of a group that shares what stands before
    shared: bool = False  # … where the examples too stand behind the talk
    mark: Piece | None = None  # the speaker's name, where the reply is begun with it
    summary: list[Piece] = field(default_factory=list[Piece])  # of messages before the history
    opening: Piece | None = None
    unread: int = 0  # oldest messages that were not even counted
    cut: bool = False  # messages had to go
    rounded: bool = False  # … and a few more went
    dropped: list[Piece] = field(default_factory=list[Piece])
    left_out: list[Piece] = field(default_factory=list[Piece])  # before anything was counted

    def kept(self) -> list[Piece]:
        """In the order of the prompt."""
        opening = [piece for piece in (self.opening or self.mark,) if piece is not None]
        talk: list[Piece] = []
        for number, said in enumerate(self.history):
            talk += [insert.piece for insert in self.inserts_before(number)]
            talk.append(said.piece)
        talk += [insert.piece for insert in self.inserts_before(len(self.history))]
        return [*self.before(), *talk, *self.behind(), *self.closing, *opening]

    def before(self) -> list[Piece]:
        """What stands before the talk, as one message."""
        return [*self.system, *([] if self.shared else self.all_examples()), *self.summary]

    def behind(self) -> list[Piece]:
        """What is the speaker's alone in a group that shares the rest: one message behind the talk."""
        return [*self.speaker, *(self.all_examples() if self.shared else [])]

    def all_examples(self) -> list[Piece]:
        return [*self.before_examples, *self.examples, *self.after_examples]

    def inserts_before(self, number: int) -> list[Insert]:
        """Those that stand before the message of that number among the kept ones; what would stand before
        messages that are gone stands before all.
        """
        count = len(self.history)
        return [insert for insert in self.inserts if max(0, count - insert.depth) == number]

    def drop_expendable(self) -> Piece:
        piece = self.expendable.pop()
        for pieces in (
            self.system,
            self.before_examples,
            self.after_examples,
            self.speaker,
            self.closing,
        ):
            if piece in pieces:
                pieces.remove(piece)
        self.inserts = [insert for insert in self.inserts if insert.piece is not piece]
        return piece
