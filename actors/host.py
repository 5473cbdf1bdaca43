"""The child's end of supervision: one OS process, its event loop, and its line to the supervisor.

A process of the node is `run_child(serve)`. The host reads the ChildBrief from standard input, ties
the process's life to the supervisor's, says Hello, and runs `serve(child)`. `serve` opens its sockets,
awaits `child.ready(ports)`, and returns when `child.stopping` is set. A heartbeat with `child.facts()`
goes out from the same event loop, so a loop that hangs is noticed: long native calls belong on a
thread of their own and must let go of the GIL.

The process ends at once, without ceremony, when standard input closes or the supervisor is silent for
`brief.silence_s`. That is as safe as kill -9, which everything here survives.
"""

import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import zmq
import zmq.asyncio

from actors.lifeline import die_with_parent
from actors.logs import log_to
from actors.messages.control import (
    Alive,
    ChildBrief,
    ChildDown,
    ChildReady,
    Failed,
    FromChild,
    Heartbeat,
    Hello,
    Notice,
    Ready,
    RotateKeys,
    Stop,
    encode,
    to_child,
)
from actors.planting import plant

log = logging.getLogger(__name__)

YOUNG_OBJECTS = 5_000  # between two collections; four times as many cost 25 MB
MAX_BRIEF_BYTES = 4_000_000
EXIT_FAILED = 1
EXIT_NOT_A_CHILD = 2
EXIT_ORPHAN = 3

T = TypeVar("T")


class CannotServeError(Exception):
    """The process cannot serve, for a reason a person can mend: the text says what to do.

    It is shown in `samovar status`; any other exception is a bug and leaves its traceback in the log.
    """


class Child:
    """What a process of the node knows and may do; handed to its `serve`."""

    def __init__(self, brief: ChildBrief, socket: "zmq.asyncio.Socket") -> None:
        self.brief = brief
        self.stopping = asyncio.Event()
        self.stop_within_s = 0.0  # set with `stopping`: how long the supervisor waits
        self.facts: Callable[[], dict[str, Any]] = dict
        self._socket = socket
        self._notice: Callable[[Notice], None] | None = None
        self._early: list[Notice] = []
        self._silent_s = 0.0

    @property
    def data(self) -> Path:
        return Path(self.brief.data)

    def settings(self, section: str, kind: type[T]) -> T:
        """The settings of one area: `child.settings("web", WebSettings)`."""
        return msgspec.convert(self.brief.settings[section], kind)

    def port(self, name: str) -> int:
        """The own port `name` of the last time, to bind it again; 0 at the first start."""
        return self.brief.ports.get(self.brief.name, {}).get(name, 0)

    async def ready(self, ports: dict[str, int] | None = None) -> None:
        """Tell the supervisor that this process serves. Await it once, when all sockets listen."""
        gc.set_threshold(YOUNG_OBJECTS, 20, 20)  # what a token leaves behind is seldom a cycle
        await self.tell(Ready(ports or {}, self.facts()))

    def on_notice(self, callback: Callable[[Notice], None]) -> None:
        """Call `callback` for each notice, those that came before included."""
        self._notice = callback
        early, self._early = self._early, []
        for notice in early:
            callback(notice)

    async def tell(self, message: FromChild) -> None:
        await self._socket.send(encode(message))

    def stop(self, within_s: float) -> None:
        if not self.stopping.is_set():
            self.stop_within_s = within_s
            self.stopping.set()

    async def listen(self) -> None:
        """Obey the supervisor, for ever."""
        while True:
            message = to_child.decode(await self._socket.recv())
            self._silent_s = 0.0
            match message:
                case Alive():
                    pass
                case Stop():
                    log.info("told to stop within %.1f s", message.within_s)
                    self.stop(message.within_s)
                case ChildReady() | ChildDown() | RotateKeys():
                    if self._notice is None:
                        self._early.append(message)
                    else:
                        self._notice(message)

    async def beat(self) -> None:
        """Heartbeats, for ever.

        Silence counts only while this loop runs: a machine that slept, or a loop that was held up,
        does not make the supervisor look dead.
        """
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            await asyncio.sleep(self.brief.heartbeat_s)
            now = loop.time()
            self._silent_s += min(now - before, 2 * self.brief.heartbeat_s)
            before = now
            if self._silent_s > self.brief.silence_s:
                end_as_orphan(f"nothing from the supervisor for {self.brief.silence_s:g} s")
            with contextlib.suppress(zmq.Again):  # not connected yet, or behind: the next one will do
                await self._socket.send(encode(Heartbeat(self.facts())), zmq.NOBLOCK)


