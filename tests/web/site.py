"""Site: the whole web process of a node on a free port of this machine, as web/serving.py wires it."""

import asyncio
import contextlib
import hashlib
import http.client
import json
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from actors import addresses
from actors.archive import Archive
from actors.character.actor import Character
from actors.character.book_actor import LorebookVersion
from actors.generation_queue import GenerationQueue
from actors.mailbox import Runtime
from actors.messages.accounts import AccountRow, AddAccount
from actors.messages.chat import Open, Snapshot
from actors.messages.control import Door
from actors.messages.generation import CharacterSheet
from actors.messages.library import AddCharacterVersion
from actors.previews import Previews
from actors.session import Session
from actors.settings import (
    ArchiveSettings,
    BoxesSettings,
    MailboxSettings,
    PreviewSettings,
    QueueSettings,
    SessionSettings,
)
from actors.wire.keys import new_key_pair
from actors.world import RealWorld
from storage.port import StoragePort
from storage.settings import StorageSettings
from storage.start import open_storage
from tests.fakes.memory_disk import MemoryDisk
from tests.fakes.memory_storage import MemoryStorage
from tests.storage.migrated import put_sqlite_tables
from tests.web.scripted_worker import ScriptedWorker
from web.accounts import LOCAL
from web.app import make_app
from web.boxes import Boxes
from web.edge import Edge
from web.protocol.frames import Greeting, ServerFrame
from web.requests import COOKIE
from web.server import Server
from web.settings import WebSettings
from web.socket import Socket

SETTINGS = WebSettings(port=0, ping_s=5.0, login_pause_s=3600.0, account_delay_s=0.0, state_pause_s=0.0)
TOKEN = "the control token"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
PICTURE_ID = hashlib.sha256(PICTURE).hexdigest()
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
SVG_ID = hashlib.sha256(SVG).hexdigest()
ASSETS = {PICTURE_ID: PICTURE, SVG_ID: SVG}
WAIT_S = 20.0

decode = msgspec.json.Decoder(ServerFrame).decode


QUIET = SessionSettings(titles=False)  # the scripted worker makes replies alone


class Answer(Struct):
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """name=value, as a browser sends it back."""
        return self.headers.get("set-cookie", "").partition(";")[0]


