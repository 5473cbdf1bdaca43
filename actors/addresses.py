"""Addresses: the names under which actors and ports are reached, inside a process and over the link.

session/<conversation id>   character/<version id>   lorebook/<version id>   actors of the web process
queue   archive   previews                                               … of which there is one
worker/<worker id>          a GPU box, behind the link socket            port
boxes   joiner              the list of GPU boxes; one that joins        ports
sockets/<socket id>         a browser's WebSocket                        port
asks/<number>               one awaited answer                           port
storage                     the database                                 port
link   gpu   engine   health                                             actors and ports of the GPU box
"""

from uuid import UUID

QUEUE = "queue"
PREVIEWS = "previews"
BOXES = "boxes"
JOINER = "joiner"
ARCHIVE = "archive"
STORAGE = "storage"
LINK = "link"
GPU = "gpu"
ENGINE = "engine"
WEB = "web"
SOCKETS = "sockets"


def session(conversation: UUID) -> str:
    return f"session/{conversation.hex}"


def character(version: UUID) -> str:
    return f"character/{version.hex}"


def lorebook(version: UUID) -> str:
    return f"lorebook/{version.hex}"


def worker(worker_id: str) -> str:
    return f"worker/{worker_id}"


def socket(socket_id: str) -> str:
    return f"sockets/{socket_id}"


def kind(address: str) -> str:
    """The part before the slash: which factory or port serves the address."""
    return address.partition("/")[0]


def key(address: str) -> str:
    """The part after the slash: which one of its kind; empty where there is but one."""
    return address.partition("/")[2]
