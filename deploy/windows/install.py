"""Brings a PC to the release of a bundle: Python, release, pairing, scheduled task.

A release stands beside the one before. Where the new one does not run, the one before is put back.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.cache import DEMONSTRATION_MODEL, ModelFile
from deploy.machine import Machine, Rehearsal
from deploy.release import Bundle, Release, make_release, old_releases
from deploy.troubles import NotReady, NotThisMachine
from deploy.windows.model import bring_model
from deploy.windows.options import Options
from deploy.windows.pythons import find_python
from deploy.windows.task import TASK, TaskSpec, task_xml

LOOK_AGAIN_S = 1.0
END_S = 15.0
# The mandatory levels of an administrator's and of the system's processes.
ELEVATED = ("S-1-16-12288", "S-1-16-16384")


@dataclass(frozen=True)
class Places:
    """`local` is %LOCALAPPDATA%."""

    local: Path

    @property
    def program(self) -> Path:
        return self.local / "samovar-program"

    @property
    def releases(self) -> Path:
        return self.program / "releases"

    @property
    def now(self) -> Path:
        """Holds the name of the release that the task starts."""
        return self.program / "now.txt"

    @property
    def task(self) -> Path:
        return self.program / "task.xml"

    @property
    def command(self) -> Path:
        return self.program / "samovar.cmd"

    @property
    def log(self) -> Path:
        return self.local / "samovar-install.log"

    @property
    def data(self) -> Path:
        """The default data folder, which holds the cache too."""
        return self.local / "samovar"

    @property
    def cache(self) -> Path:
        return self.data / "cache"

    @property
    def pairing(self) -> Path:
        return self.data / "keys" / "pairing.json"


def own_sid(machine: Machine) -> str:
    """The SID of whoever runs this. Raises NotThisMachine."""
    found = re.search(r"S-1-[0-9-]+", machine.ask("whoami", "/user", "/fo", "csv", "/nh").output)
    if found is None:
        raise NotThisMachine("Windows does not say who runs this (whoami /user): is this Windows 11?")
    return found[0]


def is_elevated(machine: Machine) -> bool:
    groups = machine.ask("whoami", "/groups", "/fo", "csv", "/nh").output
    return any(level in groups for level in ELEVATED)


def command_text(release: Release, data: Path) -> str:
    """samovar.cmd: the command of this node. Its text is UTF-8, which cmd must be told for names of users."""
    lines = ("@chcp 65001 >nul", "@setlocal", f'@set "SAMOVAR_DATA={data}"', f'@"{release.samovar}" %*', "")
    return "\r\n".join(lines)


@dataclass
class Installation:
    """`running` is the Python that runs this; `clock` in seconds, of any beginning."""

    machine: Machine
    places: Places
    options: Options
    bundle: Bundle
    running: Path
    model: ModelFile = DEMONSTRATION_MODEL
    clock: Callable[[], float] = time.monotonic

    def install(self) -> None:
        """Raises a Trouble; what was done until then is kept, and the next call goes on there."""
        self.check()
        python = find_python(self.machine, self.running)
        release = self.release(self.bundle.name)
        make_release(self.machine, release, self.bundle, python, "gpu", ("gpu_rtx",))
        bring_model(self.machine, release, self.places.cache, self.model)
        self.join(release)
        self.serve(release)
        for old in old_releases(self.places.releases, [release.folder]):
            self.machine.remove(old)
        self.tell()

    def release(self, name: str) -> Release:
        return Release(self.places.releases / name, windows=True)

    def check(self) -> None:
        if not is_elevated(self.machine):
            raise NotThisMachine(
                "a task that starts without logon is an administrator's to make: open PowerShell with "
                '"Run as administrator" and run install.ps1 there again'
            )

    def join(self, release: Release) -> None:
        """Pair with the server of the join string; without one, the pairing that is there stays."""
        if self.options.join:
            name = ("--name", self.options.name) if self.options.name else ()
            with self.machine.step("Join"):
                self.machine.run(
                    "Join", release.samovar, "join", *name, "--data", self.places.data, self.options.join
                )
        elif not self.places.pairing.is_file():
            raise NotThisMachine(
                "this PC serves no server yet: run `samovar pair` there, then install.ps1 --join STRING here"
            )

    # -- the task --------------------------------------------------------------------------------------

    def serve(self, release: Release) -> None:
        """Have the task start this release. Raises NotReady; then the one before runs again."""
        before = (self.machine.read(self.places.now) or "").strip()
        if before == release.folder.name and self.status() and self.has_task():
            return
        self.start(release)
        if self.wait_until_it_runs():
            return
        if not before or before == release.folder.name:
            raise NotReady(f"Samovar does not run: look into {self.places.data / 'logs'}")
        with self.machine.step(f"Back to {before}"):
            self.start(self.release(before))
        raise NotReady(
            f"{release.folder.name} did not run; {before} is back: look into {self.places.data / 'logs'}"
        )

    def start(self, release: Release) -> None:
        self.end_task()
        spec = TaskSpec(own_sid(self.machine), release.python, self.places.data)
        self.machine.write(self.places.task, task_xml(spec), encoding="utf-16")
        self.machine.run("Scheduled task", "schtasks", "/Create", "/TN", TASK, "/XML", self.places.task, "/F")
        self.machine.write(self.places.command, command_text(release, self.places.data))
        self.machine.write(self.places.now, release.folder.name + "\n")
        self.machine.run("Scheduled task", "schtasks", "/Run", "/TN", TASK)

    def has_task(self) -> bool:
        return self.machine.ask("schtasks", "/Query", "/TN", TASK).status == 0

    def end_task(self) -> None:
        """End the running node: Windows can replace no file that is in use."""
        if not self.has_task():
            return
        self.machine.run("Scheduled task", "schtasks", "/End", "/TN", TASK)
        deadline = self.clock() + END_S
        while self.status() and self.clock() < deadline:
            self.machine.pause(LOOK_AGAIN_S)

    def status(self) -> dict[str, Any]:
        """What the running node says; empty where none runs."""
        name = (self.machine.read(self.places.now) or "").strip()
        if not name:
            return {}
        samovar = self.release(name).samovar
        answer = self.machine.ask(samovar, "status", "--json", "--data", self.places.data)
        try:
            return json.loads(answer.output) if answer.status == 0 else {}
        except ValueError:
            return {}

    def wait_until_it_runs(self) -> bool:
        """Until its supervisor answers: the first start of the engine may build its plan for an hour."""
        if isinstance(self.machine, Rehearsal):
            return True
        deadline = self.clock() + self.options.ready_s
        with self.machine.step("Start"):
            while not self.status():
                if self.clock() >= deadline:
                    return False
                self.machine.pause(LOOK_AGAIN_S)
        return True

    def tell(self) -> None:
        if isinstance(self.machine, Rehearsal):
            return
        say = self.machine.say
        say(f"Samovar {self.bundle.version} runs, and starts with Windows")
        say(f'its command: "{self.places.command}" status (doctor, model pull, …)')
        say("the first start may take long: the engine is built for this card, see `status`")
        say("it has a small model for demonstration; docs/engine.md says how to choose a real one")

    # -- the end ---------------------------------------------------------------------------------------

    def uninstall(self) -> None:
        """Take everything away; data and models only with --purge. What is gone already is no trouble."""
        if self.has_task():
            self.end_task()
            self.machine.run("Scheduled task", "schtasks", "/Delete", "/TN", TASK, "/F")
        self.machine.remove(self.places.program)
        if self.options.purge:
            self.machine.remove(self.places.data)
        else:
            self.machine.say(f"data and models are still in {self.places.data}; --purge takes them away too")
