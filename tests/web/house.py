"""The web node's list of boxes behind a real socket, and boxes that dial it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from zmq.utils import z85

from actors.addresses import QUEUE
from actors.mailbox import Runtime
from actors.messages.control import Door
from actors.messages.link import KeyRefused
from actors.settings import BoxesSettings, MailboxSettings
from actors.wire.join_string import Invitation
from actors.wire.keys import KeyPair, new_key_pair, read_key_pair, web_node_path, write_key_pair
from actors.wire.sockets import CannotListenError, Dialler
from actors.world import RealWorld
from gpu_actor.join import Joined, join
from tests.actors.kit import hello
from tests.actors.wire.line import Client, Keys, note_in, until
from web.boxes import Boxes

SERVER = new_key_pair()
OWN = new_key_pair()
SETTINGS = BoxesSettings(cut_s=0.05)


class Recorder:
    """Takes the place of the queue."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any, str]] = []

    def deliver(self, address: str, message: Any, sender: str) -> None:
        self.told.append((address, message, sender))

    def senders(self) -> set[str]:
        return {sender for _, _, sender in self.told}


class Watched(Client):
    """A box's dialler that also notes that its key is refused."""

    def __init__(self, keys: KeyPair, address: str) -> None:
        super().__init__(Keys(keys.public, keys.secret), address, SERVER.public)
        self.close()
        Dialler.__init__(
            self, self.dial, note_in(self.told), self.accepts, self.to, self.sender, tells_refusal=True
        )

    def messages(self) -> list[Any]:
        return [message for _, message, _ in self.told]


class House:
    """The web node's end, on a port of its own; restarts on the same register."""

    def __init__(self, folder: Path, settings: BoxesSettings = SETTINGS) -> None:
        folder.chmod(0o700)
        self.path = folder / "boxes.json"
        self.settings = settings
        self.clients: list[Watched] = []
        write_key_pair(web_node_path(folder), SERVER)
        self.open(0)

    def open(self, port: int) -> None:
        self.queue = Recorder()
        self.runtime = Runtime(MailboxSettings(), RealWorld())
        self.runtime.serve(QUEUE, self.queue)
        server = read_key_pair(web_node_path(self.path.parent))
        door = Door("127.0.0.1", port, server.public, server.secret, {OWN.public: "desk"})
        self.boxes = Boxes(door, self.path, self.runtime, self.settings)

    async def restart(self) -> None:
        """As after a kill: what is on disk, and the same port."""
        port = self.boxes.listener.port
        await self.boxes.close()
        self.runtime.stop()
        while True:
            try:
                self.open(port)
            except CannotListenError:  # libzmq lets go of the port a moment later
                await asyncio.sleep(0.01)
            else:
                return

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.boxes.listener.port}"

    async def invite(self) -> Invitation:
        secret = await self.boxes.make_offer()
        return Invitation(int(time.time()) + 600, secret, z85.decode(self.boxes.door.public), (self.address,))

    async def join(self, invitation: Invitation, key: KeyPair, name: str = "Attic") -> Joined:
        return await asyncio.to_thread(join, invitation, key, name, "1.2", 10.0)

    def dial(self, key: KeyPair) -> Watched:
        self.clients.append(Watched(key, f"tcp://{self.address}"))
        return self.clients[-1]

    async def knock(self, key: KeyPair) -> None:
        """A key that is refused, and knows it."""
        await until_refused(self.dial(key))

    async def linked(self, key: KeyPair) -> Watched:
        """A client that the queue has heard."""
        client = self.dial(key)
        await until_heard(client, self.queue)
        return client

    async def close(self) -> None:
        for client in self.clients:
            client.close()
        await self.boxes.close()
        self.runtime.stop()


async def until_refused(client: Watched) -> None:
    await until(lambda: KeyRefused() in client.messages())


async def until_heard(client: Watched, queue: Recorder) -> None:
    before = len(queue.told)

    def heard() -> bool:
        client.say(hello())
        return len(queue.told) > before

    await until(heard)


def run(folder: Path, test: Callable[[House], Awaitable[None]], settings: BoxesSettings = SETTINGS) -> None:
    async def main() -> None:
        house = House(folder, settings)
        try:
            await test(house)
        finally:
            await house.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())
