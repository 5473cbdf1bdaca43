"""A split deployment on loopback: a web node, a GPU box, and the bad line between them."""

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from supervisor.data_folder import DataFolder
from tests.faults.proxy import BadLine
from tests.faults.schedule import Fault
from tests.faults.split_node import SplitNode

LINK_HOST = "127.0.0.2"
"""Loopback under another name: the link treats it as a line between machines, heartbeats included."""
WEB_HOST = "127.0.0.1"
READY_S = 120.0

MANY = 1_000_000
INTENSITY: dict[str, Any] = {
    "restarts": MANY,
    "restart_period_s": 10.0,
    "engine_restarts": MANY,
    "engine_period_s": 10.0,
}
"""The limits of restarts, raised: else the kills would park what they hit. The report says so."""
REST: dict[str, Any] = {"rest_s": 0.2}
"""The same for a box that loses replies again and again."""


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def toml(settings: Mapping[str, Mapping[str, Any]]) -> str:
    lines: list[str] = []
    for section, values in settings.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {value_of(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def value_of(value: Any) -> str:
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        inner = ", ".join(f"{json.dumps(key)} = {value_of(each)}" for key, each in table.items())
        return f"{{ {inner} }}"
    return json.dumps(value)


class Deployment:
    """`streams`: replies at once. `environ` goes to all processes."""

    def __init__(
        self, folder: Path, streams: int, engine: Mapping[str, Any], environ: Mapping[str, str]
    ) -> None:
        self.web_data, self.gpu_data = folder / "web", folder / "gpu"
        self.web_port = free_port(WEB_HOST)
        self.link_port = free_port(LINK_HOST)
        self.line = BadLine(LINK_HOST, (LINK_HOST, self.link_port))
        self.streams = streams
        self.engine = engine
        self.web = SplitNode("web", self.web_data, environ)
        self.gpu = SplitNode("gpu", self.gpu_data, environ)

    async def prepare(self) -> None:
        """Folders, settings, and the line."""
        await self.line.start()
        for data in (self.web_data, self.gpu_data):
            DataFolder(data).make()
        web = {
            "supervisor": INTENSITY | {"link_host": LINK_HOST, "link_port": self.link_port},
            "web": {"host": WEB_HOST, "port": self.web_port},
            "queue": REST | {"max_waiting": 4 * self.streams, "user_waiting": 0},
        }
        gpu = {
            "supervisor": INTENSITY,
            "link": {"generations": self.streams},
            "engine": {"slots": self.streams, "work_queue": 4 * self.streams + 64} | dict(self.engine),
        }
        (self.web_data / "samovar.toml").write_text(toml(web))
        (self.gpu_data / "samovar.toml").write_text(toml(gpu))

    async def start(self, linked: str) -> None:
        """Both nodes, until the web node sees the box in that state."""
        self.web.start()
        await self.web.wait_until_ready(READY_S)
        offer = await self.web.command("pair", "--json", "--address", f"{LINK_HOST}:{self.line.port}")
        await self.gpu.command("join", str(json.loads(offer)["join"]), "--name", "box")
        self.gpu.start()
        await self.gpu.wait_until_ready(READY_S)
        deadline = time.monotonic() + READY_S
        while not any(worker["state"] == linked for worker in (await self.web.status()).get("workers", [])):
            if time.monotonic() > deadline:
                raise TimeoutError("the web node does not see the GPU box")

    async def stop(self) -> None:
        await asyncio.gather(self.web.stop(), self.gpu.stop())
        await self.line.close()

    # -- faults -------------------------------------------------------------------------------

    def where(self, process: str) -> tuple[SplitNode, str]:
        match process:
            case "web":
                return self.web, "web"
            case "web supervisor":
                return self.web, "supervisor"
            case "gpu supervisor":
                return self.gpu, "supervisor"
            case _:
                return self.gpu, process

    async def inject(self, fault: Fault) -> tuple[int, int]:
        """Carry it out to its end. Returns when it was there and when it was gone, in monotonic ns; these are
        the same where nothing is there to be taken away again.
        """
        begun = time.monotonic_ns()
        match fault.kind:
            case "kill":
                begun = await self.kill(fault.process)
                return begun, begun
            case "stall":
                begun = await self.stall(fault.process, fault.seconds)
            case "reset":
                self.line.reset()
                return begun, begun
            case "half-open":
                await self.line.half_open(fault.seconds, web_left=fault.amount == 1.0)
                return begun, begun
            case "black hole":
                await self.line.black_hole(fault.seconds, forgotten=fault.amount == 1.0)
            case "delay":
                await self.line.delay(fault.seconds, fault.amount)
            case "throttle":
                await self.line.throttle(fault.seconds, fault.amount)
        return begun, time.monotonic_ns()

    async def kill(self, process: str) -> int:
        """kill -9 of a process; one that is being started again is waited for, and killed as it starts."""
        node, name = self.where(process)
        while True:
            pid = await node.wait_for(name)
            begun = time.monotonic_ns()
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            return begun

    async def stall(self, process: str, seconds: float) -> int:
        """Stop it for a while, as a machine does that swaps."""
        node, name = self.where(process)
        pid = await node.wait_for(name)
        begun = time.monotonic_ns()
        try:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(seconds)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:  # it was killed meanwhile
            return begun
        return begun
