"""Messages between the supervisor and its children, and between the command line and the supervisor.

| message | sender → receiver |
| --- | --- |
| Hello, Ready, Heartbeat, Failed | child → supervisor |
| Alive, Stop, ChildReady, ChildDown | supervisor → child |
| AskStatus | command line → supervisor; NodeStatus the way back |
| RotateKeys | command line → supervisor → link; KeysRotating the way back to the command line |

ChildBrief travels apart from the rest: one JSON line on the child's standard input.
Everything else is msgpack over a CURVE socket on loopback.
"""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct


class Door(Struct, frozen=True):
    """A CURVE socket to bind: this process is the server. Keys are Z85 text."""

    host: str
    port: int  # 0: any free one, told in Ready; the port of the last time where there was one
    public: str
    secret: str
    allowed: dict[str, str]  # public key of a client → its name; everybody else is refused


class Dial(Struct, frozen=True):
    """A CURVE socket to connect: this process is the client. Keys are Z85 text."""

    address: str  # tcp://HOST:PORT; "" while the other side is not up, ChildReady then tells its port
    server_public: str
    public: str
    secret: str
    name: str  # how the server calls the owner of this key


class ChildBrief(Struct, frozen=True):
    """All that a child is told at its start. Holds secrets: never log it."""

    name: str
    node: UUID  # of this run of the supervisor
    boot: UUID  # of this start of this child
    supervisor_pid: int
    control: Dial  # to the supervisor
    version: str
    data: str  # the data folder, absolute
    settings: dict[str, dict[str, Any]]  # section → values, complete; see Child.settings
    ports: dict[str, dict[str, int]] = {}  # child → what it listens on; the own name: last time's
    doors: dict[str, Door] = {}  # web: "link" for the GPU boxes; link: "engine"
    dials: dict[str, Dial] = {}  # link: "web"; engine: "link"
    token: str = ""  # web: what the command line shows to be let in as the local user
    heartbeat_s: float = 0.25
    silence_s: float = 3.0  # without a word from the supervisor for this long, the child ends
    log_bytes: int = 5_000_000
    log_files: int = 3


class Hello(Struct, frozen=True, tag="hello"):
    """The child runs and has connected; it is not Ready yet."""

    pid: int


class Ready(Struct, frozen=True, tag="ready"):
    """The child serves; `ports` by name of what it listens on."""

    ports: dict[str, int]
    facts: dict[str, Any] = {}


class Heartbeat(Struct, frozen=True, tag="heartbeat"):
    """The child's loop runs. `facts` are what it has to tell about itself, JSON-able."""

    facts: dict[str, Any] = {}


class Failed(Struct, frozen=True, tag="failed"):
    """The child is about to end because of an error; `why` is one line for people."""

    why: str


class Alive(Struct, frozen=True, tag="alive"):
    """The supervisor's answer to each Heartbeat."""


class Stop(Struct, frozen=True, tag="stop"):
    """End in good order; what still runs after `within_s` seconds is killed."""

    within_s: float


class ChildReady(Struct, frozen=True, tag="child_ready"):
    """Another child serves, at its first start or again. Sent for those that serve already, too."""

    name: str
    ports: dict[str, int]


class ChildDown(Struct, frozen=True, tag="child_down"):
    """Another child's process is gone."""

    name: str
    why: str


class RotateKeys(Struct, frozen=True, tag="rotate_keys"):
    """Change the key of this machine's GPU box. From the command line, by the supervisor, to the link."""


class KeysRotating(Struct, frozen=True, tag="keys_rotating"):
    """The answer to the command line; not `told` where there is no link process."""

    told: bool


class AskStatus(Struct, frozen=True, tag="ask_status"):
    """How is the node?"""


Notice = ChildReady | ChildDown | RotateKeys
FromChild = Hello | Ready | Heartbeat | Failed
ToChild = Alive | Stop | Notice
ToSupervisor = FromChild | AskStatus | RotateKeys


class ProcessStatus(Struct, frozen=True):
    """A process of the node. `state`: waiting, starting, ready, backoff, stopping, parked, stopped."""

    name: str
    pid: int  # 0 where there is none
    state: str
    restarts: int
    uptime_s: float
    rss_mb: float
    why: str = ""  # why it went down the last time
    progress: str = ""  # what it is doing before it is ready, in its own words


class WorkerStatus(Struct, frozen=True):
    """A GPU box as the web process sees it; `state` and `why`: see WorkerFacts."""

    name: str
    engine: str
    model: str
    slots: int
    busy: int
    state: str = "ready"
    demonstration: bool = False
    why: str = ""


class QueueCounts(Struct, frozen=True):
    waiting: int = 0
    running: int = 0


class NodeStatus(Struct, frozen=True, tag="status", tag_field="type"):
    """The state of the node, as `samovar status --json` prints it (without `type`)."""

    ready: bool
    processes: list[ProcessStatus]
    workers: list[WorkerStatus]
    queue: QueueCounts
    crypto: str  # "rust" or "python"; "" on a node without a web process
    version: str
    url: str = ""
    parked: list[str] = []
    gpu: dict[str, Any] = {}  # what the health process reports
    facts: dict[str, dict[str, Any]] = {}  # child → the rest of its facts


encode = msgspec.msgpack.Encoder().encode
"""Any message of this file → bytes."""
to_supervisor: msgspec.msgpack.Decoder[ToSupervisor] = msgspec.msgpack.Decoder(ToSupervisor)
to_child: msgspec.msgpack.Decoder[ToChild] = msgspec.msgpack.Decoder(ToChild)
