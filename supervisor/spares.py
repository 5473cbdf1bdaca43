"""Spares: processes that are started before their turn.

A Python process loads modules for half a second and more, the web process for almost one. So each is started
as soon as it is known that it will be wanted, loads, and waits on its standard input for its brief; the
supervisor itself loads, and others become ready, meanwhile. And once those that replies pass through have
run for a while, the next one of each is kept waiting (standby.py). A spare holds no port and no
key. It ends when its standard input closes, and so with the supervisor.

This module stays light: the command `up` starts the first spares before it loads anything else.
"""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from supervisor.hush import hush, rouse
from supervisor.orphans import Leash

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
"""Where the packages stand; children find them there, whatever the current folder holds."""

WEB_MODULES = {"web": "web.process"}
GPU_MODULES = {
    "link": "gpu_actor.link_process",
    "engine": "gpu_actor.engine_process",
    "health": "gpu_actor.health_process",
}


class Spares:
    """At most one a name. A context: what nobody took is ended with it. Main thread only, as children are."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.waiting: dict[str, Leash] = {}
        self.hushed: set[int] = set()  # process ids

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for name in list(self.waiting):
            self.drop(name)

    def start_all(self, modules: Mapping[str, str]) -> None:
        for name, module in modules.items():
            self.start(name, module)

    def start(self, name: str, module: str, *, hushed: bool = False) -> None:
        """Have one, unless there is one; `hushed`: it gives way to all others until it is taken. Where it
        cannot be started, its own start will say so."""
        if name in self.waiting:
            return
        try:
            leash = self.waiting[name] = Leash(command(module), child_environ(), self.out(name))
        except OSError as error:
            log.warning("%s cannot be started before its turn: %s", name, error)
            return
        if hushed and hush(leash.pid):
            self.hushed.add(leash.pid)

    def take(self, name: str) -> Leash | None:
        """The one that waits, now the caller's; None where there is none, or it has ended already."""
        leash = self.waiting.pop(name, None)
        if leash is not None and leash.ended():
            self.hushed.discard(leash.pid)
            leash.wait()
            return None
        if leash is not None and leash.pid in self.hushed:
            self.hushed.discard(leash.pid)
            rouse(leash.pid)
        return leash

    def drop(self, name: str) -> None:
        """End the one that waits, if any."""
        leash = self.waiting.pop(name, None)
        if leash is not None:
            self.hushed.discard(leash.pid)
            leash.kill()
            leash.wait()

    def out(self, name: str) -> Path:
        """Where the output of a process goes."""
        return self.logs / f"{name}.out"


def command(module: str) -> list[str]:
    # -P: the current folder is not searched for modules, it may hold a "web" of its own.
    return [sys.executable, "-P", "-m", module]


FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""For glibc: a heap for each of many threads that are seldom busy costs a web process some 5 MB."""


def child_environ() -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    pythons = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUTF8": "1"}
    return {**FEW_ARENAS, **os.environ, **pythons}
