"""Real sockets on loopback: a server with an allow-list, and clients that dial it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import zmq
from msgspec import Struct

from actors import addresses
from actors.addresses import LINK, QUEUE, WEB
from actors.messages.control import Dial, Door
from actors.messages.link import Ping
from actors.wire.envelope import ToBox, types_of
from actors.wire.guests import FixedGuests, Guest, box_guest
from actors.wire.sockets import Dialler, Listener
from tests.actors.kit import uid

WAIT_S = 20.0
SESSION = addresses.session(uid(1))


class Keys(Struct, frozen=True):
    public: str
    secret: str


def new_keys() -> Keys:
    public, secret = zmq.curve_keypair()
    return Keys(public.decode(), secret.decode())


SERVER, BOX, OTHER, STRANGER = (new_keys() for _ in range(4))


async def until(holds: Callable[[], object]) -> None:
    """Let the loop run until it holds; fails after WAIT_S."""
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 - ZeroMQ has no event for most of it
            await asyncio.sleep(0.002)


Told = tuple[str, Any, str]


def note_in(notes: list[Told]) -> Callable[[str, Any, str], None]:
    def tell(to: str, message: Any, sender: str) -> None:
        notes.append((to, message, sender))

    return tell


class WatchedNames(FixedGuests):
    """The allow-list; notes which keys ask to enter."""

    def __init__(self, guests: dict[str, Guest]) -> None:
        super().__init__(guests)
        self.allowed = guests
        self.asked: list[str] = []

    def admits(self, key: str, origin: str) -> bool:
        self.asked.append(key)
        return super().admits(key, origin)


class Server(Listener):
    """A listener that notes what is told, and counts the frames that it read."""

    def __init__(self, door: Door) -> None:
        self.told: list[Told] = []
        self.frames = 0
        self.names = WatchedNames({key: box_guest(name) for key, name in door.allowed.items()})
        super().__init__(door, note_in(self.told), self.names)

    def deliver(self, address: str, message: Any, sender: str) -> None:
        """At once: what it came to is looked at in the next line."""
        super().deliver(address, message, sender)
        if address in self.bundling:
            self.bundling[address].leave()

    def take(self, route: bytes, frame: zmq.Frame) -> int:
        self.frames += 1
        return super().take(route, frame)

    @property
    def asked(self) -> list[str]:
        return self.names.asked


class Client(Dialler):
    """A dialler that notes what is told."""

    def __init__(self, keys: Keys, address: str, server: str = SERVER.public) -> None:
        self.told: list[Told] = []
        dial = Dial(address, server, keys.public, keys.secret, "box")
        super().__init__(dial, note_in(self.told), types_of(ToBox), to=LINK, sender=WEB)

    def say(self, message: Any, to: str = QUEUE) -> None:
        self.deliver(to, message, LINK)
        self.bundling.leave()

    def send_raw(self, *parts: bytes) -> None:
        assert self.socket is not None
        self.socket.send_multipart(list(parts), zmq.NOBLOCK)


class Line:
    """A server with the names `box` and `other` on its list, and clients that dial it."""

    def __init__(self) -> None:
        self.server = Server(self.door())
        self.clients: list[Client] = []

    def door(self, host: str = "127.0.0.1", port: int = 0) -> Door:
        return Door(host, port, SERVER.public, SERVER.secret, {BOX.public: "box", OTHER.public: "other"})

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.server.port}"

    def dial(self, keys: Keys = BOX, address: str | None = None, server: str = SERVER.public) -> Client:
        self.clients.append(Client(keys, self.address if address is None else address, server))
        return self.clients[-1]

    async def connect(self, keys: Keys = BOX) -> Client:
        """A client that was heard; what was told so far is forgotten."""
        client = self.dial(keys)
        await self.heard(client)
        return client

    async def heard(self, client: Client) -> None:
        """The client says its name, again and again, until it comes through."""
        self.server.told.clear()

        def arrived() -> bool:
            client.say(Ping(uid(1)))  # dropped while the connection is not there yet
            return bool(self.server.told)

        await until(arrived)
        await self.quiet(client)

    async def quiet(self, client: Client) -> None:
        """Everything that the client sent before has been read."""
        mark = Ping(uid(0xFFFF))
        client.say(mark)
        await until(lambda: any(message == mark for _, message, _ in self.server.told))
        self.server.told.clear()

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.server.close()


def run(test: Callable[[Line], Awaitable[None]]) -> None:
    async def main() -> None:
        line = Line()
        try:
            await test(line)
        finally:
            line.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())
