"""Socket: one browser's WebSocket, from the greeting to the farewell.

Two tasks: one takes the client's frames, one at a time, the other sends what waits in the outbox. So a
client that floods waits for itself alone, and one that does not read only fills its own outbox.
"""

import asyncio
import contextlib
import logging
from typing import Protocol
from uuid import UUID

import msgspec

from actors import addresses
from actors.mailbox import Runtime
from actors.messages.accounts import AccountRow
from actors.messages.chat import Close, Command, ConversationGone, Open, Problem, ReplyText
from web.limits import unfit
from web.outbox import Outbox, OutEvent, TooFarBehindError
from web.ownership import Ownership
from web.protocol.frames import (
    PROTOCOL_VERSION,
    ClientFrame,
    Farewell,
    Greeting,
    RoleChanged,
    ServerFrame,
    Welcome,
)
from web.records import StorageTroubleError
from web.rights import may_send
from web.settings import WebSettings
from web.throttle import Bucket

log = logging.getLogger(__name__)

OLDEST_VERSION = max(1, PROTOCOL_VERSION - 1)
FLUSH_S = 0.5  # how long a farewell may take to leave

# Close codes of RFC 6455, for those who see no frames.
NORMAL, GOING_AWAY, POLICY = 1000, 1001, 1008

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ClientFrame).decode


class CutError(Exception):
    """The other end is gone."""


class Connection(Protocol):
    """What is needed of the WebSocket itself."""

    async def accept(self) -> None:
        """Raises CutError, as the others do."""
        ...

    async def receive(self) -> str | bytes: ...

    async def send(self, data: str) -> None: ...

    async def close(self, code: int, reason: str = "") -> None: ...


class Door(Protocol):
    """The WebSocket without the framework's layers: most of what a token cost was its way through them."""

    def is_free(self) -> bool:
        """Whether it can take a frame at once."""
        ...

    def send_now(self, data: bytes) -> None: ...

    def abort(self) -> None:
        """Cut the connection: the other end takes nothing."""
        ...


