"""Boxes: the port `boxes`, where GPU boxes join; and what the owner does with the list of them.

What was decided is durable before it is told: a box that was told JoinAccepted is on the list after a power
cut. Revoking is the other way round: it holds at once, and is written down right after.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from actors import addresses
from actors.addresses import BOXES, JOINER, QUEUE
from actors.mailbox import Runtime
from actors.messages.control import Door
from actors.messages.link import Hello, Ping, Refused
from actors.messages.pairing import (
    BoxRevoked,
    JoinAccepted,
    JoinRefused,
    JoinRequest,
    KeyAnnounced,
    KeyTaken,
    ServerKeyTaken,
)
from actors.private_files import read_private, write_private
from actors.settings import BoxesSettings
from actors.wire.box_list import Box, BoxList, Register
from actors.wire.keys import joining_key, web_node_path
from actors.wire.sockets import Listener
from web.server_key import ServerKey

log = logging.getLogger(__name__)

SECRET_BYTES = 16
MOST_TASKS = 64
REVOKED = "This GPU box was revoked by the server's owner. To let it in again: samovar join"


class BrokenRegisterError(Exception):
    """DATA/keys/boxes.json cannot be read: put it back from a backup, or move it away and pair anew."""


class BoxTroubleError(Exception):
    """The list could not be written down: the disk is full, or keys/ is not writable."""


def read_register(path: Path) -> Register:
    """Raises BrokenRegisterError, ExposedFileError."""
    try:
        return msgspec.json.decode(read_private(path), type=Register)
    except FileNotFoundError:
        return Register()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenRegisterError(
            f"{path} is damaged ({error}): put it back from a backup, or move it away and pair the boxes anew"
        ) from error


class Boxes:
    """`door.allowed` are the boxes of this node itself. Made on the event loop; close it."""

    def __init__(self, door: Door, path: Path, runtime: Runtime, settings: BoxesSettings) -> None:
        self.door = door
        self.path = path
        self.runtime = runtime
        self.settings = settings
        self.list = BoxList(read_register(path), door.allowed, settings, runtime.world)
        self.server_key = ServerKey(web_node_path(path.parent), self.list, runtime, settings.rotation_days)
        self.seen_ms: dict[str, int] = {}
        self.software: dict[str, str] = {}
        self.writing = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()
        self.listener = Listener(door, self.tell, self.list)
        runtime.serve("worker", self.listener)
        runtime.serve(JOINER, self.listener)
        runtime.serve(BOXES, self)
        self.run(self.watch())

    def run(self, work: Any) -> None:
        """A task of its own, strongly held until it ends."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("bug in the list of GPU boxes", exc_info=error)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.write_down_seen()
        self.listener.close()

    # -- from the boxes -------------------------------------------------------------------------

    def tell(self, to: str, message: Any, sender: str) -> None:
        """Whatever a box says, on its way to whom it is for."""
        if isinstance(message, (Hello, Ping)):
            box = addresses.key(sender)
            self.seen_ms[box] = self.runtime.world.utc_ms()
            if isinstance(message, Hello):
                self.software[box] = message.software
        self.runtime.tell(to, message, sender)

    def deliver(self, address: str, message: Any, sender: str) -> None:
        if len(self.tasks) >= MOST_TASKS:
            log.warning("%s for the list of boxes dropped: too much to do", type(message).__name__)
            return  # all of these are said again
        match message:
            case JoinRequest():
                self.run(self.join(message))
            case KeyAnnounced(key):
                self.run(self.take_key(addresses.key(sender), key))
            case ServerKeyTaken(key):
                self.run(self.server_key_taken(addresses.key(sender), key))
            case _:
                raise TypeError(f"boxes got {type(message).__name__}")

    async def join(self, request: JoinRequest) -> None:
        answer: JoinAccepted | JoinRefused
        async with self.writing:
            register, answer = self.list.joined(request, self.door.public)
            try:
                await self.write(register)
            except BoxTroubleError as error:
                answer = JoinRefused(str(error))
        self.runtime.tell(JOINER, answer, BOXES)

    async def take_key(self, box: str, key: str) -> None:
        async with self.writing:
            register = self.list.with_next_key(box, key)
            if register is None:
                return
            with contextlib.suppress(BoxTroubleError):
                await self.write(register)
                self.runtime.tell(addresses.worker(box), KeyTaken(key), BOXES)

    async def server_key_taken(self, box: str, key: str) -> None:
        await self.try_change(lambda: self.server_key.kept_by(box, key))

    # -- from the owner -------------------------------------------------------------------------

    async def make_offer(self) -> bytes:
        """The secret of a fresh offer; an older one is over. Raises BoxTroubleError."""
        secret = secrets.token_bytes(SECRET_BYTES)
        await self.change(lambda: self.list.with_offer(joining_key(secret).public))
        return secret

    async def withdraw_offer(self) -> None:
        await self.change(self.list.without_offer)

    async def rename(self, name: str, new_name: str) -> None:
        """Raises UnknownBoxError, BadNameError, NameTakenError, BoxTroubleError."""
        await self.change(lambda: self.list.renamed(self.list.find(name), new_name))

    async def revoke(self, name: str) -> Box:
        """The box is not heard from now on. Raises UnknownBoxError, BoxTroubleError."""
        box = self.list.find(name)
        worker = addresses.worker(box.id)
        self.listener.deliver(worker, Refused(REVOKED), BOXES)
        self.list.cut(box)
        self.listener.forget(worker)
        self.runtime.tell(QUEUE, BoxRevoked(box.id), BOXES)
        await self.change(lambda: self.list.revoked_now(box))
        return box

    async def rotate_key(self) -> None:
        """Begin to change the server's key. Raises BoxTroubleError."""
        if self.server_key.next is not None:
            return
        async with self.writing:
            try:
                change = await self.server_key.make_next()
            except OSError as error:
                raise BoxTroubleError(f"the next key cannot be written: {error.strerror}") from error
            await self.write(replace(self.list.register, key_change=change))
        self.server_key.announce()

    async def change(self, make: Callable[[], Register]) -> None:
        async with self.writing:
            await self.write(make())

    async def try_change(self, make: Callable[[], Register]) -> None:
        """What can wait: where it cannot be written, the log says so, and the next time is soon."""
        with contextlib.suppress(BoxTroubleError):
            await self.change(make)

    async def write(self, register: Register) -> None:
        """Make it durable, then let it hold. Raises BoxTroubleError."""
        if register == self.list.register:
            return
        data = msgspec.json.format(msgspec.json.encode(register))
        try:
            await asyncio.to_thread(write_private, self.path, data)
        except OSError as error:
            log.exception("the list of GPU boxes cannot be written")
            raise BoxTroubleError(f"the list of GPU boxes cannot be written: {error.strerror}") from error
        self.list.adopt(register)

    # -- watching -------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Write down when boxes were heard; cut off what a revoked one still holds open."""
        ignored, passed_s = self.listener.ignored, 0.0
        while True:
            await asyncio.sleep(self.settings.cut_s)
            passed_s += self.settings.cut_s
            if self.list.offer_is_over:
                await self.try_change(self.list.without_offer)
            await self.change_keys()
            if self.listener.ignored > ignored:
                ignored = self.listener.ignored
                log.warning("security: a revoked GPU box still speaks: all connections are cut and made anew")
                await self.listener.reopen(self.listener.door)
            if passed_s >= self.settings.seen_s:
                passed_s = 0.0
                await self.write_down_seen()

    async def change_keys(self) -> None:
        """The next step of each key that is being changed."""
        if self.list.used_keys:
            await self.try_change(self.list.with_used_keys)
        self.server_key.announce()
        if self.server_key.is_due:
            try:
                pair = await self.server_key.switch()
            except OSError:
                log.exception("the server's key cannot be changed")
                return
            self.door = replace(self.door, public=pair.public, secret=pair.secret)
            await self.listener.reopen(self.door)
        if self.server_key.next is None and self.list.register.key_change is not None:
            await self.try_change(lambda: replace(self.list.register, key_change=None))

    async def write_down_seen(self) -> None:
        seen = {box.id: self.seen_ms[box.id] for box in self.list.register.boxes if box.id in self.seen_ms}
        if not seen:
            return
        await self.try_change(lambda: self.list.seen(seen, self.software))

    # -- for people -----------------------------------------------------------------------------

    def boxes(self) -> tuple[Box, ...]:
        return self.list.seen(self.seen_ms, self.software).boxes

    def names(self) -> Mapping[str, str]:
        """Shown names by id, of those that are called otherwise."""
        return {box.id: box.name for box in self.list.register.boxes}
