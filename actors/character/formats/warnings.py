"""What was odd about a file and was tolerated: lines for people, each once, so many and no more."""


class Warnings:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lines: dict[str, None] = {}  # in the order they came
        self.more = 0

    def add(self, line: str) -> None:
        if line in self.lines:
            return
        if len(self.lines) < self.limit:
            self.lines[line] = None
        else:
            self.more += 1

    def told(self) -> tuple[str, ...]:
        return (*self.lines, f"… and {self.more} more") if self.more else tuple(self.lines)


def shown(value: object, length: int = 60) -> str:
    """A piece of the card as it may stand in a line: short, and without control characters."""
    text = value if isinstance(value, str) else repr(value)
    cut = text[:length]
    clean = "".join(letter if letter.isprintable() else "?" for letter in cut)
    return clean + ("…" if len(text) > length else "")
