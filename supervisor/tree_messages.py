"""What is said inside the supervisor: between its main loop, the Root and the Wardens.

| message | sender → receiver |
| --- | --- |
| Introduce, Tick, ChildSaid, StopNode, LookAtNode | main loop → Root |
| ProcessEnded | waiting thread → main loop → Root → Warden |
| Begin, StartProcess, KillProcess | Root → Warden |
| ChildEnded | Warden → Root |
"""

import queue
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from actors.messages.control import FromChild, ToChild
from supervisor.launch import Launch, Ports
from supervisor.strategy import ChildSpec, State, TreeSpec


class Outside(Protocol):
    """What the Root needs of the supervisor's main loop."""

    def launch(self, spec: ChildSpec, boot: UUID, ports: Ports) -> Launch: ...
    def prepare(self, spec: ChildSpec) -> None: ...
    def new_boot(self) -> UUID: ...
    def say(self, child: str, message: ToChild) -> bool: ...
    def forget(self, child: str) -> None: ...
    def child_changed(self, view: "ChildView") -> None: ...
    def child_facts(self, view: "ChildView") -> None: ...


class ChildView(Struct):
    """A child as the outside sees it."""

    name: str
    state: State = State.WAITING
    pid: int = 0
    restarts: int = 0
    started_s: float = 0.0
    retry_s: float = 0.0  # BACKOFF and PARKED: when it is tried again
    why: str = ""
    ports: dict[str, int] = {}
    facts: dict[str, Any] = {}


# -- messages -------------------------------------------------------------------------------------


class Introduce(Struct, frozen=True):
    spec: TreeSpec
    jitter: Callable[[], float]
    outside: Outside
    exits: "queue.SimpleQueue[ProcessEnded]"


class Tick(Struct, frozen=True):
    now_s: float


class ChildSaid(Struct, frozen=True):
    name: str
    message: FromChild
    now_s: float


class StopNode(Struct, frozen=True):
    """Stop all; `within_s` None: within the limit of the tree."""

    now_s: float
    within_s: float | None = None


class LookAtNode(Struct, frozen=True):
    """Call `show` with (views in the order of the tree, whether all is over)."""

    show: Callable[[list[ChildView], bool], None]


class Begin(Struct, frozen=True):
    """To a warden: whose process it keeps, and where the process's end is to be posted."""

    name: str
    exits: "queue.SimpleQueue[ProcessEnded]"


class StartProcess(Struct, frozen=True):
    boot: UUID
    launch: Launch
    now_s: float


class KillProcess(Struct, frozen=True):
    now_s: float


class ProcessEnded(Struct, frozen=True):
    """From the thread that waits for a process, by way of the main loop."""

    name: str
    boot: UUID
    code: int
    now_s: float = 0.0


class ChildEnded(Struct, frozen=True):
    name: str
    boot: UUID
    how: str
    now_s: float
