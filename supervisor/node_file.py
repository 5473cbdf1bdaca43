"""run/node.json in the data folder: the running node, for the commands of this machine."""

import sys
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from actors.messages.control import Dial
from actors.private_files import write_private
from supervisor.data_folder import DataFolder
from supervisor.errors import DataFolderError, NotRunningError


class NodeFile(Struct, frozen=True):
    """run/node.json: how the commands of this machine reach the running node. Made anew at each start."""

    pid: int
    started: float  # of the process, see start_of: tells apart a reused pid
    boot: str
    version: str
    control: Dial
    token: str  # lets the command line in as the local user
    url: str = ""
    ports: dict[str, dict[str, int]] = {}


def path(data: DataFolder) -> Path:
    return data.run / "node.json"


def write_node(data: DataFolder, node: NodeFile) -> None:
    write_private(path(data), msgspec.json.format(msgspec.json.encode(node)))


def forget_node(data: DataFolder) -> None:
    path(data).unlink(missing_ok=True)


def read_node(data: DataFolder) -> NodeFile:
    """The running node. Raises NotRunningError."""
    absent = NotRunningError(f"No node runs on {data.root}. Start one with: samovar up")
    try:
        node = msgspec.json.decode(path(data).read_bytes(), type=NodeFile)
        started = start_of(psutil.Process(node.pid))
    except (FileNotFoundError, psutil.NoSuchProcess, msgspec.DecodeError):
        raise absent from None
    except PermissionError as error:
        raise DataFolderError(f"{data.run} belongs to another user: {error.strerror}.") from error
    if abs(started - node.started) > 1.0:
        raise absent
    return node


def start_of(process: psutil.Process) -> float:
    """When a process was started, in seconds of a clock that nobody sets.

    Linux counts from the boot; psutil adds when that was by the wall clock of today, which may have been set
    since the last question.
    """
    started = process.create_time()
    return started - psutil.boot_time() if sys.platform == "linux" else started
