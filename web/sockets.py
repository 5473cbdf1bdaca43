"""Sockets: the port behind `sockets/<id>`, and what concerns several sockets at once.

sockets/<id>     an event for one reader
sockets          Awake: a session lost its readers
sockets/node     QueueStatus, for all
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from actors import addresses
from actors.mailbox import Runtime
from actors.messages.chat import Awake, ListChanged, MessageAdded, ReplyFinished
from actors.messages.queueing import QueueStatus, WatchQueue
from web.pacer import Pacer
from web.protocol.frames import ConversationsChanged, Farewell, NodeState
from web.settings import WebSettings
from web.socket import Socket

NODE = "node"
CHANGES_THE_LIST = (MessageAdded, ReplyFinished)


class Sockets:
    """`box_names` gives the shown names of GPU boxes by their ids."""

    def __init__(
        self, runtime: Runtime, settings: WebSettings, box_names: Callable[[], Mapping[str, str]]
    ) -> None:
        self.runtime = runtime
        self.settings = settings
        self.open: dict[str, Socket] = {}  # by their addresses
        self.by_user: dict[UUID, set[Socket]] = {}
        self.box_names = box_names
        self.queue: QueueStatus | None = None
        self.state: NodeState | None = None
        self.state_pacer = Pacer(settings.state_pause_s)
        self.list_pacers: dict[UUID, Pacer] = {}
        self.left = asyncio.Event()  # the last one has closed
        self.closing = False

    # -- the port -----------------------------------------------------------------------------

    def deliver(self, address: str, message: Any, sender: str) -> None:
        socket = self.open.get(address)
        if socket is not None:
            socket.deliver(message)
            if isinstance(message, CHANGES_THE_LIST):
                self.list_changed(socket.account.id)
            return
        match message:
            case Awake(conversation):
                for socket in self.open.values():
                    socket.reopen(conversation)
            case ListChanged(user):
                self.list_changed(user)
            case QueueStatus():
                self.queue = message
                self.state_changed(self.state_of(message))
            case _:
                pass  # for a socket that closed a moment ago

    # -- coming and going ---------------------------------------------------------------------

    def refusal(self, user: UUID) -> Farewell | None:
        """Why this user may not open one more socket, or None."""
        if self.closing:
            return going_down()
        if len(self.open) >= self.settings.sockets:
            text = "This node serves as many pages as it can: try again later."
            return Farewell("too_many", text, again=True)
        limit = self.settings.sockets_per_user
        if len(self.by_user.get(user, ())) >= limit:
            text = f"At most {limit} pages are open at once: close another one and load this one again."
            return Farewell("too_many", text, again=False)
        return None

    def add(self, socket: Socket) -> None:
        self.open[socket.address] = socket
        self.left.clear()
        self.by_user.setdefault(socket.account.id, set()).add(socket)
        if self.state is not None:
            socket.deliver(self.state)

    def remove(self, socket: Socket) -> None:
        user = socket.account.id
        del self.open[socket.address]
        if not self.open:
            self.left.set()
        self.by_user[user].discard(socket)
        if not self.by_user[user]:
            del self.by_user[user]
            pacer = self.list_pacers.pop(user, None)
            if pacer is not None:
                pacer.cancel()

    # -- for several sockets ------------------------------------------------------------------

    def watch_queue(self) -> None:
        """Ask the queue to report; harmless to repeat."""
        self.runtime.tell(addresses.QUEUE, WatchQueue(addresses.socket(NODE)), addresses.socket(NODE))

    def state_of(self, queue: QueueStatus) -> NodeState:
        names = self.box_names()
        workers = tuple(replace(worker, name=names.get(worker.name, worker.name)) for worker in queue.workers)
        return NodeState(workers, queue.waiting, queue.running)

    def boxes_renamed(self) -> None:
        if self.queue is not None:
            self.state_changed(self.state_of(self.queue))

    def state_changed(self, state: NodeState) -> None:
        if state != self.state:
            self.state = state
            everybody_s = len(self.open) / self.settings.states_per_s
            self.state_pacer.pause_s = max(self.settings.state_pause_s, everybody_s)
            self.state_pacer.run(self.send_state)

    def send_state(self) -> None:
        if self.state is not None:
            for socket in self.open.values():
                socket.deliver(self.state)

    def list_changed(self, user: UUID) -> None:
        """The user's list of conversations is another."""
        if user in self.by_user:
            pacer = self.list_pacers.setdefault(user, Pacer(self.settings.state_pause_s))
            pacer.run(lambda: self.send_list_changed(user))

    def send_list_changed(self, user: UUID) -> None:
        for socket in self.by_user.get(user, ()):
            socket.deliver(ConversationsChanged())

    def role_changed(self, user: UUID, role: str) -> None:
        for socket in self.by_user.get(user, ()):
            socket.role_changed(role)

    def end_login(self, login: bytes) -> None:
        """Close the sockets of this login."""
        for socket in self.open.values():
            if socket.login == login:
                socket.leave(Farewell("login", "You are logged out.", again=False))

    async def close(self, within_s: float) -> None:
        """Say farewell to everybody, and let nobody in any more."""
        self.closing = True
        self.state_pacer.cancel()
        for socket in self.open.values():
            socket.leave(going_down())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                if self.open:
                    await self.left.wait()


def going_down() -> Farewell:
    return Farewell("going_down", "The server is going down; it may be back soon.", again=True)
