"""Edge: everything that the routes work with, made once for a web process."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from actors.addresses import SOCKETS
from actors.character.formats.limits import CardLimits
from actors.character.lore_scene import LoreLimits
from actors.conversation.formats.chat import ChatLimits
from actors.mailbox import Runtime
from actors.settings import SessionSettings
from web.accounts import Accounts
from web.boxes import Boxes
from web.chats.importing import ChatImports
from web.choosing import Choosing
from web.codes import SetupCode
from web.files.readers import Readers
from web.library.authoring import Authoring
from web.library.bench import Bench
from web.library.importing import Library
from web.library.purging import Purging
from web.library.settings import LibrarySettings
from web.library.shelf import Shelf
from web.lore import work as lore_work
from web.lore.books import Books
from web.lore.shelves import Shelves
from web.lore.trials import Trials
from web.moving.moves import Moves
from web.moving.talks import Talks
from web.moving.things import Things
from web.ownership import Ownership
from web.peer import LOOPBACK_NAMES
from web.prompts import Prompts
from web.records import Records, StorageTroubleError
from web.security import Gate
from web.settings import WebSettings
from web.sockets import Sockets
from web.throttle import Throttle

log = logging.getLogger(__name__)


class Edge:
    """`boot` is another at each start of the process. `assets` holds the pictures, `drafts` those for cards
    that are being written. `announce_code` shows the one-time code to the person at the node. `ui` is the
    folder of the built user interface.
    """

    def __init__(
        self,
        runtime: Runtime,
        settings: WebSettings,
        *,
        boot: str,
        version: str,
        control_token: str,
        announce_code: Callable[[str], None],
        assets: Shelf,
        drafts: Shelf,
        ui: Path,
        boxes: Boxes,
        library: LibrarySettings | None = None,
        cards: CardLimits | None = None,
        lore: LoreLimits | None = None,
        session: SessionSettings | None = None,
    ) -> None:
        self.runtime = runtime
        self.world = runtime.world
        self.settings = settings
        self.boot = boot
        self.version = version
        self.control_token = control_token
        self.read_asset = assets.read
        self.ui = ui
        self.boxes = boxes
        self.gate = Gate(settings)
        self.records = Records(runtime, settings.ask_s, settings.gathered)
        self.accounts = Accounts(self.records, self.world, settings)
        library = library or LibrarySettings()
        bench = Bench(library, cards or CardLimits())
        self.library = Library(self.records, self.world, bench, assets.put, assets.read, drafts)
        self.authoring = Authoring(self.library)
        self.purging = Purging(self.records, self.world, library, assets, drafts)
        self.shelves = Shelves(self.records, runtime)
        lore_bench = Bench(library, bench.limits, "web.lore.workshop", lore_work.Answer)
        self.books = Books(self.records, self.shelves, self.world, lore_bench)
        self.lore_bytes = (session or SessionSettings()).lore_bytes
        self.trials = Trials(self.records, lore_bench, lore or LoreLimits(), self.lore_bytes)
        self.trials_taken = Throttle(library.trials_per_minute, library.trials_per_minute / 60)
        self.readers = Readers(library)
        limits = ChatLimits(library.chat_messages, library.chat_chars)
        self.chats = ChatImports(self.records, self.world, limits, self.readers)
        self.searches = Throttle(settings.searches_burst, settings.searches_per_s)
        self.imports = Throttle(library.imports_per_minute, library.imports_per_minute / 60)
        self.ownership = Ownership(self.records)
        usual = (session or SessionSettings()).sampling
        self.choosing = Choosing(runtime, self.records, self.ownership, bench, assets.put, usual)
        things = Things(
            self.records, self.library, self.books, self.choosing, self.readers, library.move_json_bytes
        )
        self.moves = Moves(
            self.records,
            self.world,
            things,
            Talks(
                self.records,
                self.chats,
                things,
                session or SessionSettings(),
                bench.limits,
                library.move_json_bytes,
            ),
            library,
            self.list_changed,
        )
        self.setup_code = SetupCode(settings.code_failures, announce_code)
        self.new_conversations = Throttle(
            settings.conversations_per_minute, settings.conversations_per_minute / 60
        )
        self.prompts = Prompts(runtime, settings.ask_s, settings.preview_s, settings.preview_bytes)
        self.previews = Throttle(settings.previews_per_minute, settings.previews_per_minute / 60)
        self.sockets = Sockets(runtime, settings, boxes.names)
        self.background: list[asyncio.Task[None]] = []
        runtime.serve(SOCKETS, self.sockets)

    async def start(self) -> None:
        """Await this before the server listens. Raises StorageTroubleError."""
        await self.accounts.make_local_user()
        reached_from_afar = self.settings.behind_proxy or self.settings.host not in LOOPBACK_NAMES | {"::1"}
        if await self.accounts.setup_needed() and reached_from_afar:
            self.setup_code.renew()
        self.background = [
            asyncio.create_task(self.watch_queue(), name="watch queue"),
            asyncio.create_task(self.check_logins(), name="check logins"),
            asyncio.create_task(self.purge(), name="purge"),
        ]

    async def stop(self) -> None:
        for task in self.background:
            task.cancel()
        await asyncio.gather(*self.background, return_exceptions=True)
        self.moves.close()
        self.readers.close()
        self.accounts.close()

    def list_changed(self, user: UUID) -> None:
        self.sockets.list_changed(user)

    def new_socket_id(self) -> str:
        return secrets.token_hex(8)

    async def watch_queue(self) -> None:
        """A queue that was restarted has forgotten who watches it: say it again, for ever."""
        while True:
            self.sockets.watch_queue()
            await asyncio.sleep(self.settings.watch_s)

    async def check_logins(self) -> None:
        """Logins also end by their age, or by another process: look after the open sockets, for ever."""
        while True:
            await asyncio.sleep(self.settings.login_check_s)
            for login in {socket.login for socket in self.sockets.open.values()}:
                try:
                    if await self.accounts.whose(login) is None:
                        self.sockets.end_login(login)
                except StorageTroubleError as error:
                    log.warning("logins could not be looked at: %s", error)
                    break

    async def purge(self) -> None:
        """What was removed long ago goes, for ever."""
        while True:
            await asyncio.sleep(self.purging.settings.purge_every_s)
            try:
                gone = await self.purging.run()
            except (StorageTroubleError, OSError) as error:
                log.warning("removed characters could not be purged: %s", error)
            else:
                if gone:
                    log.info("%d characters that were removed are gone for good", gone)