class MemoryShelf:
    """Pictures in memory; `put_s` says when each was put there."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.put_s: dict[str, float] = {}

    def put(self, content: bytes) -> str:
        asset = hashlib.sha256(content).hexdigest()
        self.files[asset] = content
        self.put_s[asset] = time.monotonic()
        return asset

    def read(self, asset: str) -> bytes | None:
        return self.files.get(asset)

    def forget(self, asset: str, unused_s: float) -> bool:
        if time.monotonic() - self.put_s.get(asset, 0.0) < unused_s:
            return False
        return self.files.pop(asset, None) is not None

    def forget_old(self, unused_s: float) -> int:
        return sum(self.forget(asset, unused_s) for asset in list(self.files))


class Page:
    """A browser's page: a WebSocket that has said its greeting."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[Any] = []

    async def say(self, frame: Struct) -> None:
        await self.socket.send(msgspec.json.encode(frame).decode())

    async def next(self) -> Any:
        async with asyncio.timeout(WAIT_S):
            event = decode(await self.socket.recv())
        self.seen.append(event)
        return event

    async def until(self, kind: type[Any], fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next event of that kind; others are passed over."""
        while True:
            event = await self.next()
            if isinstance(event, kind) and fits(event):
                return event

    async def opened(self, conversation: UUID) -> Snapshot:
        """Open a conversation, as it is then."""
        await self.say(Open(conversation))
        return await self.until(Snapshot)

    async def closed(self) -> int | None:
        """Wait until the server has closed; its code."""
        async with asyncio.timeout(WAIT_S):
            await self.socket.wait_closed()
        return self.socket.close_code


class Site:
    """With `data`, the real storage in that folder; `disk` is empty then."""

    def __init__(
        self, settings: WebSettings, ui: Path, storage_s: float = 0.0, data: Path | None = None
    ) -> None:
        self.settings = settings
        self.data = data
        self.real_storage: StoragePort | None = None
        self.world = RealWorld()
        self.codes: list[str] = []
        self.assets, self.drafts = MemoryShelf(ASSETS), MemoryShelf()
        self.runtime = Runtime(MailboxSettings(), self.world)
        self.disk = MemoryDisk()
        loop = asyncio.get_running_loop()
        self.storage = MemoryStorage(self.disk, self.runtime.tell, loop.call_later, lambda: storage_s)
        self.runtime.serve(addresses.STORAGE, self.storage)
        self.register_actors()
        self.folder = TemporaryDirectory(prefix="samovar-site-")  # for its owner alone
        server = new_key_pair()
        door = Door("127.0.0.1", 0, server.public, server.secret, {})
        self.boxes = Boxes(door, Path(self.folder.name, "boxes.json"), self.runtime, BoxesSettings())
        self.worker = ScriptedWorker(self.runtime)
        self.ui = ui
        self.gone: asyncio.Queue[Socket] = asyncio.Queue()  # pages whose sockets have ended
        self.edge = self.new_edge()
        self.server = self.new_server()

    def register_actors(self) -> None:
        world, runtime = self.world, self.runtime
        runtime.register(addresses.ARCHIVE, lambda _: Archive(ArchiveSettings(), world), loads=False)
        queue = QueueSettings(silence_s=3600.0)
        runtime.register(addresses.QUEUE, lambda _: GenerationQueue(queue, world), loads=True)
        runtime.register(addresses.PREVIEWS, lambda _: Previews(PreviewSettings(), world), loads=False)
        runtime.register("session", lambda a: Session(a, QUIET, world), loads=True)
        runtime.register("character", lambda _: Character(SessionSettings()), loads=True)
        runtime.register("lorebook", lambda _: LorebookVersion(SessionSettings()), loads=True)

    def new_edge(self) -> Edge:
        edge = Edge(
            self.runtime,
            self.settings,
            boot=self.world.new_id().hex,
            version="0.1.0",
            control_token=TOKEN,
            announce_code=self.codes.append,
            assets=self.assets,
            drafts=self.drafts,
            ui=self.ui,
            boxes=self.boxes,
        )
        remove = edge.sockets.remove

        def remove_and_tell(socket: Socket) -> None:
            remove(socket)
            self.gone.put_nowait(socket)

        edge.sockets.remove = remove_and_tell
        return edge

    def new_server(self) -> Server:
        return Server(make_app(self.edge), self.edge.sockets, self.settings)

    async def __aenter__(self) -> Self:
        if self.data is not None:
            put_sqlite_tables(self.data)
            self.real_storage = await open_storage(StorageSettings(), self.data, self.runtime.tell)
            self.runtime.serve(addresses.STORAGE, self.real_storage)
        await self.edge.start()
        await self.server.start()
        self.runtime.wake(addresses.PREVIEWS)
        self.worker.greet()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.stop()
        await self.edge.stop()
        await self.boxes.close()
        self.folder.cleanup()
        self.runtime.stop()
        if self.real_storage is not None:
            await self.real_storage.close()

    async def restart(self) -> None:
        """The edge goes down and comes up again on the same port; the actors stay."""
        port = self.server.port
        await self.server.stop()
        await self.edge.stop()
        self.settings = replace(self.settings, port=port)
        self.edge = self.new_edge()
        self.server = self.new_server()
        await self.edge.start()
        await self.server.start()

    pid = os.getpid()

    # -- the address --------------------------------------------------------------------------

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        cookie: str = "",
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """A request as a browser of this site makes it; `headers` change it, None takes one away."""
        sent: dict[str, str | None] = {"Host": self.host, "Sec-Fetch-Site": "same-origin"}
        if method not in {"GET", "HEAD"}:
            sent |= {"Origin": self.origin}
        if body is not None:
            sent |= {"Content-Type": "application/json"}
        if cookie:
            sent |= {"Cookie": cookie}
        sent |= headers or {}
        data = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""
        return await asyncio.to_thread(self.call_now, method, path, data, sent)

    def call_now(self, method: str, path: str, data: bytes, headers: dict[str, str | None]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=WAIT_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            if data or method not in {"GET", "HEAD"}:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            answer = connection.getresponse()
            body = answer.read()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body)
        finally:
            connection.close()

    def dial(self, cookie: str = "", origin: str | None = None, **more: Any) -> connect:
        return connect(
            f"ws://{self.host}/ws",
            origin=Origin(self.origin if origin is None else origin) if origin != "" else None,
            additional_headers={"Cookie": cookie} if cookie else {},
            compression=None,
            proxy=None,
            max_size=2**26,
            **more,
        )

    @asynccontextmanager
    async def page(self, cookie: str) -> AsyncGenerator[Page]:
        async with self.dial(cookie) as socket:
            page = Page(socket)
            with contextlib.suppress(ConnectionClosed):  # turned away before it could greet
                await page.say(Greeting(1))
            yield page

    # -- people -------------------------------------------------------------------------------

    async def person(self, name: str, role: Any = "user") -> str:
        """A fresh account without a password, logged in; its cookie."""
        account = AccountRow(self.world.new_id(), name, role, "")
        await self.edge.records.commit(AddAccount(account.id, name, role, "", self.world.utc_ms()))
        return await self.log_in(account)

    async def log_in(self, account: AccountRow) -> str:
        return f"{COOKIE}={await self.edge.accounts.begin_login(account, 3600)}"

    async def local(self) -> str:
        return await self.log_in(AccountRow(LOCAL, "local", "local", ""))

    # -- things -------------------------------------------------------------------------------

    async def character(self, name: str = "Vesna", greeting: str = "Sit down, {{user}}.") -> UUID:
        """A character; the id of its version."""
        version = self.world.new_id()
        sheet = CharacterSheet(version, name, first_mes=greeting)
        await self.edge.records.commit(
            AddCharacterVersion(
                character=self.world.new_id(),
                version=version,
                owner=LOCAL,
                sheet=sheet,
                card=b"{}",
                content_hash=version.bytes,
                tagline="Tea",
                tags=("warm",),
                portrait=PICTURE_ID,
                created_ms=self.world.utc_ms(),
                shared=True,
            )
        )
        return version

    async def conversation(self, cookie: str, version: UUID) -> UUID:
        answer = await self.call("POST", "/api/conversations", {"character_version": version}, cookie)
        assert answer.status == 201, answer.body
        return UUID(answer.json["id"])


def run_at(
    ui: Path,
    test: Callable[[Site], Any],
    settings: WebSettings = SETTINGS,
    storage_s: float = 0.0,
    data: Path | None = None,
) -> None:
    """Run the test against a fresh site."""

    async def main() -> None:
        async with Site(settings, ui, storage_s, data) as site:
            await test(site)

    asyncio.run(main())
