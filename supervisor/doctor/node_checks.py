"""Checks of the node itself: settings, data folder, disk, processes, ports."""

import os
from collections.abc import Iterator

from deploy.space import size
from supervisor.doctor.finding import Finding, ok, problem, warning
from supervisor.doctor.subject import Subject
from supervisor.errors import PortTakenError
from supervisor.launch import link_address
from supervisor.node_start import check_port

LITTLE_BYTES = 2_000_000_000
TOO_LITTLE_BYTES = 300_000_000


def settings(subject: Subject) -> Iterator[Finding]:
    if subject.settings is None:
        yield problem("settings", subject.settings_trouble, f"mend {subject.data.settings}")
    else:
        yield ok("settings", str(subject.data.settings))


def data_folder(subject: Subject) -> Iterator[Finding]:
    root = subject.data.root
    if not root.is_dir():
        yield warning("data folder", f"{root} is not there yet", "`samovar up` makes it")
        return
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        yield problem("data folder", f"{root} may not be written by this user", "run as the user of the node")
        return
    if os.name == "posix":
        places = [place for place in (root, subject.data.keys) if place.exists()]
        exposed = [place for place in places if place.stat().st_mode & 0o077]
        if exposed:
            yield problem("data folder", f"others may read {exposed[0]}", f'chmod 700 "{exposed[0]}"')
            return
    yield ok("data folder", str(root))


def disk(subject: Subject) -> Iterator[Finding]:
    free = subject.doors.free(subject.data.root)
    text = f"{size(free)} free for the data"
    if free < TOO_LITTLE_BYTES:
        yield problem("disk", text, "make room: a node that cannot write keeps no message")
    elif free < LITTLE_BYTES:
        yield warning("disk", text, "make room soon")
    else:
        yield ok("disk", text)


def processes(subject: Subject) -> Iterator[Finding]:
    status = subject.status
    if status is None:
        yield warning("node", "does not run", f"samovar up --role {subject.role}")
        return
    for process in status.processes:
        if process.state == "parked":
            yield problem(
                f"process {process.name}",
                f"keeps failing: {process.why}",
                f"look into {subject.data.logs / process.name}.log",
            )
    if status.ready:
        yield ok("node", f"ready, version {status.version}")
    else:
        waits = ", ".join(f"{process.name} {process.state}" for process in status.processes)
        yield warning("node", f"not ready: {waits}", "wait, or see: samovar status")


def ports(subject: Subject) -> Iterator[Finding]:
    """Only where no node runs: one that does has them."""
    if subject.settings is None or subject.status is not None or not subject.serves_pages:
        return
    link = link_address(subject.settings.supervisor, alone=subject.role == "web")
    web = subject.settings.web
    for name, host, port, option in (
        ("port of the pages", web.host, web.port, "--port"),
        ("port of the link", link.host, link.port, "supervisor.link_port"),
    ):
        try:
            check_port(host, port, option)
        except PortTakenError as error:
            yield problem(name, f"{host}:{port} is taken", str(error))
        else:
            yield ok(name, f"{host}:{port} is free" if port else "any free one")
