"""Subjects for the doctor: sound ones, with doors that show what a test wants to be seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from actors.messages.control import NodeStatus, ProcessStatus, QueueCounts
from deploy.machine import Answer
from gpu_actor.pairing_file import Pairing
from supervisor.data_folder import DataFolder
from supervisor.doctor.subject import Doors, Page, Role, Subject
from supervisor.settings import NodeSettings

T = TypeVar("T")

PAIRING = Pairing("tcp://chat.example.org:7777", "k" * 40, "attic", "tea-lamp-river")


def no_program(*_argv: str | Path) -> Answer:
    return Answer(127, "")


def always(value: T) -> Callable[..., T]:
    """A door that shows the same whatever it is asked."""

    def answer(*_asked: object) -> T:
        return value

    return answer


def programs(**outputs: str) -> Any:
    """A door behind which these programs answer, by their first word."""

    def ask(*argv: str | Path) -> Answer:
        output = outputs.get(str(argv[0]))
        return Answer(127, "") if output is None else Answer(0, output)

    return ask


DOORS = Doors(
    ask=no_program,
    system="linux",
    bits="64bit",
    python=(3, 12, 1),
    executable=Path("/opt/python"),
    base_prefix=Path("/usr"),
    free=lambda _folder: 10**11,
    page=lambda _url: Page(),
    addresses=lambda _name: ["192.0.2.1"],
    handshake=lambda _pairing, _keys: "welcome",
    now_s=lambda: 1_000_000.0,
)


def process(name: str, state: str = "ready", why: str = "") -> ProcessStatus:
    return ProcessStatus(name=name, pid=1, state=state, restarts=0, uptime_s=1.0, rss_mb=1.0, why=why)


def status(*processes: ProcessStatus, ready: bool = True, **facts: Any) -> NodeStatus:
    return NodeStatus(
        ready=ready,
        processes=list(processes),
        workers=[],
        queue=QueueCounts(),
        crypto="rust",
        version="1.0",
        facts=facts,
    )


def subject(root: Path, role: Role = "all", *, doors: Doors = DOORS, **changes: Any) -> Subject:
    data = DataFolder(root)
    data.make()
    return replace(Subject(data, role, NodeSettings(), "", None, None, doors), **changes)


def doors(**changes: Any) -> Doors:
    return replace(DOORS, **changes)
