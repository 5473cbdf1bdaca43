"""A line at the terminal for long work that counts bytes."""

from collections.abc import Callable
from typing import TextIO


class ProgressLine:
    """One line that is written over at a terminal, twice a second at most; elsewhere a line each tenth.

    `done` is the word behind what is complete.
    """

    PAUSE_S = 0.5

    def __init__(self, stream: TextIO, clock: Callable[[], float], done: str) -> None:
        self.stream = stream
        self.done = done
        self.clock = clock
        self.name = ""
        self.begun = (0.0, 0)  # when the file was first told of, and its bytes then
        self.written_s = 0.0
        self.tenth = -1
        self.open = False

    def report(self, name: str, count: int, size: int) -> None:
        now = self.clock()
        if name != self.name:
            self.end()
            self.name, self.begun, self.tenth = name, (now, count), -1
            self.written_s = now - self.PAUSE_S
        done = count >= size
        if self.stream.isatty():
            if done or now - self.written_s >= self.PAUSE_S:
                self.written_s = now
                self.open = True
                self.stream.write(f"\r{self.text(count, size, now)}\x1b[K")
                self.stream.flush()
        elif (tenth := 10 * count // max(size, 1)) > self.tenth:
            self.tenth = tenth
            self.stream.write(f"{self.text(count, size, now)}\n")

    def text(self, count: int, size: int, now: float) -> str:
        began_s, had = self.begun
        speed = (count - had) / (now - began_s) if now > began_s else 0.0
        told = f"{self.name}: {count / 1e9:.2f} of {size / 1e9:.2f} GB"
        if count >= size:
            return f"{told}, {self.done}"
        if speed <= 0:
            return told
        left = (size - count) / speed
        wait = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min"
        return f"{told}, {speed / 1e6:.1f} MB/s, {wait} left"

    def end(self) -> None:
        """Leave the line."""
        if self.open:
            self.stream.write("\n")
            self.open = False
