"""How a child is started: its command, its environment and its brief, from the node's settings and keys."""

import os
import platform
from collections.abc import Collection
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.control import ChildBrief, Dial, Door
from actors.wire.keys import KeyPair, new_key_pair
from supervisor.data_folder import DataFolder
from supervisor.errors import NotPairedError
from supervisor.keys import gpu_box_key, pairing, web_node_key
from supervisor.orphans import Leash
from supervisor.settings import NodeSettings, SupervisorSettings
from supervisor.spares import Spares, child_environ, command
from supervisor.strategy import ChildSpec
from supervisor.switchboard import Switchboard

EVERYWHERE = "0.0.0.0"  # noqa: S104 - only keys on the list get in
LINK_PORT = 7777
NOT_PAIRED = (
    "This GPU box has not joined a web node yet: run `samovar pair` there, "
    "and `samovar join` here with what it shows."
)

Ports = dict[str, dict[str, int]]


class Launch(Struct, frozen=True):
    """A child about to be started. `brief` holds secrets and goes to its standard input. `spare`: the process
    that runs already, if there is one.
    """

    command: list[str]
    environ: dict[str, str]
    brief: bytes
    out: Path  # where its standard output and error go
    spare: Leash | None = None


class Launcher:
    """Knows what each process of the node must be told. Raises OperatorError for a key it cannot use."""

    def __init__(
        self,
        data: DataFolder,
        settings: NodeSettings,
        node: UUID,
        version: str,
        token: str,
        children: Collection[str],
        spares: Spares,
    ) -> None:
        self.data = data
        self.settings = settings
        self.values: dict[str, dict[str, Any]] = msgspec.to_builtins(settings)
        # The address of the database may hold its password, and only web processes touch it.
        self.without_database = {name: value for name, value in self.values.items() if name != "storage"}
        self.node = node
        self.version = version
        self.token = token
        self.children = children
        self.spares = spares
        self.engine_door = new_key_pair()  # link's end of the hop to the engine
        self.engine_key = new_key_pair()
        self.box_name = settings.supervisor.box_name or platform.node() or "this computer"

    def launch(self, spec: ChildSpec, boot: UUID, ports: Ports, switchboard: Switchboard) -> Launch:
        own = self.settings.supervisor
        brief = ChildBrief(
            name=spec.name,
            node=self.node,
            boot=boot,
            supervisor_pid=os.getpid(),
            control=switchboard.admit(spec.name),
            version=self.version,
            data=str(self.data.root),
            settings=self.values if spec.name == "web" else self.without_database,
            ports=ports,
            doors=self.doors(spec.name, ports),
            dials=self.dials(spec.name, ports),
            token=self.token if spec.name == "web" else "",
            heartbeat_s=own.heartbeat_s,
            silence_s=own.silence_s,
            log_bytes=own.log_bytes,
            log_files=own.log_files,
        )
        return Launch(
            command(spec.module),
            child_environ(),
            msgspec.json.encode(brief) + b"\n",
            self.spares.out(spec.name),
            self.spares.take(spec.name),
        )

    def prepare(self, spec: ChildSpec) -> None:
        """It will be launched soon."""
        self.spares.start(spec.name, spec.module, hushed=True)

    def do_without(self, name: str) -> None:
        """It will not be launched soon."""
        self.spares.drop(name)

    def doors(self, child: str, ports: Ports) -> dict[str, Door]:
        match child:
            case "web":
                key = web_node_key(self.data.keys)
                alone = "link" not in self.children
                place = link_address(self.settings.supervisor, alone=alone)
                port = place.port or ports.get("web", {}).get("link", 0)
                allowed = {} if alone else {gpu_box_key(self.data.keys).public: self.box_name}
                return {"link": Door(place.host, port, key.public, key.secret, allowed)}
            case "link":
                door = self.engine_door
                port = ports.get("link", {}).get("engine", 0)
                allowed = {self.engine_key.public: "engine"}
                return {"engine": Door("127.0.0.1", port, door.public, door.secret, allowed)}
            case _:
                return {}

    def dials(self, child: str, ports: Ports) -> dict[str, Dial]:
        match child:
            case "link":
                return {"web": self.dial_to_web(ports)}
            case "engine":
                address = loopback(ports, "link", "engine")
                return {"link": dial(address, self.engine_door.public, self.engine_key, "engine")}
            case _:
                return {}

    def dial_to_web(self, ports: Ports) -> Dial:
        """The web node of this machine, or the one that was joined."""
        key = gpu_box_key(self.data.keys)
        if "web" in self.children:
            local = loopback(ports, "web", "link")
            return dial(local, web_node_key(self.data.keys).public, key, self.box_name)
        found = pairing(self.data.keys)
        if found is None:
            raise NotPairedError(NOT_PAIRED)
        return dial(found.web_node, found.server_key, key, found.name)


class LinkAddress(Struct, frozen=True):
    """Where a web node listens for GPU boxes; port 0: any free one."""

    host: str
    port: int


def link_address(settings: SupervisorSettings, *, alone: bool) -> LinkAddress:
    """`alone`: this machine has no GPU box of its own, so others must be able to come."""
    host = settings.link_host or (EVERYWHERE if alone else "127.0.0.1")
    port = settings.link_port
    return LinkAddress(host, port if port >= 0 else LINK_PORT if alone else 0)


def dial(address: str, server_public: str, key: KeyPair, name: str) -> Dial:
    return Dial(address, server_public, key.public, key.secret, name)


def loopback(ports: Ports, child: str, name: str) -> str:
    port = ports.get(child, {}).get(name, 0)
    return f"tcp://127.0.0.1:{port}" if port else ""
