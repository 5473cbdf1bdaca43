"""Runs the builder's process, listens to it, and measures what memory it takes."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

import msgspec
import psutil

from gpu_actor import troubles
from gpu_actor.engine.build_memory import gigabytes
from gpu_actor.engine.plan_request import PlanAnswer, PlanBuilt, PlanPhase, PlanRequest, PlanTrouble
from gpu_actor.troubles import BuilderKilledError, EngineTrouble, PlanBuildError

MODULE = "gpu_actor.engine.tensorrt_builder"
SAMPLE_S = 0.05
LAST_WORDS = 300  # characters of the builder's standard error that are told


def run_builder(
    request: PlanRequest, tell: Callable[[PlanPhase], None], module: str = MODULE
) -> tuple[PlanBuilt, int]:
    """The answer and the peak of the builder's own memory in bytes. EngineTrouble says why there is none.
    Whatever ends this call ends the builder.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    meter = Meter(process.pid)
    words: list[bytes] = []
    with process:
        try:
            listener = threading.Thread(target=words.extend, args=(told_to(process.stderr),), daemon=True)
            listener.start()
            meter.start()
            # The pipe stays open: when it ends, so does the builder.
            with contextlib.suppress(BrokenPipeError):  # it is gone already; its status says how
                told_to(process.stdin).write(msgspec.json.encode(request) + b"\n")
                told_to(process.stdin).flush()
            last: PlanAnswer | None = None
            for line in told_to(process.stdout):
                last = msgspec.json.decode(line, type=PlanAnswer)
                if isinstance(last, PlanPhase):
                    tell(last)
            status = process.wait()
            listener.join()
        finally:
            meter.stop()
            if process.poll() is None:
                process.kill()
    match last:
        case PlanBuilt():
            return last, meter.peak
        case PlanTrouble():
            raise as_trouble(last)
        case _:
            raise ended(status, meter.peak, b"".join(words).decode(errors="replace"))


def told_to(pipe: IO[bytes] | None) -> IO[bytes]:
    """A pipe that the process was started with."""
    if pipe is None:
        raise RuntimeError("the builder was started without pipes")
    return pipe


class Meter(threading.Thread):
    """Samples the memory that belongs to a process alone: not what is mapped from files."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.over = threading.Event()

    def run(self) -> None:
        try:
            process = psutil.Process(self.pid)
            while not self.over.wait(SAMPLE_S):
                self.peak = max(self.peak, own_memory(process))
        except psutil.Error:
            return  # it is gone

    def stop(self) -> None:
        self.over.set()
        if self.is_alive():
            self.join()


def own_memory(process: psutil.Process) -> int:
    facts = process.memory_info()
    if sys.platform == "win32":
        return int(facts.private)
    return int(facts.rss - getattr(facts, "shared", 0))


def as_trouble(told: PlanTrouble) -> EngineTrouble:
    kind = getattr(troubles, told.kind, None)
    if isinstance(kind, type) and issubclass(kind, EngineTrouble):
        return kind(told.text)
    return PlanBuildError(f"the plan cannot be written: {told.text}")


def ended(status: int, peak: int, words: str) -> PlanBuildError:
    """The builder ended without an answer."""
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
        return BuilderKilledError(
            f"the plan's builder was ended by {name} when it held {gigabytes(peak)}; if nobody did it by "
            "hand, the system was short of memory: close other programs and build again"
        )
    tail = " ".join(words.split())[-LAST_WORDS:]
    return PlanBuildError(f"the plan's builder ended with status {status} and no answer: {tail or 'no word'}")
