"""The supervision tree as Thespian actors: a Root that decides, and a Warden for each child process.

This is the only file that knows Thespian. Its simpleSystemBase runs every actor on the thread that
calls `tell`, which is the supervisor's main thread and no other; hence a child is started on the main
thread, as PR_SET_PDEATHSIG needs it. A message whose handler raises is delivered again, so handlers do
nothing a second time. Thespian's timers are not used: the main loop sends Tick.
"""

import logging
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import thespian.actors  # pyright: ignore[reportMissingTypeStubs]

from actors.messages.control import (
    Alive,
    ChildDown,
    ChildReady,
    Failed,
    Heartbeat,
    Hello,
    Ready,
    Stop,
    ToChild,
)
from supervisor.errors import OperatorError
from supervisor.orphans import Leash
from supervisor.strategy import Action, KillChild, StartChild, State, StopChild, Tree, TreeSpec
from supervisor.tree_messages import (
    Begin,
    ChildEnded,
    ChildSaid,
    ChildView,
    Introduce,
    KillProcess,
    LookAtNode,
    Outside,
    ProcessEnded,
    StartProcess,
    StopNode,
    Tick,
)

log = logging.getLogger(__name__)

thespian_actors: Any = thespian.actors  # it has no types
Actor: Any = thespian_actors.Actor
PoisonMessage: Any = thespian_actors.PoisonMessage
Address = Any


class Warden(Actor):
    """Warden: keeps the process of one child.

    Receives  Begin, StartProcess, KillProcess, ProcessEnded (root)
    Sends     ChildEnded (root)
    Restart   never; it holds the process
    """

    def __init__(self) -> None:
        self.name = ""
        self.boot: UUID | None = None
        self.leash: Leash | None = None
        self.exits: queue.SimpleQueue[ProcessEnded] | None = None

    def receiveMessage(self, msg: Any, sender: Address) -> None:  # noqa: N802 - Thespian's name
        match msg:
            case Begin():
                self.name, self.exits = msg.name, msg.exits
            case StartProcess() if self.boot != msg.boot:
                self.boot = msg.boot
                self.start(msg, sender)
            case KillProcess():
                if self.leash is not None:
                    self.leash.kill()
                elif self.boot is not None:
                    self.tell_end(sender, self.boot, "is not there", msg.now_s)
            case ProcessEnded() if self.boot == msg.boot and self.leash is not None:
                words = self.leash.last_words() if msg.code > 0 else ""
                self.leash = None
                self.tell_end(sender, msg.boot, in_words(msg.code, words), msg.now_s)
            case _:
                pass

    def start(self, order: StartProcess, root: Address) -> None:
        launch = order.launch
        try:
            self.leash = launch.spare or Leash(launch.command, launch.environ, launch.out)
        except OSError as error:
            log.exception("%s cannot be started", self.name)
            self.tell_end(root, order.boot, f"cannot be started: {error}", order.now_s)
            return
        threading.Thread(
            target=brief_and_wait,
            args=(self.leash, launch.brief, self.name, order.boot, self.exits),
            name=f"wait for {self.name}",
            daemon=True,
        ).start()

    def tell_end(self, root: Address, boot: UUID, how: str, now_s: float) -> None:
        self.send(root, ChildEnded(self.name, boot, how, now_s))


def brief_and_wait(
    leash: Leash, brief: bytes, name: str, boot: UUID, exits: "queue.SimpleQueue[ProcessEnded]"
) -> None:
    """On a thread: both of these block."""
    leash.tell(brief)
    exits.put(ProcessEnded(name, boot, leash.wait()))


def in_words(code: int, last_words: str) -> str:
    """How a process ended, from its exit code and the last line of its output."""
    if code >= 0:
        return f"ended with status {code}" + (f": {last_words}" if last_words else "")
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


