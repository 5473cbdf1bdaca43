"""A server that is a folder: files are real, programs are told to it and do what matters here."""

import errno
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.machine import Answer, Machine
from deploy.progress import Progress
from deploy.release import Bundle
from deploy.troubles import ToolFailed
from deploy.vds.install import Installation
from deploy.vds.options import Options, read_options
from deploy.vds.places import SERVICE, USER, Places


@dataclass
class FakeServer(Machine):
    """`broken` names the versions that never become ready; a node that starts migrates the database."""

    places: Places = field(default_factory=Places)
    ran: list[str] = field(default_factory=list[str])
    users: set[str] = field(default_factory=set[str])
    broken: set[str] = field(default_factory=set[str])
    failing: set[str] = field(default_factory=set[str])
    listening: dict[int, str] = field(default_factory=dict[int, str])
    found_at_start: list[str] = field(default_factory=list[str])
    running: bool = False
    disk_is_full: bool = False
    slept_s: float = 0.0

    @property
    def serving(self) -> str:
        """The release that runs; "" while none does."""
        now = self.places.release_now()
        return now.name if self.running and now is not None else ""

    def said(self) -> str:
        assert isinstance(self.progress.stream, io.StringIO)
        return self.progress.stream.getvalue()

    def did(self, *words: str) -> int:
        """How many commands began with these words."""
        return sum(command.split()[: len(words)] == list(words) for command in self.ran)

    def ask(self, *argv: str | Path) -> Answer:
        match [str(word) for word in argv]:
            case ["getent", "passwd", user]:
                return Answer(0 if user in self.users else 2, "")
            case ["ss", *_, where]:
                user = self.listening.get(int(where.rpartition(":")[2]), "")
                return Answer(0, f'LISTEN 0 9 *:80 *:* users:(("{user}",pid=9,fd=3))\n' if user else "")
            case [program, "status", "--json"] if program == str(self.places.command):
                up = self.serving and self.serving.rpartition("-")[0] not in self.broken
                return Answer(0, json.dumps({"ready": True})) if up else Answer(1, "no node runs")
            case [_, "-m", "pip", *_]:
                return Answer(0, "")
            case _:
                return Answer(127, "")

    def run(self, title: str, *argv: str | Path, environ: Mapping[str, str] | None = None) -> None:
        words = [str(word) for word in argv]
        self.ran.append(" ".join(words))
        if words[0] in self.failing:
            raise ToolFailed(f"{title} failed")
        match words:
            case ["useradd", *_]:
                self.users.add(USER)
            case ["userdel", user]:
                self.users.discard(user)
            case [_, "-m", "venv", folder]:
                Path(folder, "bin").mkdir(parents=True)
                Path(folder, "bin", "python").touch()
            case ["systemctl", "restart" | "start", service] if service == SERVICE:
                self.running = True
                database = self.places.database / "samovar.db"
                database.parent.mkdir(exist_ok=True)
                self.found_at_start.append(self.read(database) or "")
                database.write_text(f"migrated by {self.serving}")
            case ["systemctl", "stop", service] if service == SERVICE:
                self.running = False
            case ["systemctl", "disable", "--now", service] if service == SERVICE:
                self.running = False
            case _:
                pass

    def copy_tree(self, source: Path, target: Path) -> None:
        if self.disk_is_full:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        super().copy_tree(source, target)

    def pause(self, pause_s: float) -> None:
        self.slept_s += pause_s


def fake_server(root: Path) -> FakeServer:
    for folder in ("etc/systemd/system", "etc/caddy", "usr/local/bin", "usr/bin", "var/lib"):
        (root / folder).mkdir(parents=True)
    return FakeServer(Progress(io.StringIO()), root / "install.log", {}, places=Places(root))


def bundle(folder: Path, version: str) -> Bundle:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / f"samovar-{version}-py3-none-any.whl"
    program.write_text(f"the program, {version}")
    return Bundle(program)


def installation(server: FakeServer, version: str, *arguments: str) -> Installation:
    options: Options = read_options(arguments)
    return Installation(
        server,
        server.places,
        options,
        bundle(server.places.root / "bundles", version),
        clock=lambda: server.slept_s,
    )
