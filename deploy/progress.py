"""How the set-up shows its work: one line a step, alive on a terminal, plain elsewhere."""

import itertools
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

BAR_CELLS = 20
REDRAW_S = 0.1
# Where no terminal is, a long step still says that it lives, now and then.
SAY_AGAIN_S = 15.0


@dataclass(frozen=True)
class Signs:
    """The signs drawn; plain ASCII where the terminal's encoding has no others."""

    done: str
    failed: str
    note: str
    full: str
    empty: str
    spinner: str


PRETTY = Signs(done="✓", failed="✗", note="•", full="━", empty="╌", spinner="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
PLAIN = Signs(done="ok", failed="FAILED", note="-", full="#", empty=".", spinner="|/-\\")


def signs_for(encoding: str | None) -> Signs:
    try:
        "".join(vars(PRETTY).values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return PRETTY


def seconds(value: float) -> str:
    """A duration as people say it: 0.4 s, 12 s, 3 min 05 s."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 90:
        return f"{value:.0f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def bar(done: int, total: int, signs: Signs) -> str:
    full = BAR_CELLS * min(done, total) // total if total > 0 else 0
    return f"{signs.full * full}{signs.empty * (BAR_CELLS - full)} {done}/{total}"


@dataclass
class Progress:
    """Draws the steps. Not thread-safe: one thread reports."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic
    columns: Callable[[], int] = lambda: shutil.get_terminal_size().columns

    def __post_init__(self) -> None:
        self.live = self.stream.isatty()
        self.signs = signs_for(self.stream.encoding)
        self.spinner = itertools.cycle(self.signs.spinner)
        self.title = ""
        self.counts: tuple[int, int] | None = None
        self.started = self.drawn = self.clock()

    def begin(self, title: str) -> None:
        self.title, self.counts = title, None
        self.started = self.drawn = self.clock()
        if self.live:
            self.draw()
        else:
            self.line(f"{title} ...")

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the present step are there."""
        self.counts = (done, total)

    def no_count(self) -> None:
        """What follows in the present step cannot be counted."""
        self.counts = None

    def tick(self) -> None:
        """To be called often while a step runs: the present step's line is drawn anew when it is time."""
        if not self.title:
            return
        now = self.clock()
        if now - self.drawn < (REDRAW_S if self.live else SAY_AGAIN_S):
            return
        self.drawn = now
        if self.live:
            self.draw()
        else:
            counted = f"{self.counts[0]} of {self.counts[1]}, " if self.counts else ""
            self.line(f"{self.title} ... {counted}{seconds(now - self.started)}")

    def done(self, remark: str = "") -> None:
        took = seconds(self.clock() - self.started)
        self.end(self.signs.done, f"{took}  {remark}" if remark else took)

    def failed(self) -> None:
        self.end(self.signs.failed, seconds(self.clock() - self.started))

    def note(self, text: str) -> None:
        """A line of its own; the present step's line follows it."""
        self.wipe()
        self.line(f"{self.signs.note} {text}")
        if self.live and self.title:
            self.draw()

    def end(self, sign: str, rest: str) -> None:
        self.wipe()
        self.line(f"{sign} {self.title:<28} {rest}")
        self.title = ""

    def draw(self) -> None:
        counted = bar(*self.counts, self.signs) + "  " if self.counts else ""
        took = seconds(self.clock() - self.started)
        self.paint(f"{next(self.spinner)} {self.title:<28} {counted}{took}")

    def wipe(self) -> None:
        if self.live and self.title:
            self.paint("")
            self.stream.write("\r")

    def paint(self, text: str) -> None:
        # A carriage return and spaces work on every terminal, also on old Windows consoles.
        width = max(self.columns() - 1, 1)
        self.stream.write("\r" + text[:width].ljust(width))
        self.stream.flush()

    def line(self, text: str) -> None:
        self.stream.write(text + "\n")
        self.stream.flush()
