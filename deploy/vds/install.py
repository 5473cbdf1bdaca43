"""Brings a server to the release of a bundle, step by step; what is there already stays.

An upgrade puts the release beside the one that serves, stops the node, keeps a copy of its database (the
new one may migrate it), and starts. Where that does not become ready, the copy and the old release are put
back, and the node serves as before.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.machine import Machine, Rehearsal
from deploy.release import Bundle, Release, make_release, old_releases
from deploy.space import free_on, size
from deploy.troubles import DiskFull, NotReady, NotThisMachine
from deploy.vds import checks
from deploy.vds.caddy import site_text, with_import, without_import
from deploy.vds.options import Options, Shape, domain_of, remember
from deploy.vds.places import SERVICE, USER, Places
from deploy.vds.settings import get, with_key
from deploy.vds.unit import command_text, unit_text

LOOK_AGAIN_S = 1.0
SPARE_BYTES = 100_000_000


@dataclass
class Installation:
    """`clock` in seconds, of any beginning."""

    machine: Machine
    places: Places
    options: Options
    bundle: Bundle
    clock: Callable[[], float] = time.monotonic
    free_on: Callable[[Path], int] = free_on

    def install(self) -> None:
        """Raises a Trouble; what was done until then is kept, and the next call goes on there."""
        remembered = self.machine.read(self.places.shape)
        shape = self.options.shape(remembered)
        self.install_packages(shape)
        self.make_user()
        release = Release(self.places.releases / self.bundle.name)
        make_release(self.machine, release, self.bundle, Path(sys.executable), "web")
        self.machine.write(self.places.command, command_text(self.places), 0o755)
        changed = self.write_settings(shape, domain_of(remembered))
        self.machine.write(self.places.shape, remember(shape))
        self.serve(release, changed=changed)
        if shape.caddy:
            self.put_caddy_in_front(shape)
        self.forget_old_releases(release)
        self.tell(shape)

    # -- what the node stands on -----------------------------------------------------------------------

    def install_packages(self, shape: Shape) -> None:
        missing = checks.missing_packages(caddy=shape.caddy, root=self.places.root)
        if not missing:
            return
        environ = {"DEBIAN_FRONTEND": "noninteractive"}
        title = "Debian packages"
        with self.machine.step(title):
            self.machine.run(title, "apt-get", "update", environ=environ)
            self.machine.run(
                title,
                *("apt-get", "install", "--yes", "--no-install-recommends", *missing),
                environ=environ,
            )

    def make_user(self) -> None:
        if self.machine.ask("getent", "passwd", USER).status != 0:
            self.machine.run(
                "System user",
                *("useradd", "--system", "--user-group", "--home-dir", self.places.data),
                *("--no-create-home", "--shell", "/usr/sbin/nologin", USER),
            )
        if not self.places.data.is_dir():
            self.machine.make_folder(self.places.data, 0o700)
            self.machine.run("Data folder", "chown", f"{USER}:{USER}", self.places.data)

    def write_settings(self, shape: Shape, old_domain: str) -> bool:
        """Set what this server must have; whatever else stands in the file stays. Whether it changed."""
        before = self.machine.read(self.places.settings)
        text = before or ""
        text = with_key(text, "web", "hosts", [shape.domain])
        text = with_key(text, "web", "port", shape.port)
        text = with_key(text, "web", "behind_proxy", True)
        text = with_key(text, "supervisor", "link_port", shape.link_port)
        if get(text, "boxes", "addresses") in (None, [], [old_domain]):  # else somebody knows better
            text = with_key(text, "boxes", "addresses", [shape.domain])
        if text == before:
            return False
        self.machine.write(self.places.settings, text, 0o600)
        self.machine.run("Settings", "chown", f"{USER}:{USER}", self.places.settings)
        return True

    # -- the node --------------------------------------------------------------------------------------

    def serve(self, release: Release, *, changed: bool) -> None:
        """Have this release serve; one that does already, with nothing `changed`, is left alone.

        Raises NotReady when it does not become ready; then the one before serves again.
        """
        before = self.places.release_now()
        unit_before = self.machine.read(self.places.unit)
        unit = unit_text(self.places)
        if before == release.folder and unit_before == unit and not changed and self.status().get("ready"):
            return
        upgrade = before is not None and before != release.folder
        if upgrade:
            self.check_room()
            self.systemctl("stop", SERVICE)
            try:
                self.save_database()
            except BaseException:
                self.systemctl("start", SERVICE)
                raise
        self.machine.link(self.places.current, release.folder)
        self.write_unit(unit)
        self.systemctl("enable", SERVICE)
        with self.machine.step("Start"):
            self.systemctl("restart", SERVICE)
            ready, why = self.wait_until_ready()
        if ready:
            return
        if before is None or not upgrade:
            raise NotReady(f"the node does not become ready ({why}): journalctl -u {SERVICE} says more")
        self.roll_back(before, unit_before)
        raise NotReady(
            f"{release.folder.name} did not become ready ({why}); {before.name} serves again, "
            f"with its data as they were: journalctl -u {SERVICE} says more"
        )

    def check_room(self) -> None:
        """Raises DiskFull where the copy of the database would not fit."""
        files = [file for file in self.places.database.rglob("*") if file.is_file()]
        needed = sum(file.stat().st_size for file in files) + SPARE_BYTES
        if (free := self.free_on(self.places.data)) < needed:
            raise DiskFull(
                f"before an upgrade the database is copied, which takes {size(needed)} below "
                f"{self.places.data}, and {size(free)} are free: make room, then call again"
            )

    def save_database(self) -> None:
        if get(self.machine.read(self.places.settings) or "", "storage", "url"):
            self.machine.say("the database is another server's: what the new version migrates there stays")
        if self.places.database.is_dir():
            with self.machine.step("Copy of the database"):
                self.machine.copy_tree(self.places.database, self.places.saved_database)

    def roll_back(self, before: Path, unit_before: str | None) -> None:
        with self.machine.step(f"Back to {before.name}"):
            self.systemctl("stop", SERVICE)
            if self.places.saved_database.is_dir():
                self.machine.copy_tree(self.places.saved_database, self.places.database)
            self.machine.link(self.places.current, before)
            if unit_before is not None:
                self.write_unit(unit_before)
            self.systemctl("start", SERVICE)
            ready, why = self.wait_until_ready()
        if not ready:
            raise NotReady(
                f"neither the new release nor {before.name} becomes ready ({why}): journalctl -u {SERVICE}; "
                f"the database as it was lies in {self.places.saved_database}"
            )

    def write_unit(self, text: str) -> None:
        if self.machine.read(self.places.unit) != text:
            self.machine.write(self.places.unit, text)
            self.systemctl("daemon-reload")

    def systemctl(self, *words: str) -> None:
        self.machine.run(f"systemctl {words[0]}", "systemctl", *words)

    def status(self) -> dict[str, Any]:
        """What `samovar status --json` says; empty while it says nothing."""
        answer = self.machine.ask(self.places.command, "status", "--json")
        try:
            return json.loads(answer.output) if answer.status == 0 else {}
        except ValueError:
            return {}

    def wait_until_ready(self) -> tuple[bool, str]:
        """Whether the node became ready in time, else why not."""
        if isinstance(self.machine, Rehearsal):
            return True, ""
        deadline = self.clock() + self.options.ready_s
        while True:
            status = self.status()
            if status.get("ready"):
                return True, ""
            if self.clock() >= deadline:
                parked = ", ".join(status.get("parked", []))
                return False, f"parked: {parked}" if parked else "no answer in time"
            self.machine.pause(LOOK_AGAIN_S)

    # -- around the node -------------------------------------------------------------------------------

    def put_caddy_in_front(self, shape: Shape) -> None:
        site = site_text(shape.domain, shape.port, shape.certificate)
        caddyfile = self.machine.read(self.places.caddyfile) or ""
        if self.machine.read(self.places.site) == site and with_import(caddyfile) == caddyfile:
            return
        for port in (80, 443):
            if (user := checks.port_users(self.machine, port)) and user != "caddy":
                raise NotThisMachine(
                    f"{user} listens on port {port}, which Caddy needs: end it, or call again with "
                    f"--no-caddy and have it pass {shape.domain} on to 127.0.0.1:{shape.port}"
                )
        with self.machine.step("Caddy"):
            self.machine.write(self.places.site, site)
            self.machine.write(self.places.caddyfile, with_import(caddyfile))
            self.machine.run(
                "Caddy", "caddy", "validate", "--adapter", "caddyfile", "--config", self.places.caddyfile
            )
            self.systemctl("enable", "caddy")
            self.systemctl("reload-or-restart", "caddy")

    def forget_old_releases(self, release: Release) -> None:
        """Keep the one that serves and the newest before it."""
        others = old_releases(self.places.releases, [release.folder])
        newest_last = sorted(others, key=lambda place: place.stat().st_mtime)
        for place in newest_last[:-1]:
            self.machine.remove(place)

    def tell(self, shape: Shape) -> None:
        if isinstance(self.machine, Rehearsal):
            return
        say = self.machine.say
        say(f"Samovar {self.bundle.version} serves https://{shape.domain}")
        say(f"open in the firewall: TCP 80 and 443 for browsers, TCP {shape.link_port} for GPU boxes")
        if "Status: active" in self.machine.ask("ufw", "status").output:
            say(f"here: ufw allow 80,443,{shape.link_port}/tcp")
        say(f"the first visit asks for a code: journalctl -u {SERVICE} | grep code")
        say("then: samovar pair (for the GPU box), samovar doctor (what is to be checked)")
        say(f"back up {self.places.data} while it is stopped, and keep its keys/ apart: both are needed")

    # -- the end ---------------------------------------------------------------------------------------

    def uninstall(self) -> None:
        """Take everything away; the data only with --purge. What is gone already is no trouble."""
        machine, places = self.machine, self.places
        if machine.read(places.unit) is not None:
            self.systemctl("disable", "--now", SERVICE)
        machine.remove(places.unit)
        self.systemctl("daemon-reload")
        if machine.read(places.site) is not None:
            machine.remove(places.site)
            caddyfile = machine.read(places.caddyfile) or ""
            machine.write(places.caddyfile, without_import(caddyfile))
            self.systemctl("reload-or-restart", "caddy")
        machine.remove(places.command)
        machine.remove(places.program)
        if not self.options.purge:
            machine.say(f"the data are still in {places.data}; --uninstall --purge takes them away as well")
            return
        machine.remove(places.data)
        if machine.ask("getent", "passwd", USER).status == 0:
            machine.run("System user", "userdel", USER)
