"""One machine of the split deployment: `samovar up`, and what a service manager does for it."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "web": "web.process",
    "link": "gpu_actor.link_process",
    "engine": "gpu_actor.engine_process",
    "health": "gpu_actor.health_process",
}
RESTART_S = 0.02  # RestartSec of the unit (deploy/vds/unit.py)
LOOK_S = 0.02
THERE_S = 120.0
STOP_S = 15.0


class NotThereError(Exception):
    """A process of the node does not come up; the logs in its data folder say why."""


class CommandFailedError(Exception):
    """A command of the node ended with another status than 0; the text is what it said."""


class SplitNode:
    """Restarts its supervisor whenever that ends, until it is told to stop."""

    def __init__(self, role: str, data: Path, environ: Mapping[str, str]) -> None:
        self.role = role
        self.data = data
        self.environ = {**os.environ, **environ, "PYTHONPATH": str(ROOT)}
        # An installed Samovar has its bytecode; without it each start would compile all of it.
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.process: asyncio.subprocess.Process | None = None
        self.keeping: asyncio.Task[None] | None = None
        self.stopping = False
        self.starts = 0

    def start(self) -> None:
        self.keeping = asyncio.create_task(self.keep())

    async def keep(self) -> None:
        while not self.stopping:
            with (self.data / "up.out").open("ab") as out:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "supervisor.cli", "up", "--role", self.role, "--data", str(self.data)),
                    cwd=ROOT,
                    env=self.environ,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            self.starts += 1
            await self.process.wait()
            if not self.stopping:
                await asyncio.sleep(RESTART_S)

    async def stop(self) -> None:
        self.stopping = True
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_S):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
        if self.keeping is not None:
            await self.keeping

    # -- its processes ------------------------------------------------------------------------

    def find(self, name: str) -> int | None:
        """The id of a process that runs now; "supervisor" is one of them."""
        supervisor = self.process
        if supervisor is None or supervisor.returncode is not None:
            return None
        if name == "supervisor":
            return supervisor.pid
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(supervisor.pid).children():
                with contextlib.suppress(psutil.Error):
                    if MODULES[name] in child.cmdline():
                        return child.pid
        return None

    async def wait_for(self, name: str) -> int:
        """The id of a process, as soon as there is one. Raises NotThereError."""
        deadline = time.monotonic() + THERE_S
        while (pid := self.find(name)) is None:
            if time.monotonic() > deadline:
                raise NotThereError(f"no {name} process for {THERE_S:g} s: see {self.data / 'logs'}")
            await asyncio.sleep(LOOK_S)
        return pid

    async def status(self) -> dict[str, Any]:
        """As `samovar status --json` prints it; {} while the node does not answer."""
        try:
            return json.loads(await self.command("status", "--json"))
        except CommandFailedError:
            return {}

    async def command(self, *words: str) -> bytes:
        """What `samovar …` prints on this machine. Raises CommandFailedError."""
        asked = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "supervisor.cli", *words, "--data", str(self.data)),
            cwd=ROOT,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asked.communicate()
        if asked.returncode != 0:
            raise CommandFailedError(f"samovar {words[0]}: {err.decode().strip()}")
        return out

    async def wait_until_ready(self, within_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            status = await self.status()
            if status.get("ready"):
                return status
            await asyncio.sleep(LOOK_S)
        raise NotThereError(
            f"the {self.role} node is not ready after {within_s:g} s: see {self.data / 'logs'}"
        )
