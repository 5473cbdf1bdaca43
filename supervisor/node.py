"""The running node: the supervisor's main loop, the only caller of the wardens."""

import logging
import os
import random
import signal
import time
from types import FrameType
from typing import Protocol
from uuid import UUID

import msgspec
import psutil

from actors.messages.control import AskStatus, KeysRotating, RotateKeys, ToChild, encode, to_supervisor
from actors.world import RealWorld
from supervisor.data_folder import DataFolder
from supervisor.launch import Launch, Launcher, Ports
from supervisor.node_file import NodeFile, forget_node, start_of, write_node
from supervisor.standby import Standby
from supervisor.status import node_status, resident_mb
from supervisor.strategy import ChildSpec, State, TreeSpec
from supervisor.switchboard import Heard, Switchboard
from supervisor.tree_messages import ChildSaid, ChildView, ProcessEnded, StopNode, Tick
from supervisor.warden import Wardens

log = logging.getLogger(__name__)

TICK_S = 0.02
COMMAND_LINE = "command line"


class Audience(Protocol):
    """Whoever is told what happens in the node; it must not raise."""

    def changed(self, view: ChildView, now_s: float) -> None: ...
    def facts(self, view: ChildView, now_s: float) -> None: ...
    def stopping(self) -> None: ...


class Node:
    """Made and run on the main thread."""

    def __init__(self, data: DataFolder, spec: TreeSpec, launcher: Launcher, audience: Audience) -> None:
        self.data = data
        self.launcher = launcher
        self.audience = audience
        self.world = RealWorld()
        self.switchboard = Switchboard()
        process = psutil.Process()
        self.file = NodeFile(
            pid=process.pid,
            started=start_of(process),
            boot=str(launcher.node),
            version=launcher.version,
            control=self.switchboard.admit(COMMAND_LINE),
            token=launcher.token,
        )
        self.standby = Standby(spec, launcher)
        self.stops_asked = 0
        self.stops_told = 0
        # Whoever loses power at once shall not come back at once: jitter need not be unpredictable.
        self.wardens = Wardens(spec, self, random.random, data.logs / "thespian.log")

    def run(self) -> None:
        """Serve until a signal asks for the end and every child is gone."""
        for number in stop_signals():
            signal.signal(number, self.on_signal)
        log.info("node %s begins as process %d", self.launcher.node, os.getpid())
        write_node(self.data, self.file)
        try:
            self.loop()
        finally:
            forget_node(self.data)
            self.wardens.close()
            self.switchboard.close()
            log.info("node ends")

    def loop(self) -> None:
        next_tick_s = 0.0
        over = False
        while not over:
            # What ended is told after what it may have said before.
            ended = self.wardens.ended()
            for heard in self.switchboard.poll(0 if ended else int(TICK_S * 1000)):
                self.hear(heard)
            now_s = time.monotonic()
            for end in ended:
                self.wardens.tell(ProcessEnded(end.name, end.boot, end.code, now_s))
            if self.stops_told < self.stops_asked:
                self.stops_told += 1
                self.audience.stopping()
                self.wardens.tell(StopNode(now_s, None if self.stops_told == 1 else 0.0))
            if now_s >= next_tick_s:
                next_tick_s = now_s + TICK_S
                self.wardens.tell(Tick(now_s))
                over = self.stops_told > 0 and self.wardens.look()[1]

    def write_file(self) -> None:
        """A full disk must not end the node; the commands then lack the newest ports."""
        try:
            write_node(self.data, self.file)
        except OSError as error:
            log.error("run/node.json cannot be written: %s", error)  # noqa: TRY400 - the line says it all

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stops_asked += 1

    def hear(self, heard: Heard) -> None:
        try:
            message = to_supervisor.decode(heard.payload)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            log.warning("%s said what is no message: %s", heard.user, error)
            return
        if heard.user == COMMAND_LINE:
            if isinstance(message, AskStatus):
                self.switchboard.answer(heard.route, self.status())
            elif isinstance(message, RotateKeys):
                told = self.say("link", message)
                self.switchboard.answer(heard.route, encode(KeysRotating(told)))
        elif not isinstance(message, AskStatus | RotateKeys):
            self.wardens.tell(ChildSaid(heard.user, message, time.monotonic()))

    def status(self) -> bytes:
        views, _ = self.wardens.look()
        status = node_status(views, now_s=time.monotonic(), version=self.launcher.version, rss_mb=resident_mb)
        return encode(status)

    # -- what the root asks for ---------------------------------------------------------------------

    def launch(self, spec: ChildSpec, boot: UUID, ports: Ports) -> Launch:
        return self.launcher.launch(spec, boot, ports, self.switchboard)

    def prepare(self, spec: ChildSpec) -> None:
        self.launcher.prepare(spec)

    def new_boot(self) -> UUID:
        return self.world.new_id()

    def say(self, child: str, message: ToChild) -> bool:
        return self.switchboard.say(child, encode(message))

    def forget(self, child: str) -> None:
        self.switchboard.forget(child)

    def child_changed(self, view: ChildView) -> None:
        if view.state is State.READY:
            url = view.facts.get("url", "")
            self.file = msgspec.structs.replace(
                self.file,
                ports={**self.file.ports, view.name: view.ports},
                url=url if view.name == "web" and isinstance(url, str) else self.file.url,
            )
            self.write_file()
        self.audience.changed(view, time.monotonic())

    def child_facts(self, view: ChildView) -> None:
        now_s = time.monotonic()
        self.audience.facts(view, now_s)
        self.standby.facts(view, now_s)


def stop_signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]
