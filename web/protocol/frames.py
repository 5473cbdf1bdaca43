"""Frames of the socket at /ws, each a JSON text frame.

The first frame of the client is Greeting; the server answers Welcome, or Farewell and closes.
Then the client sends Commands and the server sends Events, each a JSON object tagged by `type`.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from actors.messages.chat import ChatEvent, Command
from actors.messages.queueing import WorkerFacts

PROTOCOL_VERSION = 1


class Greeting(Struct, frozen=True, tag="greeting", tag_field="type"):
    """The client's first frame."""

    version: int


class Welcome(Struct, frozen=True, tag="welcome", tag_field="type"):
    """The server serves this client. `boot` changes when the web process starts anew."""

    version: int
    boot: str
    user: UUID
    user_name: str
    role: str = ""


class Farewell(Struct, frozen=True, tag="farewell", tag_field="type"):
    """The server closes the socket; `again` says whether dialling again can help."""

    code: Literal["version", "login", "too_many", "going_down"]
    text: str
    again: bool


class NodeState(Struct, frozen=True, tag="node_state", tag_field="type"):
    """Workers and queue: sent after Welcome and at each change. No worker in state "ready": the GPU
    is away.
    """

    workers: tuple[WorkerFacts, ...]
    waiting: int
    running: int


class ConversationsChanged(Struct, frozen=True, tag="conversations_changed", tag_field="type"):
    """The user's list of conversations is another: fetch it again."""


class RoleChanged(Struct, frozen=True, tag="role_changed", tag_field="type"):
    """The owner gave the user another role: what they may do is another from now on."""

    role: str


ClientFrame = Greeting | Command
ServerFrame = Welcome | Farewell | NodeState | ConversationsChanged | RoleChanged | ChatEvent
