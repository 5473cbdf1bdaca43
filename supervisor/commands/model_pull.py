"""`samovar model pull`: fetches a model from a hub into the cache."""

import argparse
import sys
import time
from collections.abc import Callable
from typing import TextIO

import msgspec

from deploy.cache import cache_folder


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="REPO[:QUANT]", help="OWNER/NAME, with :Q4_K_M or :FILE where it has several files"
    )
    parser.add_argument("--revision", metavar="R", help="a branch, tag or commit (default: the newest)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    from gpu_actor.hub import Hub  # noqa: PLC0415
    from gpu_actor.model_report import summary  # noqa: PLC0415
    from gpu_actor.models import model_hash  # noqa: PLC0415
    from gpu_actor.pull import pull  # noqa: PLC0415

    cache = cache_folder()
    line = ProgressLine(sys.stderr, time.monotonic)
    try:
        pulled = pull(arguments.model, arguments.revision, Hub(), cache, line.report)
    finally:
        line.end()
    model = summary(pulled.path)
    if arguments.json:
        found = {
            **msgspec.to_builtins(pulled, enc_hook=str),
            "sha256": model_hash(pulled.path, cache),
            "model": model,
        }
        sys.stdout.write(msgspec.json.encode(found, enc_hook=str).decode() + "\n")
        return 0
    name = pulled.path.relative_to(cache / "models").as_posix().removesuffix(".gguf")
    why = f" ({model.why})" if model.why else ""
    runs = "cannot be run" if model.runs == "nobody" else f"will be run by {model.runs}"
    sys.stdout.write(
        f"{name}: {model.bytes / 1e9:.2f} GB, {model.family} {model.quantisation}; {runs}{why}\n"
    )
    sys.stdout.write(f"Use it: samovar up --model {name}\n")
    return 0


class ProgressLine:
    """One line that is written over at a terminal, twice a second at most; elsewhere a line each tenth."""

    PAUSE_S = 0.5

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self.stream = stream
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
            return f"{told}, fetched"
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
