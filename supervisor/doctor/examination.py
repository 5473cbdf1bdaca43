"""The examination: who is examined, and all checks in their order."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence

from actors.messages.control import NodeStatus
from gpu_actor.pairing_file import Pairing
from supervisor.data_folder import DataFolder
from supervisor.doctor import box_checks, machine_checks, node_checks, server_checks, windows_checks
from supervisor.doctor.finding import Finding, problem
from supervisor.doctor.subject import Doors, Role, Subject
from supervisor.errors import OperatorError
from supervisor.keys import pairing
from supervisor.settings import NodeSettings
from supervisor.settings_file import read_settings
from supervisor.status import ask_status

log = logging.getLogger(__name__)

Check = Callable[[Subject], Iterator[Finding]]

CHECKS: Sequence[Check] = (
    machine_checks.python,
    machine_checks.packages,
    machine_checks.encryption,
    machine_checks.clock,
    node_checks.settings,
    node_checks.data_folder,
    node_checks.disk,
    node_checks.processes,
    node_checks.ports,
    server_checks.service,
    server_checks.site,
    box_checks.link,
    box_checks.card,
    box_checks.engine,
    windows_checks.task,
    windows_checks.sleep,
)


def role_of(status: NodeStatus | None, joined: Pairing | None, settings: NodeSettings | None) -> Role:
    """The role of the running node; else what its files let one expect."""
    if status is not None:
        names = {process.name for process in status.processes}
        return "all" if {"web", "engine"} <= names else "web" if "web" in names else "gpu"
    if joined is not None:
        return "gpu"
    return "web" if settings is not None and settings.web.behind_proxy else "all"


def subject_at(data: DataFolder, role: Role | None, doors: Doors) -> Subject:
    settings, trouble = None, ""
    try:
        settings = read_settings(data.settings, os.environ)
    except OperatorError as error:
        trouble = str(error)
    status = joined = None
    try:
        status = ask_status(data)
    except OperatorError as error:
        log.debug("no status: %s", error)  # `processes` tells it
    try:
        joined = pairing(data.keys)
    except (OperatorError, OSError) as error:
        trouble = trouble or str(error)
    chosen = role or role_of(status, joined, settings)
    return Subject(data, chosen, settings, trouble, status, joined, doors)


def examine(subject: Subject, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """All findings. A check that breaks is a finding itself: the others still tell theirs."""
    found: list[Finding] = []
    for check in checks:
        try:
            found += check(subject)
        except Exception as error:
            log.exception("the check %s broke", check.__name__)
            found.append(
                problem(check.__name__, f"could not be checked: {error!r}", "please report this as a bug")
            )
    return found