class Root(Actor):
    """Root: holds the tree and has its decisions carried out.

    Receives  Introduce, Tick, ChildSaid, ProcessEnded, StopNode, LookAtNode (main loop), ChildEnded (warden)
    Sends     Begin, StartProcess, KillProcess, ProcessEnded (warden); Alive, Stop, ChildReady, ChildDown
              (children, through the outside)
    Restart   never; with it the node ends
    """

    tree: Tree
    outside: Outside

    def __init__(self) -> None:
        self.wardens: dict[str, Address] = {}
        self.views: dict[str, ChildView] = {}
        self.boots: dict[str, UUID] = {}
        self.todo: deque[tuple[Action, float]] = deque()
        self.causes: dict[str, str] = {}  # what a failing child said of itself

    def receiveMessage(self, msg: Any, sender: Address) -> None:  # noqa: N802 - Thespian's name
        self.receive(msg, sender)
        self.work()

    def receive(self, msg: Any, sender: Address) -> None:
        match msg:
            case Introduce() if not self.wardens:
                self.introduce(msg)
            case Tick():
                self.decide(self.tree.tick(msg.now_s), msg.now_s)
            case ChildSaid():
                self.child_said(msg)
            case ProcessEnded():
                self.send(self.wardens[msg.name], msg)
            case ChildEnded():
                self.child_ended(msg)
            case StopNode():
                self.decide(self.tree.stop(msg.now_s, msg.within_s), msg.now_s)
            case LookAtNode():
                msg.show([self.refresh(name) for name in self.views], self.tree.finished)
            case _ if isinstance(msg, PoisonMessage):
                log.error("bug: the warden %s cannot handle %s", sender, type(msg.poisonMessage).__name__)
            case _:
                pass

    def introduce(self, msg: Introduce) -> None:
        self.tree = Tree(msg.spec, msg.jitter)
        self.outside = msg.outside
        for name in self.tree.children:
            self.views[name] = ChildView(name)
            self.wardens[name] = self.createActor(Warden)
            self.send(self.wardens[name], Begin(name, msg.exits))

    # -- decisions --------------------------------------------------------------------------------

    def decide(self, actions: list[Action], now_s: float) -> None:
        """To be done at the end of this message, or of the next one should this one raise."""
        self.todo.extend((action, now_s) for action in actions)

    def work(self) -> None:
        while self.todo:
            self.act(*self.todo.popleft())

    def act(self, action: Action, now_s: float) -> None:
        match action:
            case StartChild(name):
                self.start(name, now_s)
            case StopChild(name, within_s):
                log.info("%s: stop within %.2f s", name, within_s)
                if not self.outside.say(name, Stop(within_s)):  # it has not even said Hello
                    self.send(self.wardens[name], KillProcess(now_s))
            case KillChild(name, why):
                log.warning("%s: killed: %s", name, why)
                self.send(self.wardens[name], KillProcess(now_s))
        self.changed(action.name)

    def start(self, name: str, now_s: float) -> None:
        ports = {view.name: view.ports for view in self.views.values() if view.ports}
        boot = self.boots[name] = self.outside.new_boot()
        view = self.views[name]
        view.pid = 0
        view.facts = {}
        self.causes.pop(name, None)
        try:
            launch = self.outside.launch(self.tree.children[name].spec, boot, ports)
        except Exception as error:  # a bug in there, too, is this child's affair alone
            if not isinstance(error, OperatorError):
                log.exception("%s cannot be launched", name)
            self.child_ended(ChildEnded(name, boot, str(error) or type(error).__name__, now_s))
        else:
            self.send(self.wardens[name], StartProcess(boot, launch, now_s))

    # -- facts ------------------------------------------------------------------------------------

    def child_said(self, said: ChildSaid) -> None:
        name, message = said.name, said.message
        view, child = self.views[name], self.tree.children[name]
        if not child.running:
            return
        self.tree.heard(name)
        match message:
            case Hello():
                view.pid = message.pid
                for other in self.views.values():
                    if other.name != name and self.tree.children[other.name].state is State.READY:
                        self.outside.say(name, ChildReady(other.name, other.ports))
            case Heartbeat():
                self.outside.say(name, Alive())
                view.facts = message.facts
                self.outside.child_facts(self.refresh(name))
            case Ready():
                view.ports, view.facts = message.ports, message.facts
                starting = child.state is State.STARTING
                self.decide(self.tree.ready(name, said.now_s), said.now_s)
                if starting:
                    log.info("%s: ready as process %d", name, view.pid)
                    self.changed(name)
                    self.tell_others(name, ChildReady(name, view.ports))
            case Failed():
                self.causes[name] = message.why

    def child_ended(self, ended: ChildEnded) -> None:
        name = ended.name
        if self.boots.get(name) != ended.boot or not self.tree.children[name].running:
            return
        self.outside.forget(name)
        how = self.causes.pop(name, "") or ended.how
        log.log(logging.INFO if self.tree.stopping else logging.WARNING, "%s: %s", name, how)
        self.decide(self.tree.exited(name, how, ended.now_s), ended.now_s)
        child = self.tree.children[name]
        if not self.tree.stopping and child.state is not State.PARKED:
            self.outside.prepare(child.spec)
        view = self.views[name]
        view.pid = 0
        view.facts = {}
        self.changed(name)
        self.tell_others(name, ChildDown(name, self.tree.children[name].why or how))

    def tell_others(self, name: str, message: ToChild) -> None:
        for other in self.views:
            if other != name:
                self.outside.say(other, message)

    def changed(self, name: str) -> None:
        self.outside.child_changed(self.refresh(name))

    def refresh(self, name: str) -> ChildView:
        child, view = self.tree.children[name], self.views[name]
        view.state, view.why, view.restarts = child.state, child.why, child.restarts
        view.started_s, view.retry_s = child.started_s, child.due_s
        return view


class Wardens:
    """The tree, for the main loop: made and called on the main thread only."""

    def __init__(
        self, spec: TreeSpec, outside: Outside, jitter: Callable[[], float], thespian_log: Path
    ) -> None:
        os.environ["THESPLOG_FILE"] = str(thespian_log)  # its default is shared by all users
        self.exits: queue.SimpleQueue[ProcessEnded] = queue.SimpleQueue()
        self.system: Any = thespian_actors.ActorSystem("simpleSystemBase", logDefs=False)
        self.root: Any = self.system.createActor(Root)
        self.tell(Introduce(spec, jitter, outside, self.exits))

    def tell(self, message: Introduce | Tick | ChildSaid | ProcessEnded | StopNode | LookAtNode) -> None:
        self.system.tell(self.root, message)
        while isinstance(poison := self.system.listen(0), PoisonMessage):
            log.error("bug: the root cannot handle %s", type(poison.poisonMessage).__name__)

    def ended(self) -> list[ProcessEnded]:
        """Processes that ended since the last call, waiting for `tell`."""
        return [self.exits.get_nowait() for _ in range(self.exits.qsize())]

    def look(self) -> tuple[list[ChildView], bool]:
        """The children, left to right, and whether all is over."""
        seen: list[tuple[list[ChildView], bool]] = []
        self.tell(LookAtNode(lambda views, over: seen.append((views, over))))
        return seen[0]

    def close(self) -> None:
        self.system.shutdown()
