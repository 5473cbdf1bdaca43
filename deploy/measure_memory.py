"""`python3 -m deploy.measure_memory setup|idle`: what memory the web role takes.

    setup   makes a release out of a bundle, as install.sh does, under a limit of 500 MB
    idle    starts `samovar up --role web` of a fresh data folder, under a limit of 150 MB, and looks when it
            has been ready and left alone for a while

In a memory cgroup where this user may make one: then the kernel counts, and the limit is hard. Elsewhere the
proportional shares of all processes are summed, and the answer says so. Status 1: more than the limit.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.cgroups import MB, MemoryGroup, descendants, end, memory_group, pss
from deploy.machine import Machine
from deploy.progress import Progress
from deploy.release import Release, bundle_in, make_release
from deploy.troubles import NotReady, ToolFailed, Trouble

LOOK_S = 0.1
READY_S = 120.0
MISLEADING = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class Watched:
    """A program that runs in the group, or without one, and the most that was seen of it."""

    def __init__(self, command: Sequence[str | Path], group: MemoryGroup | None, log: Path) -> None:
        self.group = group
        self.most_pss = self.most_anonymous = 0
        environ = {name: value for name, value in os.environ.items() if name not in MISLEADING}
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                group.within(command) if group else [str(word) for word in command],
                cwd=Path(__file__).parents[1],  # where `-m deploy` is found
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environ,
            )

    def look(self) -> None:
        self.most_pss = max(self.most_pss, self.pss())
        if self.group:
            self.most_anonymous = max(self.most_anonymous, self.group.anonymous)

    def pss(self) -> int:
        return pss(descendants(self.process.pid))

    def watch_for(self, time_s: float) -> None:
        deadline = time.monotonic() + time_s
        while time.monotonic() < deadline and self.process.poll() is None:
            self.look()
            time.sleep(LOOK_S)


def mb(value: int) -> float:
    return round(value / MB, 1)


def figures(watched: Watched) -> dict[str, Any]:
    """The peaks. `peak_mb` is the figure of the promise: the processes' own memory, counted by the kernel."""
    group = watched.group
    if group is None:
        return {"by": "sum of proportional shares (no memory cgroup here)", "peak_mb": mb(watched.most_pss)}
    return {
        "by": f"memory cgroup, version {group.version}",
        "peak_mb": mb(watched.most_anonymous),
        "peak_with_file_pages_mb": mb(group.peak),
        "peak_pss_mb": mb(watched.most_pss),
        "killed_by_the_limit": group.killed,
    }


def measure_setup(bundle: Path, limit: int) -> dict[str, Any]:
    """Raises ToolFailed where the set-up does not come to its end within the limit."""
    with tempfile.TemporaryDirectory(prefix="samovar-memory-") as folder, memory_group(limit) as group:
        command = [
            sys.executable,
            "-m",
            "deploy.measure_memory",
            "release",
            "--bundle",
            bundle.resolve(),
            "--folder",
            folder,
        ]
        log = Path(folder, "log")
        watched = Watched(command, group, log)
        try:
            while watched.process.poll() is None:
                watched.watch_for(1.0)
        finally:
            end(watched.process)
        if watched.process.returncode != 0:
            raise ToolFailed(f"the set-up failed under this limit: {log.read_text(encoding='utf-8')[-500:]}")
        return {"what": "setup", "limit_mb": mb(limit), **figures(watched)}


def measure_idle(samovar: Path, limit: int, settle_s: float) -> dict[str, Any]:
    """Raises NotReady where the node does not come up within the limit."""
    with tempfile.TemporaryDirectory(prefix="samovar-memory-") as folder, memory_group(limit) as group:
        data, log = Path(folder, "data"), Path(folder, "log")
        watched = Watched([samovar, "up", "--role", "web", "--data", data, "--port", "0"], group, log)
        try:
            status = wait_until_ready(samovar, data, watched, log)
            watched.watch_for(settle_s)
            now = {"used_mb": mb(group.used), "anonymous_mb": mb(group.anonymous)} if group else {}
            now["pss_mb"] = mb(watched.pss())
            now["idle_mb"] = max(now.values())
            processes = {row["name"]: row["rss_mb"] for row in status["processes"]}
            return {
                "what": "idle",
                "limit_mb": mb(limit),
                **now,
                "processes_rss_mb": processes,
                "crypto": status["crypto"],
                **figures(watched),
            }
        finally:
            end(watched.process)


def wait_until_ready(samovar: Path, data: Path, watched: Watched, log: Path) -> Mapping[str, Any]:
    """The node's status, asked for from outside of the group."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and watched.process.poll() is None:
        watched.watch_for(0.5)
        asked = [samovar, "status", "--json", "--data", data]
        answer = subprocess.run(asked, capture_output=True, check=False)
        with contextlib.suppress(ValueError):
            if (status := json.loads(answer.stdout)).get("ready"):
                return status
    raise NotReady(f"the node is not ready under this limit: {log.read_text(encoding='utf-8')[-500:]}")


def make_one_release(bundle: Path, folder: Path) -> None:
    machine = Machine(Progress(), folder / "tools.log")
    make_release(machine, Release(folder / "release"), bundle_in(bundle), Path(sys.executable), "web")


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(
        prog="python3 -m deploy.measure_memory", description="How much memory the web role takes."
    )
    commands = main.add_subparsers(dest="what", required=True)
    setup = commands.add_parser("setup", help="of the installation out of a bundle")
    setup.add_argument("--bundle", type=Path, default=Path("dist"), help="the folder (default: dist)")
    setup.add_argument("--limit-mb", type=int, default=500)
    idle = commands.add_parser("idle", help="of all processes, when nobody is there")
    idle.add_argument("--samovar", type=Path, required=True, help="the program, as it is installed")
    idle.add_argument("--limit-mb", type=int, default=150)
    idle.add_argument("--settle-s", type=float, default=30.0, help="how long to wait (default: 30)")
    release = commands.add_parser("release", help="what `setup` watches")
    release.add_argument("--bundle", type=Path, required=True)
    release.add_argument("--folder", type=Path, required=True)
    return main


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        match options.what:
            case "setup":
                told = measure_setup(options.bundle, options.limit_mb * MB)
                too_much = told["peak_mb"] > options.limit_mb
            case "idle":
                told = measure_idle(options.samovar.absolute(), options.limit_mb * MB, options.settle_s)
                too_much = told["idle_mb"] > options.limit_mb
            case _:
                make_one_release(options.bundle, options.folder)
                return 0
    except Trouble as trouble:
        print(f"samovar: {trouble}", file=sys.stderr)
        return 1
    print(json.dumps(told, indent=2))
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
