"""EnginePort: runs an executor on its own thread, behind the address `engine`.

Receives  Admit, Step, Release, PreviewPrompt, CountTokens (GPU actor)
Sends     Admitted, NotAdmitted, Stepped, PromptPreviewed, TokensCounted, EngineFailed (GPU actor), in
          the order of what was asked
Restart   with the process: after EngineFailed it answers nothing but EngineFailed

The thread owns the execution context; everything else happens on the event loop.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

from actors.messages.engine import Admit, EngineFailed, Release, Step
from actors.messages.preview import CountTokens, PreviewPrompt
from gpu_actor.executor import Executor
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import EngineQueueFullError

log = logging.getLogger(__name__)

Work = Admit | Step | Release | PreviewPrompt | CountTokens


class Loop(Protocol):
    """What the port needs of asyncio's loop."""

    def call_soon_threadsafe(self, callback: Callable[..., Any], /, *args: Any) -> Any: ...


class Teller(Protocol):
    """What the port needs of the runtime."""

    def tell(self, to: str, message: Any, sender: str) -> None: ...


class EnginePort:
    def __init__(self, runtime: Teller, loop: Loop, executor: Executor, settings: EngineSettings) -> None:
        self.runtime = runtime
        self.loop = loop
        self.executor = executor
        self.stop_s = settings.stop_s
        self.work: queue.Queue[tuple[str, Work, str] | None] = queue.Queue(settings.work_queue)
        self.closing = threading.Event()
        self.pieces = 0  # of work begun so far
        self.under_way = 0  # number of the piece that the thread works on; 0: none
        self.thread = threading.Thread(target=self.run, name="engine", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def deliver(self, address: str, message: Work, sender: str) -> None:
        """Hand over work; EngineQueueFullError where the GPU actor asks for more than is allowed."""
        try:
            self.work.put_nowait((address, message, sender))
        except queue.Full as error:
            raise EngineQueueFullError(f"{self.work.maxsize} messages wait for the engine") from error

    def close(self) -> bool:
        """End the thread after the step under way; False where it did not end in time (it dies with the
        process then).
        """
        self.closing.set()
        with contextlib.suppress(queue.Full):  # then it sees `closing` at the next message
            self.work.put_nowait(None)
        self.thread.join(self.stop_s)
        return not self.thread.is_alive()

    # -- on the thread ------------------------------------------------------------------------

    def run(self) -> None:
        failed: EngineFailed | None = None
        while (item := self.work.get()) is not None and not self.closing.is_set():
            address, message, sender = item
            answer: Any = failed
            self.pieces += 1
            self.under_way = self.pieces
            if failed is None:
                try:
                    answer = self.carry_out(message)
                except Exception as error:
                    log.exception("the engine failed at %s", type(message).__name__)
                    answer = failed = EngineFailed(f"{type(error).__name__}: {error}")
            self.under_way = 0
            if answer is not None:
                self.loop.call_soon_threadsafe(self.runtime.tell, sender, answer, address)

    def carry_out(self, message: Work) -> Any:
        match message:
            case Admit():
                return self.executor.admit(message)
            case Step():
                return self.executor.step(message)
            case Release():
                return self.executor.release(message)
            case PreviewPrompt():
                return self.executor.preview(message)
            case CountTokens():
                return self.executor.count(message)