Serve = Callable[[Child], Coroutine[Any, Any, None]]
"""What a process of the node does; see above."""


def run_child(serve: Serve) -> None:
    """Be the process that the supervisor started; returns when it has ended in good order.

    Raises SystemExit(1) when `serve` raised.
    """
    brief = read_brief()
    die_with_parent(brief.supervisor_pid)
    faulthandler.enable()
    log_to(Path(brief.data, "logs", f"{brief.name}.log"), brief.log_bytes, brief.log_files)
    threading.Thread(target=watch_standard_input, name="lifeline", daemon=True).start()
    log.info("started as process %d", os.getpid())
    plant(brief.name)
    gc.freeze()  # what was imported stays: no collection need look through it again, each time for 30 ms
    gc.enable()  # as often as Python has it until this process serves: migrations leave much behind
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        failed = runner.run(host(brief, serve))
    log.info("ended")
    if failed:
        raise SystemExit(EXIT_FAILED)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop; on Windows, which lacks it, a selector loop: zmq.asyncio needs one, and it is no default."""
    if sys.platform == "win32":
        return asyncio.SelectorEventLoop()
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.new_event_loop()


async def host(brief: ChildBrief, serve: Serve) -> bool:
    """Run `serve` beside the line to the supervisor. True when it failed."""
    context = zmq.asyncio.Context()
    socket = connect(context, brief)
    child = Child(brief, socket)
    background: list[asyncio.Task[None]] = []
    try:
        await child.tell(Hello(os.getpid()))
        background = [asyncio.create_task(child.listen()), asyncio.create_task(child.beat())]
        obey_signals(child)
        serving = asyncio.create_task(serve(child))
        ended, _ = await asyncio.wait([serving, *background], return_when=asyncio.FIRST_COMPLETED)
        why = next((text for text in map(reason, ended) if text), "")
        if why:
            await child.tell(Failed(why))
        return bool(why)
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        socket.close(linger=200)
        context.term()


def reason(task: "asyncio.Task[None]") -> str:
    """Why `task` ended badly, in one line; "" when it did not. The log gets the whole story."""
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is None:
        return ""
    if isinstance(error, CannotServeError):
        log.error("%s", error)
        return str(error)
    log.error("bug in this process", exc_info=error)
    return f"{type(error).__name__}: {error}".splitlines()[0]


def connect(context: "zmq.asyncio.Context", brief: ChildBrief) -> "zmq.asyncio.Socket":
    """The CURVE socket to the supervisor."""
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.set(zmq.MAXMSGSIZE, 1_000_000)
    socket.curve_serverkey = brief.control.server_public.encode()
    socket.curve_publickey = brief.control.public.encode()
    socket.curve_secretkey = brief.control.secret.encode()
    socket.connect(brief.control.address)
    return socket


def obey_signals(child: Child) -> None:
    """SIGTERM and SIGINT by hand are a Stop; the supervisor then starts the process again."""
    if sys.platform == "win32":
        return  # no signal reaches a process group of its own there, but termination
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, child.stop, 2.0)


def read_brief() -> ChildBrief:
    """The first line of standard input. Unbuffered: the lifeline thread reads on from there."""
    if os.isatty(0):
        sys.stderr.write("This process is started by `samovar up`; it does not run by itself.\n")
        raise SystemExit(EXIT_NOT_A_CHILD)
    line = bytearray()
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)  # the supervisor writes nothing after the line
        line += part
        if not part or len(line) > MAX_BRIEF_BYTES:
            sys.stderr.write("No brief on standard input: this process is started by `samovar up`.\n")
            raise SystemExit(EXIT_NOT_A_CHILD)
    return msgspec.json.decode(line, type=ChildBrief)


def watch_standard_input() -> None:
    """The supervisor holds the other end of this pipe for as long as it lives, on every platform."""
    while os.read(0, 4096):
        pass
    end_as_orphan("the supervisor is gone")


def end_as_orphan(why: str) -> None:
    log.error("%s: ending", why)
    os._exit(EXIT_ORPHAN)
