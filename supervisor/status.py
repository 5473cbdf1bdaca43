"""The state of a node: put together by its supervisor, asked for by the commands."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
import psutil
import zmq

from actors.messages.control import (
    AskStatus,
    Dial,
    NodeStatus,
    ProcessStatus,
    QueueCounts,
    WorkerStatus,
    encode,
)
from supervisor.data_folder import DataFolder
from supervisor.errors import NoAnswerError
from supervisor.node_file import read_node
from supervisor.strategy import State
from supervisor.tree_messages import ChildView

ANSWER_S = 5.0
SECRET_FACTS = ("setup_code",)  # shown where the node was started, and nowhere else
STATUS_FACTS = ("workers", "queue", "crypto", "url", "gpu", "progress")  # have a place of their own

T = TypeVar("T")

status_decoder = msgspec.msgpack.Decoder(NodeStatus)


def node_status(
    views: Iterable[ChildView],
    *,
    now_s: float,
    version: str,
    rss_mb: Callable[[int], float],
) -> NodeStatus:
    """`rss_mb` gives the memory of a process id. Facts of a strange shape are left out, by name of none."""
    children = {view.name: view for view in views}
    ready = {name for name, view in children.items() if view.state is State.READY}
    facts = {name: view.facts for name, view in children.items()}
    web = facts.get("web", {})
    workers = shaped(web.get("workers", []), list[WorkerStatus], [])
    return NodeStatus(
        ready=is_ready(set(children), ready, workers),
        processes=[process_status(view, now_s, rss_mb) for view in children.values()],
        workers=workers,
        queue=shaped(web.get("queue", {}), QueueCounts, QueueCounts()),
        crypto=shaped(web.get("crypto"), str, ""),
        version=version,
        url=shaped(web.get("url"), str, ""),
        parked=[name for name, view in children.items() if view.state is State.PARKED],
        gpu=shaped(facts.get("health", {}).get("gpu"), dict[str, Any], {}),
        facts={
            name: {key: value for key, value in told.items() if key not in STATUS_FACTS + SECRET_FACTS}
            for name, told in facts.items()
        },
    )


def is_ready(children: set[str], ready: set[str], workers: list[WorkerStatus]) -> bool:
    """A model is loaded and a worker linked; for the web role alone: it serves."""
    if "engine" not in children:
        return ready == children
    if "web" not in children:
        return {"link", "engine"} <= ready
    return "web" in ready and any(worker.state == "ready" and worker.slots > 0 for worker in workers)


def process_status(view: ChildView, now_s: float, rss_mb: Callable[[int], float]) -> ProcessStatus:
    return ProcessStatus(
        name=view.name,
        pid=view.pid,
        state=view.state.value,
        restarts=view.restarts,
        uptime_s=round(now_s - view.started_s, 1) if view.pid else 0.0,
        rss_mb=round(rss_mb(view.pid), 1) if view.pid else 0.0,
        why=view.why,
        progress=shaped(view.facts.get("progress"), str, ""),
    )


def shaped(value: Any, kind: type[T], otherwise: T) -> T:
    """`value` as a `kind`, or `otherwise`: what a child tells must not break the status of the others."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return otherwise


def resident_mb(pid: int) -> float:
    """Resident memory of a process, MB; 0 when it is gone."""
    try:
        return psutil.Process(pid).memory_info().rss / 1e6
    except psutil.Error:
        return 0.0


# -- asking -------------------------------------------------------------------------------------


def ask_status(data: DataFolder, timeout_s: float = ANSWER_S) -> NodeStatus:
    """Ask the running node. Raises NotRunningError, NoAnswerError."""
    return status_decoder.decode(ask_node(data, encode(AskStatus()), timeout_s))


def ask_node(data: DataFolder, question: bytes, timeout_s: float = ANSWER_S) -> bytes:
    """The supervisor's answer. Raises NotRunningError, NoAnswerError."""
    node = read_node(data)
    answer = ask(node.control, question, timeout_s)
    if answer is None:
        raise NoAnswerError(
            f"The node's supervisor (process {node.pid}) does not answer: "
            f"look into {data.logs / 'supervisor.log'}, then end that process and start it again."
        )
    return answer


def ask(control: Dial, question: bytes, timeout_s: float) -> bytes | None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        socket = context.socket(zmq.DEALER)
        socket.curve_serverkey = control.server_public.encode()
        socket.curve_publickey = control.public.encode()
        socket.curve_secretkey = control.secret.encode()
        socket.connect(control.address)
        socket.send(question)
        return socket.recv() if socket.poll(int(timeout_s * 1000)) else None
    finally:
        context.destroy(linger=0)