class Socket:
    """The port of one reader; its address is `sockets/<id>`."""

    def __init__(
        self,
        socket_id: str,
        account: AccountRow,
        login: bytes,
        runtime: Runtime,
        ownership: Ownership,
        settings: WebSettings,
        boot: str,
    ) -> None:
        self.address = addresses.socket(socket_id)
        self.account = account
        self.login = login  # hash of the token
        self.runtime = runtime
        self.ownership = ownership
        self.settings = settings
        self.boot = boot
        self.outbox = Outbox(settings.outbox_events, settings.outbox_bytes)
        self.commands = Bucket(settings.commands_burst, settings.commands_per_s, runtime.world.monotonic_s())
        self.reading: set[UUID] = set()
        self.utc_offset_min = 0  # of the reader's clock, as last told
        self.welcome: Welcome | None = None
        self.greeted = False
        self.door: Door | None = None  # without one everything goes through the framework
        self.wake = asyncio.Event()  # something waits for the writer
        self.rests = False  # the writer: whatever was put into the outbox is sent
        self.leaving = asyncio.Event()
        self.last_word: Farewell | None = None

    # -- called by others, on the loop ----------------------------------------------------------

    def deliver(self, event: OutEvent) -> None:
        """Send the event when its turn comes."""
        door = self.free_door()
        if door is not None and isinstance(event, ReplyText) and self.outbox.passes(event.conversation):
            door.send_now(encode(event))  # nothing waits: most of what is sent goes this way
            return
        if isinstance(event, ConversationGone):
            self.reading.discard(event.conversation)
        try:
            self.outbox.put(event)
        except TooFarBehindError:
            self.leave(Farewell("too_many", "This page does not take what it is sent.", again=True))
            door = None
        if door is not None and not self.outbox.behind:
            waiting = self.outbox.pop()
            if waiting is not None:
                door.send_now(encode(waiting))
        else:
            self.wake.set()

    def free_door(self) -> Door | None:
        """The door, where it can take a frame at once and the writer has none that would come before."""
        door = self.door
        return door if door is not None and self.rests and not self.wake.is_set() and door.is_free() else None

    def leave(self, farewell: Farewell) -> None:
        """Say farewell and close, whatever waits."""
        if self.last_word is None:
            self.last_word = farewell
        self.leaving.set()
        self.wake.set()

    def role_changed(self, role: str) -> None:
        """It holds from the next frame on, and the page is told."""
        self.account = msgspec.structs.replace(self.account, role=role)
        if self.welcome is not None:
            self.welcome = msgspec.structs.replace(self.welcome, role=role)
        self.deliver(RoleChanged(role))

    def reopen(self, conversation: UUID) -> None:
        """The session lost its readers: read on."""
        if conversation in self.reading:
            self.open(Open(conversation, utc_offset_min=self.utc_offset_min))

    # -- life -----------------------------------------------------------------------------------

    async def live(self, connection: Connection, door: Door | None) -> None:
        """Serve the client until either side has enough. Raises CutError."""
        self.door = door
        reader = asyncio.create_task(self.read(connection))
        writer = asyncio.create_task(self.write(connection))
        leaving = asyncio.create_task(self.leaving.wait())
        tasks = (reader, writer, leaving)
        try:
            await asyncio.wait((reader, writer, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not reader.done() or reader.exception() is None:
                await asyncio.wait((writer,), timeout=FLUSH_S)
            if not writer.done() and door is not None:
                door.abort()  # it does not even take the farewell
            for task in (reader, writer):
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.close_conversations()

    def close_conversations(self) -> None:
        for conversation in self.reading:
            self.runtime.tell(addresses.session(conversation), Close(conversation), self.address)
        self.reading.clear()

    # -- out ------------------------------------------------------------------------------------

    async def write(self, connection: Connection) -> None:
        with contextlib.suppress(CutError):  # the other end is gone; the reader hears of it
            while self.last_word is None:
                frame = self.next_frame()
                if frame is not None:
                    await connection.send(text_of(frame))
                elif (conversation := self.outbox.next_to_reopen()) is not None:
                    self.tell_session(Open(conversation, utc_offset_min=self.utc_offset_min))
                else:
                    self.wake.clear()
                    self.rests = self.greeted
                    await self.wake.wait()
                    self.rests = False
            await connection.send(text_of(self.last_word))
            await connection.close(close_code(self.last_word))

    def next_frame(self) -> ServerFrame | None:
        if not self.greeted:
            return None
        welcome, self.welcome = self.welcome, None
        return welcome or self.outbox.pop()

    # -- in -------------------------------------------------------------------------------------

    async def read(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(self.settings.greeting_s):
                first = await connection.receive()
        except TimeoutError:
            self.leave(Farewell("version", "No greeting came.", again=True))
            return
        self.greet(first)
        while self.last_word is None:
            await self.take(await connection.receive())

    def greet(self, data: str | bytes) -> None:
        """The first frame: agree on a version, or part."""
        try:
            greeting = decode(data)
        except msgspec.DecodeError:
            greeting = None
        if not isinstance(greeting, Greeting):
            self.leave(Farewell("version", "The first frame must be a greeting.", again=False))
            return
        if greeting.version < OLDEST_VERSION:
            text = f"This page speaks an old protocol ({greeting.version}): load it again."
            self.leave(Farewell("version", text, again=False))
            return
        if greeting.version > PROTOCOL_VERSION:
            text = f"This client speaks a newer protocol ({greeting.version}) than the server: update it."
            self.leave(Farewell("version", text, again=False))
            return
        self.welcome = Welcome(
            greeting.version, self.boot, self.account.id, self.account.name, self.account.role
        )
        self.greeted = True
        self.wake.set()

    async def take(self, data: str | bytes) -> None:
        """Do as one frame of the client says."""
        allowed = self.commands.take(self.runtime.world.monotonic_s())
        if self.commands.deep_in_debt:
            self.leave(Farewell("too_many", "Far too many frames: this page is out of order.", again=True))
            return
        try:
            frame = decode(data)
        except msgspec.DecodeError as error:
            self.deliver(Problem("bad_request", f"The frame was not understood: {error}."))
            return
        if isinstance(frame, Greeting):
            self.deliver(Problem("bad_request", "The greeting was said already."))
            return
        problem = await self.why_not(frame) if allowed else too_fast(frame)
        if problem is not None:
            self.deliver(problem)
            return
        match frame:
            case Open():
                self.open(frame)
            case Close(conversation):
                self.reading.discard(conversation)
                self.outbox.closed_by_reader(conversation)
                self.tell_session(frame)
            case _:
                self.tell_session(frame)

    async def why_not(self, frame: Command) -> Problem | None:
        """Why the command is refused, or None. What belongs to others is as if it were not there."""
        key = request_key(frame)
        if not may_send(self.account.role, type(frame)):
            return Problem("forbidden", "This account may not do that.", frame.conversation, key)
        if text := unfit(frame):
            return Problem("bad_request", text, frame.conversation, key)
        try:
            owned = await self.ownership.owns(self.account.id, frame.conversation)
        except StorageTroubleError:
            text = "The storage does not answer. Try again in a moment."
            return Problem("storage", text, frame.conversation, key)
        if not owned:
            text = "There is no such conversation; it may have been deleted."
            return Problem("not_found", text, frame.conversation, key)
        limit = self.settings.open_conversations
        if isinstance(frame, Open) and frame.conversation not in self.reading and len(self.reading) >= limit:
            text = f"At most {limit} conversations are open at once: close one first."
            return Problem("too_many", text, frame.conversation)
        return None

    def open(self, frame: Open) -> None:
        self.reading.add(frame.conversation)
        self.utc_offset_min = frame.utc_offset_min
        self.outbox.opened_by_reader(frame.conversation)
        self.tell_session(frame)

    def tell_session(self, command: Command) -> None:
        self.runtime.tell(addresses.session(command.conversation), command, self.address)


def text_of(frame: ServerFrame) -> str:
    return encode(frame).decode()


def request_key(frame: Command) -> UUID | None:
    return getattr(frame, "request_key", None)


def too_fast(frame: Command) -> Problem:
    return Problem(
        "too_many", "Too many commands at once: slow down.", frame.conversation, request_key(frame)
    )


def close_code(farewell: Farewell) -> int:
    match farewell.code:
        case "going_down":
            return GOING_AWAY
        case "version" | "login" | "too_many":
            return POLICY
