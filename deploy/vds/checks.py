"""Looks whether this is a server that the installer knows, before it touches anything."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.machine import Machine
from deploy.space import free_on, size
from deploy.troubles import DiskFull, NotThisMachine
from deploy.vds.places import Places

NEEDED_BYTES = 600_000_000
OLDEST = (3, 11)


@dataclass(frozen=True)
class Server:
    """What a server is, as far as it matters here."""

    system: str  # ID and ID_LIKE of /etc/os-release
    name: str
    is_root: bool
    has_systemd: bool
    python: tuple[int, int]
    free_bytes: int


def look(machine: Machine, places: Places) -> Server:
    release = machine.read(places.root / "etc" / "os-release") or ""
    found = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', release, re.MULTILINE))
    return Server(
        system=f"{found.get('ID', '')} {found.get('ID_LIKE', '')}",
        name=found.get("PRETTY_NAME", "an unknown system"),
        is_root=os.geteuid() == 0 if sys.platform != "win32" else False,
        has_systemd=(places.root / "run" / "systemd" / "system").is_dir(),
        python=sys.version_info[:2],
        free_bytes=free_on(places.program),
    )


def check(server: Server) -> None:
    """Raises NotThisMachine, DiskFull."""
    if not server.is_root:
        raise NotThisMachine("run it as root: sudo sh install.sh ...")
    if not {"debian", "ubuntu"} & set(server.system.split()):
        raise NotThisMachine(
            f"this is {server.name}; the script knows Debian and Ubuntu. "
            "docs/split.md says how to do it by hand"
        )
    if server.python < OLDEST:
        raise NotThisMachine(
            f"this Python is {server.python[0]}.{server.python[1]}: 3.11 or newer is needed, "
            "as Debian 12 and Ubuntu 24.04 have it"
        )
    if not server.has_systemd:
        raise NotThisMachine("systemd does not run here: the service cannot be installed")
    if server.free_bytes < NEEDED_BYTES:
        raise DiskFull(
            f"too little room below /opt: {size(NEEDED_BYTES)} needed, {size(server.free_bytes)} free"
        )


def port_users(machine: Machine, port: int) -> str:
    """The program that listens on a TCP port, as `ss` calls it; "" where none does, or no ss is there."""
    for line in machine.ask("ss", "-Hltnp", f"sport = :{port}").output.splitlines():
        if name := re.search(r'users:\(\("([^"]+)"', line):
            return name[1]
    return ""


def missing_packages(*, caddy: bool, root: Path = Path("/")) -> list[str]:
    """Debian's packages that are not there yet."""
    missing: list[str] = []
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not any((root / "usr" / "lib" / f"python{version}" / "ensurepip").glob("__init__.py")):
        missing.append("python3-venv")
    if caddy and shutil.which("caddy", path=str(root / "usr" / "bin")) is None:
        missing.append("caddy")
    return missing
