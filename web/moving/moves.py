"""Moves: the folders that come in at the moment. Each file is sent in pieces, put together in memory, taken
in and forgotten; one file after the other, over all users, so that memory stays bounded. Nothing of a move is
stored: where one is cut off, the next recognises what is there already.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from uuid import UUID

from actors.messages.accounts import AccountRow
from actors.messages.remarks import remark
from actors.world import World
from web.library.settings import LibrarySettings
from web.moving.folder import Folder, Wanted, folder_of, shown
from web.moving.here import Here
from web.moving.talks import Talks
from web.moving.things import Things
from web.protocol.moving import FolderList, Move, MovedItem, MovedKind, MovedThing, MoveReport, MoveStep
from web.records import Records

KINDS: tuple[MovedThing, ...] = (
    "character",
    "chat",
    "group",
    "group_chat",
    "lorebook",
    "persona",
    "preset",
    "instructions",
    "settings",
    "avatar",
    "other",
)
"""In the order of a report."""
STATES = ("imported", "known", "refused", "left_out")


class TooManyMovesError(Exception):
    """As many folders come in as the settings allow: try again later."""


class TooManyFilesError(Exception):
    """The list is longer than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class WrongPieceError(Exception):
    """Another file or place is next: `at` is how much of this file is there; -1: it is not its turn."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Moving:
    """One folder. `caller` sends it, `here.account` gets it."""

    def __init__(self, id_: UUID, caller: UUID, here: Here, folder: Folder) -> None:
        self.id = id_
        self.caller = caller
        self.here = here
        self.folder = folder
        self.waiting = deque(folder.wanted)
        self.items = list(folder.settled)
        self.buffer = bytearray()
        self.last: tuple[int, tuple[MovedItem, ...]] | None = None
        self.report: MoveReport | None = None
        self.lock = asyncio.Lock()
        self.timer: asyncio.TimerHandle | None = None


class Moves:
    """`ended` is told whose conversations are others now."""

    def __init__(
        self,
        records: Records,
        world: World,
        things: Things,
        talks: Talks,
        settings: LibrarySettings,
        ended: Callable[[UUID], None],
    ) -> None:
        self.records = records
        self.world = world
        self.things = things
        self.talks = talks
        self.settings = settings
        self.ended = ended
        self.open: dict[UUID, Moving] = {}
        self.large: UUID | None = None  # the move that may put together a file of several pieces
        self.working = asyncio.Lock()

    # -- one move -----------------------------------------------------------------------------

    async def begin(self, listed: FolderList, caller: UUID, account: AccountRow) -> Move:
        """Another one for the same account is over. Raises NoFolderError, TooManyMovesError,
        TooManyFilesError, StorageTroubleError."""
        settings = self.settings
        if len(listed.files) > settings.move_files:
            raise TooManyFilesError(settings.move_files)
        folder = await asyncio.to_thread(folder_of, listed.files, settings.move_file_bytes)
        for other in [each for each in self.open.values() if each.here.user == account.id]:
            self.forget(other)
        if len(self.open) >= settings.moves:
            raise TooManyMovesError
        rows = await self.records.conversations(account.id)
        removed = await self.records.conversations(account.id, removed=True)
        here = Here(
            account,
            older={(row.character, row.created_ms) for row in rows},
            removed={row.id for row in removed},
            chats=frozenset(file.stem for file in folder.wanted if file.part == "group_chat"),
        )
        moving = Moving(self.world.new_id(), caller, here, folder)
        self.open[moving.id] = moving
        self.touch(moving)
        return Move(
            id=moving.id,
            folder=shown(folder.root),
            files=tuple(file.number for file in folder.wanted),
            piece_bytes=settings.move_piece_bytes,
            items=folder.settled,
        )

    def of(self, move: UUID, caller: UUID) -> Moving | None:
        found = self.open.get(move)
        return found if found is not None and found.caller == caller else None

    def touch(self, moving: Moving) -> None:
        """It goes on; without a touch for long it is forgotten."""
        if moving.timer is not None:
            moving.timer.cancel()
        loop = asyncio.get_running_loop()
        moving.timer = loop.call_later(self.settings.move_idle_s, self.forget, moving)

    def forget(self, moving: Moving) -> None:
        if moving.timer is not None:
            moving.timer.cancel()
        if self.open.pop(moving.id, None) is not None:
            self.ended(moving.here.user)
        self.let_go(moving)

    def let_go(self, moving: Moving) -> None:
        moving.buffer = bytearray()
        if self.large == moving.id:
            self.large = None

    # -- its files ----------------------------------------------------------------------------

    async def piece(self, moving: Moving, number: int, at: int, data: bytes) -> MoveStep:
        """The bytes of a file from `at` on. A piece may come again, as after a cut. Raises WrongPieceError,
        TooManyMovesError where another large file has to come first, BusyError, StorageTroubleError."""
        async with moving.lock:
            self.touch(moving)
            if moving.last is not None and moving.last[0] == number:
                return MoveStep(moving.last[1])
            file = self.due(moving, number)
            if not 0 <= at <= len(moving.buffer):
                raise WrongPieceError(len(moving.buffer))
            if at + len(data) < file.size and self.large not in (None, moving.id):
                raise TooManyMovesError
            del moving.buffer[at:]
            moving.buffer += data
            if len(moving.buffer) < file.size:
                self.large = moving.id
                return MoveStep(())
            async with self.working:
                self.touch(moving)
                items = await self.take(moving, file, bytes(moving.buffer))
            return self.done(moving, file, items)

    async def unread(self, moving: Moving, number: int) -> MoveStep:
        """The file cannot be read where it lies."""
        async with moving.lock:
            self.touch(moving)
            if moving.last is not None and moving.last[0] == number:
                return MoveStep(moving.last[1])
            file = self.due(moving, number)
            why = remark("unread", "The file cannot be read where it lies.")
            return self.done(moving, file, [MovedItem(file.part, shown(file.path), "refused", (why,))])

    def due(self, moving: Moving, number: int) -> Wanted:
        """Raises WrongPieceError."""
        if not moving.waiting or moving.waiting[0].number != number:
            raise WrongPieceError(-1)
        return moving.waiting[0]

    def done(self, moving: Moving, file: Wanted, items: list[MovedItem]) -> MoveStep:
        moving.waiting.popleft()
        moving.items += items
        moving.last = (file.number, tuple(items))
        self.let_go(moving)
        return MoveStep(tuple(items))

    async def take(self, moving: Moving, file: Wanted, data: bytes) -> list[MovedItem]:
        """The whole file. Raises BusyError, StorageTroubleError."""
        here = moving.here
        match file.part:
            case "settings":
                return await self.things.settings(here, file, data)
            case "lorebook":
                return [await self.things.lorebook(here, file, data)]
            case "character":
                return [await self.things.character(here, file, data)]
            case "avatar":
                return [await self.things.avatar(here, file, data)]
            case "preset":
                return [await self.things.preset(here, file, data)]
            case "group":
                return await self.talks.group(here, file, data)
            case "chat":
                await self.personas(moving)
                return [await self.talks.chat(here, file, data)]
            case "group_chat":
                await self.personas(moving)
                return [await self.talks.group_chat(here, file, data)]

    async def personas(self, moving: Moving) -> None:
        """Those whose picture did not come. Raises BusyError, StorageTroubleError."""
        here = moving.here
        for found in here.habits.personas.values():
            if found.avatar not in here.settled:
                moving.items.append(await self.things.persona(here, found))

    # -- the end ------------------------------------------------------------------------------

    async def end(self, moving: Moving) -> MoveReport:
        """Also where files are still to come. Raises BusyError, StorageTroubleError."""
        async with moving.lock:
            self.touch(moving)
            if moving.report is None:
                async with self.working:
                    await self.personas(moving)
                moving.items += [not_sent(file) for file in moving.waiting]
                moving.waiting.clear()
                moving.items += groups_of(moving.here)
                items = sorted(moving.items, key=lambda item: KINDS.index(item.kind))
                moving.report = MoveReport(kinds_of(items), tuple(items))
                self.let_go(moving)
                self.ended(moving.here.user)
            return moving.report

    def close(self) -> None:
        for moving in list(self.open.values()):
            self.forget(moving)


def not_sent(file: Wanted) -> MovedItem:
    why = remark("not_sent", "The move ended before this file was sent.")
    return MovedItem(file.part, shown(file.path), "refused", (why,))


def groups_of(here: Here) -> list[MovedItem]:
    """What became of the groups that have chats: as of the best of them."""
    items: list[MovedItem] = []
    for group in here.groups.values():
        best = min(group.items, key=lambda item: STATES.index(item.status), default=None)
        if best is None or best.status == "refused":
            why = remark("group_without", "None of its chats came in.")
            items.append(MovedItem("group", group.file, "refused", (why,), title=group.found.name))
        else:
            items.append(MovedItem("group", group.file, best.status, (), best.id, group.found.name))
    return items


def kinds_of(items: list[MovedItem]) -> tuple[MovedKind, ...]:
    kinds: list[MovedKind] = []
    for kind in KINDS:
        mine = [item for item in items if item.kind == kind]
        if not mine:
            continue
        counts: Counter[str] = Counter()
        for item in mine:
            counts[item.status] += item.files
        there = [item for item in mine if item.status in {"imported", "known"}]
        kinds.append(
            MovedKind(
                kind=kind,
                found=sum(counts.values()),
                imported=counts["imported"],
                known=counts["known"],
                refused=counts["refused"],
                left_out=counts["left_out"],
                messages=sum(item.messages for item in there),
                versions=sum(item.versions for item in there),
                entries=sum(item.entries for item in there),
            )
        )
    return tuple(kinds)
